// The voice panel: the talk key, the microphone's state, three truths kept apart, the incoming announce.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { endsIn, fresh, openCall, state, whyNotSpeak } from "../state.js";
import { codeWords, errorWords, nameOf, t } from "../i18n.js";
import { hearing, microphoneWarning, theyAreDeaf } from "./hearing.js";
import { desks } from "./desks.js";
import { SHAPES } from "./shapes.js";

const truth = (yes, words, kind = "") => html`<li class="${yes ? "yes" : "no"} ${kind}">
  ${SHAPES[yes ? "yes" : "no"]}<span>${words}</span><b>${t(yes ? "truth.yes" : "truth.no")}</b></li>`;

function truths(call) {
  const live = state.audio.mic === "LIVE";
  if (call?.role === "called") {
    return html`<ul class="truths">${truth(live, t("truth.transmitting"), "t-live")}
      ${truth(call.sounded_here, t("truth.sounded_here"))}${truth(call.state === "taken", t("truth.officer_here"))}</ul>`;
  }
  return html`<ul class="truths">${truth(live, t("truth.transmitting"), "t-live")}
    ${truth(call?.peer_sounded ?? false, t("truth.sounded_there"))}
    ${truth(call?.state === "taken", t("truth.officer_there"))}</ul>`;
}

function callPanel(call, actions) {
  if (call === null) {
    const words = whyNotSpeak() || state.view.link.state !== "UP" ? t("call.none_plain") : t("call.none", { peer: nameOf(state.view.peer_names) });
    const over = fresh() && state.view.call?.state === "ended"
      ? html`<p><b>${t("call.over", { outcome: codeWords("outcome", state.view.call.outcome) })}</b></p>` : nothing;
    return html`<div class="call idle">${over}<p>${fresh() ? words : t("call.unknown")}</p></div>`;
  }
  const peer = nameOf(state.view.peer_names);
  const left = endsIn(call);
  const incoming = call.role === "called" && (call.state === "announcing" || call.state === "held");
  const way = call.state === "held" ? "held" : call.manner;
  const silenced = call.silenced ? t(`call.silenced_${call.silenced}`) : "";
  const title = call.state === "taken" ? t("call.taken", { peer })
    : t(incoming ? `call.in_${way}` : `call.out_${way}`, { peer });
  return html`<div class="call ${incoming && !call.silenced ? "incoming" : ""}">
    <div class="head">${SHAPES.call}<div><b>${title}</b>
      ${incoming && !call.silenced ? html`<span>${t("call.press_to_answer")}</span>` : nothing}
      ${silenced ? html`<span>${silenced}</span>` : nothing}
      ${call.peer_talking ? html`<span class="talking">${t("call.peer_talking")}</span>` : nothing}</div>
      ${left === null ? nothing : html`<span class="left" title=${t("call.ends_help")}><b>${Math.ceil(left / 1000)}</b><small>${t("call.seconds_left")}</small></span>`}</div>
    ${truths(call)}
    <div class="keys">
      ${incoming ? html`<button @click=${actions.silence} ?disabled=${call.silenced !== ""}>${t("call.silence")} <kbd>S</kbd></button>` : nothing}
      <button @click=${actions.end}>${t(incoming ? "call.decline" : "call.end")} <kbd>E</kbd></button></div></div>`;
}

function talkKey(actions) {
  const mic = fresh() ? state.audio.mic : "COLD";
  const why = whyNotSpeak();
  const held = actions.held();
  const words = mic === "LIVE" ? "talk.live" : held ? "talk.opening" : "talk.hold";
  return html`<button id="talk-key" class="m-${mic} ${held ? "held" : ""} ${why ? "cannot" : ""}"
      aria-pressed=${held ? "true" : "false"} aria-describedby="talk-why"
      @pointerdown=${actions.talkDown} @lostpointercapture=${actions.talkLost} @contextmenu=${(e) => e.preventDefault()}>
      ${SHAPES[mic]}<span class="word">${t(words)}</span>
      <span class="hint">${mic === "LIVE" ? t("talk.let_go") : actions.keyName() ? t("talk.or_key", { key: actions.keyName() }) : ""}</span></button>
    <p id="talk-why" class="why">${why ? t(why) : ""}</p>`;
}

/** Apart from the talk key and never by accident: speech goes on without holding, until pressed again. */
function latch(actions) {
  const latched = actions.latched();
  return html`<button id="latch" class="plain ${latched ? "on" : ""}" aria-pressed=${latched ? "true" : "false"} title=${t("latch.help")}
    @click=${actions.latch}>${t(latched ? "latch.on" : "latch.off")}</button>`;
}

/** A refusal stays until it is old or a new press makes it moot. */
function notice() {
  const { notice: n } = state;
  if (n === null || performance.now() > n.until) return nothing;
  return html`<p class="notice" role="alert">${SHAPES.alarm}${n.section ? codeWords(n.section, n.code, n.facts) : errorWords(n.code, n.facts)}</p>`;
}

export function voice(actions) {
  const call = openCall();
  const mic = fresh() ? state.audio.mic : "UNKNOWN";
  return html`<h2 class="unseen">${t("voice.title")}</h2>
    ${talkKey(actions)}${latch(actions)}${theyAreDeaf()}${microphoneWarning(actions)}${notice()}
    <div class="mic m-${mic}"><span class="label">${t("mic.label")}</span>
      <span class="word">${SHAPES[mic]}${t(`mic.${mic}`)}</span><span class="what">${t(`mic.${mic}_what`)}</span></div>
    <div class="levels">
      <span>${t("level.own")}</span><div class="meter" id="level-own" role="img" aria-label=${t("level.own")}></div>
      <span>${t("level.far")}</span><div class="meter" id="level-far" role="img" aria-label=${t("level.far")}></div></div>
    ${callPanel(call, actions)}
    <div class="settings">
      <label>${t("volume.label")} <input id="volume" type="range" min="0" max="100" .value=${String(actions.volume())} @input=${actions.setVolume}></label>
      <button class="plain" @click=${actions.testMicrophone} ?disabled=${mic !== "COLD" || !state.audio.ready}>${t("mic.test")}</button>
    </div>${hearing(actions)}
    ${desks(actions)}`;
}

// The voice panel: the talk key and its latch, the microphone's state, the levels, the call.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { fresh, state, whyNotSpeak } from "../state.js";
import { codeWords, errorWords, t } from "../i18n.js";
import { PRECEDENCES, precedence } from "../choice.js";
import { microphoneWarning, theyAreDeaf } from "./hearing.js";
import { callPanel } from "./call.js";
import { SHAPES } from "./shapes.js";

/** What the microphone does: COLD, ARMED, LIVE (to the far side), PRIVATE (to the own desks); UNKNOWN when stale. */
export function shownMic() {
  return fresh() ? state.audio.mic : "UNKNOWN";
}

function hint(actions, live) {
  if (live) return t(actions.latched() ? "talk.latched_hint" : actions.twoWaySpeaking() ? "talk.two_way_hint" : "talk.let_go");
  const next = precedence();
  if (next !== PRECEDENCES[0]) return t("talk.next_call", { precedence: codeWords("precedence", next) });
  return actions.keyName() ? t("talk.or_key", { key: actions.keyName() }) : "";
}

function talkKey(actions) {
  const mic = { LIVE: "LIVE", ARMED: "ARMED" }[shownMic()] ?? "COLD";
  const why = whyNotSpeak();
  const held = actions.held();
  const live = mic === "LIVE";
  const words = live ? "talk.live" : held ? "talk.opening" : "talk.hold";
  return html`<div class="talk-row"><button id="talk-key" class="m-${mic} ${held ? "held" : ""} ${why ? "cannot" : ""}"
      aria-pressed=${held ? "true" : "false"} aria-describedby="talk-why"
      @pointerdown=${actions.talkDown} @lostpointercapture=${actions.talkLost} @contextmenu=${(e) => e.preventDefault()}>
      ${SHAPES[mic]}<span class="word">${t(words)}</span>
      <span class="hint">${hint(actions, live)}</span></button>
    <button id="latch" aria-pressed=${actions.latched() ? "true" : "false"} class=${actions.latched() ? "on" : ""} ?disabled=${why !== "" && !actions.latched()}
      title=${t("latch.help")} @click=${actions.latch}>${SHAPES.latch}<b>${t("latch.label")}</b><small>${t(actions.latched() ? "latch.small_on" : "latch.small_off")}</small></button></div>
    <p id="talk-why" class="why">${why ? t(why) : ""}</p>`;
}

/** A refusal stays until it is old or a new press makes it moot. */
function notice() {
  const { notice: n } = state;
  if (n === null || performance.now() > n.until) return nothing;
  return html`<p class="notice" role="alert">${SHAPES.alarm}${n.section ? codeWords(n.section, n.code, n.facts) : errorWords(n.code, n.facts)}</p>`;
}

export function voice(actions) {
  const mic = shownMic();
  return html`<h2 class="unseen">${t("voice.title")}</h2>
    ${talkKey(actions)}${theyAreDeaf()}${microphoneWarning(actions)}${notice()}
    <div class="mic m-${mic}"><span class="label">${t("mic.label")}</span>
      <span class="word">${SHAPES[mic]}${t(`mic.${mic}`)}</span><span class="what">${t(`mic.${mic}_what`)}</span></div>
    <div class="levels">
      <span>${t("level.own")}</span><div class="meter" id="level-own" role="img" aria-label=${t("level.own")}></div>
      <span>${t("level.far")}</span><div class="meter" id="level-far" role="img" aria-label=${t("level.far")}></div></div>
    ${callPanel(actions)}`;
}

// What both sides declare of recording and interpreters, at all times; and the officer's own word.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { errorWords, nameOf, span, t } from "../i18n.js";
import { spoken } from "../spoken.js";
import { fresh, openCall, state, viewAge } from "../state.js";

const nothingKnown = { recording: "", now: false, interpreter: "", eta_ms: null };

function interpreterWords(said) {
  if (said.interpreter !== "eta") return t(`interpreter.${said.interpreter || "unknown"}`);
  const left = said.eta_ms - viewAge();
  return left < 0 ? t("interpreter.overdue", { span: span(-left) }) : t("interpreter.eta", { span: span(left) });
}

function side(whose, said, names) {
  const known = fresh() ? said : nothingKnown;
  return html`<div class="declared d-${whose}" data-recording=${known.recording || "unknown"} data-now=${known.now}
      data-interpreter=${known.interpreter || "unknown"}>
    <span class="label">${t(`declared.${whose}`)} · ${nameOf(names)}</span>
    <span class="word">${t(`declared.recording_${known.recording || "unknown"}`)}
      ${known.now ? html`<b class="now">${t("declared.now")}</b>` : nothing}</span>
    <span class=${known.eta_ms !== null && known.eta_ms < 0 ? "overdue" : ""}>${interpreterWords(known)}</span></div>`;
}

/** Both declarations, small enough for a banner; never absent, UNKNOWN when nothing is known. */
export function declarations() {
  const { view } = state;
  return html`<div class="declarations">
    ${side("peer", view?.peer_declared ?? nothingKnown, view?.peer_names)}
    ${side("own", view?.own_declared ?? nothingKnown, view?.own_names)}
    <p class="fine">${t("declared.assume")}</p></div>`;
}

const sideLine = (whose, said) => {
  const known = fresh() ? said : nothingKnown;
  return html`<span class="declared-line d-${whose}" data-recording=${known.recording || "unknown"}><b>${t(`declared.${whose}`)}:</b>
    ${t(`declared.recording_${known.recording || "unknown"}`)}; ${interpreterWords(known)}${known.now ? html` <b class="now">${t("declared.now")}</b>` : nothing}</span>`;
};

/** The same in one line, for a place that is always in sight. */
export const declarationsLine = () => html`<span class="declared-lines">
  ${sideLine("peer", state.view?.peer_declared ?? nothingKnown)} ${sideLine("own", state.view?.own_declared ?? nothingKnown)}
  <span>${t("declared.assume")}</span></span>`;

const option = (value, now, key) => html`<option value=${value} .selected=${value === now}>${t(key)}</option>`;

/** A choice stands once the post says so; until then the field shows what stands. */
function choose(event, stands, act) {
  const { value } = event.target;
  event.target.value = stands;
  if (value) act(value);
}

function recordKey(actions) {
  const { state: word, fault } = fresh() ? state.view.recording : { state: "off", fault: "" };
  const on = word !== "off" && word !== "ending";
  const never = state.view?.own_declared.recording === "never";
  return html`<button id="record-key" class=${on ? "on" : ""} ?disabled=${!fresh() || never || (!on && openCall() === null)}
      @click=${() => actions.record(!on)}>${t(on ? "recording.stop" : "recording.start")}</button>
    <span id="recording-state" data-state=${word}>${t(`recording.${word}`)}</span>
    ${fault ? html`<p class="notice">${errorWords(fault)}</p>` : nothing}`;
}

export function recording(actions) {
  const own = state.view?.own_declared ?? nothingKnown;
  return html`<h2>${t("declared.title")}</h2>
    ${declarations()}
    <div class="row">${recordKey(actions)}</div>
    <div class="row">
      <label>${t("declared.change")} <select id="declare-recording" ?disabled=${!fresh()}
        @change=${(event) => choose(event, own.recording, (recording) => actions.declare({ recording }))}>
        ${["never", "per_call", "always"].map((word) => option(word, own.recording, `declared.recording_${word}`))}</select></label>
      <label>${t("interpreter.label")} <select id="declare-interpreter" ?disabled=${!fresh()}
        @change=${(event) => choose(event, own.interpreter, actions.interpreter)}>
        ${own.interpreter ? nothing : option("", "", "interpreter.unsaid")}
        ${["none", "eta", "present"].map((word) => option(word, own.interpreter, `interpreter.say_${word}`))}</select></label>
      <label>${t("interpreter.minutes")} <input id="interpreter-minutes" type="number" min="1" max="1440"
        .value=${String(spoken.interpreterMinutes)} @change=${(event) => actions.minutes(event.target.value)}></label>
    </div>`;
}

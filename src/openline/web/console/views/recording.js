// What both sides declare of recording and interpreters, at all times; and the officer's own word, in one place.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { clockSpan, codeWords, errorWords, span, t } from "../i18n.js";
import { can, declared, recordingNow } from "../reading.js";
import { spoken } from "../spoken.js";
import { fresh, linkWord, openCall } from "../state.js";
import { SHAPES } from "./shapes.js";

const NOTHING_KNOWN = { recording: "", now: false, interpreter: "", eta_ms: null };
const RECORDING = ["never", "per_call", "always"];
const INTERPRETER = ["present", "eta", "none"];
const said = (side) => declared(side) ?? NOTHING_KNOWN;
const overdue = ({ eta_ms }) => eta_ms !== null && eta_ms < 0;

function interpreterWords({ interpreter, eta_ms }) {
  if (interpreter !== "eta") return t(`interpreter.${["none", "present"].includes(interpreter) ? interpreter : "unknown"}`);
  return eta_ms < 0 ? t("interpreter.overdue", { span: span(-eta_ms) }) : t("interpreter.eta", { span: span(eta_ms) });
}

const recordingWords = ({ recording }) => codeWords("declared", `recording_${recording || "unknown"}`);
const recordsNow = ({ now }) => (now ? html` <b class="now">${t("declared.now")}</b>` : nothing);

function sideLine(side) {
  const known = said(side);
  return html`<span class="declared-line d-${side}" data-recording=${known.recording || "unknown"}><b>${t(`declared.${side}`)}:</b>
    ${recordingWords(known)}; ${interpreterWords(known)}${recordsNow(known)}</span>`;
}

/** Both declarations in one line, for a place that is always in sight; UNKNOWN when nothing is known. */
export const declarationsLine = () => html`<span class="declared-lines">${sideLine("peer")} ${sideLine("own")}
  <b>${t("declared.assume")}</b></span>`;

/** A choice stands once the post says so; until then the field shows what stands. */
function pick(id, label, stands, choices, act) {
  const choose = ({ target }) => {
    const { value } = target;
    target.value = "";
    if (value) act(value);
  };
  return html`<select id=${id} aria-label=${label} ?disabled=${!fresh()} @change=${choose}>
    <option value="" selected>${stands}</option>${choices.map(([value, words]) => html`<option value=${value}>${words}</option>`)}</select>`;
}

/** What a side says of its interpreter, beside a label that names it. */
function interpreterStands(side, { interpreter, eta_ms }) {
  if (interpreter === "eta") return t(eta_ms < 0 ? "before.interpreter_overdue" : "before.interpreter_eta", { span: clockSpan(Math.abs(eta_ms)) });
  if (["none", "present"].includes(interpreter)) return t(`before.interpreter_${interpreter}`);
  return t(side === "own" || linkWord() === "UP" ? "before.not_said" : "watch.unknown");
}

function recordingStands({ recording, now }) {
  if (!RECORDING.includes(recording)) return t("watch.unknown");
  if (now) return t("before.recording_now", { declared: t(`choice.recording_${recording}`) });
  return t(recording === "per_call" ? "before.recording_not_now" : `choice.recording_${recording}`);
}

function ownInterpreter(own, actions) {
  const label = t("before.own_interpreter");
  return html`${pick("declare-interpreter", label, overdue(own) ? t("interpreter.say_eta") : interpreterStands("own", own), INTERPRETER.map((word) => [word, t(`interpreter.say_${word}`)]), actions.interpreter)}
    <label class="minutes" title=${t("interpreter.minutes")}><input id="interpreter-minutes" type="number" min="1" max="1440" aria-label=${t("interpreter.minutes")}
      .value=${String(spoken.interpreterMinutes)} @change=${(event) => actions.minutes(event.target.value)}> ${t("interpreter.min")}</label>`;
}

const ownRecording = (own, actions) => pick("declare-recording", t("before.own_recording"),
  recordingStands(own), RECORDING.map((word) => [word, t(`choice.recording_${word}`)]), (recording) => actions.declare({ recording }));

// Never disabled, as the private key.
function recordKey(own, actions) {
  if (!can("record")) return nothing;
  const { state: word, fault } = recordingNow();
  const on = word === "on" || word === "waiting";
  const idle = !on && (own.recording === "never" || openCall() === null);
  return html`<dd class="full"><button id="record-key" class="small ${on ? "on" : ""}" aria-disabled=${!fresh() || idle ? "true" : "false"}
      @click=${() => { if (!idle) actions.record(!on); }}>${t(on ? "recording.stop" : "recording.start")}</button>
    <span id="recording-state" role="status" data-state=${word}>${word === "off" && openCall() === null ? nothing : t(`recording.${word}`)}</span></dd>
    ${fault ? html`<dd class="full"><p class="notice">${errorWords(fault)}</p></dd>` : nothing}`;
}

const row = (label, kind, words) => html`<dt>${label}</dt>
  <dd class=${kind}>${kind === "bad" ? SHAPES.alarm : nothing}<span>${words}</span></dd>`;

function side(whose, known, interpreter, recording) {
  const kind = whose === "own" ? "" : overdue(known) ? "bad" : known.interpreter === "none" ? "warn" : "";
  return html`<div class="declared d-${whose}" data-recording=${known.recording || "unknown"} data-now=${known.now} data-interpreter=${known.interpreter || "unknown"}>
    ${row(t(`before.${whose}_interpreter`), kind, interpreter)}
    ${whose === "own" && overdue(known) ? html`<dd class="full bad">${SHAPES.alarm}<span>${interpreterWords(known)}</span></dd>` : nothing}
    ${row(t(`before.${whose}_recording`), known.now ? "now" : "", recording)}</div>`;
}

/** Rows of the panel "before calling": their word, and ours with the keys that change it. */
export function declarations(actions) {
  const peer = said("peer");
  const own = said("own");
  const mine = can("declare")
    ? [html`<span class="choose-interpreter">${ownInterpreter(own, actions)}</span>`, ownRecording(own, actions)]
    : [interpreterStands("own", own), recordingStands(own)];
  return html`${side("peer", peer, interpreterStands("peer", peer), recordingStands(peer))}
    ${side("own", own, ...mine)}${recordKey(own, actions)}`;
}

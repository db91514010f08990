// This side's desks: who sits where and as what, who has the call; the private channel; this desk's own sound.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { fresh, openCall, state } from "../state.js";
import { can, ownDesks, role } from "../reading.js";
import { codeWords, t } from "../i18n.js";
import { hearing } from "./hearing.js";
import { SHAPES } from "./shapes.js";

export const ROLES = ["principal", "interpreter", "note_taker", "listener"];

function marks(desk) {
  const has_call = openCall() !== null && openCall().holder === desk.desk;
  return [
    desk.desk === state.desk && t("desks.this"),
    has_call && t("desks.has_call"),
    desk.talking && t("desks.talking"),
    desk.private && t("mic.PRIVATE"),
    desk.hears === false && t("before.cannot_hear"),
  ].filter(Boolean).join(" · ");
}

const seat = (desk) => html`<li class="seat ${desk.desk === state.desk ? "own" : ""} ${desk.hears === false ? "bad" : ""}">
  <b>${t("desks.seat", { n: desk.slot + 1 })}</b>${desk.hears === false ? SHAPES.alarm : SHAPES[`role_${desk.role}`] ?? SHAPES.event}
  <span class="who">${codeWords("role", desk.role)} <b class="code">${desk.officer || "–"}</b></span><small>${marks(desk)}</small></li>`;

// Never disabled: a key that loses the focus would leave the next press to the talk key.
function privateKey(actions) {
  if (!can("private")) return nothing;
  const on = state.audio.mic === "PRIVATE";
  const alone = ownDesks().length < 2;
  return html`<button id="private-key" class="m-${state.audio.mic} ${on ? "on" : ""}" aria-pressed=${actions.privacy.held ? "true" : "false"}
      aria-disabled=${state.audio.privatePc !== "connected" ? "true" : "false"} @keydown=${(e) => actions.privacy.keyDown(e)}
      @pointerdown=${(e) => actions.privacy.pointerDown(e)} @contextmenu=${(e) => e.preventDefault()}>${SHAPES.PRIVATE}
      <span><b>${t(on ? "private.speaking" : "private.hold")}</b><small>${t(alone ? "private.alone" : "private.help")}</small></span> <kbd>V</kbd></button>
    ${alone ? nothing : html`<label class="hear"><input id="private-hear" type="checkbox" .checked=${actions.privacy.hears} @change=${(e) => actions.privacy.setHears(e.target.checked)}>
      ${t(state.audio.privateGate ? "private.gate_open" : "private.gate_shut")}</label>`}`;
}

function chooseRole(actions) {
  if (!can("seat") || !fresh() || ownDesks().length === 0) return nothing;
  return html`<label>${t("desks.role")} <select id="role" .value=${role()} @change=${actions.setRole}>
    ${ROLES.map((name) => html`<option value=${name} ?selected=${name === role()}>${codeWords("role", name)}</option>`)}</select></label>`;
}

function microphone(actions) {
  const mic = fresh() ? state.audio.mic : "UNKNOWN";
  const proven = state.microphoneProven;
  const words = proven ? "sign_on.mic_works" : mic === "ARMED" ? "sign_on.mic_speak" : "sign_on.mic_not_yet";
  return html`<p class="sign-on ${proven ? "" : "warn"}">${SHAPES[proven ? "yes" : "waiting"]}<span>${t(words)}</span>
    <button class="small" id="test-mic" @click=${actions.testMicrophone} ?disabled=${mic !== "COLD" || !state.audio.ready}>${t("mic.test")}</button></p>`;
}

export function desks(actions) {
  const list = fresh() ? ownDesks() : [];
  return html`<h2>${t("desks.title")}</h2>
    ${privateKey(actions)}
    ${list.length ? html`<ul class="seats">${[...list].sort((a, b) => a.slot - b.slot).map(seat)}</ul>` : nothing}
    ${chooseRole(actions)}`;
}

/** The sound of this one desk: proven at sign-on, by the officer's ears. */
export function sound(actions) {
  return html`<h2>${t("sign_on.title")}</h2>${hearing(actions)}${microphone(actions)}
    <label class="volume">${t("volume.label")} <input id="volume" type="range" min="0" max="100" .value=${String(actions.volume())} @input=${actions.setVolume}></label>`;
}

/** No seat is free: which one may be taken over, by the officer's own act. */
export const fullDesks = (actions) => state.fullDesks.map((desk) => html`<button class="take-seat" @click=${() => actions.takeSeat(desk.slot)}>
  ${t("lost.take_seat_of", { n: desk.slot + 1, role: codeWords("role", desk.role), officer: desk.officer || "–" })}</button>`);

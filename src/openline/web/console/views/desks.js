// The desks of the own side: who sits where, as what; the private key and its gate.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { fresh, state } from "../state.js";
import { t } from "../i18n.js";
import { SHAPES } from "./shapes.js";

export const ROLES = ["principal", "interpreter", "note_taker", "listener"];

function line(desk) {
  const doing = desk.talking ? "LIVE" : desk.private ? "PRIVATE" : "";
  return html`<li class="${desk.desk === state.desk ? "own" : ""}">
    <b>${t("desks.seat", { n: desk.slot + 1 })}</b> <span>${desk.officer}</span> <span>${t(`role.${desk.role}`)}</span>
    ${doing ? html`<span class="doing m-${doing}">${SHAPES[doing]}${t(`mic.${doing}`)}</span>` : nothing}</li>`;
}

// Never disabled: a key that loses the focus would leave the next press to the talk key.
function privateKey(actions) {
  const mic = state.audio.mic;
  return html`<div class="private">
    <button id="private-key" class="m-${mic}" aria-pressed=${actions.privacy.held ? "true" : "false"}
      aria-disabled=${state.audio.privatePc !== "connected" ? "true" : "false"}
      @pointerdown=${(e) => actions.privacy.pointerDown(e)} @keydown=${(e) => actions.privacy.keyDown(e)} @contextmenu=${(e) => e.preventDefault()}>
      ${SHAPES.PRIVATE}<span>${t(mic === "PRIVATE" ? "private.speaking" : "private.hold")}</span></button>
    <label><input id="private-hear" type="checkbox" .checked=${actions.privacy.hears} @change=${(e) => actions.privacy.setHears(e.target.checked)}>
      ${t(state.audio.privateGate ? "private.gate_open" : "private.gate_shut")}</label></div>`;
}

export function desks(actions) {
  const seats = fresh() ? state.view.desks ?? [] : [];
  const own = seats.find((desk) => desk.desk === state.desk);
  if (!own || seats.length < 2) return nothing;
  return html`<div class="desks"><h3>${t("desks.title")}</h3><ul>${seats.map(line)}</ul>
    <label>${t("desks.role")} <select id="role" .value=${own.role} @change=${actions.setRole}>
      ${ROLES.map((role) => html`<option value=${role} ?selected=${role === own.role}>${t(`role.${role}`)}</option>`)}</select></label>
    ${privateKey(actions)}</div>`;
}

/** No seat is free: which one may be taken over, by the officer's own act. */
export const fullDesks = (actions) => html`${state.fullDesks.map((desk) => html`<button class="take-seat" @click=${() => actions.takeSeat(desk.slot)}>
  ${t("desks.take", { n: desk.slot + 1, role: t(`role.${desk.role}`) })}</button>`)}`;

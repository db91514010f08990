// Full-width states above everything: what must not be overlooked. Nothing here takes speech away.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { fresh, state } from "../state.js";
import { codeWords, errorWords, t, utcTime } from "../i18n.js";
import { fullDesks } from "./desks.js";
import { locksIn } from "./lock.js";
import { SHAPES } from "./shapes.js";

const strip = (kind, title, text, button) => html`<div class="strip ${kind}" role="alert">
  ${SHAPES[{ grave: "DOWN", gone: "UNKNOWN" }[kind] ?? "alarm"]}<div><b>${title}</b> <span>${text}</span></div>${button ?? nothing}</div>`;

function lost(actions) {
  if (state.closed === "web.taken_over") {
    return strip("gone", t("lost.taken_over"), t("lost.taken_over_next"),
      html`<button @click=${actions.takeBack}>${t("lost.take_back")}</button>`);
  }
  if (state.closed === "web.desks_full") {
    return strip("gone", t("lost.desks_full"), t("lost.desks_full_next"), html`<span class="keys">${fullDesks(actions)}</span>`);
  }
  if (state.closed === "web.signin") return strip("gone", t("lost.signed_out"), t("lost.signed_out_next"));
  if (state.closed) {
    return strip("gone", errorWords(state.closed), t("lost.closed_next"),
      html`<button @click=${actions.takeBack}>${t("lost.connect")}</button>`);
  }
  if (fresh()) return nothing;
  if (state.view === null) return strip("gone", t("lost.connecting"), t("lost.connecting_next"));
  return strip("gone", t("lost.post"), t("lost.post_next", { time: utcTime(state.view.wall_ms) }));
}

// What the first click cures has a strip of its own; a test that was never made is an alarm of the post and stands at the sound.
const SAID_ELSEWHERE = ["", "blocked", "suspended", "unproven"];

/** Why this desk cannot hear, and the next step: the other side may be speaking. */
function deaf(actions) {
  const reason = fresh() ? actions.hearing().deaf : "";
  if (SAID_ELSEWHERE.includes(reason)) return nothing;
  return strip("warn", t("deaf.title"), `${codeWords("deaf", reason)} ${codeWords("deaf_next", reason)}`,
    html`<button @click=${actions.testLoudspeaker}>${t("hearing.test")}</button>`);
}

export function strips(actions) {
  const view = fresh() ? state.view : null;
  const halted = view?.record.state === "halted";
  const muted = fresh() && state.audio.ready && state.audio.context !== "running";
  const left = locksIn();
  return html`${lost(actions)}
    ${left === null ? nothing : strip("warn", t("lock.in", { n: left }), t("lock.in_next"), html`<button @click=${actions.here}>${t("lock.stay")}</button>`)}
    ${halted ? strip("grave", t("halted.title"), t("halted.text", { fault: errorWords(view.record.fault ?? "") })) : nothing}
    ${view?.disk_fault ? strip("grave", t("disk.title"), errorWords(view.disk_fault)) : nothing}
    ${deaf(actions)}
    ${muted ? strip("warn", t("sound.off"), t("sound.off_next"), html`<button @click=${actions.wakeSound}>${t("sound.turn_on")}</button>`) : nothing}`;
}

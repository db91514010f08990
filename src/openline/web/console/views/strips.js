// Full-width states above everything: what must not be overlooked. Nothing here takes speech away.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { fresh, state } from "../state.js";
import { errorWords, t, utcTime } from "../i18n.js";
import { fullDesks } from "./desks.js";
import { SHAPES } from "./shapes.js";

const strip = (kind, title, text, button) => html`<div class="strip ${kind}" role="alert">
  ${SHAPES[kind === "grave" ? "DOWN" : kind === "gone" ? "UNKNOWN" : "alarm"]}<div><b>${title}</b> <span>${text}</span></div>${button ?? nothing}</div>`;

function lost(actions) {
  if (state.closed === "web.taken_over") {
    return strip("gone", t("lost.taken_over"), t("lost.taken_over_next"),
      html`<button @click=${actions.takeBack}>${t("lost.take_back")}</button>`);
  }
  if (state.closed === "web.desks_full") {
    return strip("gone", t("lost.desks_full"), t("lost.desks_full_next"), fullDesks(actions));
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

export function strips(actions) {
  const view = fresh() ? state.view : null;
  const halted = view?.record.state === "halted";
  const muted = fresh() && state.audio.ready && state.audio.context !== "running";
  return html`${lost(actions)}
    ${halted ? strip("grave", t("halted.title"), t("halted.text", { fault: errorWords(view.record.fault ?? "") })) : nothing}
    ${view?.disk_fault ? strip("grave", t("disk.title"), errorWords(view.disk_fault)) : nothing}
    ${muted ? strip("warn", t("sound.off"), t("sound.off_next"), html`<button @click=${actions.wakeSound}>${t("sound.turn_on")}</button>`) : nothing}`;
}

// Before calling: who would hear, through whom, how well, recorded by whom, and who acted last. Grey when
// normal. What a side does not say is said to be unsaid.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { fresh, linkWord, state } from "../state.js";
import { can, hears, lastAct, lineCheck, quality } from "../reading.js";
import { span, t, utcTime } from "../i18n.js";
import { declarations } from "./recording.js";
import { SHAPES } from "./shapes.js";

const row = (label, kind, words, more = nothing) => html`<dt>${label}</dt>
  <dd class=${kind}>${kind === "bad" ? SHAPES.alarm : nothing}<span>${words}</span>${more}</dd>`;

/** A side's silence about itself: by agreement while there is contact, unknown without. */
const unsaid = () => t(!fresh() ? "watch.unknown" : linkWord() === "UP" ? "before.not_reported" : "watch.no_contact");

function desk() {
  const attended = fresh() ? state.view.peer_watch.attended : null;
  const can_hear = hears("peer");
  if (can_hear === false) return row(t("watch.peer"), "bad", t("before.cannot_hear"));
  if (attended === false) return row(t("watch.peer"), "bad", t("watch.unattended"));
  const words = attended === null ? unsaid() : can_hear === true ? t("before.attended_hears") : t("before.attended");
  return row(t("watch.peer"), "", words);
}

function voiceRow(direction) {
  const q = quality(direction);
  if (q === null) return row(t(`before.${direction}`), "", t(fresh() ? "before.not_measured" : "watch.unknown"));
  const delay = q.delay === null ? "" : t("path.rtt", { n: Math.round(q.delay) });
  const r = q.r === null ? "" : `R ${Math.round(q.r)}`;
  return row(t(`before.${direction}`), q.grade === "poor" ? "bad" : q.grade === "fair" ? "warn" : "",
    html`<span class="figures" title=${t(`quality.${q.grade}_help`)}>${[t(`quality.${q.grade}`), delay, r].filter(Boolean).join(" · ")}</span>`);
}

const DAYS_LATE = 1;

function check(actions) {
  const said = lineCheck();
  if (said === null && !can("check-now")) return nothing;
  const days = said?.days ?? null;
  const last = said?.last ?? null;
  const words = !fresh() ? t("watch.unknown") : days === null ? t("check.never") : days < 1 ? t("check.today") : t("check.days", { n: days });
  const result = said?.running ? t("check.running") : last ? t(`check.result_${last.result}`, { time: utcTime(last.wall_ms) }) : "";
  const failed = !said?.running && last?.result === "failed";
  const late = fresh() && (days === null || days > DAYS_LATE);
  const key = can("check-now")
    ? html`<button class="small" @click=${actions.checkNow} ?disabled=${!fresh() || said?.running === true}>${t("check.now")}</button>` : nothing;
  return html`${row(t("check.label"), late ? "warn" : "", words, key)}
    <dd class="full ${failed ? "bad" : ""}" role="status">${failed ? SHAPES.alarm : nothing}<span>${result}</span></dd>`;
}

function act(side) {
  const at = lastAct(side);
  const words = !fresh() ? t("watch.unknown") : at === null ? t("before.no_act")
    : t("before.act", { time: utcTime(at), span: span(state.view.wall_ms - at) });
  return row(t(`before.act_${side}`), "", words);
}

export function before(actions) {
  return html`<h2>${t("before.title")}</h2><dl class="facts">
    ${desk()}${declarations(actions)}
    ${voiceRow("from_peer")}${voiceRow("to_peer")}${check(actions)}${act("peer")}${act("own")}</dl>`;
}

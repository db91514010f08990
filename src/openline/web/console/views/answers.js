// What the called side may answer, one key each; and what an answer says, to both sides, with its countdown.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { dueIn } from "../state.js";
import { clockSpan, has, t } from "../i18n.js";
import { SHAPES } from "./shapes.js";

export const FOUND_IN_MIN = [2, 5, 15, 30];
export const REPLY_IN_MIN = [15, 60, 240, 480];
/** What the letter alone promises; it is marked on its key. */
export const FOUND_BY_LETTER_MIN = 5;
export const REPLY_BY_LETTER_MIN = 60;

const spanOf = (minutes) => (minutes < 60 ? t("span.min", { n: minutes }) : t("span.h", { n: minutes / 60 }));

/** The answer in words; overdue is a word of its own. */
export function answerLine(call) {
  const { answer } = call;
  if (!answer) return nothing;
  const side = call.role === "called" ? "here" : "there";
  const due = dueIn(call.answer_due_ms);
  let key = `answer.${side}.${answer}`;
  if (due !== null && has(`${key}_due`)) key += due < 0 ? "_overdue" : "_due";
  if (!has(key)) return html`<span class="answer">${t("answer.unknown", { code: answer })}</span>`;
  const overdue = key.endsWith("_overdue");
  return html`<span class="answer ${overdue ? "overdue" : ""}">${SHAPES[overdue ? "overdue" : "officer"]}<span>${t(key, { span: clockSpan(Math.abs(due ?? 0)) })}</span></span>`;
}

function chips(call, answer, minutes, letter, byLetter, actions) {
  return html`<div class="chips" role="group" aria-label=${t(`answer.${answer}_label`)}><span class="chip-label">${t(`answer.${answer}_label`)}</span>
    ${minutes.map((n) => html`<button class="chip" aria-label="${t(`answer.${answer}_label`)} ${spanOf(n)}" @click=${() => actions.answer(answer, n * 60)}>
      ${spanOf(n)}${n === byLetter ? html` <kbd>${letter}</kbd>` : nothing}</button>`)}</div>`;
}

export function answerKeys(call, actions) {
  const untaken = call.state === "announcing" || call.state === "held";
  return html`<div class="answers">
    ${untaken ? chips(call, "fetching", FOUND_IN_MIN, "F", FOUND_BY_LETTER_MIN, actions) : nothing}
    ${chips(call, "reply", REPLY_IN_MIN, "R", REPLY_BY_LETTER_MIN, actions)}
    ${untaken ? html`<div class="keys">
      <button aria-pressed=${call.answer === "heard" ? "true" : "false"} @click=${() => actions.answer("heard")} title=${t("answer.heard_help")}>${t("answer.heard")} <kbd>H</kbd></button>
      <button @click=${actions.silence} ?disabled=${call.silenced !== ""}>${t("call.silence")} <kbd>S</kbd></button>
      <button @click=${() => actions.answer("declined")}>${t("call.decline")} <kbd>D</kbd></button></div>` : nothing}</div>`;
}

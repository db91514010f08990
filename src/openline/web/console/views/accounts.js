// Two signed accounts of one call, side by side: what each side says that it saw. And promises, pinned until kept.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { dueIn, fresh, state } from "../state.js";
import { promises } from "../reading.js";
import { clockSpan, codeWords, has, nameOf, step, t, utcTime } from "../i18n.js";
import { SHAPES } from "./shapes.js";

const callOf = (item) => (item.kind === "call" && typeof item.facts.id === "string" && item.facts.outcome !== "no_contact" ? item.facts.id : "");

/** Both sides' accounts by call, in the place of the earlier: `[items to draw, the other account by item id]`. */
export function paired(items) {
  const first = new Map();
  const others = new Map();
  const drawn = items.filter((item) => {
    const call = callOf(item);
    if (!call) return true;
    const before = first.get(call);
    if (before === undefined) { first.set(call, item); return true; }
    if (before.whose === item.whose || others.has(before.id)) return true;
    others.set(before.id, item);
    return false;
  });
  return [drawn, others];
}

/** The lines of an account, each with the fields of the record that it shows. */
function lines({ outcome, manner, role, taken, start_ms, end_ms, answer, precedence, sounded }) {
  const how = [t(role === "called" ? "timeline.role_called" : "timeline.role_caller"), codeWords("manner", String(manner))];
  if (precedence && precedence !== "ROUTINE") how.push(codeWords("precedence", String(precedence)));
  return [
    [how.join(t("accounts.comma")), ["role", "manner", "precedence"]],
    [sounded === undefined ? "" : t(sounded ? "accounts.sounded" : "accounts.not_sounded"), ["sounded", "attended"]],
    [t(taken === undefined ? "timeline.taken_unknown" : taken ? "timeline.taken" : "timeline.not_taken"), ["taken", "silenced"]],
    [answer ? codeWords("accounts.answer", String(answer)) : "", ["answer", "due_s", "due_ms"]],
    [[codeWords("outcome", String(outcome)), step(Number(end_ms) - Number(start_ms))].join(t("accounts.comma")), ["outcome", "start_ms", "end_ms"]],
  ].filter(([words]) => words !== "");
}

function account(item, whose, differs) {
  const names = whose === "own" ? state.view?.own_names : state.view?.peer_names;
  const who = nameOf(names) || t(`timeline.${whose}`);
  if (item === null) return html`<div class="account none"><b>${t("accounts.of", { who })}</b><p>${t(`accounts.missing_${whose}`)}</p></div>`;
  return html`<div class="account"><b>${t("accounts.of", { who })}</b> <span class="id">${item.id}</span>
    <ul>${lines(item.facts).map(([words, names_]) => (names_.some((name) => differs.has(name))
      ? html`<li class="differs">${SHAPES.v_differ}<b>${words}</b></li>` : html`<li>${words}</li>`))}</ul></div>`;
}

const differsOf = (own) => new Set(own?.facts.compare === "differ" ? String(own.facts.differs ?? "").split(" ").filter(Boolean) : []);
const fields = (names) => [...names].map((name) => (has(`accounts.field.${name}`) ? t(`accounts.field.${name}`) : name)).join(t("accounts.comma"));

/** The comparison is our own post's; what the other side writes of it in its own account counts for nothing. */
function verdict(own) {
  const said = own?.facts.compare;
  if (!["match", "differ", "missing"].includes(said)) return nothing;
  const differs = fields(differsOf(own));
  return html`<p class="verdict v-${said}">${SHAPES[`v_${said}`]}<span>${t(said === "differ" && differs ? "accounts.differ_in" : `accounts.${said}`, { fields: differs })}</span></p>`;
}

/** One call with both accounts; `other` is null while only one is here. */
export function accounts(item, other) {
  const own = [item, other].find((each) => each?.whose === "own") ?? null;
  const peer = [item, other].find((each) => each?.whose === "peer") ?? null;
  const differs = differsOf(own);
  const start = Number((own ?? peer).facts.start_ms);
  return html`<div class="head"><span class="said">${SHAPES.call}<span>${t("accounts.call_at", { time: utcTime(start) })}</span></span>
      ${verdict(own)}${item.drill ? html`<span class="drill">${t("timeline.drill")}</span>` : nothing}</div>
    <div class="accounts">${account(own, "own", differs)}${account(peer, "peer", differs)}</div>`;
}

function promise(said) {
  const left = dueIn(said.due_wall_ms - state.view.wall_ms);
  const overdue = said.overdue || left < 0;
  const who = nameOf(said.whose === "own" ? state.view.own_names : state.view.peer_names);
  return html`<li class="promise ${overdue ? "overdue" : ""}" data-item=${said.item}>${SHAPES[overdue ? "overdue" : "waiting"]}
    <span>${t(`promise.${said.whose === "own" ? "own" : "peer"}`, { who, time: utcTime(said.due_wall_ms) })}</span>
    <b>${t(overdue ? "promise.overdue" : "promise.left", { span: clockSpan(Math.abs(left)) })}</b></li>`;
}

/** Replies in text that were promised and are not yet here. */
export function pinned() {
  const list = fresh() ? promises() : [];
  return list.length === 0 ? nothing : html`<h2>${t("promise.title")}</h2><ul>${list.map(promise)}</ul>`;
}

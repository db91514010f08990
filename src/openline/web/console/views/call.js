// The call: whose it is, three truths kept apart, its two-way and its end. Without one: what can be begun.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { dueIn, endsIn, fresh, openCall, state, whyNotSpeak } from "../state.js";
import { can, heldElsewhere, role } from "../reading.js";
import { PRECEDENCES, chooserOpen, precedence } from "../choice.js";
import { clockSpan, codeWords, has, nameOf, t } from "../i18n.js";
import { answerKeys, answerLine } from "./answers.js";
import { SHAPES } from "./shapes.js";

const FAR_SEATS = 3;

const truth = (yes, words, kind = "") => html`<li class="${yes ? "yes" : "no"} ${kind}">
  ${SHAPES[yes ? "yes" : "no"]}<span>${words}</span><b>${t(yes ? "truth.yes" : "truth.no")}</b></li>`;

/** The third truth names the act: a person pressed the talk key, or pressed an answer. */
function acted(call) {
  const where = call.role === "called" ? "here" : "there";
  const answered = call.state !== "taken" && Boolean(call.answer);
  return truth(call.state === "taken" || answered, t(`truth.officer_${where}${answered ? "_answered" : ""}`));
}

function truths(call) {
  const live = state.audio.mic === "LIVE";
  const sounded = call.role === "called" ? truth(call.sounded_here, t("truth.sounded_here"))
    : truth(call.peer_sounded, t("truth.sounded_there"));
  return html`<ul class="truths">${truth(live, t("truth.transmitting"), "t-live")}${sounded}${acted(call)}</ul>`;
}

function twoWay(call, actions) {
  const words = call.two_way ?? "none";
  if (!can("two-way") || role() !== "principal" || state.locked) return nothing;
  if (words === "open") {
    return html`<div class="two-way on"><p><b>${SHAPES.two_way}${t("two_way.open")}</b>
      ${state.audio.mic === "LIVE" ? nothing : html` <span>${t("two_way.open_closed_here")}</span>`}</p><div class="keys">
      ${actions.twoWaySpeaking() ? nothing : html`<button @click=${actions.twoWayOpen}>${t("two_way.open_mine")}</button>`}
      <button class="strong" @click=${actions.twoWay}>${t("two_way.end")} <kbd>W</kbd></button></div></div>`;
  }
  if (words === "asked_there") {
    return html`<div class="two-way asked" role="alert"><p><b>${SHAPES.two_way}${t("two_way.asked_there")}</b></p>
      <div class="keys"><button class="strong agree" @click=${actions.twoWay}><span>${t("two_way.agree")} <kbd>W</kbd></span><small>${t("two_way.agree_help")}</small></button>
      <button @click=${actions.twoWayNo}>${t("two_way.no")} <kbd>N</kbd></button></div></div>`;
  }
  if (words === "asked_here") {
    return html`<div class="two-way"><p><b>${SHAPES.two_way}${t("two_way.asked_here")}</b> <span>${t("two_way.asked_help")}</span></p>
      <div class="keys"><button @click=${actions.twoWay}>${t("two_way.withdraw")} <kbd>W</kbd></button></div></div>`;
  }
  if (call.state !== "taken") return nothing;
  return html`<button class="wide" @click=${actions.twoWay}><span>${SHAPES.two_way}${t("two_way.ask")} <kbd>W</kbd></span><small>${t("two_way.ask_help")}</small></button>`;
}

function holder(call, actions) {
  const other = heldElsewhere();
  if (other === null) return nothing;
  const may = can("take-over") && role() === "principal";
  return html`<p class="elsewhere">${SHAPES.desk}<span>${t("desks.held_by", { desk: other.slot === null ? "?" : other.slot + 1, officer: other.officer || "–" })}</span>
    ${may ? html`<button @click=${actions.takeOver}>${t("desks.take_over")}</button>` : nothing}</p>`;
}

/** What two officers read to each other, to know that nobody stands between their desks. */
function digits(actions) {
  const shown = Object.entries(state.digits ?? {}).filter(([slot, text]) => Number(slot) < FAR_SEATS && text);
  if (shown.length === 0 || state.locked) return nothing;
  return html`<details class="digits"><summary>${t("digits.compare")}</summary>
    ${shown.map(([slot, text]) => html`<p>${shown.length > 1 ? html`<span>${t("digits.desk", { desk: Number(slot) + 1 })}</span> ` : nothing}<output>${text}</output></p>`)}
    <p class="fine">${t("digits.help")}</p>
    ${can("differs") && role() === "principal" ? html`<button class="end" @click=${actions.differs}>${t("digits.differ")}</button>` : nothing}</details>`;
}

function title(call) {
  const peer = nameOf(state.view.peer_names);
  if (call.state === "taken") return t("call.taken", { peer });
  const way = call.role === "called" ? "in" : "out";
  if (call.state === "held") return t(`call.${way}_held`, { peer });
  return t(has(`call.${way}_${call.manner}`) ? `call.${way}_${call.manner}` : `call.${way}_ring`, { peer });
}

function precedenceMark(call) {
  const word = String(call.precedence ?? "ROUTINE").toUpperCase();
  return word === PRECEDENCES[0] ? nothing : html`<span class="precedence p-${word}">${SHAPES.precedence}${codeWords("precedence", word)}</span>`;
}

const timer = (shown, help, small, overdue = false) => html`<span class="left ${overdue ? "overdue" : ""}" title=${help}>
  ${overdue ? SHAPES.overdue : nothing}<b>${shown}</b><small>${small}</small></span>`;

/** The one number of the call: until an untaken call ends, or until the answer that was given is due. */
function countdown(call) {
  const due = dueIn(call.answer_due_ms);
  if (due !== null && (call.answer === "fetching" || call.answer === "reply")) {
    return timer(clockSpan(Math.abs(due)), t("answer.due_help"), t(due < 0 ? "answer.overdue" : "answer.left"), due < 0);
  }
  const left = endsIn(call);
  return left === null ? nothing : timer(Math.ceil(left / 1000), t("call.ends_help"), t("call.seconds_left"));
}

function standing(call, actions) {
  const untaken = call.state === "announcing" || call.state === "held";
  const incoming = call.role === "called" && untaken;
  const loud = incoming && call.state === "announcing" && !call.silenced && !call.answer;
  const answers = call.role === "called" && can("answer") && role() === "principal" && !state.locked;
  return html`<div class="call ${loud ? "incoming" : ""}">
    <div class="head">${SHAPES.call}<div><b>${title(call)}</b>${precedenceMark(call)}
      ${loud && !whyNotSpeak() ? html`<span>${t("call.press_to_answer")}</span>` : nothing}
      ${call.silenced ? html`<span>${t(`call.silenced_${call.silenced}`)}</span>` : nothing}
      ${call.downgraded ? html`<span>${codeWords("downgraded", call.downgraded)}</span>` : nothing}
      ${call.peer_talking ? html`<span class="talking">${t("call.peer_talking")}</span>` : nothing}
      ${answerLine(call)}</div>${countdown(call)}</div>
    ${truths(call)}${holder(call, actions)}${twoWay(call, actions)}${call.state === "taken" && call.two_way !== "asked_there" ? digits(actions) : nothing}
    ${answers ? answerKeys(call, actions) : nothing}
    ${(answers && incoming) || state.locked ? nothing : html`<div class="keys">
      ${incoming ? html`<button @click=${actions.silence} ?disabled=${call.silenced !== ""}>${t("call.silence")} <kbd>S</kbd></button>` : nothing}
      ${can("answer") && role() === "principal" ? priorityKey(actions) : nothing}
      <button class="end" @click=${actions.end}>${t(incoming ? "call.decline" : "call.end")} <kbd>E</kbd></button></div>${chooser(actions)}`}</div>`;
}

/** What the next call would be. The talk key asks for none of it. */
function begin(actions) {
  if (!can("answer") || role() !== "principal") return nothing;
  return html`<div class="keys begin">
      <button @click=${actions.ring}>${t("begin.ring")}</button>
      <button @click=${actions.beginTwoWay} title=${t("two_way.ask_help")}>${t("begin.two_way")}</button>
      ${priorityKey(actions)}</div>${chooser(actions)}`;
}

function priorityKey(actions) {
  const next = precedence();
  return html`<button id="priority" @click=${actions.chooser} aria-expanded=${chooserOpen() ? "true" : "false"} class=${next === PRECEDENCES[0] ? "" : "chosen"}>
        ${next === PRECEDENCES[0] ? t("begin.priority") : codeWords("precedence", next)}</button>`;
}

function chooser(actions) {
  const next = precedence();
  return html`${chooserOpen() ? html`<div class="keys choose" role="group" aria-label=${t("begin.next_call")}>${PRECEDENCES.map((name) => html`
      <button aria-pressed=${name === next ? "true" : "false"} @click=${() => actions.precedence(name)}>${codeWords("precedence", name)}</button>`)}</div>` : nothing}
    ${chooserOpen() || next !== PRECEDENCES[0] ? html`<p class="fine">${t(openCall() === null ? "begin.precedence_help" : "begin.interrupt_help", { precedence: codeWords("precedence", next) })}</p>` : nothing}`;
}

function idle(actions) {
  const peer = nameOf(state.view?.peer_names);
  const can_speak = fresh() && !whyNotSpeak() && state.view.link.state === "UP";
  const words = !fresh() ? "call.unknown" : can_speak ? "call.none" : "call.none_plain";
  const last = fresh() && state.view.call?.state === "ended" ? state.view.call : null;
  return html`<div class="call idle">
    ${last ? html`<p class="over"><b>${t("call.over", { outcome: codeWords("outcome", last.outcome) })}</b></p>${answerLine(last)}` : nothing}
    <p>${t(words, { peer })}</p>${fresh() ? begin(actions) : nothing}</div>`;
}

export function callPanel(actions) {
  const call = openCall();
  return call === null ? idle(actions) : standing(call, actions);
}


// The timeline: one list of all that happened; a text climbs its ladder in words, each step timed.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { phraseBoth } from "../spoken.js";
import { fresh, state } from "../state.js";
import { codeWords, errorWords, has, nameOf, step, t, utcDay, utcTime } from "../i18n.js";
import { accounts, paired } from "./accounts.js";
import { AS_MARKS, markActs, marks } from "./marks.js";
import { SHAPES } from "./shapes.js";

function rung(r, written, whose) {
  const name = t(`rung.${whose}.${r.name}`);
  const help = r.name === "receipted" || r.name === "sealed" ? t(`help.${r.name === "sealed" ? "sealed" : "receipt"}`) : "";
  let when = "";
  if (r.state === "not_reported") when = t("rung.not_reported");
  else if (r.state === "waiting") when = t("rung.waiting");
  else if (r.wall_ms !== null && r.name === "written") when = utcTime(r.wall_ms);
  else if (r.wall_ms !== null && written !== null) when = t("rung.after", { span: step(r.wall_ms - written) });
  return html`<li class="g-${r.state}" title=${r.wall_ms === null ? help : `${utcTime(r.wall_ms)} UTC. ${help}`}>
    ${SHAPES[r.state]}<span>${name}</span><small>${when}</small></li>`;
}

function ladder(item) {
  const whose = item.whose === "peer" ? "peer" : "own";
  const written = item.ladder.find((r) => r.name === "written")?.wall_ms ?? null;
  return html`<ol class="ladder" aria-label=${t("rung.label")}>${item.ladder.filter((r) => !AS_MARKS.has(r.name)).map((r) => rung(r, written, whose))}</ol>`;
}

/** Held by their post, and no officer there has opened it: how long, and no cause. */
function notOpened(item) {
  const of = (name) => item.ladder.find((r) => r.name === name);
  const since = of("receipted")?.wall_ms ?? null;
  if (item.whose !== "own" || since === null || of("opened")?.state !== "waiting" || !fresh()) return nothing;
  if (item.facts.answered || item.facts.declined) return nothing;
  const minutes = Math.floor((state.view.wall_ms - since) / 60_000);
  return minutes < 1 ? nothing : html`<p class="not-opened">${t("rung.not_opened", { since: utcTime(since), n: String(minutes) })}</p>`;
}

const author = (item) => (item.whose === "post" ? t("timeline.post")
  : nameOf(item.whose === "own" ? state.view?.own_names : state.view?.peer_names) || t(`timeline.${item.whose}`));

function textItem(item, actions) {
  const unread = item.whose === "peer" && item.ladder.some((r) => r.name === "opened" && r.state === "waiting");
  const outside = item.id.startsWith("outbox-");
  return html`<div class="head"><span class="who">${t(`timeline.text_${item.whose}`, { who: author(item) })}${item.officer ? html` <b class="code">${item.officer}</b>` : nothing}</span>
      ${item.drill ? html`<span class="drill">${t("timeline.drill")}</span>` : nothing}
      ${outside ? html`<span class="outside">${t("timeline.outbox")}</span>` : html`<span class="id" title=${t("timeline.id_help")}>${item.id}</span>`}
      ${item.final ? html`<span class="final" title=${t("timeline.final_help")}>${t("timeline.final")}</span>` : nothing}</div>
    <p class="text ${item.facts.sent_in_error ? "in-error" : ""}" lang=${item.lang} dir="auto">${item.facts.answers ? html`<span class="answers">${t("mark.answers", { item: item.facts.answers })}</span> ` : nothing}${item.text}</p>
    ${marks(item)}${ladder(item)}${notOpened(item)}
    ${unread ? html`<button class="open" ?disabled=${!fresh()} @click=${() => actions.opened(item.id)}>${t("timeline.mark_read")}</button>` : nothing}
    ${markActs(item, actions)}`;
}

/** A line check: its text is a number, its results are codes, in words of this language. */
function checkFacts(item, out) {
  const { part, text, voice, compare } = item.facts;
  if (part !== "result") return { ...out, words: codeWords("check.line", String(text)) };
  return { ...out, text: codeWords("check.text", String(text)), voice: codeWords("check.voice", String(voice)), compare: codeWords("check.compare", String(compare ?? "missing")) };
}

/** Codes among the facts become words; what is not known stays as it is. */
function facts(item) {
  const out = { ...item.facts, who: author(item), officer: item.officer || item.facts.officer || "" };
  if (item.kind === "check") return checkFacts(item, out);
  if (item.kind === "sent-in-error") return { ...out, words: item.facts.words || t("mark.no_reason") };
  if (item.kind === "event" && "n" in item.facts) return { ...out, words: phraseBoth(item.facts.n) };
  if (item.kind === "rule") return { ...out, two: String(item.facts.two).split(" ").map((kind) => codeWords("rule.kind", kind)).join(", ") };
  if (item.kind === "declare") return { ...out, recording: codeWords("declared", `recording_${item.facts.recording}`) };
  if (item.kind === "recording") {
    const { duration_ms, size, sha256 } = item.facts;
    return { ...out, span: step(Number(duration_ms)), size: Math.ceil(Number(size) / 1000), sha256: String(sha256) };
  }
  if (item.kind !== "call") return out;
  const { outcome, manner, role, taken, start_ms, end_ms } = item.facts;
  return {
    ...out,
    outcome: codeWords("outcome", String(outcome)),
    manner: codeWords("manner", String(manner)),
    role: t(role === "called" ? "timeline.role_called" : "timeline.role_caller"),
    taken: t(taken === undefined ? "timeline.taken_unknown" : taken ? "timeline.taken" : "timeline.not_taken"),
    span: step(Number(end_ms) - Number(start_ms)),
    start: utcTime(Number(start_ms)),
  };
}

const SEALED = ["seal-open", "seal-commit", "seal-reveal"];
const MARKS = ["sent-in-error", "protest", "passed", "declined"];
const KINDS = new Set(["call", "enrol", "restored", "declare", "recording", "revoke", "rule", ...MARKS, ...SEALED]);

/** The sentence for an item that is no text. Only this post's own items are events: a kind is what its author wrote. */
function sentence(item) {
  if (item.kind === "event" && item.whose === "post") {
    const { event, state: word } = item.facts;
    return codeWords("timeline", has(`timeline.${event}_${word}`) ? `${event}_${word}` : String(event), facts(item));
  }
  if (item.kind === "check" && has(`timeline.check_${item.facts.part}`)) return t(`timeline.check_${item.facts.part}`, facts(item));
  if (SEALED.includes(item.kind) && item.facts.void) return t("timeline.seal-void", { ...facts(item), reason: errorWords(item.facts.void) });
  if (item.kind === "rule" && item.facts.two === "") return t("timeline.rule_none", facts(item));
  if (item.kind === "call" && item.facts.outcome === "no_contact") return t("timeline.no_contact", facts(item));
  return KINDS.has(item.kind) ? t(`timeline.${item.kind}`, facts(item)) : t("timeline.unknown", { code: `${author(item)}: ${item.kind}` });
}

function otherItem(item, other) {
  if (item.kind === "call" && item.facts.id && item.facts.outcome !== "no_contact") return html`${accounts(item, other)}${item.ladder.length ? ladder(item) : nothing}`;
  return html`<div class="head"><span class="said">${SHAPES[item.kind === "call" ? "call" : "event"]}<span>${sentence(item)}</span></span>
    ${item.drill ? html`<span class="drill">${t("timeline.drill")}</span>` : nothing}
    ${item.kind === "event" ? nothing : html`<span class="id">${item.id}</span>`}</div>
    ${item.ladder.length ? ladder(item) : nothing}`;
}

function line(item, actions, previous, other) {
  const newDay = previous === undefined || utcDay(previous.wall_ms) !== utcDay(item.wall_ms);
  return html`${newDay ? html`<li class="day"><span>${utcDay(item.wall_ms)}</span></li>` : nothing}
    <li class="item k-${item.kind} o-${item.whose} ${item.drill ? "is-drill" : ""}" data-id=${item.id}>
      <time title=${t("timeline.time_help")}>${utcTime(item.wall_ms)}</time>
      <div class="body">${item.kind === "text" ? textItem(item, actions) : otherItem(item, other)}</div></li>`;
}

export function timeline(actions) {
  const [items, others] = paired(state.sort);
  return html`<h2>${t("timeline.title")}<small>${t("timeline.subtitle")}</small></h2>
    <div class="scroll" id="scroll" tabindex="0" role="log" aria-label=${t("timeline.title")}>
      ${items.length === 0 ? html`<p class="empty">${t("timeline.empty")}</p>` : nothing}
      <ul>${repeat(items, (item) => item.id, (item, i) => line(item, actions, items[i - 1], others.get(item.id) ?? null))}</ul></div>`;
}

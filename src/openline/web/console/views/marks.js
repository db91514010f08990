// What officers say of a text: that it was sent in error, an answer, a protest; shown beside it on both sides.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { currentLanguage, t, utcTime } from "../i18n.js";
import { can } from "../reading.js";
import { fresh } from "../state.js";

const SAID = ["sent_in_error", "passed", "answered", "declined", "protests"];
/** Rungs that a label shows, with the time when this post learnt of it. */
export const AS_MARKS = new Set(["passed", "answered", "declined"]);
const WORDS_MAX = 2_000;
const OFFICE_MAX = 64;
const WORDLESS = ["error", "decline"];
const PENDING_MS = 5_000;
// What is typed stays here, and only here, until the post has it.
const typed = new Map();
const sent = new Map(); // item: what stood there when the act went out, and when
let version = 0;

/** Changes whenever the timeline must be drawn anew for what is typed here. */
export const marksVersion = () => version;

/** What was said of an entry, each a label with a shape of its own. */
export function marks(item) {
  const said = SAID.filter((name) => name in item.facts);
  if (said.length === 0) return nothing;
  const side = item.whose === "peer" ? "peer" : "own";
  function help(name) {
    const reached = item.ladder.find((r) => r.name === name);
    if (!reached) return "";
    return `${t(`rung.${side}.${name}`)}${reached.wall_ms === null ? "" : ` ${utcTime(reached.wall_ms)} UTC`}`;
  }
  const reason = item.facts.error_reason;
  return html`<ul class="marks">${said.map((name) => html`<li class="mark m-${name}" title=${help(name)}>${t(`mark.${name}`, { said: String(item.facts[name]) })}
    ${name === "sent_in_error" && reason ? html`<q dir="auto">${reason}</q>` : nothing}</li>`)}</ul>`;
}

/** What our officer may say of it: of an own text that it was sent in error, of one of theirs the rest. */
export function markActs(item, actions) {
  if (!can("mark") || item.id.startsWith("outbox-")) return nothing;
  const own = item.whose === "own";
  if (own && item.facts.sent_in_error) return nothing;
  const stands = JSON.stringify(SAID.map((name) => item.facts[name] ?? null));
  if (sent.has(item.id) && sent.get(item.id).stands !== stands) { sent.delete(item.id); typed.delete(item.id); }
  const waits = sent.has(item.id) && performance.now() - sent.get(item.id).at < PENDING_MS;
  const words = typed.get(item.id) ?? "";
  const acts = own ? ["error"] : ["answer", "pass", "decline", "protest"];
  const drawn = () => { version += 1; actions.redraw(); };
  const say = (act) => () => {
    const said = act === "decline" ? "" : typed.get(item.id) ?? ""; // as typed, though not yet drawn
    actions.mark({ act, item: item.id, words: said, lang: currentLanguage() });
    sent.set(item.id, { stands, at: performance.now() });
    setTimeout(drawn, PENDING_MS + 50);
    drawn();
  };
  const most = (act) => (act === "pass" ? OFFICE_MAX : WORDS_MAX);
  const fits = (act) => (WORDLESS.includes(act) || words.trim() !== "") && words.length <= most(act);
  return html`<details class="mark-acts"><summary>${t(own ? "mark.own" : "mark.peer")}</summary>
    <label>${t(own ? "mark.reason" : "mark.words")} <textarea rows="2" maxlength=${WORDS_MAX} dir="auto" .value=${words} @input=${(event) => { typed.set(item.id, event.target.value); drawn(); }}></textarea></label>
    <div class="row">${acts.map((act) => html`<button class="small mark-${act}" title=${t(`mark.act.${act}.help`)} ?disabled=${!fresh() || waits || !fits(act)} @click=${say(act)}>${t(`mark.act.${act}`)}</button>`)}</div></details>`;
}

// What the view says beyond link, watch and record. Every field here may be missing: an older post,
// or one that was told not to report it. Missing is never read as "no" and never as "yes".

import { fresh, openCall, state, viewAge } from "./state.js";

/** Whether this page's post takes a frame of this kind; what it does not take has no key here. */
export const can = (frame) => state.acts.has(frame);

const view = () => (fresh() ? state.view : null);
const RECORDING = ["never", "per_call", "always"];
const INTERPRETER = ["none", "eta", "present"];
const word = (words, value) => (typeof value === "number" ? (words[value] ?? "") : (value ?? ""));

/** true, false, or null: whether a side's attended desk can hear, by its own word. */
export const hears = (side) => view()?.[`${side}_watch`]?.hears ?? null;

/** What a side declares of recording and interpreter, or null when it has not said. */
export function declared(side) {
  const said = view()?.[`${side}_declared`] ?? null;
  if (said === null) return null;
  const eta_ms = said.eta_ms ?? (said.eta_s === undefined || said.eta_s === null ? null : said.eta_s * 1000);
  return {
    recording: word(RECORDING, said.recording),
    now: said.now === true,
    interpreter: word(INTERPRETER, said.interpreter),
    eta_ms: eta_ms === null ? null : eta_ms - viewAge(),
  };
}

/** The line checks: days since the last full one, whether one runs, and how the last one went; or null. */
export function lineCheck() {
  const said = view()?.checks ?? null;
  if (said === null) return null;
  const { last } = said;
  return {
    days: said.days ?? null,
    running: Boolean(said.running),
    last: last ? { wall_ms: last.wall_ms, result: last.compare === "match" && last.full ? "passed" : last.compare === "missing" ? "missing" : "failed" } : null,
  };
}

// Limits of practice: one-way delay planned at 200 ms, warned of at 250, an alarm at 400; R below 70 is an alarm.
const DELAY_MS = { fair: 250, poor: 400 };
const QUALITY = { fair: 80, poor: 70 };

/** What is measured of one direction: by both posts, or by this page's own audio alone. */
function figures(direction) {
  const said = view()?.figures ?? null;
  if (said === null) return { delay: null, r: null };
  if (!Array.isArray(said)) {
    return direction === "from_peer" ? { delay: said.to_us_ms ?? null, r: said.r ?? null } : { delay: said.to_them_ms ?? null, r: said.to_them_r ?? null };
  }
  const own = said.filter((each) => each.desk === state.desk && each.pair_slot < 3 && each.packets > 0);
  return { delay: direction === "from_peer" ? (own[0]?.mouth_to_ear_ms ?? null) : null, r: null };
}

/** Delay and quality of one direction ("from_peer", "to_peer") with the worse of both words, or null. */
export function quality(direction) {
  const { delay, r } = figures(direction);
  if (delay === null && r === null) return null;
  let grade = "good";
  if ((delay ?? 0) > DELAY_MS.fair || (r ?? 100) < QUALITY.fair) grade = "fair";
  if ((delay ?? 0) > DELAY_MS.poor || (r ?? 100) < QUALITY.poor) grade = "poor";
  return { delay, r, grade };
}

const opened = (item) => item.ladder.find((rung) => rung.name === "opened" && rung.state === "done")?.wall_ms ?? 0;

function actOf(side, item) {
  if (item.kind === "text") return item.whose === side ? item.wall_ms : item.whose === "post" ? 0 : opened(item);
  const { role, taken } = item.facts;
  return item.kind === "call" && item.whose === side && (role === "caller" || taken === true) ? item.wall_ms : 0;
}

/** When a person of this side last acted, as the record shows it (a label), or null. */
export function lastAct(side) {
  const said = view()?.figures?.[`${side}_act_wall_ms`];
  if (typeof said === "number") return said;
  const last = state.sort.reduce((latest, item) => Math.max(latest, Number(actOf(side, item)) || 0), 0);
  return last > 0 ? last : null;
}

/** Desks of one's own side; empty when the post does not say. */
export const ownDesks = () => view()?.desks ?? [];
export const thisDesk = () => ownDesks().find((desk) => desk.desk === state.desk) ?? null;
export const role = () => thisDesk()?.role ?? "principal";
export const deskName = (hex) => ownDesks().find((desk) => desk.desk === hex) ?? null;

/** The own desk that has the call, if that is another one. */
export function heldElsewhere() {
  const holder = openCall()?.holder ?? "";
  return holder !== "" && holder !== state.desk ? (deskName(holder) ?? { desk: holder, slot: null, officer: "" }) : null;
}

/** The recording of the call at this side's desks, {state: "off", "waiting", "on", "ending", fault}; off when not known. */
export const recordingNow = () => view()?.recording ?? { state: "off", fault: "" };

/** The phrase that was spoken last at either side's wish, or null. */
export const spokenPhrase = () => view()?.spoken ?? null;

export const promises = () => view()?.promises ?? [];

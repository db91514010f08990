// What this page knows, how old it is, and what may be shown of it.
//
// Nothing here is believed for longer than STALE_MS after it left the post. Ages are
// judged by two clocks at every wake: the monotonic one (a slow or dead post) and the
// stamps of the ticks (a background tab that was asleep while ticks piled up).

export const STALE_MS = 2_500;
const UP_MS = 2_000;
const DOWN_MS = 10_000;

export const state = {
  view: null,
  items: new Map(), // id -> item
  sort: [],
  itemsVersion: 0,
  connected: false,
  closed: "", // code for which this page was sent away for good
  textBytesMax: 15_000,
  desk: "",
  fullDesks: [], // who sits where, while no seat is free for this page
  audio: { mic: "COLD", context: "none", pc: "none", privatePc: "none", privateGate: false, error: "", ready: false },
  microphoneFault: "", // stands until the microphone opens again, whatever else happens
  level: { own: -100, far: -100, clip: false },
  gate: false,
  // Who is signed in here. A locked desk hears, shows the line, and does nothing else.
  session: { officer: "", unlocked: true, passphrase: false, locks_in_ms: null, refusal: "" },
  acts: new Set(), // kinds of frames that this page's post takes
  microphoneProven: false, // its level moved since this page was loaded
  phrasesOpen: false,
  get locked() { return !this.session.unlocked; },
  figures: {}, // pair slot -> what is heard over that connection, each second
  notice: null, // {code|key, facts, until}: what was refused last, in words
};

const tick = { perf: -Infinity, wallPerf: -Infinity, wall: 0, sent: 0, offset: Infinity };

/** Take a tick; returns whether it is fresh. */
export function takeView(view, sent_ms) {
  const now = performance.now();
  tick.offset = Math.min(tick.offset, Date.now() - sent_ms);
  tick.perf = now;
  tick.sent = sent_ms;
  if (view.wall_ms !== tick.wall) {
    tick.wall = view.wall_ms;
    tick.wallPerf = now;
  }
  state.view = view;
}

export function forgetTicks() {
  tick.offset = Infinity;
}

/** How old the view is, in ms, by the worst of our clocks. */
export function viewAge() {
  if (state.view === null) return Infinity;
  const now = performance.now();
  const byStamp = Date.now() - tick.sent - tick.offset;
  return Math.max(now - tick.perf, now - tick.wallPerf, byStamp, 0);
}

export const fresh = () => state.connected && !state.closed && viewAge() < STALE_MS;

/** Age of the last authenticated round trip with the peer, or null. */
export function contactAge() {
  const ago = state.view?.link.last_contact_ms_ago ?? null;
  return ago === null ? null : ago + viewAge();
}

/** The link in one word. UP is earned: an old round trip is never UP, whatever was said. */
export function linkWord() {
  if (!fresh()) return "UNKNOWN";
  const said = state.view.link.state;
  const age = contactAge();
  if (age === null || age >= DOWN_MS + STALE_MS) return "DOWN";
  if (said === "UP" && age >= UP_MS + 500) return "UNSURE";
  return said;
}

const before = (a, b) =>
  a.order[0] - b.order[0] || a.order[1] - b.order[1] || a.wall_ms - b.wall_ms || (a.id < b.id ? -1 : 1);

/** Take new or changed items; an item may replace the one of the outbox. */
export function takeItems(items, { all = false } = {}) {
  if (all) state.items.clear();
  for (const item of items) {
    if (item.replaces) state.items.delete(item.replaces);
    state.items.set(item.id, item);
  }
  state.sort = [...state.items.values()].sort(before).slice(-500);
  state.items = new Map(state.sort.map((item) => [item.id, item]));
  state.itemsVersion += 1;
}

/** The call that stands, or null. */
export function openCall() {
  const call = state.view?.call;
  return call && call.state !== "ended" && fresh() ? call : null;
}

/** Time left of an announce, counted on between ticks. */
export const endsIn = (call) =>
  (call.ends_in_ms === null ? null : Math.max(0, call.ends_in_ms - viewAge()));

/** Time left until an answer or promise is due, counted on between ticks; negative when overdue, null without one. */
export const dueIn = (due_ms) => (due_ms === null || due_ms === undefined ? null : due_ms - viewAge());

function whyNotReach() {
  if (!fresh()) return "speak.post_lost";
  if (state.locked) return "speak.locked";
  // Without contact the key would only open a microphone that nobody hears; UNSURE may still carry.
  return state.view.link.state === "DOWN" ? "speak.link_down" : "";
}

function whyNotSound() {
  if (!state.audio.ready) return "speak.no_audio_page";
  if (["no_desk", "no_far_desk", "connecting"].includes(state.view.voice)) return `speak.${state.view.voice}`;
  return state.audio.pc !== "connected" ? "speak.connecting" : "";
}

function whyNotRole() {
  const role = state.view.desks?.find((desk) => desk.desk === state.desk)?.role ?? "principal";
  if (role === "note_taker" || role === "listener") return "speak.role";
  return role === "interpreter" && openCall() === null ? "speak.interpreter" : "";
}

/** Why speech is not possible now, as a key, or "". */
export const whyNotSpeak = () => whyNotReach() || whyNotSound() || whyNotRole();
/** The same of an agreed phrase, which needs nothing of this desk's own sound. */
export const whyNotPhrase = () => whyNotReach() || whyNotRole();

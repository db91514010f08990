// The duty officer's page: it wires the post's socket, the audio page, the talk key and the drawing together.

import { attachDemo } from "./demo.js";
import { AudioLink } from "./audio-link.js";
import { Draft } from "./draft.js";
import { draw, drawLevels } from "./page.js";
import { LANGUAGES, currentLanguage, loadWords, onLanguage, setLanguage, t } from "./i18n.js";
import { Sound } from "./sound.js";
import { Private } from "./private.js";
import { mine, seated } from "./seat.js";
import { Socket } from "./socket.js";
import { Spoken, spoken } from "./spoken.js";
import { Talk } from "./talk.js";
import { Watcher } from "./watcher.js";
import { fresh, forgetTicks, linkWord, openCall, state, takeItems, takeView, whyNotSpeak } from "./state.js";
import * as keys from "./keys.js";
import * as tones from "./tones.js";

const AUDIBLE_DBFS = -50;
const NOTICE_MS = 12_000;
const ALIVE_MS = 1_000;
const RESTART_MS = 1_000;
const START_MS = 600;
const AUDIO_SILENT_MS = 3_000;
const BUSY = /^call\.(talking_elsewhere|held_elsewhere|role)$/; // somebody else has it: the busy tone
const MICROPHONE_FAULT = /^voice\.(no_)?microphone/;

if (location.hash) history.replaceState(null, "", location.pathname + location.search);
await loadWords();
const draft = new Draft();
let aliveAt = 0;
let soundedCall = "";
let helpShown = false;
let due = false;

function redraw() {
  if (due) return;
  due = true;
  queueMicrotask(() => { due = false; draw(actions, draft); });
}

function refuse(code, facts = {}, section = "") {
  state.notice = { code, facts, section, until: performance.now() + NOTICE_MS };
  redraw();
}

const phrases = new Spoken({
  socket: () => socket,
  audio: () => audio,
  origin: document.querySelector('meta[name="openline-audio"]').content,
  refuse, redraw,
  volume: () => volume,
});

// --- speech ------------------------------------------------------------------------------------

const privacy = new Private({
  socket: () => socket,
  audio: () => audio,
  stopTalk: () => talk.stop("released"),
  refuse,
  redraw,
});

const talk = new Talk({
  onDown() {
    tones.wake();
    privacy.stop("released");
    const why = whyNotSpeak();
    if (why) {
      refuse(why.slice("speak.".length), {}, "speak");
      audio.post({ t: "tone", name: "refused" });
      return false;
    }
    state.notice = null;
    socket.send({ t: "talk", on: true });
    audio.post({ t: "talk", on: true });
    redraw();
    return true;
  },
  onUp(reason) {
    audio.post({ t: "talk", on: false });
    socket.send({ t: "talk", on: false });
    if (reason !== "released") refuse(reason, {}, "stop");
    redraw();
  },
});

const sound = new Sound({
  toAudio: (frame) => audio.post(frame),
  toPost: (frame) => socket.send(frame),
  report: () => report(),
  wake: () => wakeSound(),
  redraw,
  talk,
});

function audioState(frame) {
  const was = state.audio.mic;
  const { mic, context, pc } = frame;
  const error = frame.error ?? "";
  const isNew = error && error !== state.audio.error;
  const { deaf } = sound;
  const before = state.audio;
  const own = { privatePc: frame.private_pc ?? "none", privateGate: frame.output?.private_gate === true };
  state.audio = { mic, context, pc, error, ready: true, source: frame.source ?? "mic", muted: frame.muted === true, ...own };
  sound.hearing.take(frame);
  const changed = deaf !== sound.deaf || ["mic", "context", "pc"].some((name) => frame[name] !== before[name]);
  privacy.heardOf(was, mic, isNew);
  if (mic !== "COLD") state.microphoneFault = "";
  else if (isNew && MICROPHONE_FAULT.test(error)) state.microphoneFault = error;
  if (mic === "LIVE" && was !== "LIVE") tones.play("permit");
  if (talk.held && was === "LIVE" && mic !== "LIVE") talk.stop(error === "voice.stuck_key" ? "stuck_key" : isNew ? "microphone" : "interrupted");
  else if (talk.held && isNew && mic !== "LIVE") talk.stop("microphone");
  if (isNew && error !== "voice.context_suspended") refuse(error);
  if (changed || isNew) report();
  demo("state", { audio: state.audio });
  redraw();
}

/** The called side says that it sounded only when the far voice was in fact played here. */
function maybeSounded() {
  const call = openCall();
  if (!call || call.role !== "called" || !state.gate || sound.deaf) return;
  if (call.call === soundedCall) return;
  if (state.level.far < AUDIBLE_DBFS) return;
  soundedCall = call.call;
  socket.send({ t: "sounded", call: call.call });
}

const audioFrames = {
  ready() {
    watcher.sounding = false; // a new audio page sounds nothing yet
    state.audio = { ...state.audio, ready: true, error: "" };
    audio.post({ t: "volume", value: sound.volume });
    if (state.gate) audio.post({ t: "gate", open: true });
    privacy.sayGate();
    startAudio();
    redraw();
  },
  offer: ({ sdp, generation, pair_slot }) => socket.send({ t: "offer", sdp, generation: generation ?? 0, pair_slot: pair_slot ?? 0 }),
  state: audioState,
  level(frame) {
    state.level = frame;
    sound.microphone.level(frame.own, state.audio);
    drawLevels();
    maybeSounded();
    demo("level", { own: frame.own, far: frame.far });
  },
  ...phrases.audioFrames(),
  wave: ({ own, far }) => demo("wave", { own, far }),
  heard: ({ at_ms }) => demo("heard", { at_ms }),
  live: ({ at_ms }) => demo("live", { at_ms }),
  restart: () => setTimeout(startAudio, RESTART_MS),
  "chirp-heard": ({ id, state: said, delay_ms }) => socket.send({ t: "check-result", id, state: said, delay_ms: delay_ms ?? null }),
  tested: (frame) => sound.hearing.tested(frame),
  figures: (frame) => sound.figures(frame),
};

let startTimer = 0;
let startedAt = -Infinity;

/** Ask the audio page to start (again): once in START_MS, since its first offer takes a moment to make. */
function startAudio() {
  clearTimeout(startTimer);
  const wait = startedAt + START_MS - performance.now();
  if (wait > 0) { startTimer = setTimeout(startAudio, wait); return; }
  if (!socket.open || !state.audio.ready) return; // the welcome or the audio page's greeting asks again
  startedAt = performance.now();
  audio.post({ t: "start", slot: mine() });
}

// --- an audio page that hangs or died is not LIVE, whatever it said last ----------------------------

let askedAt = Infinity; // performance.now() of the first "alive" that it has not answered
let beforeSilence = null;

function askAudio() {
  audio.post({ t: "alive" });
  askedAt = Math.min(askedAt, performance.now());
}

function audioHeard() {
  askedAt = Infinity;
  if (beforeSilence === null) return;
  state.audio = beforeSilence; // it hung and goes on; what changed meanwhile it says itself
  beforeSilence = null;
  privacy.sayGate();
  report();
  startAudio();
}

function lookAtAudio() {
  if (beforeSilence !== null || !state.audio.ready || performance.now() - askedAt < AUDIO_SILENT_MS) return;
  beforeSilence = state.audio;
  state.audio = { mic: "COLD", context: "none", pc: "none", error: "desk.audio_page", ready: false, privatePc: "none", privateGate: false };
  talk.stop("microphone");
  privacy.stop("microphone");
  report();
}

const audio = new AudioLink({
  origin: document.querySelector('meta[name="openline-audio"]').content,
  frame: document.getElementById("audio"),
  onFrame(frame) {
    audioHeard();
    audioFrames[frame?.t]?.(frame);
  },
  onMissing() { state.audio = { ...state.audio, ready: false, error: "desk.audio_page" }; redraw(); },
});

function wakeSound() {
  tones.wake();
  if (state.audio.ready && state.audio.context !== "running") startAudio();
}

function setGate(open) {
  state.gate = open;
  audio.post({ t: "gate", open });
  demo("gate", { open });
}

// --- the post ----------------------------------------------------------------------------------

/** Tell the post what the audio page says of itself. */
function report() {
  const { mic, context, pc, error } = state.audio;
  const visible = document.visibilityState === "visible";
  socket.send({ t: "alive", mic, context, connection: pc, error, visible, ...sound.facts() });
}

/** Once a second, driven by the post's ticks: a sleeping tab's timers cannot be trusted with it. */
function sendAlive() {
  if (performance.now() - aliveAt < ALIVE_MS) return;
  aliveAt = performance.now();
  report();
  askAudio();
}

const watcher = new Watcher({ play: tones.play, alarm: (on) => audio.post({ t: "alarm", on }), onChange: () => demo("link", watcher.facts()) });

function ticked({ view, sent_ms }) {
  takeView(view, sent_ms);
  sendAlive();
  maybeSounded();
  watch();
}

/** Judge by the clocks, at every tick and at every wake; this is what makes a dead page look dead. */
function watch() {
  if (!fresh() && talk.held) talk.stop("post_lost");
  if (talk.held && linkWord() === "DOWN") talk.stop("call.link_down");
  privacy.look();
  if (!fresh() && state.gate) setGate(false);
  lookAtAudio();
  watcher.look();
  sound.look();
  redraw();
}

const postFrames = {
  welcome(frame) {
    state.desk = frame.desk;
    seated(frame.seat.slot);
    state.textBytesMax = frame.text_bytes_max;
    takeItems(frame.timeline, { all: true });
    demo("timeline", { items: frame.timeline });
    ticked(frame);
    startAudio();
    phrases.load();
  },
  view: ticked,
  ...phrases.postFrames(),
  timeline({ items }) { takeItems(items); demo("timeline", { items }); redraw(); },
  gate({ open }) { setGate(open); },
  answer: ({ sdp, generation, pair_slot }) => audio.post({ t: "answer", sdp, generation, pair_slot }),
  reset: ({ pair_slot }) => audio.post({ t: "reset", pair_slot }),
  chirp: (frame) => audio.post(frame),
  "text-taken"({ request, item }) {
    if (draft.taken(request)) document.getElementById("draft").value = "";
    demo("text-taken", { request, item });
    redraw();
  },
  refused({ request, code, facts }) {
    // One for a request that is not this page's is the command line's. None ends speech: stop-talking does.
    const ours = draft.refused(request, code, facts);
    if (!ours && ["", "voice", "phrase", "declare", "record"].includes(request)) refuse(code, facts);
    demo("refused", { request, code });
    redraw();
  },
  "stop-talking"({ reason }) {
    if (BUSY.test(reason)) audio.post({ t: "tone", name: "refused" });
    talk.stop(reason);
    audio.post({ t: "talk", on: false });
  },
};

const socket = new Socket({
  onOpen() {
    forgetTicks();
    state.connected = true;
    state.closed = "";
  },
  onFrame: (frame) => postFrames[frame.t]?.(frame),
  onLost() {
    state.connected = false;
    draft.unanswered();
    phrases.lost();
    watch();
  },
  onSentAway(code, farewell) {
    state.closed = code;
    state.fullDesks = farewell?.desks ?? [];
    audio.post({ t: "cold" });
    phrases.lost();
    watch();
  },
});

// --- what the officer does ---------------------------------------------------------------------

const languages = Object.keys(LANGUAGES);
const otherTag = () => languages[(languages.indexOf(currentLanguage()) + 1) % languages.length];

function send() {
  const field = document.getElementById("draft");
  draft.setText(field.value);
  const button = document.getElementById("send");
  if (button.disabled || !fresh()) { redraw(); return; }
  const request = draft.begin();
  socket.send({ t: "text", request, text: draft.text, lang: draft.lang });
  redraw();
}

/** Come back, or take a seat over: only ever by a press of this officer. */
function takeSeat(slot) {
  state.closed = "";
  socket.connect(slot);
  redraw();
}

function acknowledgeAll() {
  for (const alarm of state.view?.alarms ?? []) {
    if (!alarm.acknowledged) socket.send({ t: "acknowledge", alarm: alarm.code });
  }
}

function showHelp() {
  helpShown = true;
  draw(actions, draft);
  const dialog = document.getElementById("help");
  if (dialog && !dialog.open) dialog.showModal();
}

const actions = {
  ...sound.actions(),
  nextLanguage: () => setLanguage(otherTag()),
  otherLanguage: () => ({ tag: otherTag(), name: LANGUAGES[otherTag()] }),
  theme: keys.theme,
  nextTheme: () => { keys.nextTheme(); redraw(); },
  help: showHelp,
  helpOpen: () => helpShown,
  helpClosed: () => { helpShown = false; talk.learning = null; redraw(); },
  takeBack: () => takeSeat(state.closed === "web.taken_over" ? mine() : undefined),
  takeSeat: (slot) => takeSeat(slot),
  privacy,
  setRole: (event) => socket.send({ t: "seat", role: event.target.value }),
  wakeSound,
  held: () => talk.held,
  keyName: () => keys.keyName(talk.key),
  talkDown: (event) => talk.pointerDown(event),
  talkLost: (event) => talk.release(`pointer-${event.pointerId}`),
  testMicrophone: () => { wakeSound(); audio.post({ t: "arm" }); },
  silence: () => { phrases.hush(); socket.send({ t: "silence" }); },
  phrase: (n) => phrases.press(n),
  record: (on) => phrases.record(on),
  declare: (words) => phrases.declare(words),
  interpreter: (word) => phrases.declare({ interpreter: word, ...(word === "eta" ? { eta_s: 60 * spoken.interpreterMinutes } : {}) }),
  minutes: (value) => { spoken.interpreterMinutes = Math.min(1440, Math.max(1, Math.round(Number(value)) || 1)); redraw(); },
  end: () => socket.send({ t: "end" }),
  opened: (item) => socket.send({ t: "opened", item }),
  acknowledge: (alarm) => socket.send({ t: "acknowledge", alarm }),
  acknowledgeAll,
  draftInput: (event) => { draft.setText(event.target.value); redraw(); },
  draftKey: (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) send(); },
  draftLang: (event) => { draft.setLang(event.target.value); redraw(); },
  send,
  learnKey: () => { talk.learning = (code) => { talk.setKey(code); redraw(); }; redraw(); },
  learning: () => talk.learning !== null,
  latch: () => talk.latch(),
  latched: () => talk.latched,
  noKey: () => { talk.learning = null; talk.setKey(""); redraw(); },
  lettersOn: keys.lettersOn,
  setLetters: (event) => keys.setLetters(event.target.checked),
};

keys.listen({
  s: () => { if (openCall()?.role === "called") actions.silence(); },
  e: () => { if (openCall()) actions.end(); },
  t: () => document.getElementById("draft").focus(),
  a: acknowledgeAll,
  l: actions.nextLanguage,
  "?": showHelp,
  ...phrases.keys(),
});

const demo = attachDemo({
  talk: () => { talk.press("demo"); return talk.held; },
  release: () => talk.release("demo"),
  source: ({ kind, url, loop }) => audio.post({ t: "source", kind, url, loop }),
  wave: ({ on }) => audio.post({ t: "probe", on: on === true }),
  volume: ({ value }) => sound.setVolume(value),
  text: ({ text, lang, request }) => socket.send({ t: "text", request: String(request), text: String(text), lang: String(lang) }),
  opened: ({ item }) => actions.opened(String(item)),
  silence: actions.silence,
  end: actions.end,
  language: ({ lang }) => setLanguage(String(lang)),
  keep: ({ on }) => audio.post({ t: "keep", on: on === true }),
  replay: () => audio.post({ t: "replay" }),
  unlockAudio: () => { wakeSound(); sound.hearing.prove("demonstration"); },
  snapshot: () => ({ ...watcher.facts(), audio: state.audio, held: talk.held, view: fresh() ? state.view : null, items: state.sort }),
});

for (const name of ["pointerdown", "keydown"]) {
  window.addEventListener(name, () => { wakeSound(); watcher.seen(); }, { capture: true, passive: true });
}
document.addEventListener("visibilitychange", report);
for (const name of ["visibilitychange", "resume"]) document.addEventListener(name, watch);
for (const name of ["focus", "pageshow", "online"]) window.addEventListener(name, watch);
onLanguage(() => { draft.followPage(); redraw(); demo("language", { lang: currentLanguage() }); });
keys.applyTheme();
draw(actions, draft);
document.getElementById("draft").value = draft.text;
setInterval(watch, 250);
// The demonstration's tabs take the desk over from its page; no other address does.
const demoTakes = document.querySelector('meta[name="openline-demo"]') !== null && new URLSearchParams(location.search).get("take") === "0";
socket.connect(demoTakes ? 0 : undefined);

// The duty officer's page: it wires the post's socket, the audio page, the talk key and the drawing together.

import { answerFrames, certificateFrames } from "./authentic.js";
import { attachDemo, demoActs, seatForDemo } from "./demo.js";
import { AudioWatch } from "./audio-watch.js";
import { AudioLink } from "./audio-link.js";
import { DeskSession } from "./desk-session.js";
import { Draft } from "./draft.js";
import { draw, drawLevels } from "./page.js";
import { LANGUAGES, currentLanguage, loadWords, onLanguage, setLanguage, t } from "./i18n.js";
import { Sound } from "./sound.js";
import { Private } from "./private.js";
import { chosen, mine, seated } from "./seat.js";
import { Spoken } from "./spoken.js";
import { Socket } from "./socket.js";
import { Talk } from "./talk.js";
import { TwoWay } from "./two-way.js";
import { writingActs } from "./writing.js";
import { callLetters, officerActs, phraseOf, pressedInVain, talkFrame } from "./acts.js";
import { Watcher } from "./watcher.js";
import { tokenOfAddress } from "./views/signin-form.js";
import { fresh, forgetTicks, linkWord, openCall, state, takeItems, takeView, whyNotSpeak } from "./state.js";
import * as keys from "./keys.js";
import * as tones from "./tones.js";

const AUDIBLE_DBFS = -50;
const VOICE_DBFS = -45;
const NOTICE_MS = 12_000;
const ALIVE_MS = 1_000;
const RESTART_MS = 1_000;
const START_MS = 600;
const BUSY = /^call\.(talking_elsewhere|held_elsewhere|role)$/; // somebody else has it: the busy tone
const MICROPHONE_FAULT = /^voice\.(no_)?microphone/;

const token = tokenOfAddress();
const words = loadWords(); // the audio page loads meanwhile
const draft = new Draft();
let aliveAt = 0;
let soundedCall = "";
let helpShown = false;
let due = true; // until the words are there

function redraw() {
  if (due) return;
  due = true;
  queueMicrotask(() => { due = false; draw(actions, draft); });
}

function refuse(code, facts = {}, section = "") {
  state.notice = { code, facts, section, until: performance.now() + NOTICE_MS };
  redraw();
}

// --- speech ------------------------------------------------------------------------------------

const privacy = new Private({
  letters: keys.lettersOn,
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
      if (why === "speak.link_down") pressedInVain(socket);
      return false;
    }
    state.notice = null;
    socket.send(talkFrame());
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

const twoWay = new TwoWay({ talk });

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

const phrases = new Spoken({
  socket: () => socket,
  audio: () => audio,
  origin: document.querySelector('meta[name="openline-audio"]').content,
  refuse, redraw,
  volume: () => sound.volume,
});

const audioFrames = {
  ...phrases.audioFrames(),
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
    if (state.audio.mic !== "COLD" && frame.own > VOICE_DBFS) state.microphoneProven = true;
    drawLevels();
    maybeSounded();
    demo("level", { own: frame.own, far: frame.far });
  },
  wave: ({ own, far }) => demo("wave", { own, far }),
  heard: ({ at_ms }) => demo("heard", { at_ms }),
  live: ({ at_ms }) => demo("live", { at_ms }),
  restart: () => setTimeout(startAudio, RESTART_MS),
  ...certificateFrames(() => socket, refuse, redraw),
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

const audioWatch = new AudioWatch({
  ask: () => audio.post({ t: "alive" }),
  onBack() { privacy.sayGate(); report(); startAudio(); },
  onSilent() { talk.stop("microphone"); privacy.stop("microphone"); report(); },
});

const audio = new AudioLink({
  origin: document.querySelector('meta[name="openline-audio"]').content,
  frame: document.getElementById("audio"),
  onFrame(frame) {
    audioWatch.heard();
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
  audioWatch.alive();
}

const watcher = new Watcher({ play: tones.play, alarm: (on) => audio.post({ t: "alarm", on }), onChange: () => demo("link", watcher.facts()) });

const desk = new DeskSession({
  draft,
  send: (frame) => socket.send(frame),
  audio: (frame) => audio.post(frame),
  onLocked() { talk.stop("locked"); privacy.stop("locked"); twoWay.withdraw(); helpShown = false; },
  onChange: redraw,
});

function ticked({ view, sent_ms, session }) {
  takeView(view, sent_ms);
  desk.take(session);
  sendAlive();
  maybeSounded();
  watch();
}

/** Judge by the clocks, at every tick and at every wake; this is what makes a dead page look dead. */
function watch() {
  twoWay.look(openCall());
  if (!fresh() && talk.held) talk.stop("post_lost");
  if (talk.held && linkWord() === "DOWN") talk.stop("call.link_down");
  privacy.look();
  if (!fresh() && state.gate) setGate(false);
  audioWatch.look();
  watcher.look();
  sound.look();
  redraw();
}

const postFrames = {
  ...phrases.postFrames(),
  welcome(frame) {
    state.desk = frame.desk;
    seated(frame.seat);
    state.textBytesMax = frame.text_bytes_max;
    phrases.load();
    state.acts = new Set(frame.acts ?? []);
    takeItems(frame.timeline, { all: true });
    demo("timeline", { items: frame.timeline });
    ticked(frame);
    startAudio();
  },
  view: ticked,
  locked: () => desk.locked(),
  unlocked: (frame) => desk.unlocked(frame),
  timeline({ items }) { takeItems(items); demo("timeline", { items }); redraw(); },
  gate({ open }) { setGate(open); },
  ...answerFrames(() => audio),
  chirp: (frame) => audio.post(frame),
  "text-taken"({ request, item }) {
    if (draft.taken(request)) document.getElementById("draft").value = "";
    demo("text-taken", { request, item });
    redraw();
  },
  refused({ request, code, facts }) {
    // One for a request that is not this page's is the command line's. None ends speech: stop-talking does.
    const ours = draft.refused(request, code, facts);
    if (!ours && ["", "voice", "phrase", "declare", "record", "exchange", "mark"].includes(request)) refuse(code, facts);
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

/** Come back, or take a seat over: only ever by a press of this officer. */
function takeSeat(slot) {
  state.closed = "";
  socket.connect(slot);
  redraw();
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
  setRole: (event) => { chosen(event.target.value); socket.send({ t: "seat", role: event.target.value }); },
  wakeSound,
  held: () => talk.held,
  keyName: () => keys.keyName(talk.key),
  talkDown: (event) => talk.pointerDown(event),
  talkLost: (event) => talk.release(`pointer-${event.pointerId}`),
  testMicrophone: () => { wakeSound(); audio.post({ t: "arm" }); },
  silence: () => { phrases.hush(); socket.send({ t: "silence" }); },
  ...phrases.actions(redraw),
  end: () => socket.send({ t: "end" }),
  ...writingActs({ socket, draft, redraw, actions: () => actions }),
  ...officerActs({ socket, audio, talk, twoWay, refuse, redraw }),
  here: () => desk.here({ now: true }),
  signIn: (given) => desk.signIn(given),
  learnKey: () => { talk.learning = (code) => { talk.setKey(code); redraw(); }; redraw(); },
  learning: () => talk.learning !== null,
  noKey: () => { talk.learning = null; talk.setKey(""); redraw(); },
  lettersOn: keys.lettersOn,
  setLetters: (event) => keys.setLetters(event.target.checked),
};

await words, due = false; // before any key is heard
keys.listen({
  s: () => { if (openCall()?.role === "called") actions.silence(); },
  e: () => { if (openCall()) actions.end(); },
  ...callLetters(actions),
  t: actions.write,
  a: actions.acknowledgeAll,
  l: actions.nextLanguage,
  "?": showHelp,
}, (event) => { const n = phraseOf(event); if (n > 0) actions.phrase(n); return n > 0; });

const snapshot = () => ({ ...watcher.facts(), audio: state.audio, held: talk.held, view: fresh() ? state.view : null, items: state.sort });
const demo = attachDemo(demoActs({ talk, audio, sound, socket, actions, wakeSound, setLanguage, snapshot }));

for (const name of ["pointerdown", "keydown"]) {
  window.addEventListener(name, () => { wakeSound(); watcher.seen(); desk.here(); }, { capture: true, passive: true });
}
document.addEventListener("visibilitychange", report);
for (const name of ["visibilitychange", "resume"]) document.addEventListener(name, watch);
for (const name of ["focus", "pageshow", "online"]) window.addEventListener(name, watch);
onLanguage(() => { draft.followPage(); redraw(); demo("language", { lang: currentLanguage() }); });
keys.applyTheme();
draw(actions, draft);
setInterval(watch, 250);
// A one-time address opened where a desk stands locked lets its officer in again.
if (token !== null) await desk.signIn({ token });
socket.connect(seatForDemo());

// What the officer does in a call, at the desks and to the line: each act one frame to the post.

import { can, role } from "./reading.js";
import { choosePrecedence, precedence, toggleChooser } from "./choice.js";
import { fresh, openCall, state, whyNotSpeak } from "./state.js";
import { FOUND_BY_LETTER_MIN, REPLY_BY_LETTER_MIN } from "./views/answers.js";

/** The fields of a press of the talk key: how a call that it begins, or interrupts with, would be begun. */
export function talkFrame(manner) {
  const frame = { t: "talk", on: true };
  if (!can("answer")) return frame;
  const wanted = precedence();
  return { ...frame, ...(manner && { manner }), ...(wanted !== "ROUTINE" && { precedence: wanted }) };
}

/** Without contact no microphone opens; but that an officer pressed belongs into this side's account. */
export function pressedInVain(socket) {
  if (!can("answer")) return;
  socket.send(talkFrame());
  socket.send({ t: "talk", on: false });
}

/** A call that is begun without a word: no microphone is opened by it. */
function begin(manner, { socket, refuse, audio }) {
  const why = whyNotSpeak();
  if (why || openCall() !== null) {
    if (why) refuse(why.slice("speak.".length), {}, "speak");
    audio.post({ t: "tone", name: "refused" });
    return false;
  }
  socket.send(talkFrame(manner));
  socket.send({ t: "talk", on: false });
  return true;
}

const answerable = () => {
  const call = openCall();
  return call !== null && call.role === "called" && can("answer") && role() === "principal" ? call : null;
};

/** Ask, agree, withdraw or end: the one key of two-way, by what stands now. */
function turnTwoWay({ socket, twoWay }) {
  const call = openCall();
  if (call === null || !can("two-way") || role() !== "principal") return;
  const now = call.two_way ?? "none";
  const on = now === "asked_there" || (now === "none" && call.state === "taken");
  if (!on && now === "none") return;
  socket.send({ t: "two-way", on });
  if (on) twoWay.consent();
  else twoWay.withdraw();
}

function callActs(desk) {
  const { socket, talk, twoWay, redraw } = desk;
  const send = (frame) => { if (can(frame.t) && fresh()) socket.send(frame); redraw(); };
  return {
    latched: () => talk.latched,
    latch: () => talk.latch(),
    ring: () => { begin("ring", desk); redraw(); },
    beginTwoWay: () => { if (begin("two_way", desk)) twoWay.consent(); redraw(); },
    chooser: () => { toggleChooser(); redraw(); },
    precedence: (name) => { choosePrecedence(name); redraw(); },
    twoWay: () => { turnTwoWay(desk); redraw(); },
    twoWayNo: () => { if (openCall()?.two_way === "asked_there") { send({ t: "two-way", on: false }); twoWay.withdraw(); } },
    twoWayOpen: () => { twoWay.open(openCall()); redraw(); },
    twoWaySpeaking: () => twoWay.speaking,
    answer: (answer, due_s) => { if (answerable()) send({ t: "answer", answer, ...(due_s && { due_s }) }); },
    takeOver: () => send({ t: "take-over" }),
    differs: () => send({ t: "differs" }),
  };
}

function deskActs({ socket, redraw }) {
  const send = (frame) => { if (can(frame.t) && fresh()) socket.send(frame); redraw(); };
  return {
    lock: () => send({ t: "lock" }),
    checkNow: () => send({ t: "check-now" }),
    mark: (fields) => send({ t: "mark", request: "mark", ...fields }),
    exchange: (fields) => send({ t: "exchange", request: "exchange", ...fields }),
    redraw,
  };
}

export const officerActs = (desk) => ({ ...callActs(desk), ...deskActs(desk) });

/** Letters of an incoming call and of a call in progress; they do nothing outside of one. */
export const callLetters = (actions) => ({
  h: () => { if (openCall()?.state !== "taken") actions.answer("heard"); },
  f: () => { if (openCall()?.state !== "taken") actions.answer("fetching", FOUND_BY_LETTER_MIN * 60); },
  r: () => actions.answer("reply", REPLY_BY_LETTER_MIN * 60),
  d: () => { if (openCall()?.state !== "taken") actions.answer("declined"); },
  w: actions.twoWay,
  n: actions.twoWayNo,
  p: () => { if (can("phrase")) actions.phrases(); },
});

/** Phrases: Shift and a digit anywhere, the digit alone while the panel stands open. */
export function phraseOf(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  if (digit === undefined || !(event.shiftKey || state.phrasesOpen)) return 0;
  return Number(digit) || 10;
}

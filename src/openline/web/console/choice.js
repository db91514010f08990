// The precedence of the next call. It is ROUTINE unless an officer chose otherwise a moment ago, and falls
// back by itself: the talk key never waits for a choice, and an old choice never colours a new call.

import { openCall } from "./state.js";

const KEPT_MS = 30_000;
export const PRECEDENCES = ["ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH"];
const chosen = { precedence: PRECEDENCES[0], until: 0, call: "" };
const callNow = () => openCall()?.call ?? "";
let shown = false;

export const chooserOpen = () => shown;
export function toggleChooser() { shown = !shown; }

/** The precedence that the next call would have; with a call open a higher one would interrupt it. */
export function precedence() {
  if (callNow() !== chosen.call || performance.now() > chosen.until) chosen.precedence = PRECEDENCES[0];
  return chosen.precedence;
}

export function choosePrecedence(name) {
  chosen.precedence = name;
  chosen.call = callNow();
  chosen.until = performance.now() + KEPT_MS;
  shown = false;
}

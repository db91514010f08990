// Private speech: to the desks of the own side alone. The key is momentary, like the talk key.
//
// Whatever ends the hold ends it; the talk key ends it too. The two never hold at once. The
// gate of the own side's private sound is its officer's to open and shut.

import { fresh, state } from "./state.js";
import * as tones from "./tones.js";

const KEPT = "openline.hear-private";
const PRESS = ["Enter", "Space"];

function readHears() {
  try { return localStorage.getItem(KEPT) !== "off"; } catch { return true; }
}

export class Private {
  constructor({ socket, audio, stopTalk, refuse, redraw }) {
    Object.assign(this, { socket, audio, stopTalk, refuse, redraw });
    this.held = false;
    this.by = "";
    this.hears = readHears();
    this.gate = false;
    for (const name of ["pointerup", "pointercancel"]) {
      window.addEventListener(name, () => this.stop("released"), { capture: true });
    }
    // With another button down no pointerup tells that ours went up.
    window.addEventListener("pointermove", ({ buttons }) => {
      if (this.by === "pointer" && !(buttons & 1)) this.stop("released");
    }, { capture: true });
    window.addEventListener("keyup", ({ code }) => { if (PRESS.includes(code)) this.stop("released"); }, { capture: true });
    window.addEventListener("blur", () => this.stop("blur"));
    window.addEventListener("pagehide", () => this.stop("hidden"));
    document.addEventListener("freeze", () => this.stop("hidden"));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") this.stop("hidden");
    });
  }

  pointerDown(event) {
    if (event.button !== 0) return;
    event.preventDefault(); // nor does it take the focus: the next press of the talk key is the talk key's
    event.currentTarget.setPointerCapture(event.pointerId);
    this.down("pointer");
  }

  keyDown(event) {
    if (!PRESS.includes(event.code)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) this.down("key");
  }

  down(by) {
    if (this.held) return;
    tones.wake();
    if (!fresh() || !state.audio.ready || state.audio.privatePc !== "connected") {
      this.refuse("voice.nobody_private");
      return;
    }
    this.stopTalk();
    this.held = true;
    this.by = by;
    state.notice = null;
    this.say(true);
  }

  /** End the hold, whoever ends it; only a new press begins again. */
  stop(reason) {
    if (!this.held) return;
    this.held = false;
    this.say(false);
    if (reason !== "released") this.refuse(reason, {}, "stop");
  }

  say(on) {
    // What stops is stopped at the microphone first.
    this.audio().post({ t: "private", on });
    this.socket().send({ t: "private", on });
    this.redraw();
  }

  /** The audio page told its state: a microphone that is not PRIVATE any more ends the hold. */
  heardOf(was, mic, isFault) {
    if (mic === "PRIVATE" || (was !== "PRIVATE" && !isFault)) return;
    this.stop(isFault ? "microphone" : "interrupted");
  }

  setHears(on) {
    this.hears = on;
    try { localStorage.setItem(KEPT, on ? "on" : "off"); } catch { /* for this page only */ }
    this.look();
  }

  /** At every tick: nothing is played or sent on the word of a post that is lost. */
  look() {
    if (!fresh()) this.stop("post_lost");
    const open = fresh() && this.hears;
    if (open === this.gate) return;
    this.gate = open;
    this.sayGate();
  }

  sayGate() {
    this.audio().post({ t: "private-gate", open: this.gate });
  }
}

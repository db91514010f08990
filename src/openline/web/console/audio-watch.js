// An audio page that hangs or died is not LIVE, whatever it said last.

import { state } from "./state.js";

const SILENT_MS = 3_000;
const DEAD = { mic: "COLD", context: "none", pc: "none", error: "desk.audio_page", ready: false, privatePc: "none", privateGate: false };

export class AudioWatch {
  /** ask: say "alive" to it; onSilent: it answers no more; onBack: it hung and goes on. */
  constructor({ ask, onSilent, onBack }) {
    Object.assign(this, { ask, onSilent, onBack });
    this.askedAt = Infinity; // performance.now() of the first "alive" that it has not answered
    this.before = null;
  }

  alive() {
    this.ask();
    this.askedAt = Math.min(this.askedAt, performance.now());
  }

  heard() {
    this.askedAt = Infinity;
    if (this.before === null) return;
    state.audio = this.before; // what changed meanwhile it says itself
    this.before = null;
    this.onBack();
  }

  look() {
    if (this.before !== null || !state.audio.ready || performance.now() - this.askedAt < SILENT_MS) return;
    this.before = state.audio;
    state.audio = { ...DEAD };
    this.onSilent();
  }
}

// Whether this desk can hear, and how that was proven. A desk is deaf until it is proven otherwise.
//
// The proof: a test tone played by the officer's own act, heard by the officer's ear or found by this desk's own
// microphone. It holds for this officer, this tab and these sound devices, and for one period of duty.

import { state } from "./state.js";

const KEPT = "openline.heard";
const PROOF_MS_MAX = 16 * 3600 * 1000;
const TEST_MS_MAX = 8_000;

function read() {
  try { return JSON.parse(sessionStorage.getItem(KEPT)); } catch { return null; }
}

export class Hearing {
  constructor({ post, volume, onChange }) {
    Object.assign(this, { post, volume, onChange });
    this.facts = { clock: true, device: "", outputs: null, changes: 0 };
    this.ran = false;
    this.step = "idle"; // idle, playing, asked, unheard
    this.timer = 0;
    const kept = read();
    this.proof = kept && Date.now() - kept.at_ms < PROOF_MS_MAX ? { ...kept, changes: 0 } : null;
  }

  /** The audio page tells its state. */
  take({ context, hearing }) {
    if (context === "running") this.ran = true;
    if (!hearing) return;
    this.facts = hearing;
    if (this.proof?.officer === "" && this.officer()) this.keep({ ...this.proof, officer: this.officer() });
    const { proof } = this;
    // The browser names devices only once the microphone was allowed: the same devices, now by name.
    if (proof && proof.device === "" && hearing.device !== "" && proof.changes === hearing.changes) {
      this.keep({ ...proof, device: hearing.device });
    }
  }

  keep(proof) {
    this.proof = proof;
    try {
      if (proof === null) sessionStorage.removeItem(KEPT);
      else sessionStorage.setItem(KEPT, JSON.stringify(proof));
    } catch { /* for this page only */ }
  }

  /** Why this desk cannot hear, as a word of the post, or "". */
  get deaf() {
    const { audio } = state;
    const { clock, outputs, device, changes } = this.facts;
    if (!audio.ready) return "audio_page";
    if (audio.context !== "running") return this.ran ? "suspended" : "blocked";
    if (!clock) return "stalled";
    if (outputs === 0) return "no_device";
    if (this.volume() === 0) return "volume";
    if (this.proof === null || (this.proof.officer && this.proof.officer !== this.officer())) return "unproven";
    // After a reload the browser may name no device yet: then only its word of a change counts.
    const other = device !== "" && this.proof.device !== "" && this.proof.device !== device;
    return other || this.proof.changes !== changes ? "device_changed" : "";
  }

  officer() {
    return state.view?.officer ?? this.proof?.officer ?? "";
  }

  /** The officer's act: play the tone. */
  test() {
    if (this.step === "playing") return;
    this.step = "playing";
    this.post({ t: "test" });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { if (this.step === "playing") this.move("unheard"); }, TEST_MS_MAX);
    this.onChange();
  }

  /** The tone was played; `found`: by this desk's own microphone. */
  tested({ found, played }) {
    if (this.step !== "playing") return;
    if (!played) this.move("unheard");
    else if (found === true) this.prove("microphone");
    else this.move("asked");
  }

  /** The officer's answer to "Did you hear it?". */
  answer(heard) {
    if (this.step !== "asked") return;
    if (heard) this.prove("ear");
    else { this.keep(null); this.move("unheard"); }
  }

  /** ear, microphone, or demonstration (which speaks for its own two desks). */
  prove(kind) {
    const { device, changes } = this.facts;
    this.keep({ kind, at_ms: Date.now(), device, changes, officer: this.officer() });
    this.move("idle");
  }

  move(step) {
    clearTimeout(this.timer);
    this.step = step;
    this.onChange();
  }
}

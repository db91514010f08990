// Listens for chirps on the sound thread, before the gate: nothing needs to sound anywhere.
//
// A matched filter at an eighth of a millisecond: what came is compared with the sweep and its
// quarter turn, apart from its loudness. It works only while told to; else it costs nothing.

import { template } from "./chirps.js";

const DECIMATION = 6;
const TAPS = 48;
const EVERY = 2; // of the thinned samples: a comparison each 0.25 ms
const ALIKE = 0.5; // of 1; speech and noise stay below 0.3
const QUIET = 1e-7; // mean square: about -70 dBFS
const SETTLE = 240; // thinned samples without a better one: the peak is past
const DEAF = 1_600; // after a chirp the same one is not heard again for so long

const FIR = new Float32Array(TAPS).map((_, i) => {
  const x = (i - (TAPS - 1) / 2) / DECIMATION;
  const window = 0.54 - 0.46 * Math.cos((2 * Math.PI * i) / (TAPS - 1));
  return ((x === 0 ? 1 : Math.sin(Math.PI * x * 0.9) / (Math.PI * x * 0.9)) * 0.9 * window) / DECIMATION;
});

class Listen extends AudioWorkletProcessor {
  constructor() {
    super();
    this.wanted = [];
    this.recent = new Float32Array(TAPS); // a ring of the newest samples
    this.thin = new Float32Array(0);
    this.frame = 0;
    this.port.onmessage = ({ data }) => this.listen(data.names ?? []);
  }

  listen(names) {
    const rate = sampleRate / DECIMATION;
    this.wanted = names.map((name) => {
      const { cos, sin } = template(name, rate);
      return { name, cos, sin, best: 0, bestAt: 0, since: 0, deaf: 0 };
    });
    const size = this.wanted.length > 0 ? this.wanted[0].cos.length : 0;
    if (this.thin.length !== 2 * size) { // written twice, so that a window never wraps
      this.thin = new Float32Array(2 * size);
      this.energy = 0;
      this.at = 0;
      this.count = 0;
    }
  }

  process([input]) {
    const samples = input[0];
    if (this.wanted.length === 0) return true;
    for (let i = 0; i < 128; i += 1) {
      const frame = currentFrame + i;
      this.recent[frame % TAPS] = samples ? samples[i] : 0;
      if (frame % DECIMATION === 0) this.take(frame);
    }
    return true;
  }

  /** One thinned sample. */
  take(frame) {
    let value = 0;
    for (let k = 0; k < TAPS; k += 1) value += FIR[k] * this.recent[(frame - k + TAPS * 2) % TAPS];
    const size = this.thin.length / 2;
    const old = this.thin[this.at];
    this.energy += value * value - old * old;
    this.thin[this.at] = value;
    this.thin[this.at + size] = value;
    this.at = (this.at + 1) % size;
    this.count += 1;
    if (this.count % EVERY === 0) for (const one of this.wanted) this.compare(one, size, frame);
    if (this.count % 8_000 === 0) this.resum(size);
  }

  /** Rounding must not add up for ever. */
  resum(size) {
    this.energy = 0;
    for (let i = 0; i < size; i += 1) this.energy += this.thin[i] * this.thin[i];
  }

  compare(one, size, frame) {
    if (one.deaf > 0) { one.deaf -= EVERY; return; }
    let score = 0;
    if (this.energy > QUIET * size) {
      let c = 0;
      let s = 0;
      for (let i = 0, k = this.at; i < size; i += 1, k += 1) {
        const value = this.thin[k];
        c += value * one.cos[i];
        s += value * one.sin[i];
      }
      score = Math.sqrt((c * c + s * s) / ((this.energy * size) / 2));
    }
    if (score > one.best && score >= ALIKE) Object.assign(one, { best: score, bestAt: frame, since: 0 });
    else if (one.best > 0) one.since += EVERY;
    if (one.best === 0 || one.since < SETTLE) return;
    const at = (one.bestAt - (TAPS - 1) / 2) / sampleRate;
    this.port.postMessage({ name: one.name, at, score: Math.round(one.best * 1000) / 1000 });
    Object.assign(one, { best: 0, since: 0, deaf: DEAF });
  }
}

registerProcessor("openline-listen", Listen);

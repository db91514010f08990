// The meter: runs on the sound thread and passes sound through, limited.
//
// Reports every 80 ms; says at once when the first sample above -50 dBFS comes
// after at least 300 ms below it ("heard"). Date.now is the only clock here.

const THRESHOLD = 10 ** (-50 / 20);
const SILENCE_SAMPLES = 0.3 * sampleRate;
const REPORT_QUANTA = 30; // of 128 samples: 80 ms at 48 kHz
const WAVE_QUANTA = 4; // 10.7 ms
const KNEE = 0.5;
// Loudness: above this a long sound is turned down, whoever sends it. Attack 10 ms, release 250 ms.
const LOUD = 0.3;
const ATTACK = 1 - Math.exp(-1 / (0.01 * sampleRate));
const RELEASE = 1 - Math.exp(-1 / (0.25 * sampleRate));
const EAR_QUANTA = 19; // 50 ms

class Meter extends AudioWorkletProcessor {
  constructor() {
    super();
    this.quiet = 0;
    this.probing = false;
    this.probe = 0;
    this.energy = 0;
    this.begin();
    this.port.onmessage = ({ data }) => {
      this.probing = data.probe === true;
      this.probe = 0;
      this.wave = [];
    };
  }

  begin() {
    this.quanta = 0;
    this.peak = 0;
    this.sum = 0;
    this.wave = [];
    this.wavePeak = 0;
  }

  process([input], [output]) {
    const samples = input[0];
    const out = output[0];
    let peak = 0;
    const size = out.length;
    for (let i = 0; samples && i < size; i += 1) {
      const value = samples[i];
      const size_ = value < 0 ? -value : value;
      if (size_ > peak) peak = size_;
      this.sum += value * value;
      if (size_ > THRESHOLD) {
        if (this.quiet >= SILENCE_SAMPLES) this.port.postMessage({ heard: Date.now() });
        this.quiet = 0;
      } else {
        this.quiet += 1;
      }
      out[i] = this.limit(value);
    }
    if (!samples) this.quiet += size;
    this.account(peak);
    return true;
  }

  /** Limit loudness slowly and peaks at once: above the knee a smooth bend towards 0.75 of full scale. */
  limit(value) {
    const square = value * value;
    this.energy += (square - this.energy) * (square > this.energy ? ATTACK : RELEASE);
    const quieter = this.energy > LOUD * LOUD ? value * (LOUD / Math.sqrt(this.energy)) : value;
    const size = Math.abs(quieter);
    return size <= KNEE ? quieter : Math.sign(quieter) * (KNEE + 0.25 * Math.tanh((size - KNEE) / 0.25));
  }

  account(peak) {
    if (peak > this.peak) this.peak = peak;
    if (peak > this.probe) this.probe = peak;
    if (peak > this.wavePeak) this.wavePeak = peak;
    this.quanta += 1;
    if (this.probing && this.quanta % WAVE_QUANTA === 0) {
      this.wave.push(Math.round(this.wavePeak * 1000) / 1000);
      this.wavePeak = 0;
    }
    if (this.quanta === REPORT_QUANTA) {
      const report = { rms: Math.sqrt(this.sum / (REPORT_QUANTA * 128)), peak: this.peak };
      if (this.probing) Object.assign(report, { probe: this.probe, wave: this.wave });
      this.port.postMessage(report);
      this.begin();
    }
  }
}

/** How strong one tone is in the microphone, each 50 ms, in dB of full scale (Goertzel). */
class Ear extends AudioWorkletProcessor {
  constructor({ processorOptions: { hertz } }) {
    super();
    this.turn = 2 * Math.cos((2 * Math.PI * hertz) / sampleRate);
    this.begin();
  }

  begin() {
    this.quanta = this.count = this.last = this.older = 0;
  }

  process([input]) {
    for (const value of input[0] ?? []) {
      const next = value + this.turn * this.last - this.older;
      this.older = this.last;
      this.last = next;
      this.count += 1;
    }
    this.quanta += 1;
    if (this.quanta === EAR_QUANTA) {
      const power = this.last ** 2 + this.older ** 2 - this.turn * this.last * this.older;
      const amplitude = this.count > 0 ? (2 * Math.sqrt(Math.max(0, power))) / this.count : 0;
      this.port.postMessage({ at: currentTime, level: Math.max(-120, 20 * Math.log10(amplitude || 1e-6)) });
      this.begin();
    }
    return true;
  }
}

registerProcessor("openline-meter", Meter);
registerProcessor("openline-ear", Ear);

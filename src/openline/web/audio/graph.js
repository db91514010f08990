// The sound graph: the silent track, the far sound with its gate, the meters.
//
// far streams, mixed -> meter (heard, level, limiter) -> gate -> volume -> loudspeaker
// own side's streams, mixed -> meter (level, limiter) -> private gate -> volume -> loudspeaker
// The meter stands before the gate: what is decoded is measured even while
// nothing is played. The gate is shut until the console opens it.

import { Freshness } from "./fresh.js";

const FLOOR_DBFS = -100;
const dbfs = (value) => (value > 0 ? Math.max(FLOOR_DBFS, 20 * Math.log10(value)) : FLOOR_DBFS);
const round = (value) => Math.round(value * 10) / 10;
const TONES = {
  permit: [[1200, 60]],
  refused: [[400, 150], [0, 60], [400, 150]],
  lost: [[800, 120], [0, 60], [600, 120], [0, 60], [400, 180]],
  stuck: [[1000, 200], [0, 100], [1000, 200], [0, 100], [1000, 200]],
};

export class Graph {
  constructor({ onLevel, onWave, onHeard, onChange }) {
    Object.assign(this, { onLevel, onWave, onHeard, onChange });
    this.context = null;
    this.silentTrack = null; // to the far side; a line check's chirps go out on it
    this.quietTrack = null; // to the desks of our own side: silence and nothing else, ever
    this.farSources = new Map(); // pair slot -> source
    this.ownSideSources = new Map();
    this.privateLevel = 0;
    this.privateOpen = false;
    this.privateHeld = false;
    this.ownSource = null;
    this.probing = false;
    this.own = { rms: 0, peak: 0, wave: [] };
    this.gateOpen = false;
    this.volume = 1;
    this.farFresh = new Freshness(() => this.renew(this.farSources, this.farMeter));
    this.privateFresh = new Freshness(() => this.renew(this.ownSideSources, this.privateMeter));
  }

  get state() {
    return this.context?.state ?? "none";
  }

  output() {
    const latency = this.context?.outputLatency ?? 0;
    return {
      gate: this.gateOpen,
      private_gate: this.privateOpen && !this.privateHeld,
      latency_ms: Math.round(latency * 1000),
    };
  }

  /** Make the graph once; after a click of the officer, wake it. */
  async start() {
    if (this.starting === undefined) this.starting = this.make();
    await this.starting;
    if (this.context.state !== "running") {
      // resume() stays pending for ever without a click: do not wait for it.
      this.context.resume().catch(() => {});
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  async make() {
    const context = new AudioContext({ latencyHint: "interactive", sampleRate: 48_000 });
    this.context = context;
    context.onstatechange = () => this.onChange();
    await context.audioWorklet.addModule("meter.js");
    const silence = context.createConstantSource();
    const nothing = context.createGain();
    const carrier = context.createMediaStreamDestination();
    carrier.channelCount = 1;
    this.carrier = carrier; // of the silent track of every far sender
    const quiet = context.createMediaStreamDestination();
    quiet.channelCount = 1;
    nothing.gain.value = 0;
    silence.connect(nothing);
    nothing.connect(carrier);
    nothing.connect(quiet);
    silence.start();
    [this.quietTrack] = quiet.stream.getAudioTracks();
    [this.silentTrack] = carrier.stream.getAudioTracks();
    this.farMeter = this.meter((report) => this.farReport(report));
    this.ownMeter = this.meter((report) => { this.ownReport(report); });
    this.gate = context.createGain();
    this.gate.gain.value = 0;
    this.loudness = context.createGain();
    this.loudness.gain.value = this.volume;
    this.farMeter.connect(this.gate).connect(this.loudness).connect(context.destination);
    this.privateMeter = this.meter((report) => this.privateReport(report));
    this.privateGate = context.createGain();
    this.privateGate.gain.value = 0;
    this.privateMeter.connect(this.privateGate).connect(this.loudness);
    const sink = context.createGain();
    sink.gain.value = 0;
    this.ownMeter.connect(sink).connect(context.destination);
    this.setGate(this.gateOpen);
    this.setPrivate();
  }

  meter(onReport) {
    const node = new AudioWorkletNode(this.context, "openline-meter", {
      numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1],
      channelCount: 1, channelCountMode: "explicit",
    });
    node.port.onmessage = ({ data }) => onReport(data);
    return node;
  }

  ownReport({ rms, peak, wave }) {
    if (rms === undefined) return;
    const waiting = wave ? this.own.wave.concat(wave).slice(-200) : [];
    this.own = { rms, peak, wave: waiting };
  }

  privateReport({ rms }) {
    if (rms === undefined) return;
    this.privateLevel = rms;
    this.privateFresh.report(dbfs(rms));
  }

  farReport({ heard, rms, peak, probe, wave }) {
    if (heard !== undefined) { this.onHeard(heard); return; }
    const level = {
      own: round(dbfs(this.own.rms)), far: round(dbfs(rms)), clip: this.own.peak >= 0.99,
      private: round(dbfs(this.privateLevel)),
    };
    this.farFresh.report(level.far);
    if (this.probing) level.far_peak_lsb = Math.round(probe * 32_768 * 100) / 100;
    this.onLevel(level);
    if (wave) {
      this.onWave({ own: this.own.wave, far: wave });
      this.own.wave = [];
    }
  }

  /** The sound of one far desk; that of several is mixed. */
  connectFar(stream, slot = 0) {
    this.mix(this.farSources, slot, stream, this.farMeter);
  }

  /** The private sound of another desk of our own side. */
  connectOwnSide(stream, slot) {
    this.mix(this.ownSideSources, slot, stream, this.privateMeter);
  }

  mix(sources, slot, stream, meter) {
    sources.get(slot)?.disconnect();
    const source = this.context.createMediaStreamSource(stream);
    sources.set(slot, source);
    source.connect(meter);
  }

  renew(sources, meter) {
    for (const [slot, { mediaStream }] of [...sources]) this.mix(sources, slot, mediaStream, meter);
  }

  /** Meter our own device while it is open; null when it is closed. */
  connectOwn(track) {
    this.ownSource?.disconnect();
    this.ownSource = null;
    if (track === null) return;
    this.ownSource = this.context.createMediaStreamSource(new MediaStream([track]));
    this.ownSource.connect(this.ownMeter);
  }

  setGate(open) {
    this.gateOpen = open;
    // 3 ms of slope: no click, and no word is lost.
    this.gate?.gain.setTargetAtTime(open ? 1 : 0, this.context.currentTime, 0.003);
  }

  /** The gate of the own side's private sound; it is shut whenever our own microphone is LIVE. */
  setPrivateGate(open) {
    this.privateOpen = open;
    this.setPrivate();
  }

  holdPrivate(held) {
    this.privateHeld = held;
    this.setPrivate();
  }

  setPrivate() {
    const value = this.privateOpen && !this.privateHeld ? 1 : 0;
    this.privateGate?.gain.setTargetAtTime(value, this.context.currentTime, 0.003);
  }

  setVolume(value) {
    if (!Number.isFinite(value)) return;
    this.volume = Math.min(1, Math.max(0, value));
    this.loudness?.gain.setTargetAtTime(this.volume, this.context.currentTime, 0.01);
  }

  /** While on: waves, and the highest decoded far peak since, in units of 16 bits. */
  setProbe(on) {
    this.probing = on;
    this.farMeter?.port.postMessage({ probe: on });
    this.ownMeter?.port.postMessage({ probe: on });
  }

  /** Play a signal tone on our own loudspeaker, past the gate. */
  tone(name) {
    if (this.state !== "running" || !Object.hasOwn(TONES, name)) return;
    let at = this.context.currentTime;
    for (const [hertz, ms] of TONES[name]) {
      if (hertz > 0) {
        const source = this.context.createOscillator();
        const level = this.context.createGain();
        source.frequency.value = hertz;
        level.gain.value = 0.15;
        source.connect(level).connect(this.context.destination);
        source.start(at);
        source.stop(at + ms / 1000);
      }
      at += ms / 1000;
    }
  }
}

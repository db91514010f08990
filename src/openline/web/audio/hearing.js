// Whether this machine can be heard: the sound's clock, the output devices, the test tone.
//
// A running context is not enough: its clock must move. A tone that was played is not enough: an
// officer says that it was heard, or this desk's own microphone finds it.

const LOOK_MS = 400;
const MOVES_MIN = 0.3; // of the time that passed
const TONE_HERTZ = 1_040;
const TONE_GAIN = 0.1;
const BURSTS = 3;
const ON_S = 0.4;
const OFF_S = 0.3;
const BEFORE_S = 0.4;
const LATEST_S = 0.8; // output, air and input may take so long
const RISE_DB = 12;
const BURST_BLOCKS_MIN = 4; // of 50 ms

const RAW = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };

/** A short name of a text: devices are told apart by it, and named by nothing else. */
function nameOf(text) {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193) >>> 0;
  return hash.toString(16);
}

export class Hearing {
  constructor({ graph, onChange }) {
    Object.assign(this, { graph, onChange });
    this.clock = true;
    this.device = ""; // "" while the browser names no device
    this.outputs = null;
    this.list = null;
    this.changes = 0;
    this.looked = null;
    this.testing = false;
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.devices({ changed: true }));
    this.devices();
  }

  facts() {
    const { clock, device, outputs, changes } = this;
    return { clock, device, outputs, changes };
  }

  /** Once a second, asked by the console: does the sound's clock move? */
  look() {
    if (this.device === "") this.devices(); // leave for the microphone brings the names
    const { context, state } = this.graph;
    const now = { at: performance.now(), sound: context?.currentTime ?? 0, running: state === "running" };
    const before = this.looked;
    if (before !== null && now.at - before.at < LOOK_MS) return;
    this.looked = now;
    const clock = !(before?.running && now.running)
      || (now.sound - before.sound) * 1000 >= (now.at - before.at) * MOVES_MIN;
    if (clock !== this.clock) { this.clock = clock; this.onChange(); }
  }

  async devices({ changed = false } = {}) {
    const all = await navigator.mediaDevices?.enumerateDevices().catch(() => []) ?? [];
    const outputs = all.filter(({ kind }) => kind === "audiooutput");
    // Without leave for the microphone a browser tells neither names nor numbers.
    const named = all.some(({ deviceId, label }) => deviceId || label);
    // Labels outlive a reload; ids and groups may be others in each document. The default's label names what it
    // stands for. Within this document ids count too.
    const device = named ? nameOf(outputs.map(({ label }) => label).sort().join("\n")) : "";
    const list = outputs.map((one) => `${one.deviceId} ${one.groupId} ${one.label}`).sort().join("\n");
    const justNamed = this.device === "" && named;
    if (changed && this.list !== null && list !== this.list && !justNamed) this.changes += 1;
    this.list = list;
    this.outputs = named ? outputs.length : null;
    if (device === this.device && !changed) return;
    this.device = device;
    this.onChange();
  }

  /** Play the test tone the way speech goes; say whether the own microphone found it (null: not looked). */
  async test({ measure }) {
    if (this.testing || this.graph.state !== "running") return null;
    this.testing = true;
    try {
      const ear = measure ? await this.openEar() : null;
      const { context } = this.graph;
      const begin = context.currentTime + (ear ? BEFORE_S : 0.05);
      this.play(begin);
      const ends = begin + BURSTS * (ON_S + OFF_S) + (ear ? LATEST_S : 0);
      await this.until(ends);
      const found = ear ? heardIn(ear.blocks, begin) : null;
      ear?.close();
      return found;
    } finally {
      this.testing = false;
    }
  }

  play(begin) {
    const { context, loudness } = this.graph;
    for (let i = 0; i < BURSTS; i += 1) {
      const at = begin + i * (ON_S + OFF_S);
      const tone = new OscillatorNode(context, { frequency: TONE_HERTZ });
      const level = new GainNode(context, { gain: 0 });
      level.gain.setTargetAtTime(TONE_GAIN, at, 0.01);
      level.gain.setTargetAtTime(0, at + ON_S - 0.03, 0.008);
      tone.connect(level).connect(loudness);
      tone.start(at);
      tone.stop(at + ON_S);
    }
  }

  /** The sound's own clock decides; a timer only looks at it. A context that stops ends the wait. */
  async until(time) {
    const { context } = this.graph;
    while (context.currentTime < time && context.state === "running") {
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  /** The microphone without echo cancellation, which would take the tone out; nothing of it is sent. */
  async openEar() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: RAW, video: false });
    } catch {
      return null; // the officer's ear remains
    }
    const { context } = this.graph;
    const source = context.createMediaStreamSource(stream);
    const node = new AudioWorkletNode(context, "openline-ear", {
      numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit", processorOptions: { hertz: TONE_HERTZ },
    });
    const blocks = [];
    node.port.onmessage = ({ data }) => blocks.push(data);
    source.connect(node);
    return {
      blocks,
      close() {
        source.disconnect();
        for (const track of stream.getTracks()) track.stop();
      },
    };
  }
}

/** The pattern of the bursts, and nothing like it before: a hum of the room is no proof. */
function heardIn(blocks, begin) {
  const before = blocks.filter(({ at }) => at < begin).map(({ level }) => level);
  if (before.length < 3) return false;
  const threshold = Math.max(...before) + RISE_DB;
  const runs = [];
  let run = 0;
  for (const { at, level } of blocks) {
    if (at >= begin && level >= threshold) { run += 1; continue; }
    if (run > 0) runs.push(run);
    run = 0;
  }
  if (run > 0) runs.push(run);
  return runs.filter((length) => length >= BURST_BLOCKS_MIN).length === BURSTS && runs.length <= BURSTS + 1;
}

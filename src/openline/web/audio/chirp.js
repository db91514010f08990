// A line check's sound: chirps into our silent track, and the far desk's heard before the gate.
//
// No microphone is opened and no loudspeaker sounds. While an officer speaks the silent track is
// not sent, so a chirp never reaches a call. Times are those of this page's own sound clock.

import { LENGTH_S, samples } from "./chirps.js";

const TRIES = 3;
const TRY_MS = 3_000;
const SOON_S = 0.05;
const LATE_S = 0.005;

export class Chirper {
  constructor({ graph, onSaid }) {
    Object.assign(this, { graph, onSaid });
    this.node = null;
    this.sources = new Set();
    this.timers = [];
    this.task = null;
  }

  /** What the post asks of this page: begin, answer, hear_call, hear_answer or stop. */
  async obey({ id, hold_ms, part }) {
    this.stop();
    if (part === "stop" || this.graph.state !== "running") return;
    const task = { id, part, hold: hold_ms / 1000, tries: 0, sentEnd: null, heard: false, held: false };
    this.task = task;
    await this.ready();
    if (this.task !== task) return;
    this.listen(["begin", "hear_answer"].includes(part) ? ["answer"] : ["call", "confirm"]);
    this.say("armed");
    if (part === "begin") this.call();
  }

  async ready() {
    this.making ??= this.graph.context.audioWorklet.addModule("listen.js");
    await this.making;
    if (this.node !== null) return;
    this.node = new AudioWorkletNode(this.graph.context, "openline-listen", {
      numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1], channelCount: 1, channelCountMode: "explicit",
    });
    this.node.port.onmessage = ({ data }) => this.heard(data);
    // Its output is silence; without a way to the loudspeaker Chromium does not run it.
    this.graph.farMeter.connect(this.node).connect(this.graph.context.destination);
  }

  listen(names) {
    this.node?.port.postMessage({ names });
  }

  say(state, more = {}) {
    this.onSaid({ id: this.task.id, state, ...more });
  }

  /** Sound a chirp; when its sweep ends, by the sound clock. */
  play(name, when) {
    const { context, carrier } = this.graph;
    const data = samples(name, context.sampleRate);
    const buffer = new AudioBuffer({ length: data.length, sampleRate: context.sampleRate });
    buffer.copyToChannel(data, 0);
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(carrier);
    source.onended = () => { source.disconnect(); this.sources.delete(source); };
    this.sources.add(source);
    source.start(when);
    return when + LENGTH_S;
  }

  call() {
    if (this.task.tries === TRIES) { this.say("failed"); return; }
    this.task.tries += 1;
    this.task.sentEnd = this.play("call", this.graph.context.currentTime + SOON_S);
    this.timers.push(setTimeout(() => this.call(), TRY_MS));
  }

  heard({ name, at }) {
    const { task } = this;
    if (task === null || task.held) return;
    if (!task.heard) {
      task.heard = true;
      this.say("heard");
    }
    if (task.part === "begin") this.answered(task, at);
    else if (task.part === "answer" && name === "call") this.answer(task, at);
    else if (task.part === "answer") this.confirmed(task, at);
  }

  /** One way: half of what a chirp and its answer took, without the hold and the answer's length. */
  delay(task, at) {
    return ((at - task.sentEnd - task.hold - LENGTH_S) / 2) * 1000;
  }

  answered(task, at) {
    const delay_ms = this.delay(task, at);
    if (!(delay_ms > 0)) return; // an answer to an earlier try
    this.clear();
    task.held = true;
    const end = this.play("confirm", at + task.hold);
    const rest = (end - this.graph.context.currentTime) * 1000;
    this.timers.push(setTimeout(() => this.say("held", { delay_ms }), Math.max(0, rest)));
  }

  answer(task, at) {
    const when = at + task.hold;
    // Too late for the agreed hold, the answer would be a lie about the delay: the caller tries again.
    if (when < this.graph.context.currentTime + LATE_S) return;
    task.sentEnd = this.play("answer", when);
  }

  confirmed(task, at) {
    if (task.sentEnd === null) return;
    const delay_ms = this.delay(task, at);
    if (!(delay_ms > 0)) return;
    task.held = true;
    this.say("held", { delay_ms });
  }

  clear() {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
  }

  /** Whatever sounds or listens stops at once. */
  stop() {
    this.clear();
    for (const source of this.sources) source.stop();
    this.task = null;
    this.listen([]);
  }
}

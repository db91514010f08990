// The media page: one console, one MessagePort, a connection to each other desk. docs/spec/voice.md section 6.
//
// This page holds no session, no key and no word of the record. It trusts one
// origin, named by the post in the page itself, and obeys one port from there.

import { Chirper } from "./chirp.js";
import { AlarmSound } from "./alarm.js";
import { FiguresOf } from "./figures.js";
import { Graph } from "./graph.js";
import { Hearing } from "./hearing.js";
import { Keeper } from "./keep.js";
import { Mesh } from "./mesh.js";
import { Phrase } from "./phrase.js";
import { CallRecorder } from "./record.js";
import { TalkError, Talker } from "./talker.js";

const meta = (name) => document.querySelector(`meta[name="${name}"]`);
const consoleOrigin = meta("openline-console")?.content ?? "";
const sampleAllowed = meta("openline-sample") !== null;
// A console that once said "alive" and falls silent is gone: a port tells nobody
// that its other end was closed (Chromium 156 fires no "close").
const ALIVE_MS = 2_500;

/** Which connection a frame is about; the first, if it does not say. */
const pairSlot = ({ pair_slot }) => (Number.isInteger(pair_slot) ? pair_slot : 0);

const elements = new Map();

/** Without an element that plays it Chromium pulls no far sound (measured/voice.md). */
function pull(stream, slot) {
  let element = elements.get(slot);
  if (!element) {
    element = document.body.appendChild(document.createElement("audio"));
    element.muted = true;
    elements.set(slot, element);
  }
  element.srcObject = stream;
  element.play().catch(() => {});
}

/** Everything behind the port. */
class Desk {
  constructor(port) {
    this.port = port;
    this.error = undefined;
    this.lastState = "";
    this.aliveTimer = 0;
    this.graph = new Graph({
      onLevel: (level) => this.post({ t: "level", ...level }),
      onWave: (wave) => this.post({ t: "wave", ...wave }),
      onHeard: (at_ms) => this.post({ t: "heard", at_ms }),
      onChange: () => this.report(),
    });
    this.alarm = new AlarmSound(this.graph);
    this.hearing = new Hearing({ graph: this.graph, onChange: () => this.report() });
    this.figures = new FiguresOf(this.graph);
    this.keeper = sampleAllowed ? new Keeper(this.graph) : null;
    this.chirper = new Chirper({ graph: this.graph, onSaid: (said) => this.post({ t: "chirp-heard", ...said }) });
    this.phrase = new Phrase(this.graph, (spoke) => this.post({ t: "spoke", ...spoke }));
    this.recorder = new CallRecorder({
      graph: this.graph,
      phrase: this.phrase,
      onPiece: (piece) => this.port?.postMessage({ t: "recorded", ...piece }, [piece.bytes]),
    });
    this.talker = new Talker({
      graph: this.graph,
      sender: () => this.mesh.farSender(),
      ownSender: () => this.mesh.ownSender(),
      onChange: (error) => this.micChanged(error),
      onLive: (at_ms) => {
        this.recorder.live(this.talker.device.sent);
        this.post({ t: "live", at_ms });
      },
      sampleAllowed,
    });
    this.mesh = new Mesh({
      silentTrack: () => this.graph.silentTrack,
      quietTrack: () => this.graph.quietTrack,
      onOffer: (sdp, generation, pair_slot) => this.post({ t: "offer", sdp, generation, pair_slot }),
      onFarStream: (stream, slot) => { pull(stream, slot); this.graph.connectFar(stream, slot); },
      onOwnStream: (stream, slot) => { pull(stream, slot); this.graph.connectOwnSide(stream, slot); },
      onRestart: () => this.post({ t: "restart" }),
      onCertificate: (pair_slot) => this.post({ t: "certificate", pair_slot }),
      onChange: (error) => this.connectionChanged(error),
    });
  }

  post(frame) {
    this.port?.postMessage(frame);
  }

  /** Tell the console the state of everything, when it differs from what was told. */
  report(error) {
    this.error = error ?? this.error;
    // Sound that woke up is no fault any more, whoever woke it.
    if (this.error === "voice.context_suspended" && this.graph.state === "running") this.error = undefined;
    const state = {
      t: "state",
      mic: this.talker.mic,
      context: this.graph.state,
      pc: this.mesh.state,
      private_pc: this.mesh.privateState,
      output: this.graph.output(),
      hearing: this.hearing.facts(),
      source: this.talker.source.kind,
      muted: this.talker.muted,
    };
    if (this.error) state.error = this.error;
    const text = JSON.stringify(state);
    if (text !== this.lastState) {
      this.lastState = text;
      this.post(state);
    }
  }

  /** What is no longer LIVE is no longer recorded; its track was disabled in the turn of the release. */
  micChanged(error) {
    if (this.talker.mic !== "LIVE") this.recorder.cold();
    this.report(error);
  }

  connectionChanged(error) {
    const lost = { LIVE: this.mesh.farSender(), PRIVATE: this.mesh.ownSender() }[this.talker.wanted] === null;
    if (lost) this.talker.interrupt();
    this.report(error);
  }

  async start(slot) {
    this.error = undefined;
    if (Number.isInteger(slot)) this.slot = slot;
    await this.graph.start();
    this.alarm.again();
    await this.mesh.start(this.slot);
    this.report();
    if (this.graph.state !== "running") this.report("voice.context_suspended");
  }

  async reset(slot) {
    if (this.graph.silentTrack === null) return this.start();
    return this.mesh.renew(slot);
  }

  /** The test tone, by an officer's act; looked for in the microphone only while that is open anyway. */
  async test() {
    await this.graph.start();
    const found = await this.hearing.test({ measure: this.talker.mic === "ARMED" });
    this.post({ t: "tested", found, played: this.graph.state === "running" });
  }

  async measure() {
    for (const [slot, { pc }] of [...this.mesh.legs]) {
      const figures = await this.figures.sample(pc, slot);
      if (figures !== null) this.post(figures);
    }
  }

  alive() {
    this.post({ t: "alive" });
    this.hearing.look();
    this.measure();
    clearTimeout(this.aliveTimer);
    this.aliveTimer = setTimeout(() => {
      this.talker.interrupt();
      this.graph.setGate(false);
      this.graph.setPrivateGate(false);
    }, ALIVE_MS);
  }

  obey(frame) {
    switch (frame.t) {
      case "start": return this.start(frame.slot);
      case "answer": return this.mesh.answer(String(frame.sdp), Number(frame.generation), pairSlot(frame));
      case "reset": return this.reset(pairSlot(frame));
      case "arm": this.error = undefined; return this.talker.arm();
      case "cold": this.error = undefined; return this.talker.cold();
      case "talk": this.error = undefined; return this.talker.talk(frame.on === true);
      case "private": this.error = undefined; return this.talker.private(frame.on === true);
      case "private-gate": this.graph.setPrivateGate(frame.open === true); return undefined;
      case "gate": return this.graph.setGate(frame.open === true);
      case "volume": return this.graph.setVolume(Number(frame.value));
      case "source": return this.talker.setSource(frame);
      case "probe": return this.graph.setProbe(frame.on === true);
      case "keep": return this.keeper?.keep(frame.on === true);
      case "replay": return this.keeper?.replay();
      case "chirp": return this.chirper.obey(frame);
      case "tone": return this.graph.tone(String(frame.name));
      case "test": return this.test();
      case "alarm": return this.alarm.set(frame.on === true);
      case "speak": return void this.phrase.speak(String(frame.url), Number(frame.seq));
      case "hush": return this.phrase.hush();
      case "record":
        return frame.on === true ? this.recorder.begin(String(frame.call), Number(frame.part)) : this.recorder.end();
      case "alive": return this.alive();
      default: return undefined;
    }
  }

  /** The console is gone: send nothing, play nothing, let the device go. */
  stop() {
    clearTimeout(this.aliveTimer);
    this.port = null;
    this.talker.stop();
    this.chirper.stop();
    this.keeper?.end();
    this.alarm.set(false);
    this.recorder.end();
    this.phrase.hush();
    this.graph.setGate(false);
    this.graph.setPrivateGate(false);
    this.mesh.close();
  }
}

let desk = null;

function adopt(port) {
  desk?.stop();
  const mine = new Desk(port);
  desk = mine;
  port.onmessage = async ({ data }) => {
    if (desk !== mine || typeof data !== "object" || data === null) return;
    try {
      await mine.obey(data);
    } catch (error) {
      if (!(error instanceof TalkError)) console.error(error);
      mine.report(error instanceof TalkError ? error.code : "voice.page");
    }
    if (desk === mine) mine.report();
  };
  port.onclose = () => { if (desk === mine) { mine.stop(); desk = null; } };
  mine.post({ t: "ready" });
}

window.addEventListener("message", (event) => {
  const from = window.opener ?? window.parent;
  if (event.origin !== consoleOrigin || event.source !== from) return;
  if (event.data?.t !== "openline-port" || event.ports.length !== 1) return;
  adopt(event.ports[0]);
});
function leave() {
  desk?.stop();
  desk = null;
}

window.addEventListener("pagehide", leave);
// In a window of its own the page outlives its console: look whether it is there.
if (window.opener) setInterval(() => { if (window.opener.closed) leave(); }, 500);
(window.opener ?? window.parent).postMessage({ t: "openline-audio" }, consoleOrigin);

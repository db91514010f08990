// The media page: one console, one MessagePort, one connection. docs/spec/voice.md section 6.
//
// This page holds no session, no key and no word of the record. It trusts one
// origin, named by the post in the page itself, and obeys one port from there.

import { Chirper } from "./chirp.js";
import { Graph } from "./graph.js";
import { Keeper } from "./keep.js";
import { Leg } from "./leg.js";
import { TalkError, Talker } from "./talker.js";

const meta = (name) => document.querySelector(`meta[name="${name}"]`);
const consoleOrigin = meta("openline-console")?.content ?? "";
const sampleAllowed = meta("openline-sample") !== null;
// A console that once said "alive" and falls silent is gone: a port tells nobody
// that its other end was closed (Chromium 156 fires no "close").
const ALIVE_MS = 2_500;

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
    this.keeper = sampleAllowed ? new Keeper(this.graph) : null;
    this.chirper = new Chirper({ graph: this.graph, onSaid: (said) => this.post({ t: "chirp-heard", ...said }) });
    this.talker = new Talker({
      graph: this.graph,
      sender: () => this.leg.connectedSender(),
      onChange: (error) => this.report(error),
      onLive: (at_ms) => this.post({ t: "live", at_ms }),
      sampleAllowed,
    });
    this.leg = new Leg({
      silentTrack: () => this.graph.silentTrack,
      onOffer: (sdp, generation) => this.post({ t: "offer", sdp, generation }),
      onFarStream: (stream) => this.farStream(stream),
      onRestart: () => this.post({ t: "restart" }),
      onChange: (error) => this.connectionChanged(error),
    });
  }

  post(frame) {
    this.port?.postMessage(frame);
  }

  /** Tell the console the state of everything, when it differs from what was told. */
  report(error) {
    this.error = error ?? this.error;
    const state = {
      t: "state",
      mic: this.talker.mic,
      context: this.graph.state,
      pc: this.leg.state,
      output: this.graph.output(),
    };
    if (this.error) state.error = this.error;
    const text = JSON.stringify(state);
    if (text !== this.lastState) {
      this.lastState = text;
      this.post(state);
    }
  }

  connectionChanged(error) {
    if (this.leg.state !== "connected") this.talker.interrupt();
    this.report(error);
  }

  farStream(stream) {
    // Without an element that plays it Chromium pulls no far sound (measured/voice.md).
    const element = document.getElementById("far");
    element.srcObject = stream;
    element.play().catch(() => {});
    this.graph.connectFar(stream);
  }

  async start() {
    this.error = undefined;
    await this.graph.start();
    await this.leg.start();
    this.report();
    if (this.graph.state !== "running") this.report("voice.context_suspended");
  }

  async reset() {
    if (this.graph.silentTrack === null) return this.start();
    return this.leg.renew();
  }

  alive() {
    this.post({ t: "alive" });
    clearTimeout(this.aliveTimer);
    this.aliveTimer = setTimeout(() => {
      this.talker.interrupt();
      this.graph.setGate(false);
    }, ALIVE_MS);
  }

  obey(frame) {
    switch (frame.t) {
      case "start": return this.start();
      case "answer": return this.leg.answer(String(frame.sdp), Number(frame.generation));
      case "reset": return this.reset();
      case "arm": this.error = undefined; return this.talker.arm();
      case "cold": this.error = undefined; return this.talker.cold();
      case "talk": this.error = undefined; return this.talker.talk(frame.on === true);
      case "gate": return this.graph.setGate(frame.open === true);
      case "volume": return this.graph.setVolume(Number(frame.value));
      case "source": return this.talker.setSource(frame);
      case "probe": return this.graph.setProbe(frame.on === true);
      case "keep": return this.keeper?.keep(frame.on === true);
      case "replay": return this.keeper?.replay();
      case "chirp": return this.chirper.obey(frame);
      case "tone": return this.graph.tone(String(frame.name));
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
    this.graph.setGate(false);
    this.leg.close();
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

// "Your turn": the real microphone at the left desk, and what the right desk heard of it.

import { failure } from "./acts.js";
import { make } from "./panel.js";
import { onLanguage, word } from "./words.js";
import { Wave } from "./wave.js";

const HELD_MS_MAX = 120_000;

export class Turn {
  constructor({ desks, acts, panel, quiet, hold, headphones, box }) {
    Object.assign(this, { desks, acts, panel, hold, headphones, box });
    this.active = false;
    this.held = false;
    this.giveUp = () => {};
    this.canvas = make("canvas", "", panel.root);
    this.canvas.width = 600;
    this.canvas.height = 56;
    this.canvas.hidden = true;
    this.wave = new Wave(this.canvas);
    desks.right.addEventListener("wave", ({ detail }) => { if (this.active && this.live) this.wave.add(detail.far); });
    desks.left.addEventListener("state", () => this.render());
    quiet.addEventListener("replayed", () => { if (this.active) panel.figure("demo.turn.replayed"); });
    this.listen();
    onLanguage(() => this.render());
  }

  get live() {
    return this.desks.left.audio.mic === "LIVE";
  }

  listen() {
    this.hold.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      this.hold.setPointerCapture(event.pointerId);
      this.press();
    });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      this.hold.addEventListener(name, () => this.release());
    }
    window.addEventListener("keydown", (event) => {
      if (event.code !== "Space" || !this.active || event.target === this.headphones) return;
      if (event.target instanceof Element && event.target.closest("[data-language], #start, .link")) return;
      event.preventDefault();
      if (!event.repeat) this.press();
    });
    window.addEventListener("keyup", (event) => {
      if (event.code !== "Space" || !this.held) return;
      event.preventDefault();
      this.release();
    });
    window.addEventListener("blur", () => this.release());
    window.addEventListener("pagehide", () => this.release());
    document.addEventListener("visibilitychange", () => this.release());
  }

  begin() {
    this.active = true;
    this.panel.begin();
    this.box.classList.add("turning");
    this.canvas.hidden = false;
    for (const desk of Object.values(this.desks)) desk.speakWith("mic");
    this.hold.focus();
    this.render();
  }

  stop() {
    this.release();
    this.active = false;
    this.box.classList.remove("turning");
  }

  async press() {
    if (!this.active || this.held) return;
    this.held = true;
    this.wave.clear();
    this.render();
    const givenUp = new Promise((_, fail) => { this.giveUp = () => fail(failure("demo.turn_silent")); });
    givenUp.catch(() => {});
    try {
      const ms = await this.acts.pickUp("left", { ms: HELD_MS_MAX, givenUp });
      this.panel.reason = null;
      this.panel.figure("demo.turn.heard", { ms: Math.round(ms) });
      this.panel.set("held");
    } catch (error) {
      this.panel.fail(error);
    }
  }

  release() {
    if (!this.held) return;
    this.held = false;
    this.acts.release("left");
    this.giveUp();
    this.render();
  }

  render() {
    const live = this.live && this.held;
    this.hold.classList.toggle("live", live);
    this.hold.textContent = word(live ? "demo.turn.live" : "demo.turn.hold");
  }
}

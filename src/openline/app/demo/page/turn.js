// "Your turn": the real microphone at the left desk, and what the right desk heard of it.
//
// Both desks stand in one room, so the right one's loudspeaker is kept quiet while the key is held, and what
// it heard is played only afterwards; with headphones there is no howl, and it is played at once.

import { Wave } from "./wave.js";
import { make } from "./panel.js";
import { onLanguage, word } from "./words.js";

export class Turn {
  constructor({ desks, acts, panel, hold, headphones, box }) {
    Object.assign(this, { desks, acts, panel, hold, headphones, box });
    this.active = false;
    this.held = false;
    this.canvas = make("canvas", "", panel.root);
    this.canvas.width = 600;
    this.canvas.height = 56;
    this.canvas.hidden = true;
    this.wave = new Wave(this.canvas);
    desks.right.addEventListener("wave", ({ detail }) => { if (this.held || this.tail) this.wave.add(detail.far); });
    desks.left.addEventListener("state", () => this.render());
    this.listen();
    onLanguage(() => this.render());
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

  async begin(say) {
    this.say = say;
    this.active = true;
    this.spoken = false;
    this.panel.begin();
    this.box.hidden = false;
    this.canvas.hidden = false;
    this.desks.left.ask("source", { kind: "mic" });
    this.say();
    this.hold.focus();
    this.render();
  }

  stop() {
    this.release();
    this.active = false;
    this.box.hidden = true;
  }

  async press() {
    if (!this.active || this.held) return;
    this.held = true;
    this.wave.clear();
    const { right } = this.desks;
    right.ask("volume", { value: this.headphones.checked ? 1 : 0 });
    if (!this.headphones.checked) right.ask("keep", { on: true });
    this.render();
    try {
      const ms = await this.acts.pickUp("left");
      this.spoken = true;
      this.panel.figure("demo.turn.heard", { ms: Math.round(ms) });
      this.panel.set("held");
    } catch (error) {
      this.panel.fail(error);
    }
  }

  async release() {
    if (!this.held) return;
    this.held = false;
    this.acts.release("left");
    this.render();
    this.tail = true;
    await this.acts.sleep(400); // what is still on its way
    this.tail = false;
    const { right } = this.desks;
    if (!this.headphones.checked) {
      right.ask("keep", { on: false });
      right.ask("volume", { value: 1 });
      right.ask("replay");
      this.panel.figure("demo.turn.replayed");
    }
    this.render();
  }

  render() {
    const mic = this.desks.left.audio.mic ?? "";
    this.hold.classList.toggle("live", mic === "LIVE" && this.held);
    this.hold.textContent = word(mic === "LIVE" && this.held ? "demo.turn.live" : "demo.turn.hold");
  }
}

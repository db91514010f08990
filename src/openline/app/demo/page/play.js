// The first minute, step by step. Every figure is what a post or a desk page reported; a step that fails says so and why.

import { failure, reached, rung } from "./acts.js";
import { make } from "./panel.js";
import { act, sleep } from "./scene.js";
import { current, has, onLanguage, word } from "./words.js";

const READY_MS = 30_000;
const READING_MS = 2_000;
const DEAD_MS_MAX = 3_000;
const LAMP_MS = 5_000;
const CUT_AFTER_MS = 1_300;
const CUT_FOR_MS = 2_500;
const RUNGS = ["written", "receipted", "sealed", "shown", "opened"];
const sum = (report, name) => (report.posts.left?.media?.[name] ?? NaN) + (report.posts.right?.media?.[name] ?? NaN);

export class Play {
  constructor(parts) {
    Object.assign(this, parts);
    this.now = "welcome";
    this.running = false;
    this.start.addEventListener("click", () => this.play());
    onLanguage(() => this.render());
    for (const panel of Object.values(this.panels)) panel.onChange = () => this.render();
  }

  /** What is said above the desks at this moment. */
  say(name) {
    this.now = name;
    this.render();
  }

  render() {
    const step = this.panels[this.now];
    const title = step ? `${step.number}. ${word(`demo.step.${this.now}`)}` : word(`demo.${this.now}.title`);
    document.getElementById("now-title").textContent = title;
    document.getElementById("now-text").textContent = word(`demo.${step ? "step." : ""}${this.now}.text`);
    document.getElementById("now-figures").replaceChildren(...(step?.figureNodes() ?? []));
    this.start.classList.toggle("second", this.now === "turn");
    this.start.textContent = word(this.started ? "demo.again" : "demo.start");
  }

  /** The button works once both desks are there; the line may still be coming up. */
  async ready() {
    this.say("welcome");
    try {
      for (const desk of Object.values(this.desks)) await desk.until(READY_MS, "demo.no_desk", () => desk.facts.fresh === true);
      await this.reports.until(bothUp, READY_MS, "demo.no_link");
      this.start.disabled = false;
      this.start.focus();
    } catch (error) {
      this.panels.voice.fail(error);
    }
  }

  async play() {
    if (this.running) return;
    this.running = true;
    this.started = true;
    this.start.disabled = true;
    this.turn.stop();
    for (const panel of Object.values(this.panels)) panel.reset();
    await this.setScene();
    for (const name of ["voice", "path", "text", "kill", "record"]) await this.step(name);
    await this.step("limits");
    this.start.disabled = false;
    this.running = false;
    this.say("turn");
    this.turn.begin();
  }

  /** Whatever an earlier play left dead or cut comes back; what does not is told by the steps. */
  async setScene() {
    try {
      for (const path of this.scene.paths) await act("restore", { path });
      for (const side of ["left", "right"]) await act("restart", { side });
    } catch (error) {
      console.error(error);
    }
  }

  async step(name) {
    const panel = this.panels[name];
    panel.begin();
    this.say(name);
    await sleep(READING_MS);
    try {
      await this[`play_${name}`](panel);
      panel.set("held");
    } catch (error) {
      panel.fail(error);
    }
    await sleep(READING_MS);
  }

  /** Speak the recorded voice from the left while `during` runs; milliseconds from key to first sound. */
  async speak(during) {
    const began = performance.now();
    try {
      const ms = await this.acts.pickUp("left");
      await during(ms);
      await sleep(Math.max(0, this.scene.desks.left.sample_ms - (performance.now() - began)));
      return ms;
    } finally {
      this.acts.release("left");
    }
  }

  async play_voice(panel) {
    await this.acts.prepare();
    await this.acts.ready(READY_MS);
    for (const wave of Object.values(this.waves)) wave.clear();
    const { left, right } = this.desks;
    await this.speak(async (ms) => {
      panel.figure("demo.voice.heard", { ms: Math.round(ms), load: this.reports.last?.load ?? "?" });
      if (right.audio.mic !== "COLD") throw failure("demo.mic_not_cold", { state: right.audio.mic });
      panel.figure("demo.voice.cold", { mic: { key: "mic.COLD" } });
      await left.until(3_000, "demo.not_sounded", () => left.facts.call?.peer_sounded === true);
      panel.figure("demo.voice.sounded");
    });
  }

  async play_path(panel) {
    const [cut, whole] = this.scene.paths;
    const before = await this.reports.until(bothUp, LAMP_MS, "demo.no_link");
    const lamp = (report, side, name) => report.posts[side]?.link.paths.find((path) => path.name === name)?.lamp;
    try {
      await this.speak(async (ms) => {
        panel.figure("demo.path.heard", { ms: Math.round(ms) });
        await sleep(CUT_AFTER_MS);
        for (const wave of Object.values(this.waves)) wave.mark("cut");
        await act("cut", { path: cut });
        panel.figure("demo.path.cut_now", { name: cut });
        await this.reports.until(
          (report) => ["left", "right"].every((side) => lamp(report, side, cut) === "dead"), LAMP_MS, "demo.lamp_not_dead",
        );
        panel.figure("demo.path.dark", { name: cut, other: whole });
        await sleep(CUT_FOR_MS);
      });
    } finally {
      await sleep(500);
      const after = this.reports.last;
      const lost = sum(after, "lost") - sum(before, "lost");
      const received = sum(after, "received") - sum(before, "received");
      panel.figure("demo.path.lost", { lost, received });
      await act("restore", { path: cut });
      for (const wave of Object.values(this.waves)) wave.mark("whole");
      if (lost !== 0 || !(received > 0)) throw failure("demo.voice_lost", { lost });
    }
    await this.reports.until(
      (report) => ["left", "right"].every((side) => lamp(report, side, cut) === "up"), 2 * LAMP_MS, "demo.path_not_back",
    );
    panel.figure("demo.path.back", { name: cut });
    this.desks.left.ask("end");
  }

  async play_text(panel) {
    const { left, right } = this.desks;
    this.text = word("demo.text.words");
    let id = "";
    panel.show((body) => this.ladder(body, left.item(id)));
    const refresh = () => panel.render();
    left.addEventListener("timeline", refresh);
    try {
      const item = await this.acts.writeItem("left", this.text, current());
      id = item.id;
      const took = (name) => rung(left.item(id), name).wall_ms - rung(left.item(id), "written").wall_ms;
      panel.figure("demo.text.receipted", { ms: took("receipted") });
      await left.until(5_000, "demo.not_shown", () => reached(left.item(id), "shown"));
      right.ask("opened", { item: id });
      await left.until(5_000, "demo.not_opened", () => reached(left.item(id), "opened"));
      await left.until(5_000, "demo.not_sealed", () => reached(left.item(id), "sealed"));
      panel.figure("demo.text.climbed");
    } finally {
      refresh();
      left.removeEventListener("timeline", refresh);
    }
  }

  ladder(body, item) {
    body.replaceChildren();
    if (!item) return;
    make("p", "", body).textContent = `“${item.text}”`;
    const row = make("div", "ladder", body);
    for (const name of RUNGS) {
      const one = rung(item, name);
      const node = make("span", "rung", row);
      node.dataset.state = one?.state ?? "waiting";
      node.textContent = word(`rung.own.${name}`);
    }
  }

  async play_kill(panel) {
    const { right } = this.desks;
    const before = await this.reports.until(bothUp, LAMP_MS, "demo.no_link");
    const began = performance.now();
    await act("kill", { side: "right" });
    panel.figure("demo.kill.killed");
    await right.until(DEAD_MS_MAX + 1_000, "demo.page_not_dead", () => right.dead);
    const dead = performance.now() - began;
    panel.figure("demo.kill.dead", { ms: Math.round(dead) });
    if (dead > DEAD_MS_MAX) throw failure("demo.page_dead_late", { s: (dead / 1000).toFixed(1) });
    const pending = this.acts.writeItem("left", word("demo.kill.words"), current(), READY_MS);
    await sleep(2_000);
    const { answered_ms, link_up_ms } = await act("restart", { side: "right" });
    const seconds = (ms) => (ms / 1000).toFixed(1);
    panel.figure("demo.kill.back", { answered: seconds(answered_ms), up: seconds(link_up_ms) });
    await pending;
    await right.until(READY_MS, "demo.page_not_back", () => !right.dead);
    const held = (report) => report.posts.right.record.own_size + report.posts.right.record.peer_size;
    const caughtUp = (report) => bothUp(report) && held(report) > held(before);
    const after = await this.reports.until(caughtUp, LAMP_MS, "demo.not_caught_up");
    panel.figure("demo.kill.counts", { before: held(before), after: held(after) });
    const lost = ["own_size", "peer_size"].some((name) => after.posts.right.record[name] < before.posts.right.record[name]);
    if (lost) throw failure("demo.texts_lost", { lost: held(before) - held(after) });
    panel.figure("demo.kill.receipted");
  }

  async play_record(panel) {
    const level = ({ posts: { left, right } }) => left && right && left.record.receipted === left.record.own_size
      && right.record.receipted === right.record.own_size;
    await this.reports.until(level, READY_MS, "demo.not_receipted");
    const found = await act("verify", { side: "left", text: this.text, language: current() });
    panel.figure("demo.record.whole", { bytes: found.bytes, status: found.whole.status });
    const hex = (value) => value.toString(16).padStart(2, "0");
    panel.figure("demo.record.altered", { offset: found.offset, before: hex(found.before), after: hex(found.after) });
    panel.figure("demo.record.refused", { status: found.altered.status, mended: found.mended.status });
    panel.show((body) => {
      body.replaceChildren();
      const columns = make("div", "said", body);
      for (const name of ["altered", "mended", "whole"]) {
        const column = make("div", "", columns);
        make("p", "", column).textContent = word(`demo.record.said.${name}`);
        make("pre", "", column).textContent = found[name].output;
      }
    });
    if (found.whole.status !== 0) throw failure("demo.not_verified", { reason: found.whole.output.slice(-300) });
    if (found.altered.status === 0 || found.mended.status === 0) throw failure("demo.forgery_passed");
  }

  async play_limits(panel) {
    panel.show((body) => {
      body.replaceChildren();
      const list = make("ul", "plain", body);
      for (let at = 1; has(`demo.limits.${at}`); at += 1) make("li", "", list).textContent = word(`demo.limits.${at}`);
      make("p", "", body).textContent = word("demo.limits.desks");
      for (const side of ["left", "right"]) this.link(body, side);
    });
  }

  /** A desk page of its own: a fresh one-time address at each click. */
  link(body, side) {
    const link = make("button", "link", body);
    link.type = "button";
    link.textContent = word(`demo.desk.${side}`);
    link.addEventListener("click", async () => {
      const opened = window.open("about:blank", "_blank");
      const { url } = await act("launch", { side });
      const taking = url.replace("/#", "/?take=0#"); // the desk is one: the tab takes it over
      if (opened) opened.location = taking;
      else link.textContent = taking;
    });
  }
}

function bothUp({ posts: { left, right } }) {
  return left?.link.state === "UP" && right?.link.state === "UP";
}

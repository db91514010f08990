// What an officer does at a desk, with the time that it took: for the play, and for --check.

const HEARD_MS = 5_000;
const RECEIPT_MS = 10_000;
const never = new Promise(() => {});
export const failure = (code, facts = {}) => Object.assign(new Error(code), { code, facts });
export const opposite = (side) => (side === "left" ? "right" : "left");

export const rung = (item, name) => item?.ladder.find((one) => one.name === name);
export const reached = (item, name) => rung(item, name)?.state === "done";

export class Acts {
  constructor(desks) {
    this.desks = desks;
    this.requests = 0;
  }

  /** Wake the sound of both desks (after a click), and speak with the synthetic voice. */
  async prepare() {
    for (const desk of Object.values(this.desks)) {
      await desk.until(10_000, "demo.no_desk", () => desk.ready);
      desk.ask("unlockAudio");
      desk.speakWith("sample");
      desk.ask("wave", { on: true });
    }
  }

  /** Both desks can be heard, and their sound is awake: that takes a moment after the click. */
  async ready(ms) {
    for (const desk of Object.values(this.desks)) {
      await desk.until(ms, "demo.no_voice", () => desk.facts.voice === "ready"
        && desk.audio.pc === "connected" && desk.audio.context === "running");
    }
  }

  /** Press the talk key; milliseconds until the first sound was decoded at the other desk. */
  async pickUp(side, { ms = HEARD_MS, givenUp = never } = {}) {
    const desk = this.desks[side];
    const heard = this.desks[opposite(side)].next("heard", ms, "demo.not_heard");
    const broken = desk.next("state", ms, "demo.not_heard", ({ audio }) => audio.error && audio.mic !== "LIVE");
    for (const one of [heard, broken]) one.catch(() => {}); // only the first of them counts
    const pressed = Date.now();
    const taken = await desk.askFor("talk", {}, HEARD_MS, "demo.no_desk");
    if (taken !== true) throw failure("demo.key_refused", { side });
    const fault = broken.then(({ audio }) => { throw failure(audio.error); });
    return (await Promise.race([heard, fault, givenUp])).at_ms - pressed;
  }

  release(side) {
    this.desks[side].ask("release");
  }

  /** Write a text; the item once the other post's receipt for it is shown. */
  async writeItem(side, text, lang, ms = RECEIPT_MS) {
    const desk = this.desks[side];
    this.requests += 1;
    const request = `demo-${this.requests}`;
    let id = "";
    const taken = desk.next("text-taken", ms, "demo.not_written", (frame) => frame.request === request);
    const refused = desk.next("refused", ms, "", (frame) => frame.request === request).then(
      ({ code }) => { throw failure(code); },
      () => new Promise(() => {}),
    );
    desk.ask("text", { request, text, lang });
    ({ item: id } = await Promise.race([taken, refused]));
    await desk.until(ms, "demo.not_receipted", () => reached(desk.item(id), "receipted"));
    return desk.item(id);
  }

  /** Write a text; milliseconds until it was receipted. */
  async write(side, text) {
    const began = performance.now();
    await this.writeItem(side, text, "en");
    return performance.now() - began;
  }
}

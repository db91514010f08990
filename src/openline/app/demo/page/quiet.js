// No howl: both desks stand in one room. While a real microphone is LIVE the other desk's loudspeaker is quiet
// and what it hears is kept; it is played once the microphone is shut. With headphones it is played at once.

import { opposite } from "./acts.js";
import { sleep } from "./scene.js";

const TAIL_MS = 400; // what is still on its way when the key goes up

export class Quiet extends EventTarget {
  constructor(desks, headphones) {
    super();
    Object.assign(this, { desks, headphones });
    this.keeping = new Set();
    for (const desk of Object.values(desks)) desk.addEventListener("state", () => this.look(desk));
  }

  look(desk) {
    const far = this.desks[opposite(desk.side)];
    const live = desk.audio.mic === "LIVE" && desk.source === "mic" && !this.headphones.checked;
    if (live && !this.keeping.has(desk.side)) {
      this.keeping.add(desk.side);
      far.ask("volume", { value: 0 });
      far.ask("keep", { on: true });
    } else if (!live && this.keeping.delete(desk.side)) {
      this.play(desk, far);
    }
  }

  async play(desk, far) {
    await sleep(TAIL_MS);
    if (this.keeping.has(desk.side)) return; // spoken again meanwhile: it goes on being kept
    far.ask("keep", { on: false });
    far.ask("volume", { value: 1 });
    far.ask("replay");
    this.dispatchEvent(new CustomEvent("replayed", { detail: { side: desk.side } }));
  }
}

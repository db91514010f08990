// Two-way: the one time that a microphone is open without being held. Only by one's own officer's act, at
// this desk, within half a minute; and only while the view says "open". Anything else closes it at once.

import { state } from "./state.js";

const WINDOW_MS = 30_000;
const HOLD = "two-way";

export class TwoWay {
  /** @param {{ talk: import("./talk.js").Talk }} wiring */
  constructor({ talk }) {
    this.talk = talk;
    this.consentAt = -Infinity;
    this.call = ""; // the call for which the microphone was opened
  }

  /** The officer asked or agreed, now. */
  consent() { this.consentAt = performance.now(); }

  /** The officer said no, or ended it. */
  withdraw() {
    this.consentAt = -Infinity;
    this.close();
  }

  get speaking() { return this.talk.holding.has(HOLD); }

  close() {
    this.call = "";
    if (!this.speaking) return;
    if (this.talk.holding.size === 1) this.talk.stop("two_way_over");
    else this.talk.release(HOLD);
  }

  /** Judge by the call as it stands; null when there is none or the view is old. */
  look(call) {
    const open = call?.two_way === "open" && (!call.holder || call.holder === state.desk);
    if (this.call !== "" && (!open || call.call !== this.call)) this.close();
    const here = document.visibilityState === "visible";
    if (open && here && this.call === "" && performance.now() - this.consentAt < WINDOW_MS) this.open(call);
  }

  /** The officer opens it again after leaving the page. */
  open(call) {
    if (call?.two_way !== "open") return;
    this.consentAt = -Infinity;
    this.call = call.call;
    this.talk.press(HOLD);
  }
}

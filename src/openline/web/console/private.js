// The private key: speech to the desks of the own side alone. Momentary, like the talk key.
//
// Whatever ends the hold ends it; the talk key ends it too. The two never hold at once.

export class PrivateKey {
  constructor({ onDown, onUp }) {
    Object.assign(this, { onDown, onUp });
    this.held = false;
    for (const name of ["pointerup", "pointercancel"]) {
      window.addEventListener(name, () => this.stop("released"), { capture: true });
    }
    window.addEventListener("keyup", (event) => { if (["Enter", "Space"].includes(event.code)) this.stop("released"); }, { capture: true });
    window.addEventListener("blur", () => this.stop("blur"));
    window.addEventListener("pagehide", () => this.stop("hidden"));
    document.addEventListener("freeze", () => this.stop("hidden"));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") this.stop("hidden");
    });
  }

  pointerDown(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.focus({ preventScroll: true });
    this.down();
  }

  keyDown(event) {
    if (!["Enter", "Space"].includes(event.code)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) this.down();
  }

  down() {
    if (!this.held) this.held = this.onDown();
  }

  /** End the hold, whoever ends it; only a new press begins again. */
  stop(reason) {
    if (!this.held) return;
    this.held = false;
    this.onUp(reason);
  }
}

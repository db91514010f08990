// The talk key: mouse, touch, pen, keyboard, foot-switch (a HID that types a key). Momentary.
//
// Whatever ends the hold ends the transmission: release anywhere, blur, a hidden or frozen
// page, a locked screen, the post lost. Nothing but a new press starts it again.

const KEPT = "openline.talk-key";
const TEXT_FIELD = 'textarea, select, input:not([type="button"]):not([type="checkbox"]):not([type="radio"]), [contenteditable="true"]';

function readKey() {
  try { return localStorage.getItem(KEPT) ?? "Space"; } catch { return "Space"; }
}

export class Talk {
  constructor({ onDown, onUp }) {
    Object.assign(this, { onDown, onUp });
    this.holding = new Set();
    this.key = readKey(); // a KeyboardEvent.code, or "" for none
    this.learning = null;
    window.addEventListener("keydown", (event) => this.keyDown(event), { capture: true });
    window.addEventListener("keyup", (event) => this.keyUp(event), { capture: true });
    for (const name of ["pointerup", "pointercancel"]) {
      window.addEventListener(name, (event) => this.release(`pointer-${event.pointerId}`), { capture: true });
    }
    // With another button down no pointerup tells that ours went up.
    window.addEventListener("pointermove", (event) => {
      if (!(event.buttons & 1)) this.release(`pointer-${event.pointerId}`);
    }, { capture: true });
    window.addEventListener("blur", () => this.stop("blur"));
    window.addEventListener("pagehide", () => this.stop("hidden"));
    document.addEventListener("freeze", () => this.stop("hidden"));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") this.stop("hidden");
    });
  }

  get held() {
    return this.holding.size > 0;
  }

  setKey(code) {
    this.key = code;
    try { localStorage.setItem(KEPT, code); } catch { /* kept for this page only */ }
  }

  get latched() {
    return this.holding.has("latch");
  }

  /** The latch went down: speech stands until it is pressed again, or until anything else ends it. */
  latch() {
    if (this.latched) this.release("latch");
    else this.press("latch");
  }

  press(source) {
    const first = !this.held;
    // A key pressed while latched takes over: letting it go ends the speech.
    if (source !== "latch") this.holding.delete("latch");
    this.holding.add(source);
    if (first && !this.onDown()) this.holding.clear();
  }

  release(source) {
    if (this.holding.delete(source) && !this.held) this.onUp("released");
  }

  /** End the hold, whoever holds; a key still down does nothing until it is pressed anew. */
  stop(reason) {
    if (!this.held) return;
    this.holding.clear();
    this.onUp(reason);
  }

  pointerDown(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    event.currentTarget.focus({ preventScroll: true });
    this.press(`pointer-${event.pointerId}`);
  }

  isTalkKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return false;
    const { target } = event;
    const onKey = target instanceof Element && target.closest("#talk-key") !== null;
    if (onKey && (event.code === "Enter" || event.code === "Space")) return true;
    // There it is the key of private speech: what is meant for the own side must not go out.
    if (target instanceof Element && target.closest("#private-key") !== null) return false;
    if (this.key === "" || event.code !== this.key) return false;
    if (!(target instanceof Element)) return true;
    if (target.matches(TEXT_FIELD)) return !/^(Space|Key.|Digit.|Enter|Backspace)$/.test(event.code);
    return target.closest("dialog") === null;
  }

  keyDown(event) {
    if (this.learning !== null) {
      if (["Tab", "Escape"].includes(event.code)) return;
      event.preventDefault();
      event.stopPropagation();
      this.learning(event.code);
      this.learning = null;
      return;
    }
    // While Command is down, macOS tells no page that another key went up.
    if (event.metaKey) [...this.holding].filter((source) => source.startsWith("key-")).forEach((source) => this.release(source));
    if (!this.isTalkKey(event)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) this.press(`key-${event.code}`);
  }

  keyUp(event) {
    const source = `key-${event.code}`;
    if (this.holding.has(source)) {
      event.preventDefault();
      this.release(source);
    } else if (this.isTalkKey(event)) {
      event.preventDefault(); // no click on whatever button has the focus
    }
  }
}

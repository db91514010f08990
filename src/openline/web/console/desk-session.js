// Who is signed in at this page. Locked, it hears and shows the line: nothing is transmitted, and what was written is out of sight.

import { postSignin } from "./views/signin-form.js";
import { state, takeItems } from "./state.js";

const HERE_MS = 10_000;

export class DeskSession {
  constructor({ draft, send, audio, onLocked, onChange }) {
    Object.assign(this, { draft, send, audio, onLocked, onChange });
    this.hereAt = -Infinity;
    this.wasArmed = false;
  }

  /** What the post says of this desk, with every tick. */
  take(session) {
    if (session === undefined) return;
    const before = state.session;
    state.session = { ...session, refusal: session.unlocked ? "" : before.refusal };
    if (session.unlocked && this.draft.ofOfficer(session.officer)) this.showDraft(this.draft.text);
    if (before.unlocked && !session.unlocked) this.shutDown();
  }

  locked() {
    this.take({ ...state.session, unlocked: false, locks_in_ms: null });
    this.onChange();
  }

  unlocked({ session, timeline }) {
    this.take(session);
    takeItems(timeline, { all: true });
    this.showDraft(this.draft.text);
    if (this.wasArmed) this.audio({ t: "arm" });
    this.onChange();
  }

  shutDown() {
    this.wasArmed = state.audio.mic !== "COLD"; // a device that no officer opened is not opened by a sign-in
    this.onLocked();
    this.audio({ t: "cold" });
    document.getElementById("help")?.close?.();
    takeItems([], { all: true });
    this.showDraft("");
    // The cookie is changed for one that only hears, whatever becomes of the post.
    fetch("/session", { cache: "no-store" }).catch(() => {});
  }

  showDraft(text) {
    const field = document.getElementById("draft");
    if (field) field.value = text;
  }

  /** The officer did something at this page that asks nothing of the post: reading is being there. */
  here({ now = false } = {}) {
    if (!state.session.unlocked || !state.acts.has("here") || (!now && performance.now() - this.hereAt < HERE_MS)) return;
    this.hereAt = performance.now();
    this.send({ t: "here" });
  }

  /** Let an officer in at this page; whether it worked. The post tells the page the rest. */
  async signIn(given) {
    state.session.refusal = await postSignin(given);
    this.onChange();
    return state.session.refusal === "";
  }
}

// One real desk page in its frame, and what passes between it and this page:
// docs/reference/desk-api.md, "The demonstration's hook".
//
// This page asks; the desk does what its officer could do, by the same code. What it tells is what its
// own post and its own audio page told it.

export class Desk extends EventTarget {
  constructor(side, frame, origin) {
    super();
    Object.assign(this, { side, frame, origin });
    this.ready = false;
    this.audio = {}; // mic, context, pc, error
    this.facts = {}; // link, fresh, voice, paths, call, record
    this.items = new Map();
    this.source = "mic";
    this.asked = 0;
    window.addEventListener("message", (event) => {
      if (event.origin !== this.origin || event.source !== this.frame.contentWindow) return;
      if (event.data?.openline === "desk") this.told(event.data);
    });
  }

  get dead() {
    return this.facts.fresh !== true;
  }

  open(address) {
    this.ready = false;
    this.frame.src = address;
  }

  told(frame) {
    switch (frame.fact) {
      case "ready":
        this.ready = true;
        this.source = "mic";
        this.ask("snapshot");
        break;
      case "state": this.audio = frame.audio; break;
      case "link": this.facts = frame; break;
      case "timeline": this.take(frame.items); break;
      case "done":
        if (frame.do === "snapshot") this.snapshot(frame.answer);
        break;
      default: break;
    }
    this.dispatchEvent(new CustomEvent(frame.fact, { detail: frame }));
    this.dispatchEvent(new CustomEvent("any", { detail: frame }));
  }

  snapshot(found) {
    this.audio = found.audio;
    this.facts = found;
    this.take(found.items);
    this.dispatchEvent(new CustomEvent("state", { detail: found }));
  }

  take(items) {
    for (const item of items) {
      this.items.set(item.id, item);
      if (item.replaces) this.items.set(item.replaces, item);
    }
  }

  /** A line of the timeline, by its present id or the one it had in the outbox. */
  item(id) {
    return this.items.get(id);
  }

  ask(what, facts = {}) {
    if (!this.ready) return null;
    this.asked += 1;
    const id = `${this.side}-${this.asked}`;
    this.frame.contentWindow.postMessage({ openline: "demo", do: what, id, ...facts }, this.origin);
    return id;
  }

  /** Speak with the microphone or with the recorded voice; a page that was loaded anew has the microphone. */
  speakWith(kind) {
    this.source = kind;
    this.ask("source", kind === "sample" ? { kind, url: "sample.wav" } : { kind });
  }

  /** Ask, and wait for what the desk answers. */
  async askFor(what, facts, ms, code) {
    const id = this.ask(what, facts);
    return (await this.next("done", ms, code, (frame) => frame.id === id)).answer;
  }

  /** The next event of a type for which `holds`, or an error with `code` after `ms`. */
  next(type, ms, code, holds = () => true) {
    return new Promise((done, fail) => {
      const look = ({ detail }) => {
        if (!holds(detail)) return;
        end();
        done(detail);
      };
      const timer = setTimeout(() => {
        end();
        fail(Object.assign(new Error(code), { code, facts: { side: this.side } }));
      }, ms);
      const end = () => {
        clearTimeout(timer);
        this.removeEventListener(type, look);
      };
      this.addEventListener(type, look);
    });
  }

  /** Now or soon: what `holds` says of this desk is true. */
  async until(ms, code, holds) {
    if (holds(this)) return;
    await this.next("any", ms, code, () => holds(this));
  }
}

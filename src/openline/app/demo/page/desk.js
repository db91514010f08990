// One real desk page in its frame, and what passes between it and this page: docs/reference/desk-api.md, "demonstration".
//
// This page asks; the desk does what its officer could do, by the same code. What it tells is what its
// own post and its own audio page told it.

export class Desk extends EventTarget {
  constructor(side, frame, origin) {
    super();
    Object.assign(this, { side, frame, origin });
    this.port = null;
    this.state = {};
    this.view = null;
    this.items = new Map();
    this.dead = false;
    window.addEventListener("message", (event) => this.greeted(event));
  }

  open(address) {
    this.port = null;
    this.frame.src = address;
  }

  greeted(event) {
    if (event.origin !== this.origin || event.source !== this.frame.contentWindow) return;
    if (event.data?.t !== "openline-desk") return;
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    port1.onmessage = ({ data }) => this.told(data);
    this.frame.contentWindow.postMessage({ t: "openline-demo" }, this.origin, [port2]);
    this.tell("greeted", {});
  }

  told(frame) {
    if (frame.t === "state") this.state = frame;
    if (frame.t === "view") this.view = frame.view;
    if (frame.t === "page") this.dead = frame.dead;
    if (frame.t === "timeline") for (const item of frame.items) this.take(item);
    this.tell(frame.t, frame);
  }

  take(item) {
    this.items.set(item.id, item);
    if (item.replaces) this.items.set(item.replaces, item);
  }

  /** A line of the timeline, by its present id or the one it had in the outbox. */
  item(id) {
    return this.items.get(id);
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
    this.dispatchEvent(new CustomEvent("any", { detail }));
  }

  ask(what, facts = {}) {
    this.port?.postMessage({ do: what, ...facts });
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

// The one WebSocket to the own post. It comes back by itself, for ever, unless this page was sent away.

import { query } from "./seat.js";

const RETRY_MS = [150, 250, 400, 500];
const SENT_AWAY = new Set(["web.taken_over", "web.desks_full", "web.slow", "web.frame", "web.rate"]);

export class Socket {
  constructor({ onFrame, onOpen, onLost, onSentAway }) {
    Object.assign(this, { onFrame, onOpen, onLost, onSentAway });
    this.socket = null;
    this.failures = 0;
    this.timer = 0;
    this.away = "";
    this.farewell = null;
  }

  get open() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** `take`: the seat that the officer takes over, once. */
  connect(take) {
    clearTimeout(this.timer);
    this.away = "";
    const socket = new WebSocket(`ws://${location.host}/desk${query(take)}`);
    this.socket = socket;
    let opened = false;
    socket.onmessage = ({ data }) => {
      if (this.socket !== socket) return;
      const frame = JSON.parse(data);
      if (frame.t === "closed") {
        if (SENT_AWAY.has(frame.code)) { this.away = frame.code; this.farewell = frame; }
        return;
      }
      if (frame.t === "welcome") {
        opened = true;
        this.failures = 0;
        this.onOpen(frame);
      }
      this.onFrame(frame);
    };
    socket.onclose = () => { if (this.socket === socket) this.lost(opened); };
  }

  async lost(opened) {
    this.socket = null;
    this.onLost();
    if (this.away) return this.onSentAway(this.away, this.farewell);
    if (!opened && (await this.signedOut())) return this.onSentAway("web.signin");
    const wait = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)];
    this.failures += 1;
    this.timer = setTimeout(() => this.connect(), wait);
    return undefined;
  }

  /** A refused WebSocket does not say why: ask. */
  async signedOut() {
    try {
      return (await fetch("/session", { cache: "no-store" })).status === 403;
    } catch {
      return false; // the post is away
    }
  }

  /** Send if the post is there; says whether it was sent. */
  send(frame) {
    if (!this.open) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }
}

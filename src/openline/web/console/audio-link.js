// The console's end of the port to the audio page (an origin of its own, without session or record).

const PATIENCE_MS = 6_000;

export class AudioLink {
  constructor({ origin, frame, onFrame, onMissing }) {
    Object.assign(this, { origin, frame, onFrame, onMissing });
    this.port = null;
    this.patience = setTimeout(onMissing, PATIENCE_MS);
    window.addEventListener("message", (event) => this.greeted(event));
    frame.src = `${origin}/`;
  }

  greeted(event) {
    if (event.origin !== this.origin || event.source !== this.frame.contentWindow) return;
    if (event.data?.t !== "openline-audio") return;
    clearTimeout(this.patience);
    const { port1, port2 } = new MessageChannel();
    this.port?.close();
    this.port = port1;
    port1.onmessage = ({ data }) => { if (this.port === port1) this.onFrame(data); };
    event.source.postMessage({ t: "openline-port" }, this.origin, [port2]);
  }

  post(frame) {
    this.port?.postMessage(frame);
  }
}

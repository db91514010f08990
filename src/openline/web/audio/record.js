// The recording of a call at one's own desk: the far sound as it is played, phrases, and the own
// microphone only while it is LIVE. Pieces go to the console, which brings them to its own post.
//
// A private channel must never be connected to anything here.

const PIECE_MS = 1_000;
const BITS_PER_SECOND = 32_000;
const TYPE = "audio/webm;codecs=opus";

export class CallRecorder {
  constructor({ graph, phrase, onPiece }) {
    Object.assign(this, { graph, phrase, onPiece });
    this.carrier = null;
    this.own = null;
    this.running = null;
  }

  /** Where everything that is recorded comes together. */
  mix() {
    const { context, gate } = this.graph;
    if (this.carrier === null) {
      this.carrier = context.createMediaStreamDestination();
      gate.connect(this.carrier); // behind the gate: what was not played here is not recorded
      this.phrase.output().connect(this.carrier);
    }
    return this.carrier;
  }

  /** The microphone became LIVE towards the far side: ``track`` is the very one that is sent. */
  live(track) {
    this.cold();
    if (this.running === null) { this.waiting = track; return; }
    this.own = this.graph.context.createMediaStreamSource(new MediaStream([track]));
    this.own.connect(this.mix());
  }

  /** It is LIVE no more. */
  cold() {
    this.waiting = null;
    this.own?.disconnect();
    this.own = null;
  }

  async begin(call, part) {
    this.end();
    await this.graph.start();
    if (this.graph.state !== "running" || !MediaRecorder.isTypeSupported(TYPE)) {
      this.onPiece({ call, part, seq: 0, last: true, bytes: new ArrayBuffer(0) });
      return;
    }
    const recorder = new MediaRecorder(this.mix().stream, { mimeType: TYPE, audioBitsPerSecond: BITS_PER_SECOND });
    this.running = recorder;
    if (this.waiting) this.live(this.waiting);
    let seq = 0;
    let order = Promise.resolve();
    const give = (blob, last) => {
      order = order.then(async () => {
        const bytes = await blob.arrayBuffer();
        if (bytes.byteLength === 0 && !last) return;
        this.onPiece({ call, part, seq, last, bytes });
        seq += 1;
      });
    };
    recorder.ondataavailable = ({ data }) => give(data, recorder.state === "inactive");
    recorder.start(PIECE_MS);
  }

  end() {
    const recorder = this.running;
    this.running = null;
    if (this.own !== null) {
      const [track] = this.own.mediaStream.getAudioTracks();
      this.cold();
      this.waiting = track;
    }
    if (recorder?.state === "recording") recorder.stop();
  }
}

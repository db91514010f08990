// The demonstration alone: the far sound kept while told to, and played once afterwards.
//
// Two desks in one room would howl; so while the key is held the far loudspeaker is quiet, and what was
// heard is played after the key went up. Only a page that may speak with a recorded voice has this.

const KEPT_MS_MAX = 130_000;

export class Keeper {
  constructor(graph) {
    this.graph = graph;
    this.recorder = null;
    this.kept = Promise.resolve(null);
  }

  keep(on) {
    if (on) this.begin();
    else this.end();
  }

  begin() {
    this.end();
    const { context, farMeter } = this.graph;
    if (!farMeter) return;
    const carrier = context.createMediaStreamDestination();
    farMeter.connect(carrier);
    const recorder = new MediaRecorder(carrier.stream);
    const pieces = [];
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    this.kept = new Promise((done) => {
      recorder.onstop = () => {
        farMeter.disconnect(carrier);
        done(new Blob(pieces, { type: recorder.mimeType }));
      };
    });
    recorder.start();
    this.recorder = recorder;
    setTimeout(() => { if (this.recorder === recorder) this.end(); }, KEPT_MS_MAX);
  }

  end() {
    if (this.recorder?.state === "recording") this.recorder.stop();
    this.recorder = null;
  }

  /** Play what was kept, at the volume set, past the gate. */
  async replay() {
    this.end();
    const blob = await this.kept;
    if (blob === null || blob.size === 0) return;
    const { context, loudness } = this.graph;
    const buffer = await context.decodeAudioData(await blob.arrayBuffer());
    const player = new AudioBufferSourceNode(context, { buffer });
    player.connect(loudness);
    player.start();
  }
}

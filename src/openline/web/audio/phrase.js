// An agreed phrase of the peer, played from our own post's file: past the gate, through the limiter.
//
// The console asks for it only when its post said so; nothing of it is sent to anybody.

const PATH = /^\/phrase\/[A-Za-z-]{2,12}\/[0-9]{1,2}$/;

export class Phrase {
  constructor(graph, onSpoke) {
    Object.assign(this, { graph, onSpoke });
    this.limiter = null;
    this.player = null;
    this.turn = Promise.resolve();
    this.silenced = 0;
  }

  /** Where phrases come out, limited, before the volume: the recorder listens here too. */
  output() {
    if (this.limiter === null && this.graph.context !== null) {
      this.limiter = this.graph.meter(() => {});
      this.limiter.connect(this.graph.loudness);
    }
    return this.limiter;
  }

  /** Play the sound at ``url`` of our own origin; one phrase after the other. */
  speak(url, seq) {
    const turn = this.silenced;
    this.turn = this.turn.then(() => (turn === this.silenced ? this.play(url, seq) : undefined)).catch(console.error);
    return this.turn;
  }

  async play(url, seq) {
    const from = new URL(url, location.href);
    if (from.origin !== location.origin || !PATH.test(from.pathname)) return;
    const turn = this.silenced;
    await this.graph.start();
    const { context } = this.graph;
    const answer = await fetch(from);
    if (!answer.ok) return;
    const buffer = await context.decodeAudioData(await answer.arrayBuffer());
    if (turn !== this.silenced || context.state !== "running") return;
    const player = new AudioBufferSourceNode(context, { buffer });
    player.connect(this.output());
    this.player = player;
    player.start();
    this.onSpoke({ seq, at_ms: Date.now(), ms: Math.round(buffer.duration * 1000) });
    await new Promise((done) => { player.onended = done; });
    this.player = null;
  }

  /** The officer wants it quiet: what plays stops, what waits is dropped. */
  hush() {
    this.silenced += 1;
    this.player?.stop();
  }
}

// The alarm's sound: one loop on the sound's own clock. No timer drives it, so that a tab in the background,
// whose timers a browser slows down or stops, sounds like any other. It goes past the volume.

const EVERY_S = 5;
const GAIN = 0.14;
const PATTERN = [[0, 660, 0.16], [0.24, 660, 0.16]];
const RAMP_S = 0.004;
const WAIT_S = 1; // what is over at once makes no sound

export class AlarmSound {
  constructor(graph) {
    this.graph = graph;
    this.player = null;
    this.wanted = false;
  }

  set(on) {
    this.wanted = on;
    if (on === (this.player !== null)) return;
    if (on) this.begin();
    else this.end();
  }

  begin() {
    const { context } = this.graph;
    if (context === null) return; // start() of the page tries again
    this.player = new AudioBufferSourceNode(context, { buffer: this.buffer(context), loop: true });
    this.player.connect(context.destination);
    this.player.start(0, EVERY_S - WAIT_S);
  }

  end() {
    this.player.stop();
    this.player.disconnect();
    this.player = null;
  }

  /** The sound may have been made only now. */
  again() {
    this.set(this.wanted);
  }

  buffer(context) {
    const rate = context.sampleRate;
    const buffer = context.createBuffer(1, EVERY_S * rate, rate);
    const samples = buffer.getChannelData(0);
    for (const [begin, hertz, length] of PATTERN) {
      const first = Math.round(begin * rate);
      const count = Math.round(length * rate);
      for (let i = 0; i < count; i += 1) {
        const slope = Math.min(1, i / (RAMP_S * rate), (count - i) / (RAMP_S * rate));
        samples[first + i] = GAIN * slope * Math.sin((2 * Math.PI * hertz * i) / rate);
      }
    }
    return buffer;
  }
}

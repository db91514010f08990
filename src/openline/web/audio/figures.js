// How speech arrives here: the browser's counters of each connection, as differences of two snapshots.

// Mouth-to-ear less path, jitter buffer and output: packet of 20 ms, encoding, posts, decoding. Measured between
// two Chromium pages at 38 to 46 ms (docs/measured.md). A microphone's own delay is not in it: no page can know it.
const FAR_END_MS = 42;
const YOUNG_MS = 5_000;

const round = (value) => (Number.isFinite(value) && value >= 0 ? Math.round(value * 10) / 10 : null);
const part = (value) => (Number.isFinite(value) ? Math.round(Math.min(1, Math.max(0, value)) * 10_000) / 10_000 : null);

async function snapshot(pc) {
  const shot = { at: performance.now(), inbound: null, leg_rtt_ms: null };
  for (const stats of (await pc.getStats()).values()) {
    if (stats.type === "inbound-rtp" && stats.kind === "audio") shot.inbound = stats;
    if (stats.type === "candidate-pair" && stats.nominated && stats.currentRoundTripTime !== undefined) {
      shot.leg_rtt_ms = round(stats.currentRoundTripTime * 1000);
    }
  }
  return shot;
}

export class FiguresOf {
  constructor(graph) {
    this.graph = graph;
    this.before = new WeakMap(); // connection -> snapshot
  }

  /** The figures since the last call for this connection, or null: the first, or too long ago. */
  async sample(pc, pair_slot) {
    if (pc === null || pc.connectionState !== "connected") return null;
    const now = await snapshot(pc);
    const before = this.before.get(pc);
    this.before.set(pc, now);
    if (!before || now.inbound === null || before.inbound?.id !== now.inbound.id) return null;
    if (now.at - before.at > YOUNG_MS) return null;
    const since = (name) => (now.inbound[name] ?? 0) - (before.inbound[name] ?? 0);
    const packets = Math.max(0, since("packetsReceived"));
    const lost = Math.max(0, since("packetsLost"));
    const emitted = since("jitterBufferEmittedCount");
    const jitter_ms = emitted > 0 ? round((since("jitterBufferDelay") / emitted) * 1000) : null;
    const samples = since("totalSamplesReceived");
    return {
      t: "figures", pair_slot, packets, jitter_ms,
      loss: packets + lost > 0 ? part(lost / (packets + lost)) : null,
      concealed: samples > 0 ? part(since("concealedSamples") / samples) : null,
      mouth_to_ear_ms: jitter_ms === null ? null : round(FAR_END_MS + jitter_ms + this.output_ms()),
      leg_rtt_ms: now.leg_rtt_ms,
    };
  }

  output_ms() {
    const { context } = this.graph;
    return ((context?.outputLatency ?? 0) + (context?.baseLatency ?? 0)) * 1000;
  }
}

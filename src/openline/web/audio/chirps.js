// The three chirps of a line check, sample by sample (docs/spec/check.md section 5).
//
// A preamble lets the codec settle; the sweep alone is looked for. What is heard is told apart by
// the slope of the sweep, so no desk takes its own kind for another.

export const PREAMBLE_S = 0.06;
export const SWEEP_S = 0.2;
export const LENGTH_S = PREAMBLE_S + SWEEP_S;
const LEVEL = 0.25;
const EDGE_S = 0.005;
const LOW = 1_000;
const HIGH = 3_000;
const SWEEPS = { call: [[LOW, HIGH, 0.2]], answer: [[HIGH, LOW, 0.2]], confirm: [[LOW, HIGH, 0.1], [HIGH, LOW, 0.1]] };

/** The phase of a chirp's sweep at a time from its begin, in radians. */
function phase(name, t) {
  let [from, to, span] = SWEEPS[name][0];
  let at = t;
  if (at >= span && SWEEPS[name].length > 1) { at -= span; [from, to, span] = SWEEPS[name][1]; }
  return 2 * Math.PI * (from * at + ((to - from) * at * at) / (2 * span));
}

/** What is looked for: the sweep and its quarter turn, at a rate in hertz. */
export function template(name, rate) {
  const size = Math.round(SWEEP_S * rate);
  const cos = new Float32Array(size);
  const sin = new Float32Array(size);
  for (let i = 0; i < size; i += 1) {
    cos[i] = Math.cos(phase(name, i / rate));
    sin[i] = Math.sin(phase(name, i / rate));
  }
  return { cos, sin };
}

/** What is played: preamble and sweep. */
export function samples(name, rate) {
  const head = Math.round(PREAMBLE_S * rate);
  const body = Math.round(SWEEP_S * rate);
  const out = new Float32Array(head + body);
  for (let i = 0; i < head; i += 1) {
    out[i] = (LEVEL * (i / head) * Math.sin((2 * Math.PI * LOW * i) / rate)) * Math.min(1, (head - i) / (EDGE_S * rate));
  }
  for (let i = 0; i < body; i += 1) {
    const edge = Math.min(1, i / (EDGE_S * rate), (body - i) / (EDGE_S * rate));
    out[head + i] = LEVEL * edge * Math.sin(phase(name, i / rate));
  }
  return out;
}

// Signal tones of the desk itself. They need no microphone and no audio page, so that a lost link is heard.

const TONES = {
  permit: [[1200, 60]],
  incoming: [[880, 110], [0, 50], [1175, 170]],
  lost: [[800, 130], [0, 60], [600, 130], [0, 60], [400, 200]],
  alarm: [[660, 160], [0, 80], [660, 160]],
};
let context = null;

/** Call on a click or key: a browser plays nothing before. */
export function wake() {
  context ??= new AudioContext();
  if (context.state !== "running") context.resume().catch(() => {});
}

export function play(name) {
  if (context?.state !== "running") return;
  let at = context.currentTime + 0.005;
  for (const [hertz, ms] of TONES[name]) {
    if (hertz > 0) {
      const source = new OscillatorNode(context, { frequency: hertz });
      const level = new GainNode(context, { gain: 0.12 });
      source.connect(level).connect(context.destination);
      source.start(at);
      source.stop(at + ms / 1000);
    }
    at += ms / 1000;
  }
}

// Waveforms as they were measured: one column per peak that an audio page reported, nothing smoothed or invented.

const COLUMNS = 600; // about 6.4 s at 10.7 ms per peak

export class Wave {
  constructor(canvas) {
    this.canvas = canvas;
    this.peaks = [];
    this.marks = [];
    this.seen = 0;
    this.dirty = true;
  }

  add(peaks) {
    this.peaks.push(...peaks);
    this.seen += peaks.length;
    if (this.peaks.length > COLUMNS) this.peaks.splice(0, this.peaks.length - COLUMNS);
    this.marks = this.marks.filter(({ at }) => at > this.seen - COLUMNS);
    this.dirty = true;
  }

  /** A thin line at this moment: where the path was cut. */
  mark(kind) {
    this.marks.push({ at: this.seen, kind });
    this.dirty = true;
  }

  clear() {
    this.peaks = [];
    this.marks = [];
    this.dirty = true;
  }

  draw() {
    if (!this.dirty) return;
    this.dirty = false;
    const { canvas, peaks } = this;
    const style = getComputedStyle(document.documentElement);
    const pen = canvas.getContext("2d");
    const middle = canvas.height / 2;
    const step = canvas.width / COLUMNS;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.fillStyle = style.getPropertyValue("--line");
    pen.fillRect(0, middle - 0.5, canvas.width, 1);
    pen.fillStyle = style.getPropertyValue("--wave");
    const first = COLUMNS - peaks.length;
    peaks.forEach((peak, index) => {
      const height = Math.min(1, peak) * (canvas.height - 6);
      if (height >= 0.5) pen.fillRect((first + index) * step, middle - height / 2, Math.max(1, step - 0.2), height);
    });
    for (const { at, kind } of this.marks) {
      pen.fillStyle = style.getPropertyValue(kind === "cut" ? "--bad" : "--good");
      pen.fillRect((COLUMNS - (this.seen - at)) * step, 0, 2, canvas.height);
    }
  }
}

/** Draw all waves whenever the browser paints. */
export function drawAll(waves) {
  const frame = () => {
    for (const wave of waves) wave.draw();
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

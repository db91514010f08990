// Between the browser's two sound clocks stands a buffer, and it only ever grows.
//
// What a connection decodes is handed to the graph through a queue of up to 100 ms. Each
// time either thread hesitates the queue is longer by that, and nothing shortens it
// (Chromium 156: 60 ms more after a minute of short words). A source taken anew begins with an empty one.
// What is lost by it is what waits in the queue: so it is done while the far side is silent.

const SILENT_DBFS = -80; // between words exact silence is sent
const PAUSE_DBFS = -50; // an open microphone in a quiet room
const REPORTS = 5; // of 80 ms
const WORD_MS = 1_000; // after a word at once, and not twice in this time
const IDLE_MS = 10_000; // and now and then: hesitations come without words too

/** Told of each report of a meter, it says when to take the sources of that meter anew. */
export class Freshness {
  constructor(renew, now = () => performance.now()) {
    Object.assign(this, { renew, now });
    this.since = now();
    this.quiet = 0; // reports in a row
    this.silent = 0;
    this.spoken = false;
  }

  report(dbfs) {
    this.quiet = dbfs < PAUSE_DBFS ? this.quiet + 1 : 0;
    this.silent = dbfs < SILENT_DBFS ? this.silent + 1 : 0;
    this.spoken ||= this.quiet === 0;
    const ms = this.now() - this.since;
    if ((this.spoken && this.silent >= REPORTS && ms >= WORD_MS) || (this.quiet >= REPORTS && ms >= IDLE_MS)) {
      this.spoken = false;
      this.since = this.now();
      this.renew();
    }
  }
}

// Two mistakes that an officer cannot see: speaking while nothing is sent, and sending silence.
//
// Fed with the levels of the audio page, a dozen a second; both are said within 3 s.

const LEVEL_S = 0.08;
const SPEECH_DBFS = -40;
const SPEECH_S = 1.5;
const SILENT_DBFS = -65;
const SILENT_S = 2;
const DIGITAL_DBFS = -100; // no microphone of this world gives it
const DIGITAL_S = 0.4;
const FORGET = 0.25; // pauses between words do not begin the count anew

export class MicWatch {
  constructor(onChange) {
    this.onChange = onChange;
    this.mic = "COLD";
    this.warning = ""; // "", "muted" (speaks, nothing is sent), "silent"
    this.reset();
  }

  reset() {
    this.speech = this.quiet = this.nothing = 0;
  }

  /** A recorded voice in place of the microphone may be silent. */
  level(own, { mic, source, muted }) {
    if (mic !== this.mic) { this.mic = mic; this.reset(); }
    this.speech = mic === "ARMED" && own >= SPEECH_DBFS ? this.speech + LEVEL_S : Math.max(0, this.speech - LEVEL_S * FORGET);
    const live = mic === "LIVE" && source !== "sample";
    this.quiet = live && own < SILENT_DBFS ? this.quiet + LEVEL_S : 0;
    this.nothing = live && own <= DIGITAL_DBFS ? this.nothing + LEVEL_S : 0;
    let warning = "";
    if (this.quiet >= SILENT_S || this.nothing >= DIGITAL_S || (live && muted)) warning = "silent";
    else if (mic === "ARMED" && this.speech >= SPEECH_S) warning = "muted";
    if (warning === this.warning) return;
    this.warning = warning;
    this.onChange();
  }
}

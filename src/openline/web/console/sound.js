// What this desk knows of its own sound: whether it hears, its microphone's mistakes, its foot switch, its
// volume, the figures of its connections, and the notification of an alarm that nobody acknowledged.

import { Hearing } from "./hearing.js";
import { MicWatch } from "./mic-watch.js";
import { Pedal } from "./pedal.js";
import { Second } from "./second.js";
import { fresh, state } from "./state.js";
import { alarmWords } from "./views/hearing.js";

export class Sound {
  /** toAudio, toPost: say a frame; report: tell the post how this desk is; wake: start what a click may start. */
  constructor({ toAudio, toPost, report, redraw, wake, talk }) {
    Object.assign(this, { toAudio, toPost, report, redraw, wake });
    this.volume = 1;
    const changed = () => { report(); redraw(); };
    this.hearing = new Hearing({ post: toAudio, volume: () => this.volume, onChange: changed });
    this.microphone = new MicWatch(changed);
    this.second = new Second({ words: alarmWords });
    this.pedal = new Pedal({ talk, onChange: redraw });
  }

  get deaf() {
    return this.hearing.deaf;
  }

  /** What the post is told each second besides the rest. */
  facts() {
    const { deaf } = this;
    return { hears: deaf === "", deaf, silent_mic: this.microphone.warning === "silent" };
  }

  setVolume(value) {
    const { deaf } = this;
    this.volume = Math.min(1, Math.max(0, Number(value) || 0));
    this.toAudio({ t: "volume", value: this.volume });
    if (deaf !== this.deaf) this.report();
    this.redraw();
  }

  /** How speech arrives; the first copy of a packet counts, so half a round trip of the quickest path. */
  figures({ t: _, ...figures }) {
    const trips = fresh() ? state.view.link.paths.map((path) => path.rtt_ms).filter((rtt) => rtt !== null) : [];
    const known = figures.mouth_to_ear_ms !== null && trips.length > 0;
    figures.mouth_to_ear_ms = known ? Math.round(figures.mouth_to_ear_ms + Math.min(...trips) / 2) : null;
    state.figures = { ...state.figures, [figures.pair_slot]: figures };
    this.toPost({ t: "figures", ...figures });
  }

  /** At every tick and wake. */
  look() {
    if (fresh()) this.second.look(state.view.alarms);
  }

  actions() {
    const { hearing, pedal, second } = this;
    return {
      volume: () => Math.round(this.volume * 100),
      setVolume: (event) => this.setVolume(Number(event.target.value) / 100),
      hearing: () => hearing,
      testLoudspeaker: () => { this.wake(); hearing.test(); },
      heardIt: () => hearing.answer(true),
      didNotHear: () => hearing.answer(false),
      micWarning: () => this.microphone.warning,
      pedal: () => pedal,
      learnPedal: () => pedal.learn(),
      choosePedal: () => pedal.choose(),
      forgetPedal: () => pedal.forget(),
      mayNotify: () => second.possible && !second.allowed,
      notify: () => second.ask().then(this.redraw),
    };
  }
}

// Agreed phrases, declarations and the recording of a call: what the page does with them.

import { currentLanguage, LANGUAGES } from "./i18n.js";
import { can, declared } from "./reading.js";
import { fresh, state, whyNotPhrase } from "./state.js";

const TRIES = 4;
const RETRY_MS = 500;

export const spoken = {
  words: [], // {n, en, "zh-Hans"} as agreed
  own: {}, // language -> numbers that this side recorded itself
  interpreterMinutes: 20,
};

/** What a phrase says in a language. */
export const phraseIn = (n, language) => spoken.words.find((phrase) => phrase.n === n)?.[language] ?? "";
/** Both languages, the page's first. */
export const phraseBoth = (n) =>
  [currentLanguage(), ...Object.keys(LANGUAGES).filter((name) => name !== currentLanguage())]
    .map((name) => phraseIn(n, name)).filter(Boolean).join(" · ");
export const synthetic = (n) => !spoken.own[currentLanguage()]?.includes(n);

export class Spoken {
  constructor({ socket, audio, origin, refuse, redraw, volume }) {
    Object.assign(this, { socket, audio, origin, refuse, redraw, volume });
    this.calls = new Map(); // seq of a phrase of the peer -> call
    this.queue = Promise.resolve();
    this.given = ""; // call and part whose pieces are refused: no more of them are sent
  }

  /** The words, and which sounds are this side's own. */
  async load() {
    try {
      const answer = await fetch("/phrases.json");
      if (!answer.ok) return;
      const { phrases, own } = await answer.json();
      Object.assign(spoken, { words: phrases, own });
      state.itemsVersion += 1; // the timeline names phrases
      this.redraw();
    } catch { /* the post is gone: the next welcome asks again */ }
  }

  /** The officer's key of a phrase. */
  press(n) {
    if (!can("phrase")) return;
    const why = whyNotPhrase();
    if (why) this.refuse(why.slice("speak.".length), {}, "speak");
    else this.socket().send({ t: "phrase", n });
  }

  /** What the officer does with phrases, declarations and recordings. */
  actions(redraw) {
    return {
      phrases: () => { state.phrasesOpen = !state.phrasesOpen; redraw(); },
      phrase: (n) => this.press(n),
      record: (on) => this.record(on),
      declare: (words) => this.declare(words),
      interpreter: (word) => this.interpreter(word),
      minutes: (value) => {
        spoken.interpreterMinutes = Math.min(1440, Math.max(1, Math.round(Number(value)) || 1));
        if (declared("own")?.interpreter === "eta") this.interpreter("eta"); // another time for one that was said
        redraw();
      },
    };
  }

  declare(words) {
    if (fresh() && can("declare")) this.socket().send({ t: "declare", ...words });
  }

  interpreter(word) {
    this.declare({ interpreter: word, ...(word === "eta" && { eta_s: 60 * spoken.interpreterMinutes }) });
  }

  record(on) {
    if (fresh() && can("record")) this.socket().send({ t: "record", on });
  }

  postFrames() {
    return {
      speak: ({ n, seq, call }) => {
        this.calls.clear();
        this.calls.set(seq, call);
        this.audio().post({ t: "speak", url: `${this.origin}/phrase/${currentLanguage()}/${n}`, seq });
        this.load();
      },
      record: ({ on, call, part }) => {
        if (on) this.given = "";
        this.audio().post({ t: "record", on, call, part });
      },
    };
  }

  audioFrames() {
    return {
      spoke: ({ seq }) => {
        // The phrase may be heard before the next view tells of its call: the post knows whose call it is.
        const call = this.calls.get(seq);
        if (call && this.volume() > 0) this.socket().send({ t: "sounded", call });
      },
      recorded: (piece) => { this.queue = this.queue.then(() => this.bring(piece)); },
    };
  }

  hush() { this.audio().post({ t: "hush" }); }

  /** The post is lost, or has another page: what was recorded so far is finished there. */
  lost() { this.audio().post({ t: "record", on: false }); }

  /** One piece after the other to our own post. */
  async bring({ call, part, seq, last, bytes }) {
    const key = `${call}-${part}`;
    if (this.given === key) return;
    const url = `/recording/${call}?part=${part}&seq=${seq}&last=${last ? 1 : 0}`;
    for (let left = TRIES; left > 0; left -= 1) {
      try {
        const answer = await fetch(url, { method: "POST", body: bytes });
        if (answer.ok) return;
        this.end(key, (await answer.json()).code);
        return;
      } catch {
        await new Promise((done) => setTimeout(done, RETRY_MS));
      }
    }
    this.end(key, "recording.post_lost");
  }

  end(key, code) {
    this.given = key;
    this.lost();
    if (code !== "recording.over") this.refuse(code);
  }
}

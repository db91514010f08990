// Sounds of change: three falling beeps when the link or the post is lost, a rising pair when a call
// comes in; every five seconds unacknowledged alarms, and a lost post until somebody touches the page.

import { fresh, linkWord, openCall, state } from "./state.js";

const ALARM_EVERY_MS = 5_000;

export class Watcher {
  constructor({ play, alarm, onChange }) {
    this.play = play;
    this.alarm = alarm; // sounds until told otherwise, by the audio page's own clock
    this.onChange = onChange;
    this.sounding = false;
    this.lostSeen = false;
    this.word = "UNKNOWN";
    this.call = "";
    this.alarmAt = -Infinity;
    this.told = "";
  }

  facts() {
    const call = openCall();
    return {
      link: linkWord(),
      fresh: fresh(),
      voice: fresh() ? state.view.voice : "unknown",
      paths: fresh() ? state.view.link.paths : [],
      call: call && {
        call: call.call, role: call.role, state: call.state, own_talking: call.own_talking,
        peer_talking: call.peer_talking, peer_sounded: call.peer_sounded, sounded_here: call.sounded_here,
      },
      record: fresh() ? state.view.record : null,
    };
  }

  look() {
    const word = linkWord();
    if (word !== this.word) {
      if (this.word === "UP" || (this.word === "UNSURE" && word !== "UP")) {
        if (word === "DOWN" || word === "UNKNOWN") this.play("lost");
      }
      this.word = word;
    }
    const call = openCall();
    const incoming = call?.role === "called" && call.state === "announcing" ? call.call : "";
    if (incoming && incoming !== this.call) this.play("incoming");
    this.call = incoming;
    this.soundAlarms();
    const told = JSON.stringify(this.facts());
    if (told !== this.told) {
      this.told = told;
      this.onChange();
    }
  }

  /** An officer is there and looks: whoever pressed or clicked knows that the post is lost. */
  seen() {
    this.lostSeen = true;
  }

  soundAlarms() {
    const lost = !fresh() && state.view !== null && !state.closed;
    if (!lost) this.lostSeen = false;
    const loud = lost ? !this.lostSeen : fresh() && state.view.alarms.some((alarm) => !alarm.acknowledged);
    const sound = loud && state.audio.mic !== "LIVE" && state.audio.ready;
    if (sound !== this.sounding) {
      this.sounding = sound;
      this.alarm(sound);
    }
    const now = performance.now();
    if (!loud || state.audio.ready) { this.alarmAt = now - ALARM_EVERY_MS + 1_000; return; }
    // Without the audio page this page does it, as well as a timer can.
    if (now - this.alarmAt >= ALARM_EVERY_MS) {
      this.alarmAt = now;
      this.play("alarm");
    }
  }
}

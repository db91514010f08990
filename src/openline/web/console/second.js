// An alarm that nobody acknowledged in time, as a notification of the system: it is seen over other windows. The
// post says when; it runs its own second output besides (docs/reference/config.md).

import { t } from "./i18n.js";

export class Second {
  constructor({ words }) {
    this.words = words; // of an alarm
    this.shown = new Map(); // alarm -> notification
  }

  get possible() {
    return "Notification" in window && Notification.permission !== "denied";
  }

  get allowed() {
    return "Notification" in window && Notification.permission === "granted";
  }

  /** Ask, by the officer's own act. */
  ask() {
    return this.possible ? Notification.requestPermission() : Promise.resolve("denied");
  }

  look(alarms) {
    const due = alarms.filter((alarm) => alarm.unanswered && !alarm.acknowledged);
    const names = new Set(due.map(({ code, since_wall_ms }) => `${code} ${since_wall_ms}`));
    for (const [name, shown] of this.shown) {
      if (names.has(name)) continue;
      shown.close();
      this.shown.delete(name);
    }
    if (!this.allowed) return;
    for (const alarm of due) {
      const name = `${alarm.code} ${alarm.since_wall_ms}`;
      if (this.shown.has(name)) continue;
      const shown = new Notification(t("second.title"), { body: this.words(alarm), tag: name, requireInteraction: true });
      shown.onclick = () => window.focus();
      this.shown.set(name, shown);
    }
  }
}

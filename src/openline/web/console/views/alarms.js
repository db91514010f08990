// Alarms: what demands an act. Acknowledging silences the sound; the condition stays until it is over.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { fresh, state } from "../state.js";
import { errorWords, t, utcTime } from "../i18n.js";
import { alarmWords } from "./hearing.js";
import { SHAPES } from "./shapes.js";

/** What this desk itself lacks: its microphone or sound. Not the post's business, and never the peer's. */
export function deskFaults() {
  const { audio, microphoneFault } = state;
  const faults = microphoneFault ? [microphoneFault] : [];
  if (audio.error === "desk.audio_page") faults.push(audio.error);
  return faults;
}

export function alarms(actions) {
  const list = fresh() ? state.view.alarms : [];
  const faults = deskFaults();
  const open = list.filter((alarm) => !alarm.acknowledged).length;
  return html`<h2>${t("alarms.title")} <b class="count ${open ? "some" : ""}">${fresh() ? list.length + faults.length : "–"}</b>
      ${open > 1 ? html`<button class="plain" @click=${actions.acknowledgeAll}>${t("alarms.acknowledge_all")} <kbd>A</kbd></button>` : nothing}</h2>
    ${list.length + faults.length === 0 ? html`<p class="empty">${t(fresh() ? "alarms.none" : "alarms.unknown")}</p>` : nothing}
    <ul>${list.map((alarm) => html`<li class="alarm ${alarm.acknowledged ? "quiet" : "loud"}">${SHAPES.alarm}
        <div><b>${alarmWords(alarm)}</b><small>${t("alarms.since", { time: utcTime(alarm.since_wall_ms) })}${alarm.acknowledged ? ` · ${t("alarms.acknowledged")}` : alarm.unanswered ? ` · ${t("alarms.unanswered")}` : ""}</small></div>
        ${alarm.acknowledged ? nothing : html`<button @click=${() => actions.acknowledge(alarm.code)}>${t("alarms.acknowledge")}${open === 1 ? html` <kbd>A</kbd>` : nothing}</button>`}</li>`)}
      ${faults.map((code) => html`<li class="alarm desk">${SHAPES.alarm}<div><b>${errorWords(code)}</b><small>${t("alarms.this_desk")}</small></div></li>`)}</ul>`;
}

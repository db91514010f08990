// Whether this desk hears, the test of its loudspeaker, what is wrong with the microphone, whether they hear.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { fresh, state, whyNotSpeak } from "../state.js";
import { codeWords, has, t, utcTime } from "../i18n.js";
import { SHAPES } from "./shapes.js";

/** An alarm in words: those of its reason where it has one. */
export const alarmWords = ({ code, facts }) => (
  has(`alarm.${code}.${facts.reason}`) ? t(`alarm.${code}.${facts.reason}`, facts) : codeWords("alarm", code, facts)
);

/** Said before a call: they have a page open that cannot play a voice. Nothing is taken away: speech may be tried. */
export function theyAreDeaf() {
  return fresh() && state.view.peer_watch.hears === false
    ? html`<p class="deaf they" role="status">${SHAPES.alarm}${t("deaf.they")}</p>` : nothing;
}

export function microphoneWarning(actions) {
  const warning = fresh() && !whyNotSpeak() ? actions.micWarning() : "";
  return warning ? html`<p class="notice mic-warning" role="alert">${SHAPES.alarm}${t(`micwarn.${warning}`)}</p>` : nothing;
}

function question(hearing, actions) {
  switch (hearing.step) {
    case "playing": return html`<span role="status">${t("hearing.playing")}</span>`;
    case "asked": return html`<span role="alert"><b>${t("hearing.ask")}</b></span>
      <button id="heard-yes" @click=${actions.heardIt}>${t("hearing.yes")}</button>
      <button id="heard-no" @click=${actions.didNotHear}>${t("hearing.no")}</button>`;
    default: return html`<button id="test-loudspeaker" ?disabled=${!state.audio.ready} @click=${actions.testLoudspeaker}>${t("hearing.test")}</button>`;
  }
}

export function hearing(actions) {
  const own = actions.hearing();
  const { deaf, proof } = own;
  const words = deaf ? t(`alarm.deaf_desk.${deaf}`) : t(`hearing.by_${proof.kind}`, { time: utcTime(proof.at_ms) });
  return html`<div id="hearing" class="hearing ${deaf ? "deaf" : "hears"}">
    <p class="said">${SHAPES[!fresh() ? "not_reported" : deaf ? "alarm" : "yes"]}<span>${fresh() ? words : t("hearing.unknown")}</span></p>
    ${own.step === "unheard" ? html`<p class="said" role="alert">${t("hearing.unheard")}</p>` : nothing}
    <p class="keys">${question(own, actions)}</p></div>`;
}

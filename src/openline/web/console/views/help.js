// The help overlay: the key map, what the words mean, and the choice of keys.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";

const WORDS = ["up", "unsure", "down", "unknown", "standing", "watch", "receipt", "sealed", "opened", "cold", "armed", "live", "truths", "voice"];

export function help(actions) {
  if (!actions.helpOpen()) return nothing;
  const keys = [[actions.keyName() || "–", "keys.talk"], ["S", "keys.silence"], ["E", "keys.end"],
    ["T", "keys.text"], ["Ctrl+Enter", "keys.send"], ["A", "keys.acknowledge"], ["L", "keys.language"], ["?", "keys.help"], ["Esc", "keys.close"]];
  return html`<dialog id="help" aria-labelledby="help-title" @close=${actions.helpClosed} @click=${(e) => { if (e.target === e.currentTarget) e.currentTarget.close(); }}>
    <div class="sheet"><h2 id="help-title">${t("help.title")}
      <button class="primary" autofocus @click=${(e) => e.target.closest("dialog").close()}>${t("help.close")} <kbd>Esc</kbd></button></h2>
    <div class="columns"><section><h3>${t("keys.title")}</h3>
      <dl class="keymap">${keys.map(([key, words]) => html`<dt><kbd>${key}</kbd></dt><dd>${t(words)}</dd>`)}</dl>
      <p><button @click=${actions.learnKey}>${t(actions.learning() ? "keys.press_now" : "keys.change")}</button>
        <button @click=${actions.noKey}>${t("keys.none")}</button></p>
      <p><button id="learn-pedal" @click=${actions.learnPedal}>${t(actions.pedal().learning ? "pedal.press_now" : "pedal.learn")}</button>
        ${actions.pedal().hasHid ? html`<button @click=${actions.choosePedal}>${t("pedal.choose")}</button>` : nothing}
        ${actions.pedal().known ? html`<button @click=${actions.forgetPedal}>${t("pedal.forget")}</button>` : nothing}</p>
      ${actions.mayNotify() ? html`<p><button id="notify" @click=${actions.notify}>${t("second.allow")}</button></p>` : nothing}
      <label class="check"><input type="checkbox" .checked=${actions.lettersOn()} @change=${actions.setLetters}> ${t("keys.letters")}</label>
      <p class="fine">${t("keys.fine")}</p></section>
    <section><h3>${t("help.words")}</h3><ul class="words">${WORDS.map((word) => html`<li>${t(`help.${word}`)}</li>`)}</ul></section></div></div></dialog>`;
}

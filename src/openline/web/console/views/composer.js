// The field for a text. Nothing in it is lost: it is emptied only when the post has the text on its disk.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { fresh, state } from "../state.js";
import { can } from "../reading.js";
import { phraseSpoken } from "./phrases.js";
import { codeWords, currentLanguage, number, t } from "../i18n.js";

const TEXT_LANGUAGES = ["en", "zh-Hans", "zh-Hant", "ko", "ja", "ru", "fa", "ar", "hi", "ur", "he", "fr", "es", "de", "tr", "vi"];

const languageName = (tag) => {
  const own = new Intl.DisplayNames([tag], { type: "language" }).of(tag);
  const here = new Intl.DisplayNames([currentLanguage()], { type: "language" }).of(tag);
  return own === here ? own : `${own} · ${here}`;
};

export const bytesOf = (text) => new TextEncoder().encode(text).length;

export function composer(draft, actions) {
  const size = bytesOf(draft.text);
  const tooLong = size > state.textBytesMax;
  const empty = draft.text.trim() === "";
  const waits = state.view && fresh() && state.view.record.state !== "live";
  return html`<h2><label for="draft">${t("composer.title")}</label>
      ${can("phrase") ? html`<button class="plain" id="show-phrases" @click=${actions.phrases}>${t("phrases.title")} <kbd>P</kbd></button>${phraseSpoken("own")}` : nothing}</h2>
    <textarea id="draft" rows="2" dir="auto" spellcheck="true" lang=${draft.lang}
      placeholder=${t("composer.placeholder")} @input=${actions.draftInput} @keydown=${actions.draftKey}
      aria-describedby="draft-said draft-size"></textarea>
    <div class="row">
      <label><span class="unseen">${t("composer.language")}</span> <select id="draft-lang" @change=${actions.draftLang}>
        ${TEXT_LANGUAGES.map((tag) => html`<option value=${tag} ?selected=${tag === draft.lang}>${languageName(tag)}</option>`)}</select></label>
      <span id="draft-size" class=${tooLong ? "too-long" : ""}>${t("composer.size", { n: number(size), max: number(state.textBytesMax) })}</span>
      <span id="draft-said" role="status" class=${draft.error ? "error" : ""}>${draft.error ? codeWords(draft.error.section, draft.error.code, draft.error.facts) : draft.pending ? t("composer.writing") : waits ? t("composer.outbox") : nothing}</span>
      <button id="send" class="primary" ?disabled=${empty || tooLong || draft.pending !== "" || !fresh()} @click=${actions.send}>${t("composer.send")} <kbd>Ctrl+Enter</kbd></button>
    </div>`;
}

// The ten agreed phrases: a key each, both languages on it; the one that was spoken last stands above.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { currentLanguage, LANGUAGES, nameOf, t } from "../i18n.js";
import { phraseIn, spoken, synthetic } from "../spoken.js";
import { fresh, state } from "../state.js";

const others = () => Object.keys(LANGUAGES).filter((name) => name !== currentLanguage());

const words = (n) => html`<b lang=${currentLanguage()}>${phraseIn(n, currentLanguage())}</b>
  ${others().map((name) => html`<span lang=${name}>${phraseIn(n, name)}</span>`)}`;

/** What was spoken last, by whom; a phrase of the peer stands large. */
export function phraseSpoken() {
  const last = fresh() ? state.view.spoken : null;
  if (!last) return nothing;
  const whose = last.whose === "peer"
    ? t("phrases.from_peer", { peer: nameOf(state.view.peer_names) }) : t("phrases.from_own");
  const sound = last.whose === "own" ? "" : t(last.sounded ? "phrases.sounded" : "phrases.shown_only");
  return html`<div class="phrase-spoken p-${last.whose}" role="status" data-n=${last.n} data-seq=${last.seq}>
    <small>${whose} ${sound}</small>${words(last.n)}</div>`;
}

export function phrases(actions) {
  const cannot = !fresh() || state.view.link.state === "DOWN";
  return html`<h2>${t("phrases.title")}<small>${t("phrases.subtitle", { peer: nameOf(state.view?.peer_names) })}</small></h2>
    ${phraseSpoken()}
    <div class="phrase-keys">${spoken.words.map(({ n }) => html`<button class="phrase" data-n=${n} ?disabled=${cannot}
      @click=${() => actions.phrase(n)}><kbd>${n % 10}</kbd><span>${words(n)}</span></button>`)}</div>
    <p class="fine">${t(spoken.words.some(({ n }) => synthetic(n)) ? "phrases.synthetic" : "phrases.own_voice")}</p>`;
}

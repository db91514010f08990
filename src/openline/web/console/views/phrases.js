// The ten agreed phrases: a key each, both languages on it, heard at the far desk in its own. What was spoken
// last stands at the desk that received it without any panel being opened.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { currentLanguage, LANGUAGES, nameOf, t } from "../i18n.js";
import { spokenPhrase } from "../reading.js";
import { phraseIn, spoken, synthetic } from "../spoken.js";
import { state, whyNotPhrase } from "../state.js";
import { SHAPES } from "./shapes.js";

const others = () => Object.keys(LANGUAGES).filter((name) => name !== currentLanguage());

const words = (n) => html`<b lang=${currentLanguage()}>${phraseIn(n, currentLanguage())}</b>
  ${others().map((name) => html`<small lang=${name}>${phraseIn(n, name)}</small>`)}`;

function soundOf({ n, sounded }) {
  if (!sounded) return t("phrases.shown_only");
  return t(synthetic(n) ? "phrases.synthetic_here" : "phrases.sounded");
}

/** What was spoken last, if it was by this side ("own", "peer"); the peer's stands large. */
export function phraseSpoken(whose) {
  const last = spokenPhrase();
  if (last?.whose !== whose) return nothing;
  const said = whose === "peer" ? `${t("phrases.from_peer", { peer: nameOf(state.view.peer_names) })} ${soundOf(last)}` : t("phrases.from_own");
  return html`<span class="phrase-spoken p-${whose}" role="status" data-n=${last.n} data-seq=${last.seq}>
    <small class="said">${SHAPES.phrase}${said}</small>${words(last.n)}</span>`;
}

// Never disabled: a key that loses the focus would leave the next press to the talk key.
const key = (n, cannot, actions) => html`<li><button class="phrase" data-n=${n} aria-disabled=${cannot ? "true" : "false"}
  @click=${() => actions.phrase(n)}><kbd>${n % 10}</kbd><span>${words(n)}</span></button></li>`;

export function phrases(actions) {
  const cannot = whyNotPhrase() !== "";
  const own = phraseSpoken("own");
  return html`<h2>${t("phrases.title")}${own === nothing ? html`<small>${t("phrases.subtitle", { peer: nameOf(state.view?.peer_names) })}</small>` : own}
      <button class="plain close" @click=${actions.phrases}>${t("help.close")} <kbd>P</kbd></button></h2>
    <ol class="phrase-keys">${spoken.words.map(({ n }) => key(n, cannot, actions))}</ol>
    <p class="fine">${t(spoken.words.some(({ n }) => synthetic(n)) ? "phrases.synthetic" : "phrases.own_voice")}</p>`;
}

// Sealed exchanges: how each stands on both sides, in words that say no cause; and what our officer may do in it.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { currentLanguage, errorWords, number, t, utcDay, utcTime } from "../i18n.js";
import { fresh, state } from "../state.js";

const SHOWN_MAX = 4;
const SIZE = 1024;
// What is typed stays here, and only here, until the post has it.
const typed = new Map();
const terms = { title: "", default: "", minutes: 60 };

const bytesOf = (text) => new TextEncoder().encode(text).length;
const until = (found) => `${utcDay(found.until_s * 1000)} ${utcTime(found.until_s * 1000)}`;

function side(whose, found) {
  const half = found[whose];
  return html`<p class="half h-${whose}" data-state=${half.state} dir="auto">${t(`exchange.${whose}.${half.state}`, { text: half.text })}</p>
    ${half.late ? html`<p class="half">${t(`exchange.${whose}.late`)}</p>` : nothing}
    ${half.defaulted ? html`<p class="half defaulted" dir="auto">${t(`exchange.${whose}.default`, { text: found.default })}</p>` : nothing}`;
}

function commitField(found, actions) {
  const text = typed.get(found.item) ?? "";
  const size = bytesOf(text);
  const most = found.size - 32; // language and structure stand beside the text
  const send = () => actions.exchange({ act: "commit", item: found.item, lang: currentLanguage(), text });
  return html`<label>${t("exchange.text")}
      <textarea class="exchange-text" rows="2" dir="auto" .value=${text} @input=${(event) => { typed.set(found.item, event.target.value); actions.redraw(); }}></textarea></label>
    <div class="row"><span class=${size > most ? "too-long" : "fine"}>${t("exchange.size", { n: number(size), max: number(most) })}</span>
      <button class="small exchange-commit" ?disabled=${!fresh() || text.trim() === "" || size > most} @click=${send}>${t("exchange.commit")}</button></div>`;
}

function one(found, actions) {
  if (!found.may_commit) typed.delete(found.item);
  return html`<li class="exchange" data-item=${found.item} data-state=${found.state}>
    <p><b lang=${found.lang} dir="auto">${found.title}</b> <span class="id">${found.item}</span></p>
    <p class="fine" dir="auto">${t("exchange.terms", { until: until(found), text: found.default })}</p>
    <p class="stands">${t(`exchange.state.${found.state}`)}</p>
    ${side("peer", found)}${side("own", found)}
    ${found.why && found.state !== "over" ? html`<p class="fine">${errorWords(found.why)}</p>` : nothing}
    ${found.may_commit ? commitField(found, actions) : nothing}
    ${found.may_reveal ? html`<p class="fine">${t("exchange.may_reveal")}</p>
      <button class="small exchange-reveal" ?disabled=${!fresh()} @click=${() => actions.exchange({ act: "reveal", item: found.item })}>${t("exchange.reveal")}</button>` : nothing}</li>`;
}

function begin(actions) {
  const set = (name) => (event) => { terms[name] = event.target.value; actions.redraw(); };
  const ready = terms.title.trim() !== "" && terms.default.trim() !== "" && Number(terms.minutes) >= 1;
  function send() {
    const until_s = Math.floor(state.view.wall_ms / 1000) + 60 * Math.floor(Number(terms.minutes));
    actions.exchange({ act: "open", title: terms.title, default: terms.default, lang: currentLanguage(), size: SIZE, until_s });
    Object.assign(terms, { title: "", default: "" });
    actions.redraw();
  }
  return html`<details id="exchange-begin"><summary>${t("exchange.begin")}</summary>
    <label>${t("exchange.what")} <input id="exchange-title" maxlength="200" dir="auto" .value=${terms.title} @input=${set("title")}></label>
    <label>${t("exchange.default")} <input id="exchange-default" maxlength="1000" dir="auto" .value=${terms.default} @input=${set("default")}></label>
    <label>${t("exchange.minutes")} <input id="exchange-minutes" type="number" min="1" max="525600" .value=${String(terms.minutes)} @input=${set("minutes")}></label>
    <button class="small" id="exchange-send" ?disabled=${!fresh() || !ready} @click=${send}>${t("exchange.send")}</button></details>`;
}

export function exchange(actions) {
  const list = fresh() ? (state.view.exchanges ?? []).slice(-SHOWN_MAX).reverse() : [];
  return html`<h2>${t("exchange.title")}</h2>
    ${list.length ? html`<ul class="exchanges">${list.map((found) => one(found, actions))}</ul>` : html`<p class="empty">${t("exchange.nothing")}</p>`}
    ${begin(actions)}`;
}

// The banner: link, standing and both watches, apart; the post's clock; paths; the record line.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { contactAge, fresh, linkWord, state } from "../state.js";
import { nameOf, number, span, t, utcDay, utcTime } from "../i18n.js";
import { SHAPES } from "./shapes.js";

function contact(word) {
  if (word === "UNKNOWN") return t("link.not_known");
  const age = contactAge();
  if (word === "DOWN" && age === null) return t("link.no_contact_yet");
  const facts = { ago: span(age ?? 0) };
  return word === "DOWN" ? t("link.no_contact", facts) : t("link.last_contact", facts);
}

function standing(view) {
  const word = fresh() ? view.standing : "UNKNOWN";
  return html`<div class="standing s-${word}" title=${t("standing.help")}>
    <span class="label">${t("standing.label")}</span>
    <span class="word">${SHAPES[word]}${t(`standing.${word}`)}</span></div>`;
}

function watch(side, watchView, names, officer) {
  const known = fresh();
  const attended = known ? watchView.attended : null;
  let key = "watch.not_reported";
  if (!known) key = "watch.unknown";
  else if (attended === true) key = "watch.attended";
  else if (watchView.hears === false) key = "watch.deaf";
  else if (attended === false) key = "watch.unattended";
  else if (side === "peer" && linkWord() !== "UP") key = "watch.no_contact";
  const code = known ? (watchView.code ?? (side === "own" ? officer : null)) : null;
  return html`<div class="watch ${attended === false ? "off" : ""}">
    <span class="label">${t(`watch.${side}`)} · ${nameOf(names)}</span>
    <span class="word">${SHAPES[attended === true ? "yes" : attended === false ? "dead" : "not_reported"]}
      ${t(key)}${code ? html` <b class="code">${code}</b>` : nothing}</span></div>`;
}

function path(item) {
  const lamp = fresh() ? item.lamp : "unknown";
  const rtt = lamp === "up" && item.rtt_ms !== null ? t("path.rtt", { n: item.rtt_ms < 10 ? item.rtt_ms.toFixed(1) : Math.round(item.rtt_ms) }) : "";
  return html`<li class="lamp l-${lamp}" title=${t("path.help")}>
    ${SHAPES[lamp] ?? SHAPES.no}<span>${t("path.name", { name: item.name })} ${t(`path.${lamp}`)}
    ${rtt}</span></li>`;
}

function record(view) {
  const { record: r } = view;
  const short = r.own_size - r.receipted;
  return html`<div class="record r-${fresh() ? r.state : "unknown"}">
    <span class="label">${t("record.label")}</span>
    <span class="word">${t(`record.${fresh() ? r.state : "unknown"}`)}</span>
    <span>${t("record.sizes", { own: number(r.own_size), peer: number(r.peer_size) })}</span>
    <span title=${t("help.receipt")} class=${short > 0 ? "behind" : ""}>${t("record.receipted", { n: number(r.receipted), of: number(r.own_size) })}</span>
    <span>${t("record.sealed", { n: number(r.sealed) })}</span>
    ${r.outbox > 0 ? html`<b class="behind">${t("record.outbox", { n: number(r.outbox) })}</b>` : nothing}
  </div>`;
}

export function banner(actions) {
  const { view } = state;
  const word = linkWord();
  if (view === null) {
    return html`<div class="row"><div class="link w-UNKNOWN" role="status"><span class="word">${SHAPES.UNKNOWN}${t("link.UNKNOWN")}</span>
      <span class="contact">${t("link.waiting_post")}</span></div></div>`;
  }
  return html`
    <div class="row top">
      <div class="link w-${word}"><span class="word">${SHAPES[word]}${t(`link.${word}`)}</span>
        <span class="contact">${contact(word)}</span></div>
      <div class="sides">${standing(view)}
        <div class="watches">${watch("peer", view.peer_watch, view.peer_names, "")}
          ${watch("own", view.own_watch, view.own_names, view.officer)}</div></div>
      <div class="utc" title=${t("utc.help")}><span class="label">${utcDay(view.wall_ms)} UTC</span>
        <time class="word">${utcTime(view.wall_ms)}</time></div>
    </div>
    <div class="row low">
      <ul class="lamps" aria-label=${t("path.label")}>${view.link.paths.map(path)}
        ${fresh() && view.link.paths.some((item) => item.shared) ? html`<li class="lamp"><em>${t("path.shared")}</em></li>` : nothing}</ul>
      ${record(view)}
      <span class="tools">
        <button class="plain" @click=${actions.nextLanguage} lang=${actions.otherLanguage().tag} title="${t("language.help")} (L)">${actions.otherLanguage().name}</button>
        <button class="plain" @click=${actions.nextTheme} aria-label="${t("theme.help")}: ${t(`theme.${actions.theme()}`)}" title=${t(`theme.${actions.theme()}`)}>◐</button>
        <button class="plain" @click=${actions.help} aria-haspopup="dialog" aria-label=${t("help.title")} title="${t("help.title")} (?)">?</button>
      </span>
    </div>`;
}

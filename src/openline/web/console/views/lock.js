// A locked desk: it hears, the banner stands, and an officer may sign in. Nothing of the record is shown.

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { fresh, openCall, state } from "../state.js";
import { nameOf, t } from "../i18n.js";
import { SHAPES } from "./shapes.js";
import { signinForm } from "./signin-form.js";

export function lock(actions) {
  if (state.session.unlocked) return nothing;
  const call = openCall();
  const incoming = call?.role === "called";
  return html`<div class="card" role="region" aria-label=${t("lock.title")}><h1>${t("lock.title")}</h1>
    ${incoming ? html`<p class="calling">${SHAPES.call} <b>${t("lock.call", { peer: nameOf(state.view?.peer_names) })}</b></p>` : nothing}
    <p>${t("lock.lead")}</p>
    ${signinForm(actions.signIn)}
    <p role="status" class="error">${state.session.refusal ? t(state.session.refusal) : nothing}</p>
    ${state.session.passphrase ? nothing : html`<p class="label">${t("lock.token")}</p>`}</div>`;
}

/** The strip that warns a minute before. */
export function locksIn() {
  const left = fresh() && state.session.unlocked ? state.session.locks_in_ms : null;
  return left === null || left === undefined ? null : Math.ceil(left / 1000);
}

// The form for watch code and passphrase, on the sign-in page and on a locked desk. What is typed is kept nowhere.

import { html } from "../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";

/** The one-time token of the address, or null; it leaves the address bar at once. */
export function tokenOfAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

/** Ask the post to let an officer in; the key of the refusal's words, or "". */
export async function postSignin(given) {
  try {
    const answer = await fetch("/signin", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(given),
    });
    if (answer.ok) return "";
    const problem = await answer.json().catch(() => ({}));
    return `error.${problem.code ?? "web.signin"}`;
  } catch {
    return "signin.no_post";
  }
}

async function submit(event, enter) {
  event.preventDefault();
  const form = event.target;
  const { code, passphrase } = form.elements;
  const given = { code: code.value.trim().toUpperCase(), passphrase: passphrase.value };
  passphrase.value = "";
  form.querySelector("button").disabled = true;
  try {
    if (!(await enter(given))) passphrase.focus();
  } finally {
    form.querySelector("button").disabled = false;
  }
}

export const signinForm = (enter) => html`<form class="signin-form" autocomplete="off" @submit=${(event) => submit(event, enter)}>
  <label>${t("signin.code")} <input id="signin-code" name="code" maxlength="16" required autocapitalize="characters" spellcheck="false" autocomplete="off"></label>
  <label>${t("signin.passphrase")} <input id="signin-passphrase" name="passphrase" type="password" maxlength="512" required autocomplete="off"></label>
  <button class="primary">${t("signin.enter")}</button></form>`;

// Sign-in: by the one-time token of the address, which leaves the address bar at once, or by watch code and passphrase.

import { render } from "./vendor/lit-html/lit-html.js";
import { loadWords, t } from "./i18n.js";
import { postSignin, signinForm, tokenOfAddress } from "./views/signin-form.js";

const token = tokenOfAddress();

await loadWords();
const words = document.getElementById("words");

function say(text) {
  words.textContent = text;
  document.title = `Openline: ${t("signin.title")}`;
}

function ask() {
  render(signinForm(enter), document.getElementById("form"));
  document.getElementById("signin-code").focus();
}

/** Exchange what the officer gave for a cookie; says why not. */
async function enter(given) {
  say(t("signin.working"));
  const refusal = await postSignin(given);
  if (refusal === "") location.replace(`/${location.search}`);
  else say(t(refusal));
  return refusal === "";
}

if (token === null || !(await enter({ token }))) {
  if (token === null) say(t("signin.needed"));
  ask();
}

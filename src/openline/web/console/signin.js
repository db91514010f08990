// Exchange the one-time token of the address for a cookie, and drop it from the address bar.

import { loadWords, t } from "./i18n.js";

const token = new URLSearchParams(location.hash.slice(1)).get("token");
history.replaceState(null, "", location.pathname + location.search);

await loadWords();
const words = document.getElementById("words");

function say(text) {
  words.textContent = text;
  document.title = `Openline: ${t("signin.title")}`;
}

async function exchange() {
  say(t("signin.working"));
  const answer = await fetch("/signin", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (answer.ok) {
    location.replace(`/${location.search}`);
    return;
  }
  const problem = await answer.json().catch(() => ({}));
  say(t(`error.${problem.code ?? "web.token"}`));
}

if (token === null) say(t("signin.needed"));
else await exchange().catch(() => say(t("signin.no_post")));

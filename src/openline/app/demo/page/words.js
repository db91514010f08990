// The words of the page: one catalogue per language, the same that the consoles and the command line use.

export const LANGUAGES = ["en", "zh-Hans"];
const catalogues = new Map();
let language = "en";
const readers = [];

/** Fetch both catalogues, so that switching needs nobody. */
export async function load(first) {
  for (const one of LANGUAGES) {
    const answer = await fetch(`words/${one}.json`);
    catalogues.set(one, await answer.json());
  }
  speak(LANGUAGES.includes(first) ? first : "en");
}

/** A fact as text; one that is a word itself comes as {key}, so that it follows the language. */
const textOf = (fact) => (fact?.key ? word(fact.key) : String(fact));

/** The words of a key, with its facts filled in. An unknown key shows itself: it must not hide. */
export function word(key, facts = {}) {
  const found = catalogues.get(language)?.[key] ?? catalogues.get("en")?.[key] ?? key;
  return found.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? textOf(facts[name]) : whole));
}

/** Whether the catalogue has words for a key. */
export const has = (key) => catalogues.get(language)?.[key] !== undefined;

export const current = () => language;

/** Call this whenever the language changes, and once now if words are there. */
export function onLanguage(act) {
  readers.push(act);
}

/** Switch in place; nothing else changes. */
export function speak(wanted) {
  language = wanted;
  document.documentElement.lang = wanted;
  document.title = word("demo.title");
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", word(node.dataset.label));
  for (const node of document.querySelectorAll("[data-title]")) node.title = word(node.dataset.title);
  for (const node of document.querySelectorAll("[data-language]")) {
    node.setAttribute("aria-pressed", String(node.dataset.language === wanted));
  }
  for (const act of readers) act(wanted);
}

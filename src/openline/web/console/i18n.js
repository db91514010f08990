// Every word comes from the catalogue, by key; a language switch loses nothing.

export const LANGUAGES = { en: "English", "zh-Hans": "中文" };
const KEPT = "openline.language";
const catalogues = {};
const listeners = new Set();

const stored = () => {
  try { return localStorage.getItem(KEPT); } catch { return null; }
};

function firstLanguage() {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked in LANGUAGES) return asked;
  if (stored() in LANGUAGES) return stored();
  const preset = document.querySelector('meta[name="openline-language"]')?.content;
  return preset in LANGUAGES ? preset : "en";
}

// Known before the words are there: a draft is marked with it.
let language = firstLanguage();
document.documentElement.lang = language;

export const loadWords = () => Promise.all(Object.keys(LANGUAGES).map(async (name) => {
  catalogues[name] = await (await fetch(`/locales/${name}.json`)).json();
}));

export const currentLanguage = () => language;
export const onLanguage = (listener) => listeners.add(listener);

export function setLanguage(name) {
  if (!(name in LANGUAGES) || name === language) return;
  language = name;
  document.documentElement.lang = name;
  try { localStorage.setItem(KEPT, name); } catch { /* a private window keeps nothing */ }
  for (const listener of listeners) listener();
}

export const has = (key) => key in (catalogues[language] ?? {});

/** The sentence of a key, with its facts filled in. */
export function t(key, facts = {}) {
  const sentence = catalogues[language]?.[key] ?? catalogues.en?.[key] ?? key;
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? String(facts[name]) : whole));
}

/** The sentence of a key in a language of its own: what the other side will hear. */
export const tIn = (name, key) => catalogues[name]?.[key] ?? t(key);

/** The sentence of an error's code. */
export const errorWords = (code, facts = {}) =>
  has(`error.${code}`) ? t(`error.${code}`, facts) : t("error.unknown", { code });

/** The sentence for a code of one section, or the code itself in words that say so. */
export const codeWords = (section, code, facts = {}) =>
  has(`${section}.${code}`) ? t(`${section}.${code}`, facts) : t(`${section}.unknown`, { ...facts, code });

/** A party's name in this language, else in any. */
export const nameOf = (names) =>
  names?.[language] ?? names?.[language.split("-")[0]] ?? names?.en ?? Object.values(names ?? {})[0] ?? "";

export const number = (value) => new Intl.NumberFormat(language).format(value);

const clock = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false,
});
const day = new Intl.DateTimeFormat("sv-SE", { timeZone: "UTC", year: "numeric", month: "2-digit", day: "2-digit" });
// What the other side writes as a time may be no time at all; Intl throws on it.
const TIME_MS_MAX = 8.64e15;
const written = (format, wall_ms) => (Math.abs(wall_ms) <= TIME_MS_MAX ? format.format(wall_ms) : "?");
export const utcTime = (wall_ms) => written(clock, wall_ms);
export const utcDay = (wall_ms) => written(day, wall_ms);

/** A span of time in words, coarse enough to read at a glance. */
export function span(ms) {
  if (!Number.isFinite(ms)) return "?";
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 100) return t("span.s", { n: seconds });
  if (seconds < 6000) return t("span.min", { n: Math.floor(seconds / 60) });
  if (seconds < 48 * 3600) return t("span.h", { n: Math.floor(seconds / 3600) });
  return t("span.d", { n: Math.floor(seconds / 86400) });
}

/** A countdown: minutes and seconds, and above an hour hours and minutes. */
export function clockSpan(ms) {
  if (!Number.isFinite(ms)) return "?";
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  return t("span.hm", { h: Math.floor(seconds / 3600), min: two(Math.floor((seconds % 3600) / 60)) });
}

/** What one step of a ladder took: tenths below ten seconds. */
export const step = (ms) =>
  (Number.isFinite(ms) && ms < 10_000 ? t("span.s", { n: (Math.max(0, ms) / 1000).toFixed(1) }) : span(ms));

// Single-letter keys (which can be switched off), the theme, and names of keys.

import { has, t } from "./i18n.js";

const LETTERS = "openline.letters";
const THEME = "openline.theme";
const THEMES = ["auto", "light", "dark"];
const read = (name, otherwise) => { try { return localStorage.getItem(name) ?? otherwise; } catch { return otherwise; } };
const write = (name, value) => { try { localStorage.setItem(name, value); } catch { /* for this page only */ } };
let letters = read(LETTERS, "on") === "on";
let chosen = THEMES.includes(read(THEME, "auto")) ? read(THEME, "auto") : "auto";

export const lettersOn = () => letters;
export function setLetters(on) {
  letters = on;
  write(LETTERS, on ? "on" : "off");
}

export const theme = () => chosen;
export function applyTheme() {
  document.documentElement.dataset.theme = chosen;
}
export function nextTheme() {
  chosen = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length];
  write(THEME, chosen);
  applyTheme();
}

/** How a KeyboardEvent.code is called on the page. */
export function keyName(code) {
  if (code === "") return "";
  if (has(`key.${code}`)) return t(`key.${code}`);
  return code.replace(/^(Key|Digit)/, "");
}

const TYPING = "textarea, select, form, input:not([type='checkbox']):not([type='range'])";

/** `map` by the letter typed; `other` says whether it took the event. */
export function listen(map, other = () => false) {
  window.addEventListener("keydown", (event) => {
    if (!letters || event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.defaultPrevented) return;
    if (document.body.classList.contains("locked")) return;
    const { target } = event;
    if (target instanceof Element && (target.matches(TYPING) || target.closest("dialog"))) return;
    if (other(event)) { event.preventDefault(); return; }
    const act = map[event.key.toLowerCase()];
    if (act) {
      event.preventDefault();
      act();
    }
  });
}

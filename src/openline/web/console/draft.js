// The officer's draft: kept in the field, and across a reload of this page, until the post has it on its disk.

import { currentLanguage } from "./i18n.js";

const KEPT = "openline.draft";
const KEPT_LANG = "openline.draft-language";

const read = (store, name) => { try { return store.getItem(name); } catch { return null; } };
const write = (store, name, value) => { try { store.setItem(name, value); } catch { /* kept in the field alone */ } };

export class Draft {
  constructor() {
    this.officer = null; // until the post says who sits here
    this.text = "";
    this.chosen = read(localStorage, KEPT_LANG);
    this.lang = this.chosen ?? currentLanguage();
    this.pending = "";
    this.sent = "";
    this.error = null;
  }

  /** Each officer's own: another who signs in at this page neither sees nor loses it. */
  ofOfficer(code) {
    if (code === this.officer) return false;
    const typed = this.officer === null ? this.text : "";
    this.officer = code;
    this.pending = "";
    this.error = null;
    this.text = typed || (read(sessionStorage, this.kept) ?? "");
    return true;
  }

  get kept() {
    return this.officer ? `${KEPT}.${this.officer}` : KEPT;
  }

  setText(text) {
    this.text = text;
    this.error = null;
    write(sessionStorage, this.kept, text);
  }

  /** Until an officer chose, an empty field follows the page's language. */
  followPage() {
    if (this.chosen === null && this.text === "") this.lang = currentLanguage();
  }

  setLang(lang) {
    this.chosen = lang;
    this.lang = lang;
    write(localStorage, KEPT_LANG, lang);
  }

  /** A request under way: its name, for the post's answer. */
  begin() {
    this.pending = crypto.randomUUID();
    this.sent = this.text;
    this.error = null;
    return this.pending;
  }

  /** The post has it on disk. Whether the field is to be emptied: not if more was typed meanwhile. */
  taken(request) {
    if (request !== this.pending) return false;
    this.pending = "";
    if (this.text !== this.sent) return false;
    this.setText("");
    return true;
  }

  refused(request, code, facts) {
    if (request === "" || request !== this.pending) return false;
    this.pending = "";
    this.error = { section: "error", code, facts };
    return true;
  }

  /** The post went before it answered: nobody here knows, so look before sending again. */
  unanswered() {
    if (this.pending === "") return;
    this.pending = "";
    this.error = { section: "composer", code: "unanswered", facts: {} };
  }
}

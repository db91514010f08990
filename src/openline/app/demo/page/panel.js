// A step's panel: its state in a word, what was measured, and why it failed if it did.

import { has, onLanguage, word } from "./words.js";

const make = (tag, className, parent) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  parent?.append(node);
  return node;
};

export class Panel {
  constructor(list, number, name) {
    this.name = name;
    this.number = number;
    this.root = make("li", "step", list);
    this.root.id = `step-${name}`;
    const title = make("h3", "", this.root);
    this.title = make("span", "", title);
    this.stateWord = make("span", "state", title);
    this.text = make("p", "", this.root);
    this.figures = make("ul", "figures", this.root);
    this.why = make("p", "why", this.root);
    this.body = make("div", "body", this.root);
    this.lines = [];
    this.reason = null;
    this.renders = [];
    this.set("waiting");
    onLanguage(() => this.render());
  }

  set(state) {
    this.state = state;
    this.root.dataset.state = state;
    this.render();
  }

  /** As before the first play. */
  reset() {
    this.lines = [];
    this.reason = null;
    this.renders = [];
    this.body.replaceChildren();
    this.set("waiting");
  }

  begin() {
    this.reset();
    this.set("running");
  }

  /** One figure or fact, in words; the same key again replaces it. */
  figure(key, facts = {}) {
    const found = this.lines.find((line) => line.key === key);
    if (found) found.facts = facts;
    else this.lines.push({ key, facts });
    this.render();
  }

  fail(error) {
    console.error(error);
    this.reason = { code: error.code ?? "demo.page", facts: { detail: error.message, ...error.facts } };
    this.set("failed");
  }

  /** Something to be drawn again in the other language. */
  show(render) {
    this.renders.push(render);
    render(this.body);
  }

  render() {
    this.title.textContent = `${this.number}. ${word(`demo.step.${this.name}`)}`;
    this.stateWord.textContent = word(`demo.state.${this.state}`);
    this.text.textContent = this.state === "waiting" ? word(`demo.step.${this.name}.short`) : "";
    this.text.hidden = this.state !== "waiting";
    this.figures.replaceChildren(...this.figureNodes());
    this.why.hidden = this.reason === null;
    if (this.reason) {
      const key = `error.${this.reason.code}`;
      this.why.textContent = has(key) ? word(key, this.reason.facts) : `${this.reason.code}: ${this.reason.facts.detail}`;
    }
    for (const render of this.renders) render(this.body);
    this.onChange?.();
  }

  /** The figures so far as list items. */
  figureNodes() {
    return this.lines.map(({ key, facts }) => {
      const node = document.createElement("li");
      node.textContent = word(key, facts);
      return node;
    });
  }
}

export { make };

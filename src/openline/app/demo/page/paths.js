// The two paths between the posts, each with the lamp that either post shows for it, and the posts' own counters.

import { make } from "./panel.js";
import { onLanguage, word } from "./words.js";

const WIRE = "http://www.w3.org/2000/svg";

export class Paths {
  constructor(root, names, reports) {
    Object.assign(this, { reports });
    this.rows = new Map(names.map((name) => [name, this.row(root, name)]));
    this.counters = make("p", "counters", root);
    reports.addEventListener("report", () => this.render());
    onLanguage(() => this.render());
  }

  row(root, name) {
    const row = make("div", "path", root);
    row.dataset.path = name;
    const left = make("span", "lamp", row);
    make("span", "name", row).textContent = name;
    const right = make("span", "lamp right", row);
    const wire = document.createElementNS(WIRE, "svg");
    wire.classList.add("wire");
    const line = document.createElementNS(WIRE, "line");
    for (const [key, value] of Object.entries({ x1: 0, x2: "100%", y1: 4, y2: 4 })) line.setAttribute(key, value);
    wire.append(line);
    row.append(wire);
    const carried = make("span", "carried", row);
    return { row, lamps: { left, right }, carried };
  }

  render() {
    const report = this.reports.last;
    for (const [name, { row, lamps, carried }] of this.rows) {
      const cut = report?.paths[name]?.cut === true;
      row.dataset.cut = String(cut);
      for (const side of ["left", "right"]) {
        const path = report?.posts[side]?.link.paths.find((one) => one.name === name);
        const lamp = path?.lamp ?? "unknown";
        lamps[side].dataset.lamp = lamp;
        const rtt = path?.rtt_ms && lamp !== "dead" ? ` ${path.rtt_ms.toFixed(1)} ms` : "";
        lamps[side].textContent = `${word(`demo.lamp.${lamp}`)}${rtt}`;
      }
      carried.textContent = cut
        ? word("demo.path.cut", { swallowed: report.paths[name].datagrams_cut })
        : word("demo.path.whole", { carried: report?.paths[name]?.datagrams ?? 0 });
    }
    const lost = (side) => report?.posts[side]?.media?.lost ?? "?";
    const got = (side) => report?.posts[side]?.media?.received ?? "?";
    this.counters.textContent = word("demo.counters", {
      left: got("left"), right: got("right"), left_lost: lost("left"), right_lost: lost("right"),
    });
  }
}

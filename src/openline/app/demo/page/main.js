// The demo's page: two real desks, the paths between them, and a first minute that plays by itself.

import { Acts } from "./acts.js";
import { Desk } from "./desk.js";
import { Panel } from "./panel.js";
import { Paths } from "./paths.js";
import { Play } from "./play.js";
import { Quiet } from "./quiet.js";
import { Reports, act } from "./scene.js";
import { Turn } from "./turn.js";
import { Wave, drawAll } from "./wave.js";
import { LANGUAGES, current, load, onLanguage, speak, word } from "./words.js";

const STEPS = ["voice", "path", "text", "kill", "record", "turn", "limits"];
const byId = (id) => document.getElementById(id);

function fitDesks() {
  for (const frame of document.querySelectorAll(".desk iframe")) {
    const scale = frame.parentElement.clientWidth / frame.offsetWidth;
    frame.style.transform = `scale(${scale})`;
    frame.parentElement.style.height = `${frame.offsetHeight * scale}px`;
  }
}

function followDesk(desk, wave) {
  const mic = byId(`mic-${desk.side}`);
  const render = () => {
    const known = desk.dead ? undefined : desk.audio.mic;
    mic.dataset.state = known ?? "";
    mic.textContent = known ? word("demo.mic.known", { mic: word(`mic.${known}`) }) : word("demo.mic.unknown");
  };
  for (const fact of ["state", "link"]) desk.addEventListener(fact, render);
  desk.addEventListener("wave", ({ detail }) => wave.add(desk.side === "left" ? detail.own : detail.far));
  desk.addEventListener("ready", () => {
    desk.ask("wave", { on: true });
    desk.ask("language", { lang: current() });
  });
  onLanguage((lang) => { desk.ask("language", { lang }); render(); });
  render();
}

async function main() {
  const scene = await (await fetch("scene")).json();
  await load(scene.language);
  const reports = new Reports();
  const waves = { left: new Wave(byId("wave-left")), right: new Wave(byId("wave-right")) };
  const desks = {};
  for (const side of ["left", "right"]) {
    const frame = document.querySelector(`#desk-${side} iframe`);
    const { origin, audio } = scene.desks[side];
    frame.allow = `microphone ${origin} ${audio}; autoplay ${origin} ${audio}`;
    desks[side] = new Desk(side, frame, origin);
    followDesk(desks[side], waves[side]);
    desks[side].open((await act("launch", { side })).url);
  }
  const panels = Object.fromEntries(STEPS.map((name, at) => [name, new Panel(byId("steps"), at + 1, name)]));
  new Paths(byId("paths"), scene.paths, reports);
  const acts = new Acts(desks);
  const headphones = byId("headphones");
  const quiet = new Quiet(desks, headphones);
  const turn = new Turn({ desks, acts, quiet, panel: panels.turn, hold: byId("hold"), headphones, box: byId("act") });
  const play = new Play({ scene, acts, desks, waves, panels, reports, turn, start: byId("start") });
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => speak(button.dataset.language));
  }
  drawAll([...Object.values(waves), turn.wave]);
  new ResizeObserver(fitDesks).observe(document.body);
  fitDesks();
  speak(LANGUAGES.includes(current()) ? current() : "en");
  window.openlineDemo = { acts, desks, panels, reports, play };
  await play.ready();
}

main();

// Drawing: each part of the page has its own root; the timeline is drawn only when it changed.

import { html, render } from "./vendor/lit-html/lit-html.js";
import { alarms } from "./views/alarms.js";
import { pinned } from "./views/accounts.js";
import { before } from "./views/before.js";
import { desks, sound } from "./views/desks.js";
import { declarationsLine } from "./views/recording.js";
import { phraseSpoken, phrases } from "./views/phrases.js";
import { banner } from "./views/banner.js";
import { composer } from "./views/composer.js";
import { exchange } from "./views/exchange.js";
import { help } from "./views/help.js";
import { lock } from "./views/lock.js";
import { strips } from "./views/strips.js";
import { marksVersion } from "./views/marks.js";
import { timeline } from "./views/timeline.js";
import { shownMic, voice } from "./views/voice.js";
import { can, promises, spokenPhrase } from "./reading.js";
import { fresh, linkWord, openCall, state } from "./state.js";
import { currentLanguage, nameOf, t } from "./i18n.js";

const root = (id) => document.getElementById(id);
const NEAR_END_PX = 60;
let drawn = "";
let spokenBefore = "";

/** Tab title and icon repeat the state; they are set at every tick, drawn page or not. */
function drawTitle() {
  const word = linkWord();
  const live = fresh() && shownMic() === "LIVE";
  const call = openCall();
  const incoming = call?.role === "called" && (call.state === "announcing" || call.state === "held") && !call.silenced;
  const peer = nameOf(state.view?.peer_names);
  const sign = { UP: "●", UNSURE: "▲", DOWN: "✕", UNKNOWN: "?" }[word];
  const what = live ? t("title.live") : incoming ? t("title.incoming") : t(`link.${word}`);
  const title = `${live ? "◉" : sign} ${what} · ${peer || "Openline"}`;
  if (document.title !== title) document.title = title;
  const icon = `icons/${live ? "live" : word.toLowerCase()}.svg`;
  if (root("icon").getAttribute("href") !== icon) root("icon").setAttribute("href", icon);
}

/** One polite sentence for screen readers when a status changed. */
function speak() {
  const word = linkWord();
  const call = openCall();
  const parts = [t(`link.${word}`)];
  if (fresh()) parts.push(t(`standing.${state.view.standing}`), t(`mic.${shownMic()}`));
  if (call) parts.push(t(`call.${call.state}_spoken`));
  if (fresh() && state.view.alarms.length) parts.push(t("alarms.spoken", { n: state.view.alarms.length }));
  const sentence = parts.join(". ");
  if (sentence !== spokenBefore) {
    spokenBefore = sentence;
    root("spoken").textContent = sentence;
  }
}

function drawTimeline(actions) {
  const minute = Math.floor((state.view?.wall_ms ?? 0) / 60_000); // how long a text has not been opened
  const key = `${state.itemsVersion} ${marksVersion()} ${minute} ${currentLanguage()} ${fresh()}`;
  if (key === drawn) return;
  drawn = key;
  const before = root("scroll");
  const atEnd = before === null || before.scrollHeight - before.scrollTop - before.clientHeight < NEAR_END_PX;
  render(timeline(actions), root("timeline"));
  const scroll = root("scroll");
  if (atEnd) scroll.scrollTop = scroll.scrollHeight;
}

const foot = () => html`<span>${t("foot.receipt")}</span>${declarationsLine()}`;

export function draw(actions, draft) {
  document.body.classList.toggle("lost", !fresh());
  document.body.classList.toggle("locked", state.locked);
  document.querySelector("main").inert = state.locked;
  document.body.classList.toggle("live", fresh() && shownMic() === "LIVE");
  root("promises").hidden = !fresh() || promises().length === 0;
  drawTitle();
  render(lock(actions), root("lock"));
  render(strips(actions), root("strips"));
  render(banner(actions), root("banner"));
  render(voice(actions), root("voice"));
  render(alarms(actions), root("alarms"));
  drawTimeline(actions);
  render(pinned(), root("promises"));
  render(before(actions), root("before"));
  render(exchange(actions), root("exchange"));
  root("exchange").hidden = !can("exchange");
  render(sound(actions), root("sound"));
  render(desks(actions), root("desks"));
  root("desks").hidden = !can("seat") && !can("private");
  root("phrases").hidden = !state.phrasesOpen;
  root("composer").hidden = state.phrasesOpen;
  render(phraseSpoken("peer"), root("said"));
  root("said").hidden = spokenPhrase()?.whose !== "peer";
  render(phrases(actions), root("phrases"));
  render(composer(draft, actions), root("composer"));
  render(help(actions), root("overlay"));
  render(foot(), root("foot"));
  speak();
}

/** Levels come a dozen times a second: set them without drawing the page. */
export function drawLevels() {
  for (const side of ["own", "far"]) {
    const bar = root(`level-${side}`);
    if (bar === null) continue;
    const shown = fresh() ? state.level[side] : -100;
    bar.style.setProperty("--level", String(Math.max(0, Math.min(1, (shown + 60) / 60))));
    bar.classList.toggle("clip", side === "own" && state.level.clip);
  }
}


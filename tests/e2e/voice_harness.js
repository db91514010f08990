// Stands in for the console: frames the media page, hands it a port, keeps what it says.
const frame = document.querySelector("iframe");
const origin = document.querySelector("meta[name=audio]").content;
const seen = { offers: [], states: [], heard: [], live: [], levels: [], waves: [], other: [] };
const channel = new MessageChannel();
const keep = { offer: "offers", state: "states", heard: "heard", live: "live", level: "levels", wave: "waves" };
// One desk on each side: nobody sits at the other seats, whose offers are left unanswered.
channel.port1.onmessage = ({ data }) => {
  const kept = data.pair_slot > 0 ? undefined : keep[data.t];
  seen[kept ?? "other"].push(data);
};
window.harness = {
  seen,
  say: (frame_) => channel.port1.postMessage(frame_),
  mic: () => seen.states.at(-1)?.mic,
  state: () => seen.states.at(-1),
  close: () => channel.port1.close(),
};
window.addEventListener("message", (event) => {
  if (event.origin !== origin || event.data?.t !== "openline-audio") return;
  frame.contentWindow.postMessage({ t: "openline-port" }, origin, [channel.port2]);
  // Playwright's evaluate counts as the officer's click: start without it.
  if (location.search === "?start") channel.port1.postMessage({ t: "start" });
});
frame.src = `${origin}/`;

// The demonstration's hook. Inert unless the post named an origin that may frame and drive this page
// (a meta element that only `openline demo` makes it serve), and then obeys that origin alone.
// docs/reference/desk-api.md, "The demonstration's hook".

const allowed = (document.querySelector('meta[name="openline-demo"]')?.content ?? "").split(" ").filter(Boolean);

/** Attach the hook; returns a function that tells the demonstration something, which does nothing without it. */
export function attachDemo(commands) {
  if (allowed.length === 0 || window.parent === window) return () => {};
  document.body.classList.add("framed");
  let listener = "";
  const tell = (fact, value) => {
    for (const origin of listener ? [listener] : allowed) {
      window.parent.postMessage({ openline: "desk", fact, ...value }, origin);
    }
  };
  window.addEventListener("message", (event) => {
    if (!allowed.includes(event.origin) || event.source !== window.parent) return;
    const { data } = event;
    if (data?.openline !== "demo" || !Object.hasOwn(commands, data.do)) return;
    listener = event.origin;
    const answer = commands[data.do](data);
    tell("done", { do: data.do, id: data.id ?? null, answer: answer ?? null });
  });
  tell("ready", {});
  return tell;
}

/** What the demonstration may do at this desk: what its officer could do, and a recorded voice. */
export const demoActs = ({ talk, audio, sound, socket, actions, wakeSound, setLanguage, snapshot }) => ({
  talk: () => { talk.press("demo"); return talk.held; },
  release: () => talk.release("demo"),
  source: ({ kind, url, loop }) => audio.post({ t: "source", kind, url, loop }),
  wave: ({ on }) => audio.post({ t: "probe", on: on === true }),
  volume: ({ value }) => sound.setVolume(value),
  text: ({ text, lang, request }) => socket.send({ t: "text", request: String(request), text: String(text), lang: String(lang) }),
  opened: ({ item }) => actions.opened(String(item)),
  silence: actions.silence,
  end: actions.end,
  language: ({ lang }) => setLanguage(String(lang)),
  keep: ({ on }) => audio.post({ t: "keep", on: on === true }),
  replay: () => audio.post({ t: "replay" }),
  unlockAudio: () => { wakeSound(); sound.hearing.prove("demonstration"); },
  snapshot,
});

/** The demonstration's tabs take the desk over from its page; no other address does. */
export const seatForDemo = () => (
  document.querySelector('meta[name="openline-demo"]') !== null && new URLSearchParams(location.search).get("take") === "0" ? 0 : undefined
);

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

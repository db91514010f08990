// The officer's writing: texts, what was read, alarms acknowledged. Nothing of it goes on without the post.

import { draw } from "./page.js";
import { fresh, state } from "./state.js";

export function writingActs({ socket, draft, redraw, actions }) {
  function send() {
    draft.setText(document.getElementById("draft").value);
    if (document.getElementById("send").disabled || !fresh()) { redraw(); return; }
    const request = draft.begin();
    socket.send({ t: "text", request, text: draft.text, lang: draft.lang });
    redraw();
  }
  return {
    send,
    opened: (item) => socket.send({ t: "opened", item }),
    acknowledge: (alarm) => socket.send({ t: "acknowledge", alarm }),
    acknowledgeAll() {
      for (const alarm of state.view?.alarms ?? []) {
        if (!alarm.acknowledged) socket.send({ t: "acknowledge", alarm: alarm.code });
      }
    },
    draftInput: (event) => { draft.setText(event.target.value); redraw(); },
    draftKey: (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) send(); },
    draftLang: (event) => { draft.setLang(event.target.value); redraw(); },
    write() {
      state.phrasesOpen = false;
      draw(actions(), draft);
      document.getElementById("draft").focus();
    },
  };
}

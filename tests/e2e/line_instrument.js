// Laid into the shipped console page by the tests: it writes down what passes, and changes nothing.
(() => {
  const Connection = window.RTCPeerConnection;
  const candidates = window.lineCandidates = [];
  window.RTCPeerConnection = class extends Connection {
    constructor(...given) {
      super(...given);
      this.addEventListener("icecandidate", ({ candidate }) => {
        if (candidate?.candidate) candidates.push(`a=${candidate.candidate}`);
      });
    }
  };
  if (window.top !== window) return;
  const seen = { pressed: [], heard: [], live: [], levels: [], state: null, gate: [] };
  const Native = window.MessageChannel;
  let port = null;
  window.MessageChannel = class extends Native {
    constructor() {
      super();
      port = this.port1;
      port.addEventListener("message", ({ data }) => {
        if (data?.t === "heard") seen.heard.push(data.at_ms);
        else if (data?.t === "live") seen.live.push(data.at_ms);
        else if (data?.t === "level") seen.levels.push(data);
        else if (data?.t === "state") seen.state = data;
        if (seen.levels.length > 2000) seen.levels.splice(0, 1000);
      });
    }
  };
  // The moment at which the press reaches the page, before any code of the page runs.
  for (const name of ["keydown", "pointerdown"]) {
    window.addEventListener(name, (event) => {
      if (name === "keydown" && (event.repeat || event.code !== "Space")) return;
      seen.pressed.push(Date.now());
    }, { capture: true });
  }
  window.line = {
    seen,
    probe: (on) => port?.postMessage({ t: "probe", on }),
    /** Highest decoded far sample, of 32768, of everything reported from now on. */
    listen() { seen.levels.length = 0; },
    peak: () => Math.max(-1, ...seen.levels.map((level) => level.far_peak_lsb ?? -1)),
    far: () => seen.levels.at(-1)?.far ?? -100,
  };
})();

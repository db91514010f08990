// Laid into the shipped console page by the tests: it writes down what passes, and changes nothing.
(() => {
  const Connection = window.RTCPeerConnection;
  const candidates = window.lineCandidates = [];
  const connections = window.lineConnections = [];
  const contexts = window.lineContexts = [];
  const tracks = []; // of every other desk, its newest among them
  window.RTCPeerConnection = class extends Connection {
    constructor(...given) {
      super(...given);
      connections.push(this);
      if (connections.length > 20) connections.splice(0, 10);
      this.addEventListener("track", ({ track }) => {
        window.lineFarTrack = track;
        tracks.push(track);
        if (tracks.length > 20) tracks.splice(0, 10);
        if (probing) probe(new MediaStream([track]), bursts.ear);
      });
      this.addEventListener("icecandidate", ({ candidate }) => {
        if (candidate?.candidate) candidates.push(`a=${candidate.candidate}`);
      });
    }
  };
  const Context = window.AudioContext;
  window.AudioContext = class extends Context {
    constructor(...given) { super(...given); contexts.push(this); }
  };
  /** The far sound as this browser decodes it, in samples: for a meter outside. */
  window.lineSamples = async () => {
    const context = contexts[0];
    const source = context.createMediaStreamSource(new MediaStream([window.lineFarTrack]));
    const analyser = new AnalyserNode(context, { fftSize: 8192 });
    source.connect(analyser);
    await new Promise((done) => setTimeout(done, 400));
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    source.disconnect();
    return { rate: context.sampleRate, samples: Array.from(samples) };
  };
  /** What the newest connection's own statistics say of the sound that came in. */
  window.lineInbound = async () => {
    const standing = connections.filter((pc) => pc.connectionState === "connected").at(-1);
    const found = [...((await standing?.getStats())?.values() ?? [])];
    return found.find((item) => item.type === "inbound-rtp") ?? null;
  };
  // When a loud burst passes the microphone and when it passes what was decoded (mouth to ear).
  const bursts = window.lineBursts = { mouth: [], ear: [] };
  let microphone = null;
  let probing = false;
  let loaded = false;
  const probes = [];
  const probe = (stream, into) => {
    const node = new AudioWorkletNode(contexts[0], "line-probe");
    node.port.onmessage = ({ data }) => {
      into.push(data);
      if (into.length > 400) into.splice(0, 200);
    };
    const source = contexts[0].createMediaStreamSource(stream);
    source.connect(node).connect(contexts[0].destination);
    probes.push(source, node);
  };
  /** Take the probes away again: they cost what a pick-up is measured by. */
  window.lineUnprobe = () => {
    for (const node of probes.splice(0)) node.disconnect();
    probing = false;
  };
  window.lineProbe = async (code) => {
    const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    if (!loaded) await contexts[0].audioWorklet.addModule(address);
    loaded = true;
    if (!probing && microphone) probe(microphone, bursts.mouth);
    probing = true;
    for (const track of tracks) if (track.readyState === "live") probe(new MediaStream([track]), bursts.ear);
  };
  if (navigator.mediaDevices) {
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (...given) => {
      microphone = window.lineMicrophone = await open(...given);
      if (probing) probe(microphone, bursts.mouth);
      return microphone;
    };
  }
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
    /** Let the microphone go, as 60 s without use do. */
    cold: () => port?.postMessage({ t: "cold" }),
    /** Highest decoded far sample, of 32768, of everything reported from now on. */
    listen() { seen.levels.length = 0; },
    peak: () => Math.max(-1, ...seen.levels.map((level) => level.far_peak_lsb ?? -1)),
    far: () => seen.levels.at(-1)?.far ?? -100,
  };
})();

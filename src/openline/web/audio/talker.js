// The microphone: COLD (no open device), ARMED (open, nothing sent), LIVE (sent to the far side),
// PRIVATE (sent to the desks of the own side alone).
//
// The two never mix: each has a clone of the device's track of its own, and only that of
// the present state is enabled. A sender of the far side never holds the private clone.
//
// One loop drives what is towards what is wanted, so that a key let go while
// the device is still opening never goes LIVE. What is sent is a clone of the
// device's track, disabled in the same turn in which the key goes up.

const ARMED_MS = 60_000;
const STUCK_MS = 120_000;
const WARNING_MS = 3_000;

// One channel. Echo cancellation on: two open desks in one room must not howl.
// Noise suppression and gain control off: they cost time, swallow steady sound
// and raise the noise of a quiet room.
const CONSTRAINTS = {
  video: false,
  audio: { channelCount: 1, echoCancellation: true, noiseSuppression: false, autoGainControl: false },
};

const SENDING = ["LIVE", "PRIVATE"];

const ERRORS = {
  NotAllowedError: "voice.microphone_refused",
  NotFoundError: "voice.no_microphone",
  NotReadableError: "voice.microphone_busy",
};

/** An error with a code of the catalogue (a DOMException has a `code` too: a number). */
export class TalkError extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

export class Talker {
  constructor({ graph, sender, ownSender, onChange, onLive, sampleAllowed }) {
    Object.assign(this, { graph, sender, ownSender, onChange, onLive, sampleAllowed });
    this.mic = "COLD";
    this.wanted = "COLD";
    this.source = { kind: "mic" };
    this.device = null;
    this.carrier = null; // the senders that the microphone was put onto last
    this.timers = [];
  }

  /** The device is open and the browser or the machine silences it. */
  get muted() {
    return this.device?.track.muted === true;
  }

  arm() {
    if (this.wanted === "COLD") this.want("ARMED");
    return this.settle();
  }

  cold() {
    this.want("COLD");
    return this.settle();
  }

  /** The talk key went down or up. */
  talk(on) {
    if (on && this.sender() === null) {
      this.graph.tone("refused");
      throw new TalkError("voice.not_connected");
    }
    if (on && this.graph.state !== "running") throw new TalkError("voice.context_suspended");
    if (on && this.wanted !== "LIVE") this.want("LIVE");
    if (!on && this.wanted === "LIVE") this.want("ARMED");
    return this.settle();
  }

  /** The private key went down or up: speech to the own side alone. */
  private(on) {
    if (on && this.ownSender() === null) {
      this.graph.tone("refused");
      throw new TalkError("voice.nobody_private");
    }
    if (on && this.graph.state !== "running") throw new TalkError("voice.context_suspended");
    if (on && this.wanted !== "PRIVATE") this.want("PRIVATE");
    if (!on && this.wanted === "PRIVATE") this.want("ARMED");
    return this.settle();
  }

  get sending() {
    return SENDING.includes(this.mic);
  }

  /** Connection or console lost: nothing is sent from this turn on. */
  interrupt() {
    if (!SENDING.includes(this.wanted)) return;
    this.want("ARMED");
    this.settle();
    this.onChange("voice.interrupted");
  }

  /** Let the device go at once. */
  stop() {
    this.want("COLD");
    this.closeDevice();
    this.settle();
  }

  async setSource({ kind, url, loop }) {
    if (kind === "sample" && !this.sampleAllowed) throw new TalkError("voice.sample_refused");
    if (kind === "sample" && new URL(url, location.href).origin !== location.origin) {
      throw new TalkError("voice.sample_refused");
    }
    await this.cold();
    this.source = kind === "sample" ? { kind, url, loop: loop === true } : { kind: "mic" };
  }

  want(state) {
    this.wanted = state;
    if (state !== "LIVE" && this.device) this.device.sent.enabled = false;
    if (state !== "PRIVATE" && this.device) this.device.whispered.enabled = false;
    // What the own side says in private must not reach an open microphone from the loudspeaker.
    this.graph.holdPrivate(state === "LIVE");
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
    if (state === "ARMED") this.after(ARMED_MS, () => this.cold());
    if (SENDING.includes(state)) {
      this.after(STUCK_MS - WARNING_MS, () => this.graph.tone("stuck"));
      this.after(STUCK_MS, () => { this.onChange("voice.stuck_key"); this.want("ARMED"); this.settle(); });
    }
  }

  after(ms, act) {
    this.timers.push(setTimeout(act, ms));
  }

  /** Drive what is towards what is wanted, one step at a time. */
  settle() {
    this.settling ??= this.run().finally(() => { this.settling = undefined; });
    return this.settling;
  }

  async run() {
    while (this.mic !== this.wanted) {
      try {
        await this.step();
      } catch (error) {
        this.want("COLD");
        this.closeDevice();
        await this.carrier?.silence().catch(() => {});
        this.mic = "COLD";
        this.onChange(error instanceof TalkError ? error.code : ERRORS[error.name] ?? "voice.microphone");
        return;
      }
      // Between attaching and a key that went up meanwhile nothing is sent: say LIVE only if it is.
      if (!this.sending || this.wanted === this.mic) this.onChange();
    }
  }

  async step() {
    if (this.sending) await this.detach();
    else if (this.wanted === "COLD") this.closeDevice();
    else if (this.mic === "COLD") await this.openDevice();
    else await this.attach();
  }

  async openDevice() {
    await this.graph.start();
    const device = await (this.source.kind === "sample" ? this.openSample() : this.openMicrophone());
    for (const name of ["sent", "whispered"]) {
      device[name] = device.track.clone();
      device[name].enabled = false;
    }
    device.track.onended = () => this.deviceLost(device);
    device.track.onmute = () => this.onChange();
    device.track.onunmute = () => this.onChange();
    this.device = device;
    this.graph.connectOwn(device.track);
    this.mic = "ARMED";
  }

  async openMicrophone() {
    if (!navigator.mediaDevices) throw new TalkError("voice.no_microphone");
    const stream = await navigator.mediaDevices.getUserMedia(CONSTRAINTS);
    const [track] = stream.getAudioTracks();
    return { track, begin() {}, end() {} };
  }

  /** A recorded voice in place of the microphone: only where the page allows it. */
  async openSample() {
    const { url, loop } = this.source;
    const { context } = this.graph;
    const answer = await fetch(url);
    if (!answer.ok) throw new TalkError("voice.sample_refused");
    const buffer = await context.decodeAudioData(await answer.arrayBuffer());
    const carrier = context.createMediaStreamDestination();
    carrier.channelCount = 1;
    let player = null;
    const [track] = carrier.stream.getAudioTracks();
    return {
      track,
      begin() {
        player = new AudioBufferSourceNode(context, { buffer, loop });
        player.connect(carrier);
        player.start();
      },
      end() {
        player?.stop();
        player?.disconnect();
        player = null;
      },
    };
  }

  async attach() {
    const kind = this.wanted;
    const sender = kind === "LIVE" ? this.sender() : this.ownSender();
    if (sender === null) throw new TalkError(kind === "LIVE" ? "voice.not_connected" : "voice.nobody_private");
    const { device } = this;
    const track = kind === "LIVE" ? device.sent : device.whispered;
    // Enabled before it is attached (9 ms sooner heard); a key that goes up meanwhile disables it again.
    track.enabled = true;
    this.carrier = sender;
    await sender.replaceTrack(track);
    this.mic = kind;
    if (this.wanted !== kind || this.device !== device) return; // The loop takes it back.
    device.begin();
    if (kind === "LIVE") this.onLive(Date.now());
  }

  async detach() {
    if (this.device) {
      this.device.sent.enabled = false;
      this.device.whispered.enabled = false;
      this.device.end();
    }
    await this.carrier?.silence();
    this.mic = this.device ? "ARMED" : "COLD";
  }

  closeDevice() {
    const { device } = this;
    this.device = null;
    if (device) {
      device.track.onended = device.track.onmute = device.track.onunmute = null;
      device.end();
      device.sent.stop();
      device.whispered.stop();
      device.track.stop();
      this.graph.connectOwn(null);
    }
    if (!this.sending) this.mic = "COLD";
  }

  deviceLost(device) {
    if (this.device !== device) return;
    this.want("COLD");
    this.closeDevice();
    this.settle().then(() => this.onChange("voice.microphone_lost"));
  }
}

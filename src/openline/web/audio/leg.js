// One connection through our own post to one other desk: an RTCPeerConnection, warm all the time.
//
// We offer, the post answers. The sender carries the silent track from the
// start and never nothing: a gap in RTP costs up to 855 ms at the next word.

const CONNECT_MS = 15_000;

const fingerprintOf = (sdp) => /^a=fingerprint:sha-256 (.+)$/im.exec(sdp)?.[1]?.trim() ?? "";

// Our post may have been restarted and know nothing: name what the connection was joined under.
const withGeneration = (sdp, generation) => (
  generation > 0 ? sdp.replace(/^(t=.*\r\n)/m, `$1a=openline-generation:${generation}\r\n`) : sdp
);

export class Leg {
  constructor({ slot, silentTrack, onOffer, onStream, onRestart, onCertificate, onChange }) {
    Object.assign(this, { slot, silentTrack, onOffer, onStream, onRestart, onCertificate, onChange });
    this.pc = null;
    this.sender = null;
    this.generation = 0;
    this.timer = 0;
    this.stalled = false;
    this.shaken = false;
  }

  /** A desk that went says so (DTLS close), and Chromium still calls the connection connected. */
  get state() {
    const word = this.pc?.connectionState ?? "none";
    return word === "connected" && this.sender.transport?.state !== "connected" ? "closed" : word;
  }

  /** The other desk was there once. */
  get answered() {
    return Boolean(this.pc?.remoteDescription);
  }

  /** The sender if the connection stands, else null. */
  connectedSender() {
    return this.state === "connected" ? this.sender : null;
  }

  /** Offer: anew, or with fresh ICE names after a failure, or the offer that stands. */
  async start() {
    if (this.pc === null || this.stalled) return this.renew();
    if (this.pc.localDescription === null) return undefined; // Its offer is on its way.
    if (this.state === "failed") {
      if (this.sender.transport?.state !== "connected") return this.renew();
      if (this.pc.signalingState === "stable") {
        this.pc.restartIce();
        await this.pc.setLocalDescription();
      }
    }
    this.onOffer(withGeneration(this.pc.localDescription.sdp, this.generation), this.generation);
    return undefined;
  }

  /** Drop the connection and offer a new one with a new certificate: by it the posts tell the two apart. */
  async renew() {
    this.close();
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers: [] });
    this.pc = pc;
    const { sender } = this.transceiver(pc);
    this.sender = sender;
    pc.ontrack = ({ track }) => { if (this.pc === pc) this.onStream(new MediaStream([track])); };
    pc.onconnectionstatechange = () => { if (this.pc === pc) this.changed(pc); };
    await pc.setLocalDescription();
    if (this.pc !== pc) return;
    this.onChange();
    this.onOffer(pc.localDescription.sdp, 0);
  }

  transceiver(pc) {
    const transceiver = pc.addTransceiver(this.silentTrack(), { direction: "sendrecv" });
    const known = RTCRtpReceiver.getCapabilities("audio").codecs;
    const wanted = ["audio/red", "audio/opus"]
      .flatMap((type) => known.filter((codec) => codec.mimeType.toLowerCase() === type));
    transceiver.setCodecPreferences(wanted);
    return transceiver;
  }

  /** Take the post's answer; the same answer again changes nothing. */
  async answer(sdp, generation) {
    const { pc } = this;
    if (pc === null) return;
    const standing = pc.remoteDescription;
    if (standing && fingerprintOf(standing.sdp) !== fingerprintOf(sdp)) {
      // Another far desk: its certificate needs a connection of its own.
      await this.renew();
      return;
    }
    if (pc.signalingState === "have-local-offer") {
      try {
        await pc.setRemoteDescription({ type: "answer", sdp });
        const { transport } = this.sender ?? {};
        if (transport) transport.onstatechange = () => { if (this.pc === pc) this.transportChanged(transport); };
      } catch (error) {
        console.error(error);
        this.onChange("voice.answer");
        return;
      }
    }
    this.generation = generation;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(pc), CONNECT_MS);
  }

  /** The far desk answers, and not with the certificate that our post was told of: the handshake fails. */
  transportChanged(transport) {
    const reached = ["connected", "completed"].includes(transport.iceTransport.state);
    this.shaken ||= transport.state === "connected";
    if (transport.state === "failed" && reached && !this.shaken) this.onCertificate();
    this.onChange();
  }

  /** Answered long ago and never connected: a handshake begun into a dead link backs off for minutes. */
  look(pc) {
    if (this.pc !== pc || ["connected", "closed", "failed"].includes(this.state)) return;
    this.stalled = true;
    this.onChange("voice.connection_failed");
    this.onRestart();
  }

  changed(pc) {
    if (pc.connectionState === "connected") clearTimeout(this.timer);
    this.onChange(pc.connectionState === "failed" ? "voice.connection_failed" : undefined);
    if (pc.connectionState === "failed") this.onRestart();
  }

  close() {
    const { pc } = this;
    clearTimeout(this.timer);
    this.stalled = false;
    this.shaken = false; // whether its handshake was done once
    this.pc = null;
    this.sender = null;
    this.generation = 0;
    if (pc) {
      pc.ontrack = null;
      pc.onconnectionstatechange = null;
      pc.close();
      this.onChange();
    }
  }
}

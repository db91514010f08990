// All connections of this desk: one for each far seat, one for each other seat of the own side.
//
// Each is warm from the start with its group's silent track (a line check's chirps go out on that of
// the far side, and never to our own desks); an offer that nobody answers costs nothing.
// A group's track is put onto every connected sender of that group in one turn, and onto no
// other: what is said to the own side is never handed to a sender of the far side.

import { Leg } from "./leg.js";

export const FAR_SLOTS = [0, 1, 2];
const OWN_SLOT = 3;

/** What the talker sees of several senders: one. */
class Group {
  constructor(legs, silentTrack) {
    this.legs = legs;
    this.silentTrack = silentTrack;
    this.track = null; // what is carried, or null for silence
  }

  connected() {
    return this.legs().filter((leg) => leg.connectedSender() !== null);
  }

  /** Swap the track of every sender that stands; silence also takes back what one that fell carries. */
  async replaceTrack(track) {
    const silent = track === this.silentTrack();
    this.track = silent ? null : track;
    const senders = this.legs().filter((leg) => leg.sender !== null
      && (leg.connectedSender() !== null || (silent && leg.sender.track !== track)));
    const done = await Promise.allSettled(senders.map((leg) => leg.sender.replaceTrack(track)));
    if (!silent && done.length > 0 && done.every(({ status }) => status === "rejected")) throw done[0].reason;
  }

  silence() {
    return this.replaceTrack(this.silentTrack());
  }

  /** A connection that came up while the officer speaks carries the speech too. */
  caughtUp(leg) {
    const sender = leg.connectedSender();
    if (this.track !== null && sender !== null && sender.track !== this.track) {
      sender.replaceTrack(this.track).catch(() => {});
    }
  }
}

export class Mesh {
  constructor({ silentTrack, quietTrack, onOffer, onFarStream, onOwnStream, onRestart, onCertificate, onChange }) {
    Object.assign(this, { onOffer, onFarStream, onOwnStream, onRestart, onCertificate, onChange });
    this.legs = new Map(); // pair slot -> Leg
    this.slot = 0;
    this.far = new Group(() => this.of(true), silentTrack);
    this.own = new Group(() => this.of(false), quietTrack);
  }

  of(far) {
    return [...this.legs.values()].filter((leg) => (leg.slot < OWN_SLOT) === far);
  }

  /** The far desks as one sender, or null while none is connected. */
  farSender() {
    return this.far.connected().length > 0 ? this.far : null;
  }

  ownSender() {
    return this.own.connected().length > 0 ? this.own : null;
  }

  /** The far side in one word: connected if one desk is, else the furthest that an answered one got. */
  get state() {
    return Mesh.word(this.of(true));
  }

  get privateState() {
    return Mesh.word(this.of(false));
  }

  static word(legs) {
    if (legs.length === 0) return "none";
    const states = legs.filter((leg) => leg.answered).map((leg) => leg.state);
    return ["connected", "connecting", "disconnected", "failed"].find((word) => states.includes(word)) ?? "new";
  }

  /** Offer to every seat: anew, or what stands. `slot` is our own seat, if the post said. */
  async start(slot) {
    if (Number.isInteger(slot) && slot !== this.slot) this.sit(slot);
    const slots = [...FAR_SLOTS];
    if (Number.isInteger(slot)) slots.push(...FAR_SLOTS.filter((seat) => seat !== slot).map((seat) => OWN_SLOT + seat));
    for (const number of slots) {
      if (!this.legs.has(number)) this.legs.set(number, this.leg(number));
      await this.legs.get(number)?.start();
    }
  }

  /** Another seat is another desk: nothing that stood belongs to it. */
  sit(slot) {
    this.close();
    this.slot = slot;
  }

  leg(slot) {
    const far = slot < OWN_SLOT;
    const leg = new Leg({
      slot,
      silentTrack: (far ? this.far : this.own).silentTrack,
      onOffer: (sdp, generation) => this.onOffer(sdp, generation, slot),
      onStream: (stream) => (far ? this.onFarStream : this.onOwnStream)(stream, slot),
      onRestart: () => this.onRestart(),
      onCertificate: () => { if (far) this.onCertificate(slot); },
      onChange: (error) => {
        (far ? this.far : this.own).caughtUp(leg);
        // One desk of several that cannot be reached is no fault while another is.
        this.onChange(far && this.state !== "connected" ? error : undefined);
      },
    });
    return leg;
  }

  answer(sdp, generation, slot) {
    return this.legs.get(slot)?.answer(sdp, generation);
  }

  async renew(slot) {
    await this.legs.get(slot)?.renew();
  }

  close() {
    for (const leg of this.legs.values()) leg.close();
    this.legs.clear();
  }
}

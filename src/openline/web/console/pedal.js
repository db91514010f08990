// Foot switches that are no keyboard: a gamepad's button, or a HID by its reports. Momentary like the talk key.
//
// A switch that types a key needs none of this. What is pressed is learned from one press; what is unplugged lets go.

const KEPT = "openline.pedal";
const LOOK_MS = 25;

const read = () => { try { return JSON.parse(localStorage.getItem(KEPT)); } catch { return null; } };

export class Pedal {
  constructor({ talk, onChange }) {
    Object.assign(this, { talk, onChange });
    this.known = read(); // {kind: "pad", id, button} or {kind: "hid", vendor, product, report, byte, mask}
    this.learning = false;
    this.down = false;
    this.timer = 0;
    this.idle = new Map(); // "device report" -> bytes before the press that is learned
    window.addEventListener("gamepadconnected", () => this.watch());
    window.addEventListener("gamepaddisconnected", () => this.gone());
    if (this.hasHid) navigator.hid.addEventListener("disconnect", () => this.gone());
    document.addEventListener("visibilitychange", () => this.watch());
    this.watch();
    this.openKnown();
  }

  get hasHid() {
    return document.featurePolicy?.allowsFeature("hid") !== false && navigator.hid !== undefined;
  }

  learn() {
    this.learning = true;
    this.idle.clear();
    this.watch();
    this.onChange();
  }

  /** The browser's own chooser: the officer picks the device. */
  async choose() {
    const [device] = await navigator.hid.requestDevice({ filters: [] }).catch(() => []);
    if (!device) return;
    await this.open(device);
    this.learn();
  }

  forget() {
    this.keep(null);
    this.gone();
  }

  keep(known) {
    this.known = known;
    this.learning = false;
    try { localStorage.setItem(KEPT, JSON.stringify(known)); } catch { /* for this page only */ }
    this.onChange();
  }

  // --- gamepad: has no events for buttons, so it is looked at while the page is visible ----------------

  pads() {
    return [...(navigator.getGamepads?.() ?? [])].filter(Boolean);
  }

  watch() {
    clearInterval(this.timer);
    this.timer = 0;
    if (document.visibilityState !== "visible" || this.pads().length === 0) return;
    this.timer = setInterval(() => this.look(), LOOK_MS);
    requestAnimationFrame(() => this.frame());
  }

  frame() {
    if (this.timer === 0) return;
    this.look();
    requestAnimationFrame(() => this.frame());
  }

  look() {
    for (const pad of this.pads()) {
      pad.buttons.forEach((button, number) => {
        if (this.learning && button.pressed) this.keep({ kind: "pad", id: pad.id, button: number });
      });
      if (this.known?.kind === "pad" && pad.id === this.known.id) {
        this.set(pad.buttons[this.known.button]?.pressed === true);
      }
    }
  }

  // --- HID ----------------------------------------------------------------------------------------------

  async openKnown() {
    if (this.known?.kind !== "hid" || !this.hasHid) return;
    for (const device of await navigator.hid.getDevices().catch(() => [])) {
      if (device.vendorId === this.known.vendor && device.productId === this.known.product) await this.open(device);
    }
  }

  async open(device) {
    device.oninputreport = ({ reportId, data }) => this.report(device, reportId, new Uint8Array(data.buffer));
    if (!device.opened) await device.open().catch(() => {});
  }

  report(device, report, bytes) {
    const { vendorId: vendor, productId: product } = device;
    const { known } = this;
    if (this.learning) {
      const key = `${vendor} ${product} ${report}`;
      // The first report may be of the foot down or up: only a bit that comes after one without it is the switch.
      const before = this.idle.get(key) ?? bytes;
      this.idle.set(key, bytes);
      const byte = bytes.findIndex((value, i) => (value & ~(before[i] ?? 0)) !== 0);
      if (byte >= 0) this.keep({ kind: "hid", vendor, product, report, byte, mask: bytes[byte] & ~(before[byte] ?? 0) });
    } else if (known?.kind === "hid" && known.vendor === vendor && known.product === product && known.report === report) {
      this.set((bytes[known.byte] & known.mask) === known.mask);
    }
  }

  // --- both ---------------------------------------------------------------------------------------------

  set(down) {
    if (down === this.down) return;
    this.down = down;
    if (down) this.talk.press("pedal");
    else this.talk.release("pedal");
  }

  /** Unplugged while it was held: nothing tells that the foot went up. */
  gone() {
    if (this.down) this.talk.stop("pedal");
    this.down = false;
    this.watch();
  }
}

// This page's seat at its post: a random key, kept over a reload, finds it again.
//
// sessionStorage belongs to one tab; a duplicated tab has the same key and takes the seat over.

const KEPT = "openline.seat";

function read() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    if (/^[0-9a-f]{32}$/.test(kept?.key)) return kept;
  } catch { /* another shape, or no storage */ }
  const key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { key, slot: null, role: "" };
}

const seat = read();

function keep() {
  try { sessionStorage.setItem(KEPT, JSON.stringify(seat)); } catch { /* kept for this page only */ }
}
keep();

/** Where the post seated us, and as what. */
export function seated({ slot, role }) {
  Object.assign(seat, { slot, role });
  keep();
}

/** The officer chose another role; a post that is started anew is told of it. */
export function chosen(role) {
  seat.role = role;
  keep();
}

/** The query of the WebSocket's address; `take` is a seat that the officer takes over. */
export function query(take) {
  const asked = new URLSearchParams({ seat: seat.key });
  if (Number.isInteger(seat.slot)) asked.set("slot", String(seat.slot));
  if (seat.role) asked.set("role", seat.role);
  if (Number.isInteger(take)) asked.set("take", String(take));
  return `?${asked}`;
}

export const mine = () => seat.slot;

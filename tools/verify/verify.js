// Verify an Openline evidence bundle in a browser, offline: WebCrypto and nothing else.
//
// Written from docs/spec (record.md, bundle.md, cards.md). The pins, full fingerprints of both cards, come from outside
// of the bundle. A receipt is a receipt of storage, not agreement.
"use strict";

const openlineVerify = (() => {
  const ED25519 = 1, COSIGNATURE = 4, SUBTREE = 6;
  const BUNDLE_BYTES_MAX = 2 ** 30, ITEM_BYTES_MAX = 65_536;
  const MACHINE = ["shown", "call", "recording", "check"];
  const OFFICER = ["text", "opened", "enrol", "revoke", "seal-open", "seal-commit", "seal-reveal"];
  const STEPS = ["form", "pins", "cards", "confirmed", "entries", "checkpoints", "receipts", "seals", "receipted"];
  const P = 2n ** 255n - 19n;
  const ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
  const SMALL_ORDER = [0n, 1n, P - 1n, ORDER_8, P - ORDER_8]; // one signature of such a key fits every text

  class Refused extends Error {}
  const demand = (condition, reason) => { if (!condition) throw new Refused(reason); };

  // --- bytes ----------------------------------------------------------------------------------
  const ascii = (text) => new TextEncoder().encode(text);
  const utf8 = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const isBytes = (value) => value instanceof Uint8Array;
  const same = (one, other) => isBytes(one) && isBytes(other) && one.length === other.length && one.every((byte, at) => byte === other[at]);
  function join(...parts) {
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) { all.set(part, at); at += part.length; }
    return all;
  }
  function big(number, width) {
    const bytes = new Uint8Array(width);
    for (let at = width - 1, rest = BigInt(number); at >= 0; at -= 1, rest >>= 8n) bytes[at] = Number(rest & 255n);
    return bytes;
  }
  const sha = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));

  // --- keys -----------------------------------------------------------------------------------
  function strong(key) {
    demand(isBytes(key) && key.length === 32, "weak key");
    const little = BigInt(`0x${hex(Uint8Array.from(key).reverse())}`) & (2n ** 255n - 1n);
    demand(little < P && !SMALL_ORDER.includes(little), "weak key");
    return key;
  }
  const imported = new Map();
  function importKey(name, key) {
    const id = `${name} ${hex(key)}`;
    if (!imported.has(id)) {
      if (imported.size > 64) imported.clear();
      imported.set(id, crypto.subtle.importKey(name === "Ed25519" ? "raw" : "raw-public", key, name, false, ["verify"]));
    }
    return imported.get(id);
  }
  async function holds(name, key, signature, data) {
    demand(isBytes(key) && isBytes(signature), "another shape");
    let known;
    try { known = await importKey(name, key); } catch { throw new Refused("not a key"); }
    demand(await crypto.subtle.verify(name, known, signature, data), "a signature does not hold");
  }

  // --- CBOR and COSE (record.md, section 2) ---------------------------------------------------
  // Numbers are BigInt. A map is a Map: its keys are texts or numbers.
  function item(data, at, depth = 12) {
    demand(at < data.length && depth >= 0, "CBOR: ends early or too deep");
    const major = data[at] >> 5, short = data[at] & 31;
    at += 1;
    if (major === 7) {
      demand(short >= 20 && short <= 22, "CBOR: simple value");
      return [[false, true, null][short - 20], at];
    }
    let number = BigInt(short);
    if (short >= 24) {
      demand(short < 28, "CBOR: indefinite length");
      const width = 1 << (short - 24);
      demand(width <= data.length - at, "CBOR: ends early");
      number = BigInt(`0x${hex(data.subarray(at, at + width))}`);
      demand(number >= (width === 1 ? 24n : 1n << BigInt(4 * width)), "CBOR: not the shortest");
      at += width;
    }
    if (major < 2) return [major === 0 ? number : -1n - number, at];
    demand(number <= BigInt(data.length - at), "CBOR: ends early");
    const count = Number(number);
    if (major < 4) {
      const piece = data.slice(at, at + count);
      return [major === 2 ? piece : utf8(piece), at + count];
    }
    demand(major < 6, "CBOR: tag");
    return major === 4 ? list(data, at, count, depth) : map(data, at, count, depth);
  }
  function list(data, at, count, depth) {
    const found = [];
    for (let left = count; left > 0; left -= 1) {
      const [value, end] = item(data, at, depth - 1);
      found.push(value);
      at = end;
    }
    return [found, at];
  }
  function map(data, at, count, depth) {
    const found = new Map();
    let before = "";
    for (let left = count; left > 0; left -= 1) {
      const [key, middle] = item(data, at, depth - 1);
      const head = hex(data.subarray(at, middle));
      demand(before === "" || head > before, "CBOR: map keys");
      before = head;
      const [value, end] = item(data, middle, depth - 1);
      found.set(key, value);
      at = end;
    }
    return [found, at];
  }
  function whole(data) {
    demand(isBytes(data), "another shape");
    const [value, end] = item(data, 0);
    demand(end === data.length, "CBOR: bytes after the end");
    return value;
  }
  function array(value, size) {
    demand(Array.isArray(value) && (size === undefined || value.length === size), "another shape");
    return value;
  }
  const equal = (one, other) => (isBytes(one) ? same(one, other) : Array.isArray(one)
    ? Array.isArray(other) && one.length === other.length && one.every((each, at) => equal(each, other[at])) : one === other);
  function stringHead(size) {
    if (size < 24) return [0x40 | size];
    return size < 256 ? [0x58, size] : [0x59, size >> 8, size & 255];
  }
  function cose(data, use) {
    demand(isBytes(data) && hex(data.subarray(0, 8)) === "d28455a201320450" && data[24] === 0xa0, "COSE: header");
    const [payload, end] = item(data, 25);
    demand(isBytes(payload) && data[end] === 0x58 && data[end + 1] === 0x40 && data.length === end + 66, "COSE: shape");
    const signed = join([0x84, 0x6a], ascii("Signature1"), stringHead(21), data.subarray(3, 24),
      stringHead(use.length), ascii(use), stringHead(payload.length), payload);
    return { kid: data.slice(8, 24), payload, signed, signature: data.slice(end + 2) };
  }
  async function signedBy(data, use, key) {
    const { kid, payload, signed, signature } = cose(data, use);
    demand(same(kid, (await sha(key)).subarray(0, 16)), "COSE: another key");
    await holds("Ed25519", key, signature, signed);
    return whole(payload);
  }
  async function root(hashes) {
    if (hashes.length === 1) return hashes[0];
    let split = 1;
    while (split * 2 < hashes.length) split *= 2;
    return sha([1], await root(hashes.slice(0, split)), await root(hashes.slice(split)));
  }

  // --- signed notes (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature) -----------------
  function base64(text) {
    demand(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text), "not base64");
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  }
  function head(body) {
    const lines = body.split("\n").slice(0, -1);
    demand(lines.length >= 3 && lines.every(Boolean), "not a checkpoint");
    demand(/^(?:0|[1-9][0-9]{0,18})$/.test(lines[1]), "not a size");
    const hash = base64(lines[2]);
    demand(hash.length === 32, "not a SHA-256 root");
    return { origin: lines[0], size: Number(lines[1]), root: hash, body };
  }
  function signatureLine(line) {
    demand(line.startsWith("\u2014 "), "not a signature line");
    const space = line.indexOf(" ", 2);
    const name = line.slice(2, space);
    demand(space > 2 && !/[+\s]/u.test(name), "not a key name");
    const blob = base64(line.slice(space + 1));
    demand(blob.length >= 5, "no signature");
    return { name, id: hex(blob.subarray(0, 4)), signature: blob.slice(4) };
  }
  async function noteSignature(key, signature, { origin, size, root: hash, body }) {
    if (key.kind === ED25519) return holds("Ed25519", key.key, signature, ascii(body));
    const stamp = signature.slice(0, 8), rest = signature.slice(8);
    demand(stamp.length === 8, "no signature");
    if (key.kind === COSIGNATURE) {
      const time = BigInt(`0x${hex(stamp)}`);
      return holds("Ed25519", key.key, rest, ascii(`cosignature/v1\ntime ${time}\n${body}`));
    }
    const named = (text) => { const bytes = ascii(text); return join([bytes.length], bytes); };
    return holds("ML-DSA-44", key.key, rest, join(ascii("subtree/v1\n\0"), named(key.name), stamp,
      named(origin), big(0, 8), big(size, 8), hash));
  }
  async function readNote(note, keys) {
    const text = utf8(note);
    demand(!/[\0-\x09\x0b-\x1f]/.test(text), "control character");
    const at = text.lastIndexOf("\n\n");
    demand(at >= 0 && text.endsWith("\n"), "no signatures");
    const found = head(text.slice(0, at + 1));
    const lines = text.slice(at + 2).split("\n").slice(0, -1).map(signatureLine);
    demand(lines.length === keys.length, "note: lines");
    const signed = new Set();
    for (const line of lines) {
      for (const key of keys) {
        const id = hex((await sha(ascii(`${key.name}\n`), [key.kind], key.key)).subarray(0, 4));
        if (key.name !== line.name || id !== line.id) continue;
        await noteSignature(key, line.signature, found);
        signed.add(key);
      }
    }
    demand(signed.size === keys.length, "no signature of a known key");
    return found;
  }

  // --- the line and its logs ------------------------------------------------------------------
  async function readCard(data) {
    const [inner, signatures] = array(whole(data), 2);
    const body = whole(inner);
    demand(body.get("v") === 1n && body.get("suite") === 1n && array(signatures, 5), "card");
    const keys = Object.fromEntries(body.get("keys"));
    for (const role of ["link", "log", "cosign"]) strong(keys[role]);
    const signed = join(ascii("openline-card-v1\0"), inner);
    for (const [at, role] of ["link", "log", "log_pq", "cosign", "cosign_pq"].entries()) {
      await holds(role.endsWith("_pq") ? "ML-DSA-44" : "Ed25519", keys[role], signatures[at], signed);
    }
    return { keys, disclosure: body.get("disclosure"), offRecord: body.get("off_record") };
  }

  class Line {
    async pin(genesis, pins) {
      const [label, ...rest] = array(whole(genesis));
      this.terms = rest.pop();
      this.cards = rest;
      demand(label === "openline-genesis-v1" && rest.length === 2, "genesis");
      this.genesis = genesis;
      this.prints = [];
      for (const card of rest) { demand(isBytes(card), "genesis"); this.prints.push(hex(await sha(card))); }
      demand(new Set(pins).size === 2 && this.prints[0] !== this.prints[1] && this.prints.every((print) => pins.includes(print)), "other cards");
    }

    async founded() {
      demand(this.prints[0] < this.prints[1], "genesis: order of the cards");
      const cards = [await readCard(this.cards[0]), await readCard(this.cards[1])];
      this.keys = cards.map((card) => card.keys);
      const least = cards[0].disclosure < cards[1].disclosure ? cards[0].disclosure : cards[1].disclosure;
      const { terms } = this;
      demand(terms.size === 3 && terms.get("disclosure") === least
        && terms.get("off_record") === cards.every((card) => card.offRecord === true)
        && equal(terms.get("protected"), ["acts", "line-check", "safety"]), "genesis: terms");
      this.hash = await sha(this.genesis);
      this.id = this.hash.slice(0, 16);
      const first = await sha([0], this.genesis);
      this.leaves = [[first], [first]];
      this.lamports = [[0n], [0n]];
      this.seen = [[1n], [1n]];
      this.officers = [new Map(), new Map()];
      this.nonces = [new Set(), new Set()];
    }

    async confirmed(signatures) {
      for (const log of [0, 1]) {
        const said = await signedBy(array(signatures, 2)[log], "openline/genesis/1", this.keys[log].log);
        demand(equal(said, [1n, this.id, this.hash]), "genesis signature");
      }
    }

    /** Take one entry in; false if it has to wait for the other log. */
    async entry(log, [leaf, salt, body]) {
      const claims = array(await signedBy(leaf, "openline/entry/1", this.keys[log].log), 13);
      const [version, line, author, index, prev, seen, seenHead, lamport, , kind, drill, commit, statements] = claims;
      const leaves = this.leaves[log], others = this.leaves[1 - log];
      demand(version === 1n && same(line, this.id) && author === BigInt(log), "entry: line or author");
      demand(index === BigInt(leaves.length) && same(prev, leaves.at(-1)), "entry: chain");
      demand(seen >= this.seen[log].at(-1), "entry: has seen less");
      if (seen > BigInt(others.length)) return false;
      demand(same(seenHead, others[Number(seen) - 1]), "entry: another history");
      const [mine, theirs] = [this.lamports[log].at(-1), this.lamports[1 - log][Number(seen) - 1]];
      demand(lamport === 1n + (mine > theirs ? mine : theirs), "entry: Lamport number");
      if (body === null) demand(salt.length === 0 && !["enrol", "revoke"].includes(kind), "entry: no body");
      else demand(salt.length === 16 && same(await sha(ascii("openline-body-v1"), salt, body), commit), "body");
      const content = body === null ? null : whole(body);
      await this.said(log, array(statements), [1n, line, BigInt(log), kind, drill, commit], seen, content);
      leaves.push(await sha([0], leaf));
      this.lamports[log].push(lamport);
      this.seen[log].push(seen);
      return true;
    }

    async said(log, statements, claims, seen, body) {
      const kind = claims[3], known = new Map(this.officers[log]);
      demand(statements.length <= 2 && (!OFFICER.includes(kind) || statements.length > 0), "no statement");
      demand(!MACHINE.includes(kind) || statements.length === 0, "a machine's entry with a statement");
      const named = ["enrol", "revoke"].includes(kind) ? hex((await sha(body.get("officer"))).subarray(0, 16)) : "";
      if (kind === "enrol") known.set(named, strong(body.get("officer")));
      demand(kind === "enrol" || known.size > 0, "nobody is enrolled");
      const signers = new Set();
      for (const statement of statements) {
        const kid = hex(cose(statement, "").kid);
        demand(known.has(kid) && !signers.has(kid), "not an officer");
        signers.add(kid);
        const told = await signedBy(statement, "openline/statement/1", known.get(kid));
        demand(equal(told.slice(0, 6), claims) && told[6] >= 1n && told[6] <= seen, "statement of something else");
        demand(same(told[7], this.leaves[1 - log][Number(told[6]) - 1]), "statement: another history");
        demand(isBytes(told[8]) && !this.nonces[log].has(hex(told[8])), "statement used before");
        this.nonces[log].add(hex(told[8]));
      }
      if (kind === "enrol") {
        demand(signers.has(named), "the new officer did not sign");
        demand(this.leaves[log].length === 1 || signers.size === 2, "nobody vouches");
      }
      if (kind === "revoke") demand(known.delete(named), "revokes a stranger");
      this.officers[log] = known;
    }

    keysOf(log) {
      const line = hex(this.id), own = this.keys[log], other = this.keys[1 - log];
      const origin = `openline/${line}/${"ab"[log]}`, cosigner = `openline/${line}/${"ab"[1 - log]}/cosign`;
      return {
        author: { name: origin, kind: ED25519, key: own.log },
        holder: { name: cosigner, kind: COSIGNATURE, key: other.cosign },
        authorSeal: { name: origin, kind: SUBTREE, key: own.log_pq },
        holderSeal: { name: cosigner, kind: SUBTREE, key: other.cosign_pq },
      };
    }

    /** The note has exactly these signatures, this size and the root of the log. */
    async stands(note, log, size, names) {
      const keys = this.keysOf(log);
      demand(isBytes(note), "another shape");
      const found = await readNote(note, names.map((name) => keys[name]));
      demand(found.origin === `openline/${hex(this.id)}/${"ab"[log]}`, "note: origin");
      demand(found.size >= 1 && found.size <= this.leaves[log].length, "note: ahead");
      demand(same(found.root, await root(this.leaves[log].slice(0, found.size))), "note: another root");
      demand(found.size === size, "note of another size");
    }

    async receipt(log, size, receipt) {
      const [text, claim] = array(whole(receipt), 2);
      await this.stands(text, log, size, ["author", "holder"]);
      const said = array(await signedBy(claim, "openline/receipt/1", this.keys[1 - log].cosign), 4);
      const hash = await root(this.leaves[log].slice(0, size));
      demand(equal(said.slice(0, 3), [this.id, BigInt(size), hash]), "receipt");
      const later = this.seen[1 - log].slice(Number(said[3]));
      demand(said[3] >= 1n && later.every((seen) => seen >= BigInt(size)), "backdated behind a receipt");
    }
  }

  // --- the bundle (bundle.md) -----------------------------------------------------------------
  async function form(data) {
    demand(data.length <= BUNDLE_BYTES_MAX, "larger than a bundle may be");
    const items = [];
    let at = 0, start = 0;
    while (at < data.length) {
      start = at;
      const [value, end] = item(data, at);
      demand(end - start <= ITEM_BYTES_MAX, "an item that is too long");
      items.push(value);
      at = end;
    }
    demand(items.length > 0 && equal(items.at(-1), ["end", await sha(data.subarray(0, start))]), "digest");
    const [label, who, when, sizes, notes] = array(items[0], 5);
    demand(label === "openline-bundle-v1" && (who === 0n || who === 1n), "not a bundle");
    demand(when >= 0n && when < 2n ** 63n && array(sizes, 2).every((size) => size >= 1n), "header");
    demand(BigInt(items.length) === 2n + sizes[0] + sizes[1] + notes, "number of items");
    const [a, b] = sizes.map(Number);
    const logs = [items.slice(3, 2 + a), items.slice(2 + a, 1 + a + b)];
    const found = items.slice(1 + a + b, -1);
    for (const log of logs) for (const entry of log) array(entry, 3);
    let last = [-1n, 0n];
    for (const note of found) {
      const [log, size, ...parts] = array(note, 6);
      demand((log === 0n || log === 1n) && (log > last[0] || (log === last[0] && size > last[1])), "order of the notes");
      demand(parts.some((part) => part !== null && part.length > 0), "order of the notes");
      last = [log, size];
    }
    return { genesis: items[1], signatures: items[2], sizes: [a, b], logs, notes: found };
  }

  async function enter(line, logs) {
    const next = [0, 0];
    while (next[0] < logs[0].length || next[1] < logs[1].length) {
      const before = next[0] + next[1];
      for (const log of [0, 1]) while (next[log] < logs[log].length && await line.entry(log, logs[log][next[log]])) next[log] += 1;
      demand(next[0] + next[1] > before, "cites what is not there");
    }
  }

  async function notes(step, line, bundle, report) {
    for (const [log_, size_, note, receipt, author, holder] of bundle.notes) {
      const log = Number(log_), size = Number(size_);
      if (step === "checkpoints" && note !== null) await line.stands(note, log, size, ["author"]);
      if (step === "receipts" && receipt !== null) {
        await line.receipt(log, size, receipt);
        report.receipted[log] = Math.max(report.receipted[log], size);
      }
      if (step !== "seals") continue;
      if (author !== null) await line.stands(author, log, size, ["authorSeal"]);
      if (holder !== null) await line.stands(holder, log, size, ["holderSeal"]);
      if (author !== null && holder !== null) report.sealed[log] = Math.max(report.sealed[log], size);
    }
  }

  /** bytes: Uint8Array; pins: two strings of 64 hex digits. Never throws for what a bundle holds. */
  async function verify(bytes, pins, { allowUnreceipted = false } = {}) {
    const report = { verified: false, passed: [], failed: "", reason: "", receipted: [1, 1], sealed: [1, 1], allowUnreceipted };
    const line = new Line();
    let bundle = null;
    const acts = {
      form: async () => { bundle = await form(bytes); },
      pins: () => line.pin(bundle.genesis, pins.map((pin) => pin.toLowerCase())),
      cards: () => line.founded(),
      confirmed: () => line.confirmed(bundle.signatures),
      entries: () => enter(line, bundle.logs),
      receipted: async () => {
        const complete = [0, 1].every((log) => report.receipted[log] === bundle.sizes[log]);
        demand(complete || allowUnreceipted, "entries without a receipt");
      },
    };
    for (const step of STEPS) {
      try {
        await (acts[step] ?? (() => notes(step, line, bundle, report)))();
      } catch (error) {
        report.failed = step;
        report.reason = error instanceof Refused ? error.message : `another shape: ${error}`;
        return report;
      }
      report.passed.push(step);
    }
    report.verified = true;
    return report;
  }

  verify.strong = strong;
  verify.unhex = unhex;
  return verify;
})();

// Verify an Openline evidence bundle in a browser, offline: WebCrypto and nothing else.
//
// Written from docs/spec (record.md, bundle.md, cards.md). The pins, full fingerprints of both cards, come from outside
// of the bundle. A receipt is a receipt of storage, not agreement.
"use strict";

const openlineVerify = (() => {
  const ED25519 = 1, COSIGNATURE = 4, SUBTREE = 6;
  const BUNDLE_BYTES_MAX = 2 ** 30, ITEM_BYTES_MAX = 65_536;
  const LEAF_BYTES_MAX = 2_048, STATEMENT_BYTES_MAX = 640, BODY_BYTES_MAX = 16_384, CARD_BYTES_MAX = 16_384;
  const GENESIS_BYTES_MAX = 33_792, SIGN1_BYTES_MAX = 4_096, NOTE_BYTES_MAX = 16_384, RECEIPT_BYTES_MAX = 4_096;
  const NOTES_MAX = 2n ** 20n, UINT_END = 2n ** 63n;
  const MACHINE = ["shown", "call", "recording", "check"];
  const STRUCTURE = ["enrol", "revoke", "rule"];
  const MARKS = ["sent-in-error", "protest", "passed", "declined"];
  const OFFICER = ["text", "opened", ...MARKS, "seal-open", "seal-commit", "seal-reveal", ...STRUCTURE];
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

  // --- shapes: a number stands for a byte string of that size (0: of any), an array or an object for exactly those
  // members, a pattern for a text that it matches whole, a function for itself -----------------------------------------
  const isUint = (value) => typeof value === "bigint" && value >= 0n && value < UINT_END;
  const upTo = (most) => (value) => isUint(value) && value <= most;
  const one = (value) => value === 1n, party = upTo(1n), flag = (value) => typeof value === "boolean";
  const isMap = (value) => value instanceof Map, isList = Array.isArray;
  const KIND = /^[a-z][a-z0-9-]{0,31}$/, WATCH_CODE = /^[A-Z0-9][A-Z0-9-]{0,15}$/, PATH_NAME = /^[a-z0-9][a-z0-9-]{0,30}$/;
  const LANGUAGE = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/;
  const ADDRESS = /^([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.%]{2,64}\]):[0-9]{1,5}$/;
  const NAME = new RegExp("^(?=.*\\S)[^\\0-\\x1f\\x7f-\\x9f\\xad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]{1,120}$", "u");
  const ENTRY = [one, 16, party, isUint, 32, isUint, 32, isUint, isUint, KIND, flag, 32, isList];
  const STATEMENT = [one, 16, party, KIND, flag, 32, isUint, 32, 16];
  const ROLES = { link: 32, log: 32, log_pq: 1312, cosign: 32, cosign_pq: 1312 };
  const TERMS = { disclosure: upTo(3n), off_record: flag, protected: isList };
  const CARD = { v: one, suite: one, versions: [one], names: isMap, keys: ROLES, paths: isMap, langs: isList,
    disclosure: upTo(3n), off_record: flag, nonce: 16 };
  function fits(value, kind) {
    if (typeof kind === "number") return isBytes(value) && (kind === 0 || value.length === kind);
    if (typeof kind === "function") return kind(value);
    if (kind instanceof RegExp) return typeof value === "string" && kind.test(value);
    if (isList(kind)) return isList(value) && value.length === kind.length && kind.every((each, at) => fits(value[at], each));
    const names = Object.keys(kind);
    return isMap(value) && value.size === names.length && names.every((name) => value.has(name) && fits(value.get(name), kind[name]));
  }
  function shaped(value, kind, what) {
    demand(fits(value, kind), `${what}: another shape`);
    return value;
  }
  function limited(data, most, what) {
    demand(isBytes(data) && data.length <= most, `${what}: too large`);
    return data;
  }

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
  let postQuantum = null;
  /** Whether this browser can check ML-DSA-44; a key of zeros is one. */
  function canPostQuantum() {
    postQuantum ??= importKey("ML-DSA-44", new Uint8Array(1312)).then(() => true, () => false);
    return postQuantum;
  }
  async function holds(name, key, signature, data) {
    demand(isBytes(key) && isBytes(signature), "another shape");
    if (name === "ML-DSA-44" && !await canPostQuantum()) return;
    let known;
    try { known = await importKey(name, key); } catch { throw new Refused("not a key"); }
    demand(await crypto.subtle.verify(name, known, signature, data), "a signature does not hold");
  }

  // --- CBOR and COSE (record.md, section 2) ---------------------------------------------------
  // Numbers are BigInt. A map is a Map: its keys are texts.
  function item(data, at, depth = 12) {
    demand(at < data.length, "CBOR: ends early");
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
    demand(major < 6 && depth > 0, "CBOR: a tag, or too deep");
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
      demand(typeof key === "string", "CBOR: a map's key is not text");
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
    limited(data, ITEM_BYTES_MAX, "CBOR");
    const [value, end] = item(data, 0);
    demand(end === data.length, "CBOR: bytes after the end");
    return value;
  }
  const equal = (one, other) => (isBytes(one) ? same(one, other) : Array.isArray(one)
    ? Array.isArray(other) && one.length === other.length && one.every((each, at) => equal(each, other[at])) : one === other);
  function cose(data, use) {
    demand(hex(limited(data, SIGN1_BYTES_MAX, "COSE").subarray(0, 8)) === "d28455a201320450" && data[24] === 0xa0, "COSE: header");
    const [payload, end] = item(data, 25);
    demand(isBytes(payload) && data[end] === 0x58 && data[end + 1] === 0x40 && data.length === end + 66, "COSE: shape");
    const signed = join([0x84, 0x6a], ascii("Signature1"), data.subarray(2, 24), [0x40 | use.length], ascii(use), data.subarray(25, end));
    return { kid: data.slice(8, 24), payload, signed, signature: data.slice(end + 2) };
  }
  async function signedBy(data, use, key) {
    const { kid, payload, signed, signature } = cose(data, use);
    demand(same(kid, (await sha(key)).subarray(0, 16)), "COSE: another key");
    await holds("Ed25519", key, signature, signed);
    return whole(payload);
  }
  /** The roots of a log (RFC 6962 section 2.1) at those of its sizes that notes name. */
  class Tree {
    constructor(wanted) { this.hashes = []; this.roots = new Map(); this.peaks = []; this.wanted = wanted; }

    async grow(leaf) {
      let height = 0, node = await sha([0], leaf);
      this.hashes.push(node);
      while (this.peaks.length > 0 && this.peaks.at(-1)[0] === height) {
        node = await sha([1], this.peaks.pop()[1], node);
        height += 1;
      }
      this.peaks.push([height, node]);
      if (!this.wanted.has(this.hashes.length)) return;
      for (const [, left] of this.peaks.slice(0, -1).reverse()) node = await sha([1], left, node);
      this.roots.set(this.hashes.length, node);
    }
  }

  // --- signed notes (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature) -----------------
  /** One spelling only: the bits of the last letter that carry nothing are zero. */
  function base64(text) {
    demand(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text), "not base64");
    const letters = atob(text);
    demand(btoa(letters) === text, "base64 in another spelling");
    return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  }
  function head(body) {
    const lines = body.split("\n").slice(0, -1);
    demand(lines.length === 3 && lines.every(Boolean), "note: not a checkpoint");
    demand(/^(?:0|[1-9][0-9]{0,18})$/.test(lines[1]), "note: not a size");
    const hash = base64(lines[2]);
    demand(hash.length === 32, "note: not a SHA-256 root");
    return { origin: lines[0], size: BigInt(lines[1]), root: hash, body };
  }
  /** Verify by type; the time of the signature, null where none is signed. */
  async function noteSignature(key, signature, { origin, size, root: hash, body }) {
    if (key.kind === ED25519) {
      await holds("Ed25519", key.key, signature, ascii(body));
      return null;
    }
    const stamp = signature.slice(0, 8), rest = signature.slice(8), time = BigInt(`0x${hex(stamp)}`);
    demand(stamp.length === 8 && time < UINT_END, "note: not a time");
    if (key.kind === COSIGNATURE) await holds("Ed25519", key.key, rest, ascii(`cosignature/v1\ntime ${time}\n${body}`));
    else {
      const named = (text) => { const bytes = ascii(text); return join([bytes.length], bytes); };
      await holds("ML-DSA-44", key.key, rest, join(ascii("subtree/v1\n\0"), named(key.name), stamp,
        named(origin), big(0, 8), big(size, 8), hash));
    }
    return time;
  }
  /** A note under exactly the signatures of these keys, in this order. */
  async function readNote(note, keys) {
    const text = utf8(limited(note, NOTE_BYTES_MAX, "note"));
    demand(!/[\0-\x09\x0b-\x1f]/.test(text), "note: control character");
    const at = text.lastIndexOf("\n\n");
    demand(at >= 0 && text.endsWith("\n"), "note: no signatures");
    const found = head(text.slice(0, at + 1)), lines = text.slice(at + 2).split("\n").slice(0, -1);
    demand(lines.length === keys.length, "note: lines");
    found.times = [];
    for (const [number, key] of keys.entries()) {
      const start = `\u2014 ${key.name} `;
      demand(lines[number].startsWith(start), "note: another signer");
      const blob = base64(lines[number].slice(start.length));
      const id = (await sha(ascii(`${key.name}\n`), [key.kind], key.key)).subarray(0, 4);
      demand(blob.length > 4 && same(blob.subarray(0, 4), id), "note: another key");
      found.times.push(await noteSignature(key, blob.slice(4), found));
    }
    return found;
  }

  // --- the line and its logs ------------------------------------------------------------------
  async function readCard(data) {
    const [inner, signatures] = shaped(whole(data), [0, isList], "card");
    const body = shaped(whole(inner), CARD, "card");
    const [names, paths, langs] = ["names", "paths", "langs"].map((name) => body.get(name));
    demand([names.size, paths.size, langs.length].every((many) => many >= 1 && many <= 8), "card: how many");
    demand(new Set(langs).size === langs.length, "card: a language twice");
    demand([...names.keys(), ...langs].every((tag) => fits(tag, LANGUAGE)), "card: language");
    demand([...names.values()].every((name) => fits(name, NAME)), "card: name");
    demand([...paths].every(([path, many]) => fits(path, PATH_NAME) && isList(many) && many.length <= 8
      && many.every((address) => fits(address, ADDRESS))), "card: path");
    const keys = Object.fromEntries(body.get("keys"));
    demand(new Set(Object.values(keys).map(hex)).size === 5 && signatures.length === 5, "card: keys, signatures");
    const signed = join(ascii("openline-card-v1\0"), inner);
    for (const [at, role] of Object.keys(ROLES).entries()) {
      if (!role.endsWith("_pq")) strong(keys[role]);
      await holds(role.endsWith("_pq") ? "ML-DSA-44" : "Ed25519", keys[role], signatures[at], signed);
    }
    return { keys, disclosure: body.get("disclosure"), offRecord: body.get("off_record") };
  }

  class Line {
    async pin(genesis, pins) {
      const found = whole(limited(genesis, GENESIS_BYTES_MAX, "genesis"));
      demand(isList(found) && found.length === 4 && found[0] === "openline-genesis-v1" && fits(found.slice(1, 3), [0, 0]), "genesis");
      this.cards = found.slice(1, 3);
      this.terms = found[3];
      this.genesis = genesis;
      this.prints = [hex(await sha(this.cards[0])), hex(await sha(this.cards[1]))];
      demand(new Set(pins).size === 2 && this.prints[0] !== this.prints[1] && this.prints.every((print) => pins.includes(print)), "other cards");
      demand(this.cards.every((card) => card.length <= CARD_BYTES_MAX), "card: too large");
    }

    /** noted: of both logs, the sizes at which notes stand. */
    async founded(noted) {
      const cards = [await readCard(this.cards[0]), await readCard(this.cards[1])];
      this.keys = cards.map((card) => card.keys);
      demand(new Set(this.keys.flatMap((keys) => Object.values(keys).map(hex))).size === 10, "a key of both");
      demand(this.prints[0] < this.prints[1], "genesis: order of the cards");
      const least = cards[0].disclosure < cards[1].disclosure ? cards[0].disclosure : cards[1].disclosure;
      const terms = shaped(this.terms, TERMS, "genesis: terms");
      demand(terms.get("disclosure") === least && terms.get("off_record") === cards.every((card) => card.offRecord)
        && equal(terms.get("protected"), ["acts", "line-check", "safety"]), "genesis: terms");
      this.hash = await sha(this.genesis);
      this.id = this.hash.slice(0, 16);
      this.trees = noted.map((sizes) => new Tree(sizes));
      for (const tree of this.trees) await tree.grow(this.genesis);
      this.lamports = [[0n], [0n]];
      this.seen = [[1n], [1n]];
      this.officers = [new Map(), new Map()];
      this.enrolled = [new Set(), new Set()];
      this.nonces = [new Set(), new Set()];
      this.two = [new Set(), new Set()];
    }

    async confirmed(signatures) {
      for (const log of [0, 1]) {
        const said = await signedBy(signatures[log], "openline/genesis/1", this.keys[log].log);
        demand(equal(said, [1n, this.id, this.hash]), "genesis signature");
      }
    }

    /** Take one entry in; false if it has to wait for the other log. */
    async entry(log, [leaf, salt, body]) {
      limited(leaf, LEAF_BYTES_MAX, "entry");
      const claims = shaped(await signedBy(leaf, "openline/entry/1", this.keys[log].log), ENTRY, "entry");
      const [, line, author, index, prev, seen, seenHead, lamport, , kind, drill, commit, statements] = claims;
      const leaves = this.trees[log].hashes, others = this.trees[1 - log].hashes;
      demand(same(line, this.id) && author === BigInt(log), "entry: line or author");
      demand(index === BigInt(leaves.length) && same(prev, leaves.at(-1)), "entry: chain");
      demand(seen >= this.seen[log].at(-1), "entry: has seen less");
      if (seen > BigInt(others.length)) return false;
      demand(same(seenHead, others[Number(seen) - 1]), "entry: another history");
      const [mine, theirs] = [this.lamports[log].at(-1), this.lamports[1 - log][Number(seen) - 1]];
      demand(lamport === 1n + (mine > theirs ? mine : theirs), "entry: Lamport number");
      demand(body !== null || !STRUCTURE.includes(kind), "entry: no body");
      if (body !== null) {
        demand(salt.length === 16 && body.length <= BODY_BYTES_MAX, "body: salt or size");
        demand(same(await sha(ascii("openline-body-v1"), salt, body), commit), "body");
      }
      const content = body === null ? null : whole(body);
      demand(index > 1n || kind === "enrol", "entry: nobody is enrolled");
      await this.said(log, statements, [1n, line, BigInt(log), kind, drill, commit], seen, content);
      await this.trees[log].grow(leaf);
      this.lamports[log].push(lamport);
      this.seen[log].push(seen);
      return true;
    }

    async said(log, statements, claims, seen, body) {
      const kind = claims[3], known = new Map(this.officers[log]);
      demand(statements.length <= 2 && (!OFFICER.includes(kind) || statements.length > 0), "no statement");
      demand(!MACHINE.includes(kind) || statements.length === 0, "a machine's entry with a statement");
      if (kind === "enrol") shaped(body, { officer: 32, code: WATCH_CODE }, "enrol");
      if (kind === "revoke") shaped(body, { officer: 32 }, "revoke");
      const named = ["enrol", "revoke"].includes(kind) ? hex((await sha(body.get("officer"))).subarray(0, 16)) : "";
      demand(statements.length === 2 || (kind !== "rule" && !this.two[log].has(kind)), "needs two officers");
      const vouched = this.two[log].has("enrol"); // by two who were enrolled before: one is not two
      if (kind === "enrol") this.newcomer(log, body.get("officer"), named);
      if (kind === "enrol" && !vouched) known.set(named, body.get("officer"));
      const signers = new Set();
      for (const statement of statements) {
        const kid = hex(cose(limited(statement, STATEMENT_BYTES_MAX, "statement"), "").kid);
        demand(known.has(kid) && !signers.has(kid), "not an officer");
        signers.add(kid);
        const told = shaped(await signedBy(statement, "openline/statement/1", known.get(kid)), STATEMENT, "statement");
        demand(equal(told.slice(0, 6), claims) && told[6] >= 1n && told[6] <= seen, "statement of something else");
        demand(same(told[7], this.trees[1 - log].hashes[Number(told[6]) - 1]), "statement: another history");
        demand(!this.nonces[log].has(hex(told[8])), "statement used before");
        this.nonces[log].add(hex(told[8]));
      }
      if (kind === "enrol") {
        demand(vouched || signers.has(named), "the new officer did not sign");
        demand(this.seen[log].length === 1 || signers.size === 2, "nobody vouches");
        known.set(named, body.get("officer"));
      }
      if (kind === "revoke") demand(known.delete(named), "revokes a stranger");
      if (kind === "rule") {
        const two = shaped(body, { two: isList }, "rule").get("two");
        demand(two.length <= 16 && two.every((each, at) => fits(each, KIND) && (at === 0 || two[at - 1] < each)), "rule");
        this.two[log] = new Set(two);
      }
      this.officers[log] = known;
    }

    newcomer(log, officer, kid) {
      strong(officer);
      demand(!this.enrolled[log].has(kid), "enrolled before");
      demand(this.keys.every((keys) => !Object.values(keys).some((key) => same(key, officer))), "has another role");
      this.enrolled[log].add(kid);
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

    /** A note of exactly these signatures, of this size, with the root of the log. */
    async stands(note, log, size, names) {
      const keys = this.keysOf(log);
      const found = await readNote(note, names.map((name) => keys[name]));
      demand(found.origin === `openline/${hex(this.id)}/${"ab"[log]}`, "note: origin");
      demand(found.size === BigInt(size), "note of another size");
      demand(same(found.root, this.trees[log].roots.get(size)), "note: ahead, or another root");
      return found;
    }

    async receipt(log, size, receipt) {
      const [text, claim] = shaped(whole(limited(receipt, RECEIPT_BYTES_MAX, "receipt")), [0, 0], "receipt");
      const found = await this.stands(text, log, size, ["author", "holder"]);
      const said = await signedBy(claim, "openline/receipt/1", this.keys[1 - log].cosign);
      shaped(said, [16, isUint, 32, isUint], "receipt");
      demand(equal(said.slice(0, 3), [this.id, BigInt(size), found.root]) && said[3] >= 1n, "receipt");
      const next = this.seen[1 - log][Number(said[3])]; // seen never falls
      demand(next === undefined || next >= BigInt(size), "backdated behind a receipt");
    }

    async seal(log, size, note, name) {
      const found = await this.stands(note, log, size, [name]);
      demand(name === "holderSeal" || found.times[0] === 0n, "an author's seal with a time");
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
    const [, , , sizes, notes] = shaped(items[0], [/^openline-bundle-v1$/, party, isUint, [isUint, isUint], upTo(NOTES_MAX)], "header");
    demand(sizes.every((size) => size >= 1n) && BigInt(items.length) === 2n + sizes[0] + sizes[1] + notes, "number of items");
    shaped(items.slice(1, 3), [0, [0, 0]], "genesis and its signatures");
    const [a, b] = sizes.map(Number);
    const logs = [items.slice(3, 2 + a), items.slice(2 + a, 1 + a + b)], found = items.slice(1 + a + b, -1);
    const erased = (entry) => fits(entry, [0, 0, (body) => body === null]) && entry[1].length === 0;
    demand(logs.flat().every((entry) => erased(entry) || fits(entry, [0, 0, 0])), "entry: another shape");
    const part = (value) => value === null || isBytes(value), noted = [new Set(), new Set()];
    let last = [-1n, 0n];
    for (const note of found) {
      const [log, size, ...parts] = shaped(note, [party, isUint, part, part, part, part], "note");
      demand(log > last[0] || (log === last[0] && size > last[1]), "notes: order");
      demand(size >= 1n && parts.some((each) => each !== null), "notes: order");
      last = [log, size];
      noted[Number(log)].add(Number(size));
    }
    return { genesis: items[1], signatures: items[2], sizes: [a, b], logs, notes: found, noted };
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
      for (const [at, seal, name] of [[0, author, "authorSeal"], [1, holder, "holderSeal"]]) {
        if (seal === null) continue;
        await line.seal(log, size, seal, name);
        report.seals[log][at] = Math.max(report.seals[log][at], size);
      }
      if (report.postQuantum) report.sealed = report.seals.map((pair) => Math.min(...pair));
    }
  }

  /** bytes: Uint8Array; pins: two strings of 64 hex digits. Never throws for what a bundle holds. */
  async function verify(bytes, pins, { allowUnreceipted = false } = {}) {
    const report = { verified: false, passed: [], failed: "", reason: "", receipted: [1, 1], sealed: [1, 1],
      seals: [[1, 1], [1, 1]], allowUnreceipted, postQuantum: await canPostQuantum() };
    const line = new Line();
    let bundle = null;
    const acts = {
      form: async () => { bundle = await form(bytes); },
      pins: () => line.pin(bundle.genesis, pins.map((pin) => pin.toLowerCase())),
      cards: () => line.founded(bundle.noted),
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

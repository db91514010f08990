#!/usr/bin/env python3
"""Verify an Openline evidence bundle: one file, the standard library and ``cryptography``.

Written from docs/spec (record.md, bundle.md, cards.md) and nothing else; it imports nothing of
Openline. Bring the full fingerprints of both cards from outside of the bundle:

    python openline_verify.py BUNDLE --pin HEX --pin HEX [--allow-unreceipted] [--json]

Exit code 0: every step holds. 1: one does not; it is named. 2: it was called in another way.
A receipt is a receipt of storage, not agreement.
"""

import argparse
import base64
import hashlib
import json
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

ED25519 = 0x01
COSIGNATURE = 0x04
SUBTREE = 0x06
BUNDLE_BYTES_MAX = 1 << 30
ITEM_BYTES_MAX = 65_536
MACHINE = {"shown", "call", "recording", "check"}
SEALED = {"seal-open", "seal-commit", "seal-reveal"}
OFFICER = {"text", "opened", "enrol", "revoke"} | SEALED
STEPS = (
    "form",
    "pins",
    "cards",
    "confirmed",
    "entries",
    "checkpoints",
    "receipts",
    "seals",
    "receipted",
)
P = 2**255 - 19
ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
SMALL_ORDER = {0, 1, P - 1, ORDER_8, P - ORDER_8}
"""The y coordinates of the eight points of small order: one signature of such a key fits all."""


class Refused(Exception):  # noqa: N818 - it is a verdict
    """The bundle does not hold."""


def demand(condition: object, reason: str) -> None:
    if not condition:
        raise Refused(reason)


def strong(public: bytes) -> bytes:
    """An Ed25519 key that can stand for its owner: 32 bytes, canonical, of large order."""
    y = int.from_bytes(public, "little") & (2**255 - 1)
    demand(len(public) == 32 and y < P and y not in SMALL_ORDER, "weak key")
    return public


# --- signed notes (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature) -------------------


class NoteError(Exception):
    """The note does not hold."""


def fail(reason: str) -> NoReturn:
    raise NoteError(reason)


@dataclass(frozen=True)
class Key:
    """A key that the reader knows: name, signature type, raw public key."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        material = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(material).digest()[:4]


@dataclass(frozen=True)
class Head:
    """A tree head, and who signed it when (seconds since 1970, None where no time is signed)."""

    origin: str
    size: int
    root: bytes
    signed: dict[tuple[str, int], int | None]


def read(note: bytes, keys: list[Key]) -> Head:
    """Verify every signature of a known key; fail if one does not hold or none is there."""
    text = note.decode("utf-8")
    if any(ord(character) < 0x20 and character != "\n" for character in text):
        fail("control character")
    at = text.rfind("\n\n")
    if at < 0 or not text.endswith("\n"):
        fail("no signatures")
    body, signatures = text[: at + 1], text[at + 2 :]
    origin, size, root = head_of(body)
    known = {(key.name, key.id): key for key in keys}
    signed: dict[tuple[str, int], int | None] = {}
    for line in signatures.split("\n")[:-1]:
        name, blob = signature_of(line)
        key = known.get((name, blob[:4]))
        if key is not None:
            signed[name, key.kind] = check(key, blob[4:], body.encode(), (origin, size, root))
    if not signed:
        fail("no signature of a known key")
    return Head(origin, size, root, signed)


def head_of(body: str) -> tuple[str, int, bytes]:
    lines = body.split("\n")[:-1]
    if len(lines) < 3 or not all(lines):
        fail("not a checkpoint")
    if not lines[1].isascii() or not lines[1].isdigit() or str(int(lines[1])) != lines[1]:
        fail("not a size")
    root = base64.b64decode(lines[2], validate=True)
    if len(root) != 32:
        fail("not a SHA-256 root")
    return lines[0], int(lines[1]), root


def signature_of(line: str) -> tuple[str, bytes]:
    if not line.startswith("\u2014 "):
        fail("not a signature line")
    name, _, encoded = line[2:].partition(" ")
    if not name or "+" in name or any(character.isspace() for character in name):
        fail("not a key name")
    blob = base64.b64decode(encoded, validate=True)
    if len(blob) < 5:
        fail("no signature")
    return name, blob


def check(key: Key, signature: bytes, body: bytes, head: tuple[str, int, bytes]) -> int | None:
    """Verify by type; cryptography's InvalidSignature goes up as it is."""
    if key.kind == ED25519:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, body)
        return None
    (time,) = struct.unpack(">Q", signature[:8])
    if key.kind == COSIGNATURE:
        signed = b"cosignature/v1\ntime " + str(time).encode() + b"\n" + body
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature[8:], signed)
        return int(time)
    if key.kind == SUBTREE:
        signed = subtree(key.name, time, head)
        MLDSA44PublicKey.from_public_bytes(key.public).verify(signature[8:], signed)
        return int(time)
    fail("unknown signature type")


def subtree(name: str, time: int, head: tuple[str, int, bytes]) -> bytes:
    """struct cosigned: label, cosigner_name, timestamp, log_origin, start, end, hash."""
    origin, size, root = head
    signer, log = name.encode(), origin.encode()
    parts = [b"subtree/v1\n\x00"]
    parts.append(struct.pack(f">B{len(signer)}sQ", len(signer), signer, time))
    parts.append(struct.pack(f">B{len(log)}sQQ32s", len(log), log, 0, size, root))
    return b"".join(parts)


# --- CBOR and COSE (record.md, section 2) -----------------------------------------------------


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def item(data: bytes, at: int, depth: int = 12) -> tuple[Any, int]:
    """One deterministic CBOR item (RFC 8949 section 4.2.1) of the subset of docs/spec/record.md."""
    demand(at < len(data) and depth >= 0, "CBOR: ends early or too deep")
    major, short, at = data[at] >> 5, data[at] & 31, at + 1
    if major == 7:
        demand(short in (20, 21, 22), "CBOR: simple value")
        return {20: False, 21: True, 22: None}[short], at
    number = short
    if short >= 24:
        demand(short < 28, "CBOR: indefinite length")
        width = 1 << (short - 24)
        number = int.from_bytes(data[at : at + width], "big")
        demand(number >= (24 if width == 1 else 1 << (4 * width)), "CBOR: not the shortest")
        at += width
    if major < 2:
        return (number if major == 0 else -1 - number), at
    demand(number <= len(data) - at, "CBOR: ends early")
    if major < 4:
        piece = data[at : at + number]
        return (piece if major == 2 else piece.decode("utf-8")), at + number
    demand(major < 6, "CBOR: tag")
    found: list[Any] = []
    heads: list[bytes] = []
    for _ in range(number):
        start = at
        value, at = item(data, at, depth - 1)
        found.append(value)
        if major == 5:
            heads.append(data[start:at])
            value, at = item(data, at, depth - 1)
            found.append(value)
    if major == 4:
        return found, at
    demand(heads == sorted(set(heads)), "CBOR: map keys")
    return dict(zip(found[::2], found[1::2], strict=True)), at


def whole(data: bytes) -> Any:  # noqa: ANN401 - any value
    value, end = item(data, 0)
    demand(end == len(data), "CBOR: bytes after the end")
    return value


def string_head(size: int) -> bytes:
    if size < 24:
        return bytes([0x40 | size])
    return b"\x58" + bytes([size]) if size < 256 else b"\x59" + size.to_bytes(2, "big")


def cose(data: bytes, use: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """kid, payload, what is signed and the signature of a COSE_Sign1."""
    demand(data[:8] == bytes.fromhex("d28455a201320450"), "COSE: header")
    kid = data[8:24]
    demand(data[24:25] == b"\xa0", "COSE: unprotected header")
    payload, end = item(data, 25)
    demand(isinstance(payload, bytes) and data[end : end + 2] == b"\x58\x40", "COSE: shape")
    demand(len(data) == end + 66, "COSE: length")
    signed = b"\x84\x6aSignature1" + string_head(21) + data[3:24]
    signed += string_head(len(use)) + use + string_head(len(payload)) + payload
    return kid, payload, signed, data[end + 2 :]


def signed_by(data: bytes, use: bytes, public: bytes) -> Any:  # noqa: ANN401 - any value
    kid, payload, signed, signature = cose(data, use)
    demand(kid == sha(public)[:16], "COSE: another key")
    Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    return whole(payload)


def root(hashes: list[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return sha(b"\x01", root(hashes[:split]), root(hashes[split:]))


class Line:
    """Both cards, the genesis, and the two logs as far as they were checked."""

    def __init__(self, genesis: bytes, pins: set[bytes]) -> None:
        label, *cards, terms = whole(genesis)
        demand(label == "openline-genesis-v1" and len(cards) == 2, "genesis")
        demand({sha(card) for card in cards} == pins and len(pins) == 2, "other cards")
        self.cards, self.terms, self.genesis = cards, terms, genesis

    def founded(self) -> None:
        """Both cards hold, and the genesis follows from them."""
        cards, terms, genesis = self.cards, self.terms, self.genesis
        demand(sha(cards[0]) < sha(cards[1]), "genesis: order of the cards")
        self.bodies = [self.card(card) for card in cards]
        self.keys = [body["keys"] for body in self.bodies]
        demand(
            terms
            == {
                "disclosure": min(body["disclosure"] for body in self.bodies),
                "off_record": all(body["off_record"] for body in self.bodies),
                "protected": ["acts", "line-check", "safety"],
            },
            "genesis: terms",
        )
        self.hash, self.id = sha(genesis), sha(genesis)[:16]
        self.leaves = [[sha(b"\x00", genesis)] for _ in (0, 1)]
        self.lamports: list[list[int]] = [[0], [0]]
        self.seen: list[list[int]] = [[1], [1]]
        self.officers: list[dict[bytes, bytes]] = [{}, {}]
        self.nonces: list[set[bytes]] = [set(), set()]

    @staticmethod
    def card(data: bytes) -> dict[str, Any]:
        inner, signatures = whole(data)
        body: dict[str, Any] = whole(inner)
        demand(body["v"] == 1 and body["suite"] == 1 and len(signatures) == 5, "card")
        for role in ("link", "log", "cosign"):
            strong(body["keys"][role])
        signed = b"openline-card-v1\x00" + inner
        for role, signature in zip(
            ("link", "log", "log_pq", "cosign", "cosign_pq"), signatures, strict=True
        ):
            kind = MLDSA44PublicKey if role.endswith("_pq") else Ed25519PublicKey
            kind.from_public_bytes(body["keys"][role]).verify(signature, signed)
        return body

    def confirmed(self, signatures: list[bytes]) -> None:
        for keys, signature in zip(self.keys, signatures, strict=True):
            said = signed_by(signature, b"openline/genesis/1", keys["log"])
            demand(said == [1, self.id, self.hash], "genesis signature")

    def entry(self, log: int, leaf: bytes, salt: bytes, body: bytes | None) -> bool:
        """Take one entry in; False if it has to wait for the other log."""
        claims = signed_by(leaf, b"openline/entry/1", self.keys[log]["log"])
        version, line, author, index, prev, seen, head, lamport, _ms, kind, *rest = claims
        drill, commit, statements = rest
        leaves, others = self.leaves[log], self.leaves[1 - log]
        demand((version, line, author) == (1, self.id, log), "entry: line or author")
        demand(index == len(leaves) and prev == leaves[-1], "entry: chain")
        demand(seen >= self.seen[log][-1], "entry: has seen less")
        if seen > len(others):
            return False
        demand(head == others[seen - 1], "entry: another history")
        expected = 1 + max(self.lamports[log][-1], self.lamports[1 - log][seen - 1])
        demand(lamport == expected, "entry: Lamport number")
        if body is None:
            demand(salt == b"" and kind not in ("enrol", "revoke"), "entry: no body")
        else:
            demand(len(salt) == 16 and sha(b"openline-body-v1", salt, body) == commit, "body")
        content = None if body is None else whole(body)
        self.statements(log, statements, [1, line, log, kind, drill, commit], (seen, content))
        leaves.append(sha(b"\x00", leaf))
        self.lamports[log].append(lamport)
        self.seen[log].append(seen)
        return True

    def statements(
        self, log: int, statements: list[bytes], same: list[Any], context: tuple[int, Any]
    ) -> None:
        seen, body = context
        kind, known = same[3], dict(self.officers[log])
        demand(len(statements) <= 2 and (kind not in OFFICER or statements), "no statement")
        demand(kind not in MACHINE or not statements, "a machine's entry with a statement")
        if kind == "enrol":
            known[sha(body["officer"])[:16]] = strong(body["officer"])
        demand(kind == "enrol" or known, "nobody is enrolled")
        signers = set()
        for statement in statements:
            kid = cose(statement, b"")[0]
            demand(kid in known and kid not in signers, "not an officer")
            signers.add(kid)
            said = signed_by(statement, b"openline/statement/1", known[kid])
            demand(said[:6] == same and 1 <= said[6] <= seen, "statement of something else")
            demand(said[7] == self.leaves[1 - log][said[6] - 1], "statement: another history")
            demand(said[8] not in self.nonces[log], "statement used before")
            self.nonces[log].add(said[8])
        if kind == "enrol":
            demand(sha(body["officer"])[:16] in signers, "the new officer did not sign")
            demand(len(self.leaves[log]) == 1 or len(signers) == 2, "nobody vouches")
        if kind == "revoke":
            demand(known.pop(sha(body["officer"])[:16], None), "revokes a stranger")
        self.officers[log] = known

    def keys_of(self, log: int) -> tuple[Key, Key, Key, Key]:
        """Author, holder, and the seals of both, for the checkpoints of that log."""
        origin = f"openline/{self.id.hex()}/{'ab'[log]}"
        cosigner = f"openline/{self.id.hex()}/{'ab'[1 - log]}/cosign"
        own, other = self.keys[log], self.keys[1 - log]
        return (
            Key(origin, ED25519, own["log"]),
            Key(cosigner, COSIGNATURE, other["cosign"]),
            Key(origin, SUBTREE, own["log_pq"]),
            Key(cosigner, SUBTREE, other["cosign_pq"]),
        )

    def checkpoint(self, log: int, size: int, note: bytes) -> None:
        demand(self.head(note, log, [self.keys_of(log)[0]]) == size, "note of another size")

    def receipt(self, log: int, size: int, receipt: bytes) -> None:
        """The holder had the whole log up to size, and none of its later entries denies it."""
        author, holder, *_ = self.keys_of(log)
        text, claim = whole(receipt)
        demand(self.head(text, log, [author, holder]) == size, "note of another size")
        said = signed_by(claim, b"openline/receipt/1", self.keys[1 - log]["cosign"])
        demand(said[:3] == [self.id, size, root(self.leaves[log][:size])], "receipt")
        later = self.seen[1 - log][said[3] :]
        demand(said[3] >= 1 and all(seen >= size for seen in later), "backdated behind a receipt")

    def seal(self, log: int, size: int, note: bytes, *, by_holder: bool) -> None:
        key = self.keys_of(log)[3 if by_holder else 2]
        demand(self.head(note, log, [key]) == size, "note of another size")

    def head(self, note: bytes, log: int, keys: list[Key]) -> int:
        head = read(note, keys)
        demand(len(head.signed) == len(keys) == note.count("\n\u2014 ".encode()), "note: lines")
        demand(head.origin == f"openline/{self.id.hex()}/{'ab'[log]}", "note: origin")
        demand(1 <= head.size <= len(self.leaves[log]), "note: ahead")
        demand(head.root == root(self.leaves[log][: head.size]), "note: another root")
        return head.size


# --- the bundle (bundle.md) -------------------------------------------------------------------


@dataclass
class Bundle:
    """The items of a bundle, each of the shape that is due in its place."""

    genesis: bytes
    signatures: list[bytes]
    sizes: list[int]
    logs: list[list[Any]]
    notes: list[list[Any]]


def form(data: bytes) -> Bundle:
    demand(len(data) <= BUNDLE_BYTES_MAX, "larger than a bundle may be")
    items: list[Any] = []
    at = start = 0
    while at < len(data):
        start = at
        value, at = item(data, at)
        demand(at - start <= ITEM_BYTES_MAX, "an item that is too long")
        items.append(value)
    demand(items and items[-1] == ["end", sha(data[:start])], "digest")
    label, who, when, sizes, notes = items[0]
    demand(label == "openline-bundle-v1" and who in (0, 1), "not a bundle")
    demand(0 <= when < 2**63 and len(sizes) == 2 and min(sizes) >= 1, "header")
    demand(len(items) == 4 + sum(sizes) - 2 + notes, "number of items")
    logs = [items[3 : 2 + sizes[0]], items[2 + sizes[0] : 1 + sum(sizes)]]
    last, found = (-1, 0), items[1 + sum(sizes) : -1]
    for log, size, *parts in found:
        demand((log, size) > last and len(parts) == 4 and any(parts), "order of the notes")
        last = (log, size)
    return Bundle(items[1], items[2], sizes, logs, found)


def enter(line: Line, logs: list[list[Any]]) -> None:
    """Take both logs in, in any order in which each entry cites what is there."""
    waiting = [list(log) for log in logs]
    while any(waiting):
        before = sum(map(len, waiting))
        for log in (0, 1):
            done = 0
            while done < len(waiting[log]) and line.entry(log, *waiting[log][done]):
                done += 1
            del waiting[log][:done]
        demand(sum(map(len, waiting)) < before, "cites what is not there")


class Audit:
    """The steps of bundle.md section 4, in their order; the first that fails ends it."""

    def __init__(self, data: bytes, pins: set[bytes], *, allow_unreceipted: bool = False) -> None:
        self.failed, self.reason = "", ""
        self.passed: list[str] = []
        self.receipted, self.sealed = [1, 1], [1, 1]
        self.allow_unreceipted = allow_unreceipted
        for name in STEPS:
            try:
                self.step(name, data, pins)
            except Refused as refused:
                self.failed, self.reason = name, str(refused)
                return
            except InvalidSignature:
                self.failed, self.reason = name, "a signature does not hold"
                return
            except (NoteError, ValueError, TypeError, LookupError, AttributeError) as error:
                self.failed, self.reason = name, f"another shape: {error!r}"
                return
            self.passed.append(name)

    @property
    def verified(self) -> bool:
        return not self.failed

    def step(self, name: str, data: bytes, pins: set[bytes]) -> None:
        if name == "form":
            self.bundle = form(data)
        elif name == "pins":
            self.line = Line(self.bundle.genesis, pins)
        elif name == "cards":
            self.line.founded()
        elif name == "confirmed":
            self.line.confirmed(self.bundle.signatures)
        elif name == "entries":
            enter(self.line, self.bundle.logs)
        elif name == "receipted":
            complete = self.receipted == self.bundle.sizes
            demand(complete or self.allow_unreceipted, "entries without a receipt")
        else:
            self.notes(name)

    def notes(self, name: str) -> None:
        """One kind of what may stand on a checkpoint."""
        for log, size, note, receipt, author, holder in self.bundle.notes:
            if name == "checkpoints" and note is not None:
                self.line.checkpoint(log, size, note)
            if name == "receipts" and receipt is not None:
                self.line.receipt(log, size, receipt)
                self.receipted[log] = max(self.receipted[log], size)
            if name == "seals":
                for seal, by_holder in ((author, False), (holder, True)):
                    if seal is not None:
                        self.line.seal(log, size, seal, by_holder=by_holder)
                if author is not None and holder is not None:
                    self.sealed[log] = max(self.sealed[log], size)


def main() -> int:
    parser = argparse.ArgumentParser(description="Verify an Openline evidence bundle.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--pin", action="append", required=True, help="a card's fingerprint, hex")
    parser.add_argument("--allow-unreceipted", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    try:
        pins = {bytes.fromhex(pin) for pin in given.pin}
        data = given.bundle.read_bytes()
    except (OSError, ValueError) as error:
        parser.error(str(error))
    if len(pins) != 2 or any(len(pin) != 32 for pin in pins):
        parser.error("two different pins of 64 hex digits are needed")
    audit = Audit(data, pins, allow_unreceipted=given.allow_unreceipted)
    if given.json:
        shown = {
            "verified": audit.verified,
            "passed": audit.passed,
            "failed": audit.failed,
            "reason": audit.reason,
            "receipted": audit.receipted,
            "sealed": audit.sealed,
            "allow_unreceipted": audit.allow_unreceipted,
        }
        sys.stdout.write(json.dumps(shown, indent=1) + "\n")
        return 0 if audit.verified else 1
    lines = [f"{at}. {name}: holds" for at, name in enumerate(audit.passed, 1)]
    if audit.failed:
        lines.append(f"{len(lines) + 1}. {audit.failed}: FAILED: {audit.reason}")
    for log in (0, 1):
        sizes = audit.receipted[log] - 1, audit.sealed[log] - 1
        lines.append(f"log {'ab'[log]}: {sizes[0]} entries receipted, {sizes[1]} sealed")
    lines.append("VERIFIED" if audit.verified else "NOT VERIFIED")
    lines.append("A receipt of storage, not agreement.")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if audit.verified else 1


if __name__ == "__main__":
    sys.exit(main())

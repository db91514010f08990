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
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

ED25519, COSIGNATURE, SUBTREE = 0x01, 0x04, 0x06
BUNDLE_BYTES_MAX, ITEM_BYTES_MAX = 1 << 30, 65_536
LEAF_BYTES_MAX, STATEMENT_BYTES_MAX, BODY_BYTES_MAX = 2_048, 640, 16_384
CARD_BYTES_MAX, GENESIS_BYTES_MAX, SIGN1_BYTES_MAX = 16_384, 33_792, 4_096
NOTE_BYTES_MAX, RECEIPT_BYTES_MAX, NOTES_MAX, UINT_END = 16_384, 4_096, 1 << 20, 1 << 63
MACHINE, STRUCTURE = {"shown", "call", "recording", "check"}, {"enrol", "revoke", "rule"}
OFFICER = {"text", "opened", "sent-in-error", "protest", "passed", "declined"} | STRUCTURE
OFFICER |= {"seal-open", "seal-commit", "seal-reveal"}
STEPS = ["form", "pins", "cards", "confirmed", "entries", "checkpoints", "receipts", "seals"]
STEPS += ["receipted"]
P = 2**255 - 19
ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
SMALL_ORDER = {0, 1, P - 1, ORDER_8, P - ORDER_8}
"""The y coordinates of the eight points of small order: one signature of such a key fits all."""


class Refused(Exception):  # noqa: N818 - it is a verdict
    """The bundle does not hold."""


def demand(condition: object, reason: str) -> None:
    if not condition:
        raise Refused(reason)


UINT, PARTY, FLAG = range(UINT_END), range(2), bool
KIND = re.compile("[a-z][a-z0-9-]{0,31}")
WATCH_CODE = re.compile("[A-Z0-9][A-Z0-9-]{0,15}")
LANGUAGE = re.compile("[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
PATH_NAME = re.compile("[a-z0-9][a-z0-9-]{0,30}")
ADDRESS = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.%]{2,64}\]):[0-9]{1,5}")
INVISIBLE = "\x00-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
NAME = re.compile(rf"(?=.*\S)[^{INVISIBLE}]{{1,120}}")
ENTRY = (range(1, 2), 16, PARTY, int, 32, int, 32, int, int, KIND, FLAG, 32, list)
STATEMENT = (range(1, 2), 16, PARTY, KIND, FLAG, 32, int, 32, 16)
TERMS = {"disclosure": range(4), "off_record": FLAG, "protected": list}
ROLES = {"link": 32, "log": 32, "log_pq": 1312, "cosign": 32, "cosign_pq": 1312}
CARD = {
    "v": range(1, 2), "suite": range(1, 2), "versions": (range(1, 2),), "names": dict,
    "keys": ROLES, "paths": dict, "langs": list, "disclosure": range(4), "off_record": FLAG,
    "nonce": 16,
}  # fmt: skip


def fits(value: Any, kind: Any) -> bool:  # noqa: ANN401 - any value, any kind
    """Whether a value is of a kind: what true is in Python is not 1 on the wire.

    A number stands for a byte string of that size (0: of any), ``int`` for an unsigned integer, a
    range for the integers in it, a pattern for a text that it matches whole, a tuple or a mapping
    for exactly those members.
    """
    if isinstance(kind, tuple):
        same = type(value) is list and len(value) == len(kind)
        return same and all(map(fits, value, kind))
    if isinstance(kind, dict):
        same = type(value) is dict and value.keys() == kind.keys()
        return same and all(fits(value[name], kind[name]) for name in kind)
    if isinstance(kind, re.Pattern):
        return type(value) is str and kind.fullmatch(value) is not None
    if kind is int or isinstance(kind, range):
        return type(value) is int and value in (kind if isinstance(kind, range) else UINT)
    if isinstance(kind, int):
        return type(value) is bytes and kind in (0, len(value))
    return type(value) is kind


def shaped(value: Any, kind: Any, what: str) -> Any:  # noqa: ANN401 - any value, any kind
    demand(fits(value, kind), f"{what}: another shape")
    return value


def limited(data: bytes, most: int, what: str) -> bytes:
    demand(type(data) is bytes and len(data) <= most, f"{what}: too large")
    return data


def strong(public: bytes) -> bytes:
    """An Ed25519 key that can stand for its owner: 32 bytes, canonical, of large order."""
    y = int.from_bytes(public, "little") & (2**255 - 1)
    demand(len(public) == 32 and y < P and y not in SMALL_ORDER, "weak key")
    return public


# --- signed notes (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature) -------------------


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
    """Verify every signature of a known key; refuse if one does not hold or none is there."""
    text = limited(note, NOTE_BYTES_MAX, "note").decode("utf-8")
    demand(not re.search("[\x00-\x09\x0b-\x1f]", text), "note: control character")
    body, blank, signatures = text.rpartition("\n\n")
    demand(blank and text.endswith("\n"), "note: no signatures")
    origin, size, *more = (body + "\n").split("\n")[:-1]
    demand(origin and more and all(more), "note: not a checkpoint")
    demand(re.fullmatch("0|[1-9][0-9]{0,18}", size), "note: not a size")
    head = Head(origin, int(size), from_base64(more[0]), {})
    demand(len(head.root) == 32, "note: not a SHA-256 root")
    known = {(key.name, key.id): key for key in keys}
    for line in signatures.split("\n")[:-1]:
        name, _, encoded = line.removeprefix("\u2014 ").partition(" ")
        named = line.startswith("\u2014 ") and re.fullmatch(r"[^+\s]+", name)
        demand(named, "note: not a signature")
        blob = from_base64(encoded)
        demand(len(blob) > 4, "note: no signature")
        key = known.get((name, blob[:4]))
        if key is not None:
            head.signed[name, key.kind] = check(key, blob[4:], (body + "\n").encode(), head)
    demand(head.signed, "note: no signature of a known key")
    return head


def from_base64(text: str) -> bytes:
    """One spelling only: the bits of the last letter that carry nothing are zero."""
    decoded = base64.b64decode(text, validate=True)
    demand(base64.b64encode(decoded).decode() == text, "base64 in another spelling")
    return decoded


def check(key: Key, signature: bytes, body: bytes, head: Head) -> int | None:
    """Verify by type; cryptography's InvalidSignature goes up as it is."""
    if key.kind == ED25519:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, body)
        return None
    time, rest = int.from_bytes(signature[:8], "big"), signature[8:]
    demand(time < UINT_END, "note: not a time")
    if key.kind == COSIGNATURE:
        signed = b"cosignature/v1\ntime " + str(time).encode() + b"\n" + body
        Ed25519PublicKey.from_public_bytes(key.public).verify(rest, signed)
    else:
        MLDSA44PublicKey.from_public_bytes(key.public).verify(rest, subtree(key.name, time, head))
    return time


def subtree(name: str, time: int, head: Head) -> bytes:
    """struct cosigned: label, cosigner_name, timestamp, log_origin, start, end, hash."""
    signer, log = name.encode(), head.origin.encode()
    parts = [b"subtree/v1\n\x00", bytes([len(signer)]), signer, time.to_bytes(8, "big")]
    parts += [bytes([len(log)]), log, bytes(8), head.size.to_bytes(8, "big"), head.root]
    return b"".join(parts)


# --- CBOR and COSE (record.md, section 2) -----------------------------------------------------


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def item(data: bytes, at: int, depth: int = 12) -> tuple[Any, int]:
    """One deterministic CBOR item (RFC 8949 section 4.2.1) of the subset of docs/spec/record.md."""
    demand(at < len(data), "CBOR: ends early")
    major, short, at = data[at] >> 5, data[at] & 31, at + 1
    if major == 7:
        demand(short in (20, 21, 22), "CBOR: simple value")
        return {20: False, 21: True, 22: None}[short], at
    number = short
    if short >= 24:
        demand(short < 28, "CBOR: indefinite length")
        width = 1 << (short - 24)
        demand(width <= len(data) - at, "CBOR: ends early")
        number = int.from_bytes(data[at : at + width], "big")
        demand(number >= (24 if width == 1 else 1 << (4 * width)), "CBOR: not the shortest")
        at += width
    if major < 2:
        return (number if major == 0 else -1 - number), at
    demand(number <= len(data) - at, "CBOR: ends early")
    if major < 4:
        piece = data[at : at + number]
        return (piece if major == 2 else piece.decode("utf-8")), at + number
    demand(major < 6 and depth > 0, "CBOR: a tag, or too deep")
    found: list[Any] = []
    heads: list[bytes] = []
    for _ in range(number):
        start = at
        value, at = item(data, at, depth - 1)
        found.append(value)
        if major == 5:
            demand(isinstance(value, str), "CBOR: a map's key is not text")
            heads.append(data[start:at])
            value, at = item(data, at, depth - 1)
            found.append(value)
    if major == 4:
        return found, at
    demand(heads == sorted(set(heads)), "CBOR: map keys")
    return dict(zip(found[::2], found[1::2], strict=True)), at


def whole(data: bytes) -> Any:  # noqa: ANN401 - any value
    limited(data, ITEM_BYTES_MAX, "CBOR")
    value, end = item(data, 0)
    demand(end == len(data), "CBOR: bytes after the end")
    return value


def cose(data: bytes, use: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """kid, payload, what is signed and the signature of a COSE_Sign1."""
    start = limited(data, SIGN1_BYTES_MAX, "COSE")[:8]
    demand(start == bytes.fromhex("d28455a201320450"), "COSE: header")
    kid = data[8:24]
    demand(data[24:25] == b"\xa0", "COSE: unprotected header")
    payload, end = item(data, 25)
    demand(isinstance(payload, bytes) and data[end : end + 2] == b"\x58\x40", "COSE: shape")
    demand(len(data) == end + 66, "COSE: length")
    signed = b"\x84\x6aSignature1" + data[2:24] + bytes([0x40 | len(use)]) + use + data[25:end]
    return kid, payload, signed, data[end + 2 :]


def signed_by(data: bytes, use: bytes, public: bytes) -> Any:  # noqa: ANN401 - any value
    kid, payload, signed, signature = cose(data, use)
    demand(kid == sha(public)[:16], "COSE: another key")
    Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    return whole(payload)


class Tree:
    """The roots of a log at each of its sizes (RFC 6962 section 2.1)."""

    def __init__(self) -> None:
        self.hashes: list[bytes] = []
        self.roots: list[bytes] = [sha()]
        self.peaks: list[tuple[int, bytes]] = []

    def grow(self, leaf: bytes) -> None:
        self.hashes.append(sha(b"\x00", leaf))
        height, node = 0, self.hashes[-1]
        while self.peaks and self.peaks[-1][0] == height:
            height, node = height + 1, sha(b"\x01", self.peaks.pop()[1], node)
        self.peaks.append((height, node))
        for _, left in self.peaks[-2::-1]:
            node = sha(b"\x01", left, node)
        self.roots.append(node)


# --- the line and its logs (cards.md, record.md) ----------------------------------------------


class Line:
    """Both cards, the genesis, and the two logs as far as they were checked."""

    def __init__(self, genesis: bytes, pins: set[bytes]) -> None:
        found = whole(limited(genesis, GENESIS_BYTES_MAX, "genesis"))
        demand(isinstance(found, list) and len(found) == 4, "genesis: another shape")
        label, *self.cards, self.terms = found
        demand(label == "openline-genesis-v1" and fits(self.cards, (0, 0)), "genesis")
        demand({sha(card) for card in self.cards} == pins and len(pins) == 2, "other cards")
        demand(all(len(card) <= CARD_BYTES_MAX for card in self.cards), "card: too large")
        self.genesis = genesis

    def founded(self) -> None:
        """Both cards hold, and the genesis follows from them."""
        bodies = [self.card(card) for card in self.cards]
        self.keys = [body["keys"] for body in bodies]
        demand(len({key for keys in self.keys for key in keys.values()}) == 10, "a key of both")
        demand(sha(self.cards[0]) < sha(self.cards[1]), "genesis: order of the cards")
        shaped(self.terms, TERMS, "genesis: terms")
        terms = {
            "disclosure": min(body["disclosure"] for body in bodies),
            "off_record": all(body["off_record"] for body in bodies),
            "protected": ["acts", "line-check", "safety"],
        }
        demand(self.terms == terms, "genesis: terms")
        self.hash, self.id = sha(self.genesis), sha(self.genesis)[:16]
        self.trees = [Tree(), Tree()]
        for tree in self.trees:
            tree.grow(self.genesis)
        self.lamports: list[list[int]] = [[0], [0]]
        self.seen: list[list[int]] = [[1], [1]]
        self.officers: list[dict[bytes, bytes]] = [{}, {}]
        self.enrolled, self.nonces, self.two = ([set[Any](), set[Any]()] for _ in range(3))

    @staticmethod
    def card(data: bytes) -> dict[str, Any]:
        inner, signatures = shaped(whole(data), (0, list), "card")
        body: dict[str, Any] = shaped(whole(inner), CARD, "card")
        names, paths, langs = body["names"], body["paths"], body["langs"]
        demand(all(1 <= len(many) <= 8 for many in (names, paths, langs)), "card: how many")
        demand(len(set(langs)) == len(langs), "card: a language twice")
        demand(all(fits(tag, LANGUAGE) for tag in (*names, *langs)), "card: language")
        demand(all(fits(name, NAME) for name in names.values()), "card: name")
        for path, addresses in paths.items():
            demand(fits(path, PATH_NAME) and type(addresses) is list, "card: path")
            demand(len(addresses) <= 8 and all(fits(a, ADDRESS) for a in addresses), "card: path")
        demand(len(set(body["keys"].values())) == 5 == len(signatures), "card: keys, signatures")
        signed = b"openline-card-v1\x00" + inner
        for role, signature in zip(ROLES, signatures, strict=True):
            public = body["keys"][role]
            if role.endswith("_pq"):
                MLDSA44PublicKey.from_public_bytes(public).verify(signature, signed)
            else:
                Ed25519PublicKey.from_public_bytes(strong(public)).verify(signature, signed)
        return body

    def confirmed(self, signatures: list[bytes]) -> None:
        for keys, signature in zip(self.keys, signatures, strict=True):
            said = signed_by(signature, b"openline/genesis/1", keys["log"])
            shape = fits(said, (range(1, 2), 16, 32))
            demand(shape and said[1:] == [self.id, self.hash], "genesis signature")

    def entry(self, log: int, leaf: bytes, salt: bytes, body: bytes | None) -> bool:
        """Take one entry in; False if it has to wait for the other log."""
        limited(leaf, LEAF_BYTES_MAX, "entry")
        claims = signed_by(leaf, b"openline/entry/1", self.keys[log]["log"])
        shaped(claims, ENTRY, "entry")
        _, line, author, index, prev, seen, head, lamport, _ms, kind, drill, commit, said = claims
        leaves, others = self.trees[log].hashes, self.trees[1 - log].hashes
        demand((line, author) == (self.id, log), "entry: line or author")
        demand(index == len(leaves) and prev == leaves[-1], "entry: chain")
        demand(seen >= self.seen[log][-1], "entry: has seen less")
        if seen > len(others):
            return False
        demand(head == others[seen - 1], "entry: another history")
        expected = 1 + max(self.lamports[log][-1], self.lamports[1 - log][seen - 1])
        demand(lamport == expected, "entry: Lamport number")
        demand(body is not None or kind not in STRUCTURE, "entry: no body")
        if body is not None:
            demand(len(salt) == 16 and len(body) <= BODY_BYTES_MAX, "body: salt or size")
            demand(sha(b"openline-body-v1", salt, body) == commit, "body")
        content = None if body is None else whole(body)
        demand(index > 1 or kind == "enrol", "entry: nobody is enrolled")
        self.statements(log, said, [1, line, log, kind, drill, commit], (seen, content))
        self.trees[log].grow(leaf)
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
        demand(len(statements) == 2 or kind not in self.two[log] | {"rule"}, "needs two officers")
        new = self.newcomer(log, body) if kind == "enrol" else {}
        vouched = "enrol" in self.two[log]  # by two who were enrolled before: one is not two
        known |= {} if vouched else new
        signers = set()
        for statement in statements:
            kid = cose(limited(statement, STATEMENT_BYTES_MAX, "statement"), b"")[0]
            demand(kid in known and kid not in signers, "not an officer")
            signers.add(kid)
            said = signed_by(statement, b"openline/statement/1", known[kid])
            shaped(said, STATEMENT, "statement")
            demand(said[:6] == same and 1 <= said[6] <= seen, "statement of something else")
            others = self.trees[1 - log].hashes
            demand(said[7] == others[said[6] - 1], "statement: another history")
            demand(said[8] not in self.nonces[log], "statement used before")
            self.nonces[log].add(said[8])
        if kind == "enrol":
            demand(vouched or new.keys() <= signers, "the new officer did not sign")
            demand(len(self.seen[log]) == 1 or len(signers) == 2, "nobody vouches")
            known |= new
        if kind == "revoke":
            shaped(body, {"officer": 32}, "revoke")
            demand(known.pop(sha(body["officer"])[:16], None), "revokes a stranger")
        if kind == "rule":
            two = shaped(body, {"two": list}, "rule")["two"]
            demand(all(fits(each, KIND) for each in two) and len(two) <= 16, "rule")
            demand(two == sorted(set(two)), "rule: order")
            self.two[log] = set(two)
        self.officers[log] = known

    def newcomer(self, log: int, body: Any) -> dict[bytes, bytes]:  # noqa: ANN401 - any value
        officer = strong(shaped(body, {"officer": 32, "code": WATCH_CODE}, "enrol")["officer"])
        demand(officer not in self.enrolled[log], "enrolled before")
        demand(all(officer not in keys.values() for keys in self.keys), "has another role")
        self.enrolled[log].add(officer)
        return {sha(officer)[:16]: officer}

    def keys_of(self, log: int) -> tuple[Key, Key, Key, Key]:
        """Author, holder, and the seals of both, for the checkpoints of that log."""
        origin, cosigner = (f"openline/{self.id.hex()}/{'ab'[party]}" for party in (log, 1 - log))
        own, other, cosigner = self.keys[log], self.keys[1 - log], f"{cosigner}/cosign"
        author, holder = (origin, ED25519, own["log"]), (cosigner, COSIGNATURE, other["cosign"])
        seals = (origin, SUBTREE, own["log_pq"]), (cosigner, SUBTREE, other["cosign_pq"])
        return Key(*author), Key(*holder), Key(*seals[0]), Key(*seals[1])

    def receipt(self, log: int, size: int, receipt: bytes) -> None:
        """The holder had the whole log up to size, and none of its later entries denies it."""
        limited(receipt, RECEIPT_BYTES_MAX, "receipt")
        text, claim = shaped(whole(receipt), (0, 0), "receipt")
        found = self.stands(text, log, size, self.keys_of(log)[:2])
        said = signed_by(claim, b"openline/receipt/1", self.keys[1 - log]["cosign"])
        shaped(said, (16, int, 32, int), "receipt")
        demand(said[:3] == [self.id, size, found.root] and said[3] >= 1, "receipt")
        later = self.seen[1 - log][said[3] : said[3] + 1]  # seen never falls
        demand(all(seen >= size for seen in later), "backdated behind a receipt")

    def seal(self, log: int, size: int, note: bytes, *, by_holder: bool) -> None:
        key = self.keys_of(log)[3 if by_holder else 2]
        found = self.stands(note, log, size, (key,))
        demand(by_holder or found.signed[key.name, SUBTREE] == 0, "an author's seal with a time")

    def stands(self, note: bytes, log: int, size: int, keys: tuple[Key, ...]) -> Head:
        """A note of exactly these signatures, of this size, with the root of the log."""
        head = self.head(note, log, keys)
        demand(head.size == size, "note of another size")
        roots = self.trees[log].roots
        demand(1 <= size < len(roots) and head.root == roots[size], "note: ahead, or another root")
        return head

    def head(self, note: bytes, log: int, keys: tuple[Key, ...]) -> Head:
        head = read(note, list(keys))
        text, _, lines = note.decode().rpartition("\n\n")
        demand(list(head.signed) == [(key.name, key.kind) for key in keys], "note: signatures")
        demand(text.count("\n") == 2 and lines.count("\n") == len(keys), "note: lines")
        demand(head.origin == f"openline/{self.id.hex()}/{'ab'[log]}", "note: origin")
        return head


# --- the bundle (bundle.md) -------------------------------------------------------------------


def form(data: bytes) -> SimpleNamespace:
    """The items of a bundle, each of the shape that is due in its place."""
    demand(len(data) <= BUNDLE_BYTES_MAX, "larger than a bundle may be")
    items: list[Any] = []
    at = start = 0
    while at < len(data):
        start = at
        value, at = item(data, at)
        demand(at - start <= ITEM_BYTES_MAX, "an item that is too long")
        items.append(value)
    demand(items and items[-1] == ["end", sha(data[:start])], "digest")
    header = re.compile("openline-bundle-v1"), PARTY, int, (int, int), range(NOTES_MAX + 1)
    _, _, _, sizes, notes = shaped(items[0], header, "header")
    demand(min(sizes) >= 1 and len(items) == 2 + sum(sizes) + notes, "number of items")
    shaped(items[1:3], (0, (0, 0)), "genesis and its signatures")
    logs = [items[3 : 2 + sizes[0]], items[2 + sizes[0] : 1 + sum(sizes)]]
    for entry in (*logs[0], *logs[1]):
        erased = fits(entry, (0, 0, type(None))) and entry[1] == b""
        demand(erased or fits(entry, (0, 0, 0)), "entry: another shape")
    last, found = (-1, 0), items[1 + sum(sizes) : -1]
    for note in found:
        demand(type(note) is list and fits(note[:2], (PARTY, int)) and len(note) == 6, "note")
        demand(all(part is None or type(part) is bytes for part in note[2:]), "note")
        demand((*note[:2],) > last and note[1] >= 1 and note[2:] != [None] * 4, "notes: order")
        last = (note[0], note[1])
    parts = {"genesis": items[1], "signatures": items[2], "logs": logs, "notes": found}
    return SimpleNamespace(sizes=sizes, **parts)


def enter(line: Line, logs: list[list[Any]]) -> None:
    """Take both logs in, in any order in which each entry cites what is there."""
    at = [0, 0]
    while at != [len(log) for log in logs]:
        before = sum(at)
        for log in (0, 1):
            while at[log] < len(logs[log]) and line.entry(log, *logs[log][at[log]]):
                at[log] += 1
        demand(sum(at) > before, "cites what is not there")


class Audit:
    """The steps of bundle.md section 4, in their order; the first that fails ends it."""

    def __init__(self, data: bytes, pins: set[bytes], *, allow_unreceipted: bool = False) -> None:
        self.failed, self.reason = "", ""
        self.passed: list[str] = []
        self.receipted, self.seals = [1, 1], [[1, 1], [1, 1]]
        self.allow_unreceipted = allow_unreceipted
        for name in STEPS:
            try:
                self.step(name, data, pins)
            except InvalidSignature:
                self.failed, self.reason = name, "a signature does not hold"
            except Refused as refused:
                self.failed, self.reason = name, str(refused)
            except (ValueError, TypeError, LookupError, AttributeError) as error:
                self.failed, self.reason = name, f"another shape: {error!r}"
            if self.failed:
                return
            self.passed.append(name)

    @property
    def verified(self) -> bool:
        return not self.failed

    @property
    def sealed(self) -> list[int]:
        """Up to here both the author's and the holder's seals reach."""
        return [min(pair) for pair in self.seals]

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
                self.line.stands(note, log, size, self.line.keys_of(log)[:1])
            if name == "receipts" and receipt is not None:
                self.line.receipt(log, size, receipt)
                self.receipted[log] = max(self.receipted[log], size)
            if name == "seals":
                for by_holder, seal in enumerate((author, holder)):
                    if seal is not None:
                        self.line.seal(log, size, seal, by_holder=bool(by_holder))
                        self.seals[log][by_holder] = max(self.seals[log][by_holder], size)


def main() -> int:
    parser = argparse.ArgumentParser(description="Verify an Openline evidence bundle.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--pin", action="append", required=True, help="a card's fingerprint, hex")
    parser.add_argument("--allow-unreceipted", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    pins = {bytes.fromhex(pin) for pin in given.pin if re.fullmatch("[0-9a-fA-F]{64}", pin)}
    if len(pins) != 2 or len(given.pin) != 2:
        parser.error("two different pins of 64 hex digits are needed")
    try:
        data = given.bundle.read_bytes()
    except OSError as error:
        parser.error(str(error))
    audit = Audit(data, pins, allow_unreceipted=given.allow_unreceipted)
    if given.json:
        names = ("verified", "passed", "failed", "reason", "receipted", "sealed")
        shown = {name: getattr(audit, name) for name in (*names, "allow_unreceipted")}
        sys.stdout.write(json.dumps(shown, indent=1) + "\n")
        return 0 if audit.verified else 1
    lines = [f"{at}. {name}: holds" for at, name in enumerate(audit.passed, 1)]
    if audit.failed:
        lines.append(f"{len(lines) + 1}. {audit.failed}: FAILED: {audit.reason}")
    for log in (0, 1):
        sizes = audit.receipted[log] - 1, audit.sealed[log] - 1
        lines.append(f"log {'ab'[log]}: {sizes[0]} entries receipted, {sizes[1]} sealed")
    lines += ["VERIFIED" if audit.verified else "NOT VERIFIED"]
    sys.stdout.write("\n".join(lines) + "\nA receipt of storage, not agreement.\n")
    return 0 if audit.verified else 1


if __name__ == "__main__":
    sys.exit(main())

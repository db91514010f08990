"""A second verifier of evidence bundles, written from docs/spec alone.

It imports nothing of openline: the standard library, ``cryptography`` for the signatures, and the
note reader beside it, which is independent too. It shows that the specification is enough, and it
is a second opinion on every bundle that the tests make.
"""

import hashlib
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from tests.interop.note_reader import COSIGNATURE, ED25519, SUBTREE, Key, NoteError, read

MACHINE, OFFICER = {"shown", "call", "recording"}, {"text", "opened", "enrol", "revoke"}


class Refused(Exception):  # noqa: N818 - it is a verdict
    """The bundle does not hold."""


def demand(condition: object, reason: str) -> None:
    if not condition:
        raise Refused(reason)


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
            known[sha(body["officer"])[:16]] = body["officer"]
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

    def note(self, log: int, parts: list[bytes | None]) -> tuple[int, int, int]:
        """Check what stands on one checkpoint: sizes that are noted, receipted, sealed."""
        note, receipt, author, holder = parts
        origin = f"openline/{self.id.hex()}/{'ab'[log]}"
        cosigner = f"openline/{self.id.hex()}/{'ab'[1 - log]}/cosign"
        own, other = self.keys[log], self.keys[1 - log]
        log_key, cosign = (
            Key(origin, ED25519, own["log"]),
            Key(cosigner, COSIGNATURE, other["cosign"]),
        )
        sizes = [0, 0, 0]
        if note:
            sizes[0] = self.head(note, log, [log_key])
        if receipt:
            text, claim = whole(receipt)
            sizes[1] = self.head(text, log, [log_key, cosign])
            said = signed_by(claim, b"openline/receipt/1", other["cosign"])
            n, m = sizes[1], said[3]
            demand(said[:3] == [self.id, n, root(self.leaves[log][:n])], "receipt")
            later = self.seen[1 - log][m:]
            demand(m >= 1 and all(seen >= n for seen in later), "backdated behind a receipt")
        if author:
            self.head(author, log, [Key(origin, SUBTREE, own["log_pq"])])
        if holder:
            sizes[2] = self.head(holder, log, [Key(cosigner, SUBTREE, other["cosign_pq"])])
        return sizes[0], sizes[1], sizes[2] if author else 0

    def head(self, note: bytes, log: int, keys: list[Key]) -> int:
        head = read(note, keys)
        demand(len(head.signed) == len(keys) == note.count("\n\u2014 ".encode()), "note: lines")
        demand(head.origin == f"openline/{self.id.hex()}/{'ab'[log]}", "note: origin")
        demand(1 <= head.size <= len(self.leaves[log]), "note: ahead")
        demand(head.root == root(self.leaves[log][: head.size]), "note: another root")
        return head.size


def verify(data: bytes, pins: set[bytes]) -> list[int]:
    """Sizes up to which both logs are receipted; raises if the bundle does not hold."""
    try:
        return _verify(data, pins)
    except (
        InvalidSignature,
        NoteError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
    ) as error:
        raise Refused(repr(error)) from error


def _verify(data: bytes, pins: set[bytes]) -> list[int]:
    items, at, start = [], 0, 0
    while at < len(data):
        start = at
        value, at = item(data, at)
        items.append(value)
    demand(items[-1] == ["end", sha(data[:start])], "digest")
    label, who, when, sizes, notes = items[0]
    demand(label == "openline-bundle-v1" and who in (0, 1), "not a bundle")
    demand(0 <= when < 2**63 and len(sizes) == 2 and min(sizes) >= 1, "header")
    demand(len(items) == 4 + sum(sizes) - 2 + notes, "number of items")
    line = Line(items[1], pins)
    line.confirmed(items[2])
    logs = [items[3 : 2 + sizes[0]], items[2 + sizes[0] : 1 + sum(sizes)]]
    waiting = [list(log) for log in logs]
    while any(waiting):
        before = sum(map(len, waiting))
        for log in (0, 1):
            while waiting[log] and line.entry(log, *waiting[log][0]):
                waiting[log].pop(0)
        demand(sum(map(len, waiting)) < before, "cites what is not there")
    receipted, last = [1, 1], (-1, 0)
    for log, size, *parts in items[1 + sum(sizes) : -1]:
        demand((log, size) > last and any(parts), "order of the notes")
        last = (log, size)
        found = line.note(log, parts)
        demand(set(found) <= {0, size}, "note of another size")
        receipted[log] = max(receipted[log], found[1])
    demand(receipted == sizes, "entries without a receipt")
    return receipted

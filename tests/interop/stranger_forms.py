"""Bytes of an Openline post, written from docs/spec alone by somebody who had not seen the code.

Imports nothing of openline on purpose: where it stops agreeing with a real post, one of the
document and the post is wrong.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SPKI: Final = bytes.fromhex("302a300506032b6570032100")
HELLO, HEARTBEAT, MEDIA, CONTROL, BATCH, RECEIPT, SEAL, CLOSE, WANT = range(1, 10)
P: Final = 2**255 - 19
D: Final = -121665 * pow(121666, P - 2, P) % P


class Refused(Exception):  # noqa: N818 - it is a verdict
    """A refusal; its text is the code of the specification."""


def need(holds: object, code: str) -> None:
    """Refuse with `code` unless `holds`."""
    if not holds:
        raise Refused(code)


# -- deterministic CBOR (README, record.md 2) ---------------------------------


def _head(major: int, n: int) -> bytes:
    if n < 24:
        return bytes([major << 5 | n])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << 8 * size:
            return bytes([major << 5 | code]) + n.to_bytes(size, "big")
    raise Refused("record.encoding")


def enc(x: object) -> bytes:
    """The one encoding of `x`."""
    if x is None or isinstance(x, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[x]
    if isinstance(x, int):
        return _head(0, x) if x >= 0 else _head(1, -1 - x)
    if isinstance(x, bytes):
        return _head(2, len(x)) + x
    if isinstance(x, str):
        raw = x.encode()
        return _head(3, len(raw)) + raw
    if isinstance(x, list):
        return _head(4, len(x)) + b"".join(map(enc, x))
    assert isinstance(x, dict)
    pairs = sorted((enc(k), enc(v)) for k, v in x.items())
    return _head(5, len(pairs)) + b"".join(k + v for k, v in pairs)


def _item(raw: bytes, at: int, depth: int) -> tuple[Any, int]:
    need(depth <= 12, "record.encoding")
    need(at < len(raw), "record.truncated")
    major, n = raw[at] >> 5, raw[at] & 31
    at += 1
    if major == 7:
        need(n in (20, 21, 22), "record.encoding")
        return {20: False, 21: True, 22: None}[n], at
    need(n < 28 and major != 6, "record.encoding")
    if n >= 24:
        size = 1 << n - 24
        need(at + size <= len(raw), "record.truncated")
        n, at = int.from_bytes(raw[at : at + size], "big"), at + size
    if major < 2:
        return (n if major == 0 else -1 - n), at
    need(n <= len(raw) - at, "record.truncated")
    if major in (2, 3):
        piece = raw[at : at + n]
        try:
            return (piece if major == 2 else piece.decode()), at + n
        except UnicodeDecodeError:
            raise Refused("record.encoding") from None
    out: list[Any] = []
    for _ in range(n * (major - 3)):
        value, at = _item(raw, at, depth + 1)
        out.append(value)
    if major == 4:
        return out, at
    need(all(isinstance(k, str) for k in out[::2]), "record.encoding")
    return dict(zip(out[::2], out[1::2], strict=True)), at


def dec_one(raw: bytes, at: int = 0) -> tuple[Any, int]:
    """One item and the place behind it; refused if it is not the one encoding."""
    value, end = _item(raw, at, 1)
    need(enc(value) == raw[at:end], "record.encoding")
    return value, end


def dec(raw: bytes) -> Any:  # noqa: ANN401 - any CBOR item
    """The one item of `raw`."""
    value, end = dec_one(raw)
    need(end == len(raw), "record.encoding")
    return value


# -- keys and signatures ------------------------------------------------------


def h(raw: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(raw).digest()


def weak(raw: bytes) -> bool:
    """cards.md 3."""
    y = int.from_bytes(raw, "little") & (1 << 255) - 1
    if y >= P:
        return True
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    xx = u * pow(v, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - xx) % P:
        return True
    for _ in range(3):
        t = D * x * x * y * y % P
        x, y = 2 * x * y * pow(1 + t, P - 2, P) % P, (y * y + x * x) * pow(1 - t, P - 2, P) % P
    return (x, y) == (0, 1)


def pub(key: Ed25519PrivateKey | MLDSA44PrivateKey) -> bytes:
    """Raw public key."""
    return key.public_key().public_bytes_raw()


def holds(public: bytes, signature: bytes, text: bytes) -> bool:
    """Whether an Ed25519 or ML-DSA-44 signature holds (told apart by the size of the key)."""
    try:
        if len(public) == 32:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
        else:
            MLDSA44PublicKey.from_public_bytes(public).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def kid(public: bytes) -> bytes:
    """Key id of a COSE signature."""
    return h(public)[:16]


def cose(key: Ed25519PrivateKey, context: str, payload: list[Any]) -> bytes:
    """A COSE_Sign1 as record.md 3 has it."""
    protected, body = b"\xa2\x01\x32\x04\x50" + kid(pub(key)), enc(payload)
    signature = key.sign(enc(["Signature1", protected, context.encode(), body]))
    return b"\xd2\x84" + enc(protected) + b"\xa0" + enc(body) + enc(signature)


def cose_parts(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Key id, payload and signature; the shape is checked, nothing else."""
    need(raw[:1] == b"\xd2", "record.encoding" if raw else "record.truncated")
    need(raw[1:8] == b"\x84\x55\xa2\x01\x32\x04\x50" and raw[24:25] == b"\xa0", "record.encoding")
    payload, at = dec_one(raw, 25)
    signature, end = dec_one(raw, at)
    need(isinstance(payload, bytes) and isinstance(signature, bytes), "record.encoding")
    need(len(signature) == 64 and end == len(raw), "record.encoding")
    return raw[8:24], payload, signature


def cose_check(raw: bytes, context: str, public: bytes) -> Any:  # noqa: ANN401 - any CBOR item
    """The payload, if the key signed it for that use."""
    key_id, payload, signature = cose_parts(raw)
    need(key_id == kid(public), "record.key_id")
    signed = enc(["Signature1", b"\xa2\x01\x32\x04\x50" + key_id, context.encode(), payload])
    need(holds(public, signature, signed), "record.signature")
    return dec(payload)


# -- cards and genesis (cards.md) ---------------------------------------------


@dataclass
class Keys:
    """The private keys of a party."""

    link: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    log: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    log_pq: MLDSA44PrivateKey = field(default_factory=MLDSA44PrivateKey.generate)
    cosign: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    cosign_pq: MLDSA44PrivateKey = field(default_factory=MLDSA44PrivateKey.generate)
    officer: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def card(self, name: str, paths: dict[str, list[str]], disclosure: int = 2) -> bytes:
        """A card of these keys."""
        five: list[Ed25519PrivateKey | MLDSA44PrivateKey] = [
            self.link,
            self.log,
            self.log_pq,
            self.cosign,
            self.cosign_pq,
        ]
        roles = ("link", "log", "log_pq", "cosign", "cosign_pq")
        body = enc(
            {
                "v": 1,
                "suite": 1,
                "versions": [1],
                "names": {"en": name},
                "keys": {role: pub(key) for role, key in zip(roles, five, strict=True)},
                "paths": paths,
                "langs": ["en"],
                "disclosure": disclosure,
                "off_record": False,
                "nonce": os.urandom(16),
            }
        )
        return enc([body, [key.sign(b"openline-card-v1\0" + body) for key in five]])


class Line:
    """What follows from two cards: genesis, line id, parties, names."""

    def __init__(self, one: bytes, two: bytes) -> None:
        self.cards = sorted((one, two), key=h)
        self.bodies: list[dict[str, Any]] = [dec(dec(card)[0]) for card in self.cards]
        self.terms = {
            "disclosure": min(body["disclosure"] for body in self.bodies),
            "off_record": all(body["off_record"] for body in self.bodies),
            "protected": ["acts", "line-check", "safety"],
        }
        self.genesis = enc(["openline-genesis-v1", *self.cards, self.terms])
        self.id = h(self.genesis)[:16]
        self.origins = [f"openline/{self.id.hex()}/{letter}" for letter in "ab"]

    def key(self, party: int, role: str) -> bytes:
        """A public key of a party's card."""
        return bytes(self.bodies[party]["keys"][role])

    def comparison(self) -> str:
        """The digits that people read to each other."""
        numbers = sorted(int.from_bytes(h(card), "big") % 10**30 for card in self.cards)
        digits = "".join(f"{n:030d}" for n in numbers)
        return " ".join(digits[i : i + 5] for i in range(0, 60, 5))


# -- packets (link.md 4, 5) ---------------------------------------------------


def seal_packet(key: bytes, epoch: bytes, counter: int, plaintext: bytes) -> bytes:
    """One UDP packet."""
    head = b"\1" + epoch + counter.to_bytes(8, "big")
    return head + AESGCM(key).encrypt(bytes(4) + head[5:], plaintext, head)


def open_packet(key: bytes, epoch: bytes, packet: bytes) -> tuple[int, bytes]:
    """Counter and plaintext of a packet."""
    need(38 <= len(packet) <= 1229 and packet[:5] == b"\1" + epoch, "link.packet")
    counter = int.from_bytes(packet[5:13], "big")
    need(counter > 0, "link.replay")
    try:
        return counter, AESGCM(key).decrypt(bytes(4) + packet[5:13], packet[13:], packet[:13])
    except InvalidTag:
        raise Refused("link.packet") from None


def frame(cls: int, sequence: int, body: bytes) -> bytes:
    """Class, sequence and body: the plaintext of a packet, and a record behind its length."""
    return bytes([cls]) + sequence.to_bytes(8, "big") + body


def cell(tag: bytes, *, talking: bool, seq: int) -> bytes:
    """A media cell of an open call (voice.md 4) that carries one packet of nothing."""
    piece = b"\x80\x6f" + bytes(60)
    block = tag + bytes([2 | talking, 1]) + seq.to_bytes(2, "big") + bytes(4)
    head = b"\1\0\0\1" + block + bytes(4) + b"\0\1" + seq.to_bytes(2, "big")
    return (head + len(piece).to_bytes(2, "big") + piece).ljust(320, b"\0")

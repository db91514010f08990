"""An independent reader of signed notes, checkpoints and cosignatures.

Written from the texts of c2sp.org/signed-note, tlog-checkpoint and tlog-cosignature, with the
standard library and ``cryptography``. It imports nothing of openline, on purpose: it is the
second opinion on the bytes that the record room makes, and an example of how little a stranger
needs. As those texts demand, it ignores signature lines of keys that it does not know.
"""

import base64
import hashlib
import struct
from dataclasses import dataclass
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

ED25519 = 0x01
COSIGNATURE = 0x04
SUBTREE = 0x06


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

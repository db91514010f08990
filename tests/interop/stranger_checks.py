"""Line checks and challenge words of a peer that was written from docs/spec/check.md alone."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from tests.interop.stranger_forms import dec, need

if TYPE_CHECKING:
    from tests.interop.stranger_peer import Peer

IDLE: Final = {"text": True, "voice": True, "ready": 2, "slot": 0, "end": ""}


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA256 of RFC 5869."""
    key = hmac.new(salt, secret, hashlib.sha256).digest()
    out, block = b"", b""
    for number in range(1, -(-length // 32) + 1):
        block = hmac.new(key, block + info + bytes([number]), hashlib.sha256).digest()
        out += block
    return out[:length]


def agree(
    secret: bytes, keys: list[bytes], nonces: list[bytes], me: int, context: bytes
) -> tuple[list[bytes], str, list[int]]:
    """Proofs of beginner and answerer, name and words (section 6)."""
    shared = X25519PrivateKey.from_private_bytes(secret).exchange(
        X25519PublicKey.from_public_bytes(keys[1 - me])
    )
    info = b"openline/words/1" + context + keys[0] + keys[1]
    stream = hkdf(shared, nonces[0] + nonces[1], info, 162)
    proofs = [hmac.new(stream[:32], r, hashlib.sha256).digest() for r in (b"beginner", b"answerer")]
    words: list[int] = []
    for byte in stream[34:]:
        if byte not in words:
            words.append(byte)
    return proofs, stream[32:34].hex().upper(), words[:20]


class Checker:
    """Begins and answers checks for a stranger; it has no desk."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.version = 0
        self.words: tuple[str, list[int]] | None = None
        self.secret, self.nonce = b"s" * 32, b"n" * 16
        self.proof = b""
        self.done = False
        self.voice = ""
        self.answered: set[bytes] = set()

    def say(self, **said: object) -> None:
        """Our CONTROL object ``check``."""
        self.version += 1
        self.peer.control("check", self.version, IDLE | said)

    def begin(self, check: bytes) -> None:
        """Begin one by text; the voice part fails for want of a desk, which is a result."""
        self.peer.write("check", {"part": "began", "id": check, "slot": 0, "text": 1})
        self.peer.send_log()
        self.say(id=check, begins=True, open=True)

    def end(self, check: bytes) -> None:
        """Our result, and the end."""
        self.result(check, "beginner", "no_desk_beginner")
        self.say(id=check, begins=True, open=False)

    def result(self, check: bytes, role: str, voice: str) -> None:
        """What we measured."""
        said = {"part": "result", "id": check, "slot": 0, "role": role, "text": "held"}
        more = {"words": self.words[0]} if self.words else {}
        self.peer.write("check", said | {"voice": voice, "text_ms": 5, "desks": 0} | more)
        self.peer.send_log()

    def parts(self, part: str) -> list[dict[str, Any]]:
        """What the peer wrote of checks."""
        bodies = [dec(body) for _, _, body in self.peer.logs[self.peer.far].items if body]
        return [body for body in bodies if body.get("part") == part]

    def answer(self) -> bool:
        """Do what the peer's object asks for; True once its check has ended and ours is written."""
        _version, theirs = self.peer.objects.get("check", (0, None))
        if theirs is None or not theirs["begins"] or self.done:
            return self.done
        check = theirs["id"]
        if theirs.get("words"):
            self.exchange(check, theirs["words"])
        if theirs["open"]:
            self.take_up(check)
            self.voice = "no_desk_answerer" if theirs["voice"] else "not_asked"
        elif check in self.answered:
            self.result(check, "answerer", self.voice)
            self.say(id=check, begins=False, open=False, **self.said_words())
            self.answered.clear()
            self.done = True
        return self.done

    def take_up(self, check: bytes) -> None:
        """Answer its text once its entry is here."""
        items = self.peer.logs[self.peer.far].items
        found = [
            index
            for index, (_, _, body) in enumerate(items, 1)
            if body and dec(body).get("part") == "began" and dec(body)["id"] == check
        ]
        if found and check not in self.answered:
            self.answered.add(check)
            self.peer.write("check", {"part": "answered", "id": check, "of": found[0], "text": 3})
            self.peer.send_log()
            self.say(id=check, begins=False, open=True, **self.said_words())

    def said_words(self) -> dict[str, object]:
        """Our part of the exchange."""
        if not self.proof:
            return {}
        key = X25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw()
        said = {"key": key, "nonce": self.nonce, "at_ms": 1, "proof": self.proof}
        return {"words": said}

    def exchange(self, check: bytes, theirs: dict[str, Any]) -> None:
        """The answerer's side: prove first, keep once the beginner proved."""
        peer = self.peer
        own = X25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw()
        keys, nonces = [b"", b""], [b"", b""]
        keys[peer.me], keys[peer.far] = own, theirs["key"]
        nonces[peer.me], nonces[peer.far] = self.nonce, theirs["nonce"]
        context = peer.line.id + check
        proofs, name, words = agree(self.secret, keys, nonces, peer.me, context)
        self.proof = proofs[1]
        if "proof" in theirs:
            need(theirs["proof"] == proofs[0], "protocol.check")
            self.words = (name, words)

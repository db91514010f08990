"""Challenge words for the public telephone: agreed inside the link, never sent (spec/check, 6).

Both sides make an ephemeral X25519 key for each list; what follows from the shared secret is the
same at both. The words themselves cross nothing and stand in no record.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from openline.errors import PeerProtocolError

KEY_SIZE: Final = 32
NONCE_SIZE: Final = 16
PROOF_SIZE: Final = 32
CHALLENGES: Final = 10
"""Of each side: ten that it answers, ten that it asks."""

WORDS: Final = 2 * CHALLENGES
_LABEL: Final = b"openline/words/1"
_DRAWN: Final = 128
_NAME_SIZE: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsSaid:
    """One side's part; ``at_ms``: its wall clock; ``proof`` once it holds the other's part."""

    key: bytes
    nonce: bytes
    at_ms: int = 0
    proof: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordList:
    """A list as both sides print it.

    Attributes:
        name: four digits that may be said aloud: which list it is.
        words: twenty numbers of the word lists; the first ten are party 0's answers.
        renewed_ms: when it was agreed, by the own wall clock: a label. agreed_ms: the same by the
            beginner's, so that both print one time.
    """

    name: str
    words: tuple[int, ...]
    renewed_ms: int = 0
    agreed_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What follows from an exchange.

    Attributes:
        proofs: of the beginner, of the answerer: that they hold the same secret.
    """

    proofs: tuple[bytes, bytes]
    name: str
    words: tuple[int, ...]


class WordsSecret:
    """The own ephemeral key and nonce of one exchange."""

    __slots__ = ("_key", "said")

    def __init__(self, secret: bytes, nonce: bytes, at_ms: int = 0) -> None:
        """From 32 and 16 random bytes, and the own wall clock."""
        self._key = X25519PrivateKey.from_private_bytes(secret)
        self.said = WordsSaid(
            key=self._key.public_key().public_bytes_raw(), nonce=nonce, at_ms=at_ms
        )

    def agree(self, own: int, context: bytes, peer: WordsSaid) -> Agreed:
        """What follows from both parts.

        Args:
            own: our party index.
            context: line id and id of the check.
            peer: the other side's part.

        Raises:
            PeerProtocolError: ``protocol.check``: a key that agrees on nothing.
        """
        try:
            shared = self._key.exchange(X25519PublicKey.from_public_bytes(peer.key))
        except ValueError as error:
            raise PeerProtocolError("protocol.check", "key of small order") from error
        both = (self.said, peer) if own == 0 else (peer, self.said)
        stream = HKDF(
            algorithm=SHA256(),
            length=PROOF_SIZE + _NAME_SIZE + _DRAWN,
            salt=both[0].nonce + both[1].nonce,
            info=_LABEL + context + both[0].key + both[1].key,
        ).derive(shared)
        key, rest = stream[:PROOF_SIZE], stream[PROOF_SIZE:]
        drawn = tuple(dict.fromkeys(rest[_NAME_SIZE:]))
        return Agreed(
            proofs=(_proof(key, b"beginner"), _proof(key, b"answerer")),
            name=rest[:_NAME_SIZE].hex().upper(),
            words=drawn[:WORDS],
        )


def _proof(key: bytes, role: bytes) -> bytes:
    return hmac.new(key, role, hashlib.sha256).digest()


def proved(proof: bytes, wanted: bytes) -> bool:
    """Whether the other side proved that it holds the same secret."""
    return hmac.compare_digest(proof, wanted)

"""The signer over keys in memory: one function per kind of statement, no bare signatures of ours.

A deployment may put another :class:`openline.engine.ports.Signer` here (a process of its own, a
PKCS#11 token); the engine never sees a private key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from openline.errors import LocalProtocolError
from openline.record.cose import (
    CONTEXT_ENTRY,
    CONTEXT_GENESIS,
    CONTEXT_HELLO,
    CONTEXT_RECEIPT,
    CONTEXT_STATEMENT,
    sign1,
)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The private keys that sign statements; the link key is not among them."""

    log: Ed25519PrivateKey = field(repr=False)
    log_pq: MLDSA44PrivateKey = field(repr=False)
    cosign: Ed25519PrivateKey = field(repr=False)
    cosign_pq: MLDSA44PrivateKey = field(repr=False)
    officers: Mapping[str, Ed25519PrivateKey] = field(repr=False)


class LocalSigner:
    """Implements :class:`openline.engine.ports.Signer` over a key ring."""

    __slots__ = ("_cosign_public", "_keys", "_log_public")

    def __init__(self, keys: KeyRing) -> None:
        """Sign with ``keys``."""
        self._keys = keys
        self._log_public = keys.log.public_key().public_bytes_raw()
        self._cosign_public = keys.cosign.public_key().public_bytes_raw()

    def entry(self, payload: bytes) -> bytes:
        """COSE_Sign1 of an entry by the log key."""
        return sign1(payload, self._log_public, CONTEXT_ENTRY, self._keys.log.sign)

    def hello(self, payload: bytes) -> bytes:
        """COSE_Sign1 of a HELLO by the log key."""
        return sign1(payload, self._log_public, CONTEXT_HELLO, self._keys.log.sign)

    def genesis(self, payload: bytes) -> bytes:
        """COSE_Sign1 of the genesis by the log key."""
        return sign1(payload, self._log_public, CONTEXT_GENESIS, self._keys.log.sign)

    def statement(self, officer: str, payload: bytes) -> bytes:
        """COSE_Sign1 of a statement by that officer's key.

        Raises:
            LocalProtocolError: ``engine.no_officer`` when no key of that watch code is here.
        """
        key = self._keys.officers.get(officer)
        if key is None:
            raise LocalProtocolError("engine.no_officer", officer)
        public = key.public_key().public_bytes_raw()
        return sign1(payload, public, CONTEXT_STATEMENT, key.sign)

    def checkpoint(self, text: bytes) -> bytes:
        """Raw Ed25519 signature of a note text by the log key."""
        return self._keys.log.sign(text)

    def cosignature(self, signed: bytes) -> bytes:
        """Raw Ed25519 signature of a cosignature text by the cosign key."""
        return self._keys.cosign.sign(signed)

    def receipt(self, payload: bytes) -> bytes:
        """COSE_Sign1 of a receipt by the cosign key."""
        return sign1(payload, self._cosign_public, CONTEXT_RECEIPT, self._keys.cosign.sign)

    def seal_author(self, signed: bytes) -> bytes:
        """Raw ML-DSA-44 signature by the log key."""
        return self._keys.log_pq.sign(signed)

    def seal_holder(self, signed: bytes) -> bytes:
        """Raw ML-DSA-44 signature by the cosign key."""
        return self._keys.cosign_pq.sign(signed)

    def officer_key(self, officer: str) -> bytes:
        """Raw public key of that officer. Raises as :meth:`statement`."""
        key = self._keys.officers.get(officer)
        if key is None:
            raise LocalProtocolError("engine.no_officer", officer)
        return key.public_key().public_bytes_raw()

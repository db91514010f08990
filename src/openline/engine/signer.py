"""The signer over keys in memory: one function per kind of statement, no bare signatures of ours.

A deployment may put another :class:`openline.engine.ports.Signer` here (a process of its own, a
PKCS#11 token); the engine never sees a private key.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
    """Implements :class:`openline.engine.ports.Signer` over a key ring.

    The keys of the ring's officers are always here (their files are not wrapped). Any other
    officer's key is here only from :meth:`unlock` to :meth:`lock`: while signed in at a desk.
    """

    __slots__ = ("_cosign_public", "_held", "_keys", "_log_public", "_open")

    def __init__(self, keys: KeyRing) -> None:
        """Sign with ``keys``."""
        self._keys = keys
        self._open = dict(keys.officers)
        self._held = dict(keys.officers)
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
        key = self._officer(officer)
        public = key.public_key().public_bytes_raw()
        return sign1(payload, public, CONTEXT_STATEMENT, key.sign)

    def unlock(self, officer: str, key: Ed25519PrivateKey) -> None:
        """Hold that officer's key until :meth:`lock`."""
        self._held[officer] = key

    def lock(self, officer: str) -> None:
        """Let that officer's key go, unless its file lies open on the disk all the same."""
        self._held.pop(officer, None)
        if officer in self._open:
            self._held[officer] = self._open[officer]

    def drop(self, officer: str) -> None:
        """Let that officer's key go for good: it was revoked, or its file is wrapped now."""
        self._open.pop(officer, None)
        self._held.pop(officer, None)

    def holds(self, officer: str) -> bool:
        """Whether that officer's key is here now."""
        return officer in self._held

    @contextmanager
    def lent(self, keys: Mapping[str, Ed25519PrivateKey]) -> Iterator[None]:
        """Hold more officers' keys for one act, whatever becomes of it."""
        before = dict(self._held)
        self._held |= keys
        try:
            yield
        finally:
            self._held = before

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
        return self._officer(officer).public_key().public_bytes_raw()

    def _officer(self, officer: str) -> Ed25519PrivateKey:
        key = self._held.get(officer)
        if key is None:
            raise LocalProtocolError("engine.no_officer", officer, officer=officer)
        return key

"""Public keys: strict checks, verification, key ids.

A small-order Ed25519 key verifies one signature for every text, so its owner can repudiate
everything; a key with two encodings has two key ids. Both are refused wherever a key enters
(spec/cards, section 3).
"""

import hashlib
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from openline.errors import SignatureError
from openline.record.limits import (
    ED25519_KEY_SIZE,
    ED25519_SIGNATURE_SIZE,
    KEY_ID_SIZE,
    MLDSA44_KEY_SIZE,
    MLDSA44_SIGNATURE_SIZE,
)

_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P
_SPKI_PREFIX: Final = bytes.fromhex("302a300506032b6570032100")
_COFACTOR_BITS: Final = 3


def check_ed25519(public: bytes) -> None:
    """Refuse a key that is not one strong point in its one encoding.

    Raises:
        SignatureError: ``record.weak_key``.
    """
    if len(public) != ED25519_KEY_SIZE:
        raise SignatureError("record.weak_key", "an Ed25519 key has 32 bytes")
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if y >= _P:
        raise SignatureError("record.weak_key", "non-canonical encoding")
    x_square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    if pow(x_square, (_P - 1) // 2, _P) == _P - 1:
        raise SignatureError("record.weak_key", "not a point of the curve")
    if _eightfold_is_identity(x_square, y):
        raise SignatureError("record.weak_key", "point of small order")


def _eightfold_is_identity(x_square: int, y: int) -> bool:
    """Double three times; the sign of x does not matter. Only the identity has y = 1."""
    for _ in range(_COFACTOR_BITS):
        y_square = y * y % _P
        product = x_square * y_square % _P
        y = (y_square + x_square) * pow(1 - _D * product, -1, _P) % _P
        x_square = 4 * product * pow(1 + _D * product, -2, _P) % _P
    return y == 1


def check_mldsa44(public: bytes) -> None:
    """Refuse bytes that are no ML-DSA-44 public key (``record.weak_key``)."""
    if len(public) != MLDSA44_KEY_SIZE:
        raise SignatureError("record.weak_key", "an ML-DSA-44 key has 1312 bytes")
    try:
        _mldsa44(public)
    except ValueError as error:
        raise SignatureError("record.weak_key", "not an ML-DSA-44 key") from error


@lru_cache(maxsize=64)
def _ed25519(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


@lru_cache(maxsize=16)
def _mldsa44(public: bytes) -> MLDSA44PublicKey:
    return MLDSA44PublicKey.from_public_bytes(public)


def verify_ed25519(public: bytes, signature: bytes, data: bytes) -> None:
    """Verify; the key must have been checked where it entered.

    Raises:
        SignatureError: ``record.signature``.
    """
    if len(signature) != ED25519_SIGNATURE_SIZE:
        raise SignatureError("record.signature", "an Ed25519 signature has 64 bytes")
    try:
        _ed25519(public).verify(signature, data)
    except (InvalidSignature, ValueError) as error:
        raise SignatureError("record.signature", "Ed25519 signature does not hold") from error


def verify_mldsa44(public: bytes, signature: bytes, data: bytes) -> None:
    """Verify with the empty context.

    Raises:
        SignatureError: ``record.signature``.
    """
    if len(signature) != MLDSA44_SIGNATURE_SIZE:
        raise SignatureError("record.signature", "an ML-DSA-44 signature has 2420 bytes")
    try:
        _mldsa44(public).verify(signature, data)
    except (InvalidSignature, ValueError) as error:
        raise SignatureError("record.signature", "ML-DSA-44 signature does not hold") from error


def key_id(public: bytes) -> bytes:
    """The kid of a raw public key: the first 16 bytes of its SHA-256."""
    return hashlib.sha256(public).digest()[:KEY_ID_SIZE]


def spki(public: bytes) -> bytes:
    """SubjectPublicKeyInfo DER of a raw Ed25519 key (RFC 8410)."""
    return _SPKI_PREFIX + public


def spki_hash(public: bytes) -> bytes:
    """The pin of a link key: SHA-256 of its SPKI DER."""
    return hashlib.sha256(spki(public)).digest()

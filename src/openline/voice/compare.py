"""Digits by which two officers find out that nobody stands between them (spec/voice, 3.1)."""

import hashlib
from typing import Final

_LABEL: Final = b"openline-speech-v1\0"
_DIGITS: Final = 15
_GROUP: Final = 5


def speech_digits(line: bytes, fingerprints: tuple[str, str]) -> str:
    """Both desks' certificates as digits, the same at both: party 0's first.

    Each certificate has digits of its own: one number of both could be ground out by somebody in
    the middle, who chooses two certificates.

    Args:
        line: id of the line, 16 bytes.
        fingerprints: SHA-256 of each certificate, ``AA:BB:...``, of party 0's desk first.

    Returns:
        Six groups of five digits.
    """
    digits = "".join(_of_one(line, fingerprint) for fingerprint in fingerprints)
    return " ".join(digits[at : at + _GROUP] for at in range(0, len(digits), _GROUP))


def _of_one(line: bytes, fingerprint: str) -> str:
    octets = bytes.fromhex(fingerprint.replace(":", ""))
    number = int.from_bytes(hashlib.sha256(_LABEL + line + octets).digest())
    return str(number % 10**_DIGITS).zfill(_DIGITS)

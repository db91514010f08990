"""The relay's gate: only DTLS, SRTP and SRTCP of sane size and rate pass, both ways.

Classes by the first octet as RFC 7983 divides them. The relay never decodes
sound; it reads only what stands in clear in every packet.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from openline.voice.cells import DATAGRAM_SIZE_MAX
from openline.voice.sdp import OPUS_PAYLOAD_TYPE, RED_PAYLOAD_TYPE

DTLS_SIZE_MIN: Final = 13
SRTP_SIZE_MIN: Final = 22
SRTP_SIZE_MAX: Final = 600
RATE_PER_SECOND: Final = 150
BURST: Final = 100


class Kind(StrEnum):
    """What a datagram claims to be."""

    STUN = "stun"
    DTLS = "dtls"
    RTP = "rtp"
    RTCP = "rtcp"
    OTHER = "other"


def classify(datagram: bytes) -> Kind:
    """Tell by the first two octets what a datagram claims to be."""
    if not datagram:
        return Kind.OTHER
    first = datagram[0]
    if first <= 3:  # noqa: PLR2004 - RFC 7983
        return Kind.STUN
    if 20 <= first <= 63:  # noqa: PLR2004 - RFC 7983
        return Kind.DTLS
    if 128 <= first <= 191 and len(datagram) > 1:  # noqa: PLR2004 - RFC 7983
        return Kind.RTCP if 192 <= datagram[1] <= 223 else Kind.RTP  # noqa: PLR2004 - RFC 5761
    return Kind.OTHER


def refusal(datagram: bytes) -> str | None:
    """Why a datagram may not be relayed, or None if it may."""
    kind = classify(datagram)
    size = len(datagram)
    if kind is Kind.DTLS:
        return None if DTLS_SIZE_MIN <= size <= DATAGRAM_SIZE_MAX else "size"
    if kind is Kind.RTCP:
        return None if SRTP_SIZE_MIN <= size <= DATAGRAM_SIZE_MAX else "size"
    if kind is Kind.RTP:
        if datagram[1] & 0x7F not in {OPUS_PAYLOAD_TYPE, RED_PAYLOAD_TYPE}:
            return "payload_type"
        return None if SRTP_SIZE_MIN <= size <= SRTP_SIZE_MAX else "size"
    return "kind"


class RateLimit:
    """A token bucket: ``RATE_PER_SECOND`` datagrams a second after a burst of ``BURST``."""

    def __init__(self, rate_per_second: int = RATE_PER_SECOND, burst: int = BURST) -> None:
        """Start full."""
        self._rate = rate_per_second
        self._tokens_milli_max = burst * 1000
        self._tokens_milli = burst * 1000
        self._last_ms: int | None = None

    def allows(self, now_ms: int) -> bool:
        """Take one token if there is one; ``now_ms`` is monotonic."""
        elapsed_ms = 0 if self._last_ms is None else max(0, now_ms - self._last_ms)
        self._last_ms = now_ms
        self._tokens_milli = min(
            self._tokens_milli_max, self._tokens_milli + elapsed_ms * self._rate
        )
        if self._tokens_milli < 1000:  # noqa: PLR2004 - one token in thousandths
            return False
        self._tokens_milli -= 1000
        return True


@dataclass(slots=True)
class Direction:
    """One direction of the relay: its limit and its counts.

    Attributes:
        limit: how many may pass.
        passed: datagrams that passed, by kind.
        octets: of those that passed.
        dropped: datagrams refused, by reason.
    """

    limit: RateLimit = field(default_factory=RateLimit)
    passed: Counter[str] = field(default_factory=Counter)
    octets: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    def admits(self, datagram: bytes, now_ms: int) -> bool:
        """Count one datagram and say whether it may pass."""
        reason = refusal(datagram)
        if reason is None and not self.limit.allows(now_ms):
            reason = "rate"
        if reason is not None:
            self.dropped[reason] += 1
            return False
        self.passed[classify(datagram).value] += 1
        self.octets += len(datagram)
        return True

"""HEARTBEAT frames and what they prove: an authenticated round trip.

Pure. One `Pulse` per connection and transport; an echo counts only if it is
strictly newer than every echo counted before, so that a peer who hears nothing
of us, and repeats what it once heard, proves nothing. spec/link section 7.
"""

import struct
from typing import Final

from openline.errors import LinkError

SIZE: Final = 20
ROUND_TRIP_MS_MAX: Final = 60_000
HELD_MS_MAX: Final = 2**32 - 1
_BODY = struct.Struct(">QQI")


class Pulse:
    """Both directions of the heartbeat over one transport of one connection.

    Times are milliseconds of the own monotonic clock, counted from 1.

    Attributes:
        heard_at_ms: when a heartbeat last came, None before the first.
        proved_at_ms: the moment up to which the last round trip is proof, None before the first.
        round_trip_ms: the last one measured.
        answer_wanted: the peer's last heartbeat echoed nothing: it waits for ours.
    """

    __slots__ = (
        "_echoed_ms",
        "_peer_ms",
        "answer_wanted",
        "heard_at_ms",
        "proved_at_ms",
        "round_trip_ms",
    )

    def __init__(self) -> None:
        """See the class."""
        self._peer_ms = 0
        self._echoed_ms = 0
        self.heard_at_ms: float | None = None
        self.proved_at_ms: float | None = None
        self.round_trip_ms: float | None = None
        self.answer_wanted = False

    def body(self, now_ms: float) -> bytes:
        """Write the body of the heartbeat to send now."""
        held = 0 if self.heard_at_ms is None else int(now_ms - self.heard_at_ms)
        return _BODY.pack(int(now_ms), self._peer_ms, min(held, HELD_MS_MAX))

    def hear(self, body: bytes, now_ms: float) -> float | None:
        """Take a heartbeat of the peer.

        Returns:
            The round trip in milliseconds if this one proves a new one, else None.

        Raises:
            LinkError: ``link.frame``, not 20 bytes, or an own time of 0.
        """
        if len(body) != SIZE:
            raise LinkError("link.frame", f"heartbeat of {len(body)} bytes")
        fields: tuple[int, int, int] = _BODY.unpack(body)
        own_ms, echo_ms, held_ms = fields
        if own_ms == 0:
            raise LinkError("link.frame", "heartbeat without a time")
        self.answer_wanted = echo_ms == 0
        if own_ms > self._peer_ms or self.heard_at_ms is None:
            self._peer_ms = own_ms
            self.heard_at_ms = now_ms
        if echo_ms <= self._echoed_ms or echo_ms > now_ms:
            return None
        # The wire carries whole milliseconds, cut off: up to two too many, never too few.
        trip: float = now_ms - echo_ms - held_ms
        if not 0 <= trip <= ROUND_TRIP_MS_MAX:
            return None
        self._echoed_ms = echo_ms
        self.proved_at_ms = now_ms - held_ms
        self.round_trip_ms = trip
        return trip

    def proved_within(self, span_ms: float, now_ms: float) -> bool:
        """Say whether a round trip was proved within the last ``span_ms``."""
        return self.proved_at_ms is not None and now_ms - self.proved_at_ms <= span_ms

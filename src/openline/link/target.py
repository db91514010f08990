"""Where the UDP packets of a connection go. Pure. spec/link section 4.4."""

from collections.abc import Sequence
from typing import Final

SILENT_MS: Final = 1_000
"""So long must the present address be silent before another is believed."""

SocketAddress = tuple[str, int] | tuple[str, int, int, int]


def same_place(one: SocketAddress, other: SocketAddress) -> bool:
    """Say whether two socket addresses name the same host and port."""
    # The system names the interface of a link-local host behind a "%".
    return one[1] == other[1] and one[0].partition("%")[0] == other[0].partition("%")[0]


class Target:
    """The peer's UDP address on one connection.

    A peer that advertises addresses is sought only there. One that only dials is
    learned from packets that were authentic, never from others.

    Attributes:
        address: where to send, None while unknown.
    """

    __slots__ = ("_advertised", "_heard_ms", "_tried_ms", "address")

    def __init__(self, advertised: Sequence[SocketAddress], first: SocketAddress | None) -> None:
        """Begin.

        Args:
            advertised: from the peer's card, empty if it only dials.
            first: the address that was dialed, if this post dialed.
        """
        self._advertised = advertised
        self.address = first or (advertised[0] if advertised else None)
        self._heard_ms: float | None = None
        self._tried_ms: float | None = None

    def heard(self, source: SocketAddress, now_ms: float, *, newest: bool) -> None:
        """Learn from an authentic packet.

        Args:
            source: where it came from.
            now_ms: the time.
            newest: its counter was above all before; an old packet shows no new place.
        """
        if self.address is not None and same_place(source, self.address):
            self._heard_ms = now_ms
            return
        # Who copies our packets and is quicker must not be able to lead the answers away.
        if not newest or not self._silent(now_ms):
            return
        known = next((item for item in self._advertised if same_place(source, item)), None)
        if known is not None or not self._advertised:
            self.address, self._heard_ms = known or source, now_ms

    def seek(self, now_ms: float) -> None:
        """While no round trip is proved: try the next advertised address in turn."""
        if len(self._advertised) < 2 or not self._silent(now_ms):  # noqa: PLR2004 - one has no next
            return
        if self._tried_ms is None:
            self._tried_ms = now_ms
        elif now_ms - self._tried_ms > SILENT_MS:
            self._tried_ms = now_ms
            places = list(self._advertised)
            at = places.index(self.address) if self.address in places else -1
            self.address = places[(at + 1) % len(places)]

    def _silent(self, now_ms: float) -> bool:
        return self._heard_ms is None or now_ms - self._heard_ms > SILENT_MS

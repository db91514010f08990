"""Limits on TCP connects of strangers: how many at once, how often. spec/link section 9.

Pure: time is an argument. The peer's advertised addresses have their own share,
so that strangers cannot use up what the peer needs.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

PENDING_MAX: Final = 32
PENDING_PER_ADDRESS_MAX: Final = 8
RATE_PER_S: Final = 20.0
BURST: Final = 40.0
RATE_PER_ADDRESS_PER_S: Final = 5.0
BURST_PER_ADDRESS: Final = 20.0
ADDRESSES_MAX: Final = 1024
MET_MAX: Final = 8


class Bucket:
    """Tokens that come back at a steady rate."""

    __slots__ = ("_at_ms", "_burst", "_left", "_rate")

    def __init__(self, rate_per_s: float, burst: float) -> None:
        """Begin full."""
        self._rate, self._burst, self._left = rate_per_s / 1000.0, burst, burst
        self._at_ms: float | None = None

    def take(self, now_ms: float) -> bool:
        """Take one token; False if there is none."""
        if self._at_ms is not None:
            self._left = min(self._burst, self._left + (now_ms - self._at_ms) * self._rate)
        self._at_ms = now_ms
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


def source_of(host: str) -> str:
    """What counts as one source: an IPv4 address, or the first 64 bits of an IPv6 address."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((address, 64), strict=False).network_address)
    return str(address)


class Admission:
    """Decides on each TCP connect before any byte of it is read.

    Attributes:
        refused: how many were turned away.
    """

    def __init__(self, peer_hosts: Iterable[str]) -> None:
        """Begin.

        Args:
            peer_hosts: hosts that the peer's card advertises for the path.
        """
        self._peers: Final = frozenset(source_of(host) for host in peer_hosts)
        self._met: OrderedDict[str, None] = OrderedDict()
        self._all = Bucket(RATE_PER_S, BURST)
        self._by_source: OrderedDict[str, Bucket] = OrderedDict()
        self.refused = 0

    def remember(self, host: str) -> None:
        """Give a host from which the peer proved itself the peer's own share."""
        self._met[source_of(host)] = None
        self._met.move_to_end(source_of(host))
        while len(self._met) > MET_MAX:
            self._met.popitem(last=False)

    def admit(self, host: str, pending: Iterable[str], now_ms: float) -> bool:
        """Say whether one more connect of ``host`` may start a handshake.

        Args:
            host: where it comes from.
            pending: hosts of the connections that are not authenticated yet.
            now_ms: of a monotonic clock.
        """
        source = source_of(host)
        sources = [source_of(item) for item in pending]
        stranger = not self._known(source)
        good = sources.count(source) < PENDING_PER_ADDRESS_MAX
        if good and stranger:
            good = sum(not self._known(item) for item in sources) < PENDING_MAX
        good = good and self._bucket(source).take(now_ms)
        if good and stranger:
            good = self._all.take(now_ms)
        self.refused += not good
        return good

    def knows(self, host: str) -> bool:
        """Say whether a host is advertised by the peer, or one from which it proved itself."""
        return self._known(source_of(host))

    def _known(self, source: str) -> bool:
        return source in self._peers or source in self._met

    def _bucket(self, source: str) -> Bucket:
        found = self._by_source.get(source)
        if found is None:
            while len(self._by_source) >= ADDRESSES_MAX:
                self._by_source.popitem(last=False)
            found = self._by_source[source] = Bucket(RATE_PER_ADDRESS_PER_S, BURST_PER_ADDRESS)
        self._by_source.move_to_end(source)
        return found

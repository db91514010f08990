"""What a link is told at its start, and what it says of itself. spec/link sections 7 to 9."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openline.errors import ConfigError
from openline.link.address import Address, parse_address

LINE_SIZE: Final = 16
PIN_SIZE: Final = 32
PATH_NAME_SIZE_MAX: Final = 255
PATHS_MAX: Final = 16
ADDRESSES_MAX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PathConfig:
    """One path as this post stands on it.

    Attributes:
        name: as in both cards.
        bind: local "host:port" or "[host]:port" of TCP and UDP; a port of 0 means dial-only.
        peer: the peer's advertised addresses on this path, empty if it only dials.
        listen: False behind NAT: dial, never listen.
    """

    name: str
    bind: str
    peer: tuple[str, ...] = ()
    listen: bool = True

    def bind_address(self) -> Address:
        """Read ``bind``; raises ConfigError ``link.address``."""
        return parse_address(self.bind)

    def peer_addresses(self) -> tuple[Address, ...]:
        """Read ``peer``; raises ConfigError ``link.address``."""
        return tuple(parse_address(text) for text in self.peer)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTiming:
    """Every interval of the link, in milliseconds; the defaults are the specification's."""

    heartbeat_ms: int = 100
    stream_heartbeat_ms: int = 500
    path_dead_ms: int = 350
    fresh_ms: int = 2_000
    overlap_ms: int = 10_000
    rekey_ms: int = 3_600_000
    connect_ms: int = 5_000
    handshake_ms: int = 10_000
    stalled_ms: int = 10_000
    backoff_first_ms: int = 100
    backoff_most_ms: int = 3_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkConfig:
    """All that a link needs.

    Attributes:
        line: the line id, 16 bytes.
        key: the own link key.
        certificate: its self-signed certificate in PEM (`tls.make_certificate`).
        peer_pin: SHA-256 of the SPKI of the peer's link key, 32 bytes.
        paths: 1 to 16 paths of different names.
        uniform: random numbers of [0, 1) that spread reconnects (not used for keys).
        timing: intervals; tests and drills shorten them.
    """

    line: bytes
    key: Ed25519PrivateKey = field(repr=False)
    certificate: bytes = field(repr=False)
    peer_pin: bytes
    paths: tuple[PathConfig, ...]
    uniform: Callable[[], float]
    timing: LinkTiming = field(default_factory=LinkTiming)

    def check(self) -> None:
        """Refuse what cannot be run.

        Raises:
            ConfigError: ``link.config`` or ``link.address``, and what is wrong.
        """
        if len(self.line) != LINE_SIZE or len(self.peer_pin) != PIN_SIZE:
            raise ConfigError("link.config", "line id or pin has a wrong size")
        names = [path.name for path in self.paths]
        if not 1 <= len(names) <= PATHS_MAX or len(set(names)) != len(names):
            raise ConfigError("link.config", "1 to 16 paths of different names")
        for path in self.paths:
            if not 1 <= len(path.name.encode()) <= PATH_NAME_SIZE_MAX:
                raise ConfigError("link.config", "a path's name has 1 to 255 bytes")
            own, peers = path.bind_address(), path.peer_addresses()
            if len(peers) > ADDRESSES_MAX or any(item.port == 0 for item in peers):
                raise ConfigError("link.config", f"addresses of path {path.name}")
            if peers and all(item.family != own.family for item in peers):
                raise ConfigError("link.config", f"path {path.name} mixes IPv4 and IPv6")
            if not peers and (not path.listen or own.port == 0):
                raise ConfigError("link.config", f"path {path.name} neither listens nor dials")


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStatus:
    """One path, as the own probes show it.

    Attributes:
        name: as in the card.
        alive: an authenticated heartbeat came within 350 ms.
        udp: an authenticated packet came by UDP within 350 ms.
        udp_both_ways: a round trip by UDP is fresh; else media also goes by stream.
        udp_round_trip_age_ms: how old the newest proof by UDP is, None before the first.
        tcp: a stream with HELLOs exchanged is open.
        round_trip_ms: the last measured, None before the first.
        round_trip_age_ms: how old its proof is, None before the first.
        tls_group: the key exchange of the surviving connection.
        connections: how many connections of the path hold keys.
        last_error: code of the last failure, "" if none since the path was last proved.
        refused: code with which one side refused a connection for good, "" likewise.
        warnings: codes, such as ``link.shared-interface``.
        media_loss: share of MEDIA frames of the last ten seconds that did not come by this path;
            None while there are none.
    """

    name: str
    alive: bool
    udp: bool
    udp_both_ways: bool
    udp_round_trip_age_ms: int | None
    tcp: bool
    round_trip_ms: float | None
    round_trip_age_ms: int | None
    tls_group: str | None
    connections: int
    last_error: str
    refused: str
    warnings: tuple[str, ...]
    media_loss: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaCounts:
    """MEDIA frames of the peer's present incarnation.

    Attributes:
        sent: frames handed to `Link.send_media`.
        received: passed up, each once.
        lost: numbers of the sequence that have not come (yet).
        duplicate: further copies, dropped.
        late: older than the window, dropped.
        stream_dropped: kept out of a stream that had a backlog.
    """

    sent: int = 0
    received: int = 0
    lost: int = 0
    duplicate: int = 0
    late: int = 0
    stream_dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Offence:
    """Bytes that the authenticated peer should not have sent, kept as evidence.

    Attributes:
        path: where they came.
        code: what was wrong.
        data: the first 1024 bytes.
    """

    path: str
    code: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatus:
    """The whole link.

    Attributes:
        paths: in the order of the configuration.
        media: counters.
        round_trip_age_ms: the youngest proof of any path, None before the first.
        packets_refused: UDP packets that were not authentic, not ours or replayed.
        connects_refused: TCP connects over the limits.
        unknown_frames: frames of classes that this version does not know, dropped.
        offences: the newest, at most 16.
    """

    paths: tuple[PathStatus, ...]
    media: MediaCounts
    round_trip_age_ms: int | None
    packets_refused: int
    connects_refused: int
    unknown_frames: int
    offences: tuple[Offence, ...]


class LinkHandler(Protocol):
    """Who gets what the link brings; called on the event loop, must not block."""

    def hello(self) -> bytes:
        """Give the body of the current HELLO."""

    def hello_received(self, body: bytes) -> bytes:
        """Judge a HELLO; return the peer's incarnation (16 bytes).

        Raises:
            OpenlineError: refused; the connection closes with this code.
        """

    def frame_received(self, frame_class: int, sequence: int, body: bytes) -> None:
        """Take a frame, once, or again if it is older than the window of 4096."""

    def media_received(self, sequence: int, body: bytes) -> None:
        """Take a MEDIA frame, once."""

    def round_trip(self, path: str, rtt_ms: float) -> None:
        """Learn of an authenticated, fresh round trip over a path."""

    def connected(self, path: str) -> None:
        """Learn that a connection became usable: re-send live control objects."""

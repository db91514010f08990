"""A faulty wire between two posts: two paths, connections on them, everything on every path.

It behaves as the link room does, without its bytes: HELLO first on each connection from each side,
nothing else is processed before the peer's was accepted; a refusal is a CLOSE; stream copies come
in order and for certain until the connection dies; datagram copies get lost, doubled, late.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

from openline.protocol.frames import FrameClass
from openline.sim.agenda import Agenda
from openline.sim.chance import Chance

PATHS: Final = ("one", "two")
DIAL_MS: Final = 300
HEARTBEAT_MS: Final = 150
SILENT_MS: Final = 1_000
"""An end that heard nothing for so long is not fresh: another connection is dialed beside it."""
FRESH_MS: Final = 2_000
OLD_COPY: Final = 0.02
"""Probability that a copy is older than the receiver's window and is passed up once more."""

Body = bytes | object


class Host(Protocol):
    """A post, as the wire sees it."""

    @property
    def boot(self) -> int:
        """Number of its present start; 0 while it is not running."""

    def hello(self) -> bytes:
        """Body of its HELLO."""

    def hello_received(self, body: bytes) -> bytes | None:
        """The peer's incarnation, or None to refuse the connection."""

    def frame_received(self, frame_class: int, sequence: int, body: Body) -> None:
        """A frame of the peer."""

    def round_trip(self, path: str, rtt_ms: int) -> None:
        """A proof younger than two seconds."""

    def connected(self, path: str) -> None:
        """A connection became usable."""


@dataclass(slots=True)
class Way:
    """One direction of one path.

    Attributes:
        blocked: nothing passes. loss, double: probabilities for a datagram.
    """

    blocked: bool = False
    loss: float = 0.0
    double: float = 0.0
    low_ms: int = 5
    high_ms: int = 15


@dataclass(slots=True)
class Path:
    """One path: two directions, by the side that sends."""

    name: str
    ways: tuple[Way, Way] = field(default_factory=lambda: (Way(), Way()))
    no_datagrams: bool = False
    connections: list["Connection"] = field(default_factory=list)


@dataclass(slots=True)
class End:
    """One side's end of a connection.

    Attributes:
        boot: the start of the post that it belongs to. peer: incarnation of the peer's HELLO.
        arriving: stream items on their way to the other end that wait for a blocked way.
        last_ms: when the newest stream item that was sent arrives.
    """

    boot: int
    closed: bool = False
    peer: bytes = b""
    heard_ms: int = 0
    proved: bool = False
    stalled: deque[Callable[[], None]] = field(default_factory=deque)
    last_ms: int = 0
    cut_ms: int | None = None

    @property
    def open(self) -> bool:
        """HELLOs were exchanged, as seen from here."""
        return bool(self.peer) and not self.closed


@dataclass(slots=True)
class Connection:
    """One connection of a path."""

    path: Path
    number: int
    ends: tuple[End, End]


class Wire:
    """Both paths; sides are 0 and 1 by role."""

    def __init__(self, agenda: Agenda, chance: Chance) -> None:
        """No connection yet."""
        self._agenda = agenda
        self._chance = chance
        self._hosts: tuple[Host, ...] = ()
        self._count = 0
        self._seen: tuple[dict[bytes, set[tuple[int, int]]], ...] = ({}, {})
        self._sequences: list[dict[tuple[int, int], int]] = [{}, {}]
        self.paths = tuple(Path(name) for name in PATHS)
        self.delivered = 0

    def attach(self, hosts: tuple[Host, Host]) -> None:
        """Give the wire its posts and begin to dial."""
        self._hosts = hosts
        for path in self.paths:
            for side in (0, 1):
                self._agenda.after(0, partial(self._dial, path, side))

    # --- what posts do -----------------------------------------------------------------------

    def send(
        self, side: int, frame_class: int, body: Body, *, datagram: bool = True, stream: bool = True
    ) -> None:
        """A frame on every live path: on the stream and as a datagram, as told."""
        host = self._hosts[side]
        key = (host.boot, frame_class)
        sequence = self._sequences[side][key] = self._sequences[side].get(key, 0) + 1
        for path in self.paths:
            for connection in path.connections:
                if not self._alive(connection, side) or not connection.ends[side].open:
                    continue
                arrive = self._arrival(connection, side, frame_class, sequence, body)
                if stream:
                    self._stream(connection, side, arrive)
                if datagram:
                    self._datagram(connection, side, arrive)

    def refresh_hello(self, side: int) -> None:
        """The present HELLO on every connection."""
        host = self._hosts[side]
        for path in self.paths:
            for connection in list(path.connections):
                if self._alive(connection, side):
                    self._send_hello(connection, side, host.hello())

    def crashed(self, side: int) -> None:
        """A post died; the other side may notice at once or late, frames in flight may arrive."""
        for path in self.paths:
            for connection in list(path.connections):
                mine = connection.ends[side]
                if mine.closed:
                    continue
                mine.closed = True
                notice = self._chance.weighted(((0, 3), (20, 3), (300, 2), (3_000, 1)))
                mine.cut_ms = self._agenda.now_ms + notice
                self._agenda.after(notice, partial(self._end, connection, 1 - side))

    # --- what befalls the paths --------------------------------------------------------------

    def block(self, path: Path, side: int) -> None:
        """Nothing that ``side`` sends passes on this path until :meth:`unblock`."""
        path.ways[side].blocked = True
        for connection in list(path.connections):
            patience = self._chance.between(3_000, 20_000)
            self._agenda.after(patience, partial(self._give_up, connection, side))

    def unblock(self, path: Path, side: int) -> None:
        """What waited in the streams goes on."""
        way = path.ways[side]
        way.blocked = False
        for connection in list(path.connections):
            end = connection.ends[side]
            waiting, end.stalled = end.stalled, deque()
            for arrive in waiting:
                self._stream(connection, side, arrive)

    def reset(self, path: Path) -> None:
        """Every connection of the path is cut off, each side noticing for itself."""
        for connection in list(path.connections):
            for side in (0, 1):
                notice = self._chance.between(0, 400)
                self._agenda.after(notice, partial(self._end, connection, side))

    def rekey(self, path: Path) -> None:
        """A further connection, made before the old one is given up."""
        self._connect(path, self._chance.between(0, 1))

    def _give_up(self, connection: Connection, side: int) -> None:
        if connection.path.ways[side].blocked and connection in connection.path.connections:
            for end in (0, 1):
                notice = self._chance.between(0, 1_000)
                self._agenda.after(notice, partial(self._end, connection, end))

    # --- connections -------------------------------------------------------------------------

    def _alive(self, connection: Connection, side: int) -> bool:
        end = connection.ends[side]
        return not end.closed and end.boot == self._hosts[side].boot

    def _dial(self, path: Path, side: int) -> None:
        """Each side dials as long as it has no fresh connection on the path."""
        self._agenda.after(
            self._chance.between(DIAL_MS // 2, DIAL_MS * 2), lambda: self._dial(path, side)
        )
        if not self._hosts[side].boot:
            return
        limit = self._agenda.now_ms - SILENT_MS
        for connection in path.connections:
            if self._alive(connection, side) and connection.ends[side].heard_ms > limit:
                return
        self._connect(path, side)

    def _connect(self, path: Path, side: int) -> None:
        """The handshakes of TCP and TLS need both ways, and both posts, the whole time."""
        boots = tuple(host.boot for host in self._hosts)
        took = 2 * self._delay(path, side) + self._delay(path, 1 - side)

        def established() -> None:
            same = boots == tuple(host.boot for host in self._hosts)
            if same and all(boots) and not any(way.blocked for way in path.ways):
                self._established(path)

        if not any(way.blocked for way in path.ways):
            self._agenda.after(took, established)

    def _established(self, path: Path) -> None:
        now_ms = self._agenda.now_ms
        self._count += 1
        first, second = (End(host.boot, heard_ms=now_ms) for host in self._hosts)
        connection = Connection(path, self._count, (first, second))
        path.connections.append(connection)
        for side in (0, 1):
            self._send_hello(connection, side, self._hosts[side].hello())
            wait = self._chance.between(1, HEARTBEAT_MS)
            self._agenda.after(wait, partial(self._beat, connection, side))

    def _send_hello(self, connection: Connection, side: int, body: bytes) -> None:
        self._stream(connection, side, lambda: self._hello_arrives(connection, side, body))

    def _hello_arrives(self, connection: Connection, sender: int, body: bytes) -> None:
        side = 1 - sender
        end = connection.ends[side]
        peer = self._hosts[side].hello_received(body)
        if not self._alive(connection, side):
            return  # it died of it
        if peer is None or end.peer not in {b"", peer}:
            self._close(connection, side)
            return
        fresh = not end.peer
        end.peer = peer
        end.heard_ms = self._agenda.now_ms
        if fresh:
            self._hosts[side].connected(connection.path.name)
            delay = self._chance.between(200, 1_500)
            self._agenda.after(delay, lambda: self._retire_older(connection, side))

    def _retire_older(self, winner: Connection, side: int) -> None:
        """A newer connection stands: those before it on the path are given up."""
        if not self._alive(winner, side) or not winner.ends[side].proved:
            return
        for other in list(winner.path.connections):
            if other.number < winner.number and self._alive(other, side):
                self._close(other, side)

    def _close(self, connection: Connection, side: int) -> None:
        """This side ends it; what it sent before still arrives."""
        self._stream(connection, side, lambda: self._end(connection, 1 - side))
        self._end(connection, side)

    def _end(self, connection: Connection, side: int) -> None:
        """For this side the connection is over."""
        connection.ends[side].closed = True
        path = connection.path
        if all(end.closed for end in connection.ends) and connection in path.connections:
            # What was sent before the close may still be on its way: the object lives on in it.
            path.connections.remove(connection)

    # --- frames ------------------------------------------------------------------------------

    def _delay(self, path: Path, side: int) -> int:
        way = path.ways[side]
        return self._chance.between(way.low_ms, way.high_ms)

    def _stream(self, connection: Connection, side: int, arrive: Callable[[], None]) -> None:
        """In order, and for certain as long as the connection lives."""
        end = connection.ends[side]
        if end.stalled or connection.path.ways[side].blocked:
            end.stalled.append(arrive)
            return
        now_ms = self._agenda.now_ms
        end.last_ms = max(end.last_ms, now_ms + self._delay(connection.path, side))
        self._agenda.after(end.last_ms - now_ms, lambda: self._arrive(connection, side, arrive))

    def _arrive(self, connection: Connection, side: int, arrive: Callable[[], None]) -> None:
        end = connection.ends[side]
        if connection.path.ways[side].blocked:
            end.stalled.append(arrive)
        elif self._heard(connection, side):
            arrive()

    def _datagram(self, connection: Connection, side: int, arrive: Callable[[], None]) -> None:
        """Lost, doubled, late, in any order."""
        path, way = connection.path, connection.path.ways[side]
        if path.no_datagrams or way.blocked or self._chance.happens(way.loss):
            return
        for _ in range(2 if self._chance.happens(way.double) else 1):
            late = self._delay(path, side) * (8 if self._chance.happens(way.double) else 1)
            self._agenda.after(late, lambda: self._datagram_arrives(connection, side, arrive))

    def _datagram_arrives(
        self, connection: Connection, side: int, arrive: Callable[[], None]
    ) -> None:
        if not connection.path.ways[side].blocked and self._heard(connection, side):
            arrive()

    def _heard(self, connection: Connection, sender: int) -> bool:
        """Whether what ``sender`` sent on this connection still has a receiver."""
        end, sent = connection.ends[1 - sender], connection.ends[sender]
        late = sent.cut_ms is not None and self._agenda.now_ms > sent.cut_ms
        if late or not self._alive(connection, 1 - sender):
            return False
        end.heard_ms = self._agenda.now_ms
        return True

    def _arrival(
        self, connection: Connection, sender: int, frame_class: int, sequence: int, body: Body
    ) -> Callable[[], None]:
        """What a frame does when it arrives: the first copy is passed up."""

        def arrive() -> None:
            side = 1 - sender
            end = connection.ends[side]
            if not end.open:
                return
            seen = self._seen[side].setdefault(end.peer, set())
            again = (frame_class, sequence) in seen
            old = frame_class != FrameClass.MEDIA and self._chance.happens(OLD_COPY)
            if again and not old:
                return
            seen.add((frame_class, sequence))
            self.delivered += 1
            self._hosts[side].frame_received(frame_class, sequence, body)

        return arrive

    # --- round trips -------------------------------------------------------------------------

    def _beat(self, connection: Connection, side: int) -> None:
        """A heartbeat goes out, is echoed, and comes back as a proof, if all goes well."""
        if not self._alive(connection, side):
            return
        self._agenda.after(HEARTBEAT_MS, lambda: self._beat(connection, side))
        if not connection.ends[side].open:
            return
        sent_ms = self._agenda.now_ms
        blind = connection.path.no_datagrams

        def returned() -> None:
            age = self._agenda.now_ms - sent_ms
            if age < FRESH_MS and connection.ends[side].open:
                connection.ends[side].proved = True
                self._hosts[side].round_trip(connection.path.name, age)

        def echoed() -> None:
            if connection.ends[1 - side].open:
                (self._stream if blind else self._datagram)(connection, 1 - side, returned)

        (self._stream if blind else self._datagram)(connection, side, echoed)

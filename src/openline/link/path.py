"""One path: listens and dials, keeps its connections, carries every frame.

spec/link sections 7 to 9.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import structlog
from OpenSSL import SSL

from openline.errors import LinkError, OpenlineError
from openline.link.address import SocketAddress, dialing_socket, listening_socket, same_place
from openline.link.admission import Admission
from openline.link.config import LinkTiming, PathConfig, PathStatus
from openline.link.connection import Connection, Stage
from openline.link.frames import (
    Frame,
    FrameClass,
    Piece,
    datagram_plaintexts,
    encode_record,
    parse_plaintext,
)
from openline.link.heartbeat import Pulse
from openline.link.packets import packet_epoch
from openline.link.survival import Candidate, survivor
from openline.link.udp import UdpFlow

CONNECTIONS_MAX: Final = 8
TARGET_SILENT_MS: Final = 1_000
BIND_RETRY_S: Final = 1.0

_diagnostics = structlog.get_logger("openline.link")


class PathHost(Protocol):
    """The link, as its paths see it."""

    @property
    def line(self) -> bytes:
        """The line id."""

    @property
    def own_pin(self) -> bytes:
        """The pin of the own link key."""

    @property
    def peer_pin(self) -> bytes:
        """The pin that the peer must have."""

    @property
    def context(self) -> SSL.Context:
        """For both roles."""

    @property
    def timing(self) -> LinkTiming:
        """Every interval."""

    def now(self) -> float:
        """Milliseconds of the link's clock."""

    def uniform(self) -> float:
        """A random number of [0, 1)."""

    def frame(self, frame_class: FrameClass, body: bytes) -> Frame:
        """Number a frame of the link's own."""

    def hello(self) -> bytes:
        """The body of the current HELLO."""

    def hello_received(self, body: bytes) -> bytes:
        """Have a HELLO judged."""

    def deliver(self, path: str, incarnation: bytes, frame: Frame) -> None:
        """Take a frame; the link drops copies."""

    def round_trip(self, path: str, trip_ms: float) -> None:
        """Learn of a proved round trip."""

    def connected(self, path: str) -> None:
        """Learn of a usable connection."""

    def offence(self, path: str, error: OpenlineError, data: bytes) -> None:
        """Keep what the peer should not have sent."""


class Path:
    """One path of the link.

    Attributes:
        name: as in both cards.
        admission: the limits on strangers.
        packets_refused: packets that were not authentic, not ours or replayed.
        media_dropped: MEDIA frames kept out of a stream with a backlog.
    """

    def __init__(self, host: PathHost, config: PathConfig) -> None:
        """Prepare; `run` binds and dials."""
        self._host: Final = host
        self._config: Final = config
        self._own: Final = config.bind_address()
        self.name: Final = config.name
        self.line, self.own_pin, self.peer_pin = host.line, host.own_pin, host.peer_pin
        self.context, self.stalled_ms = host.context, host.timing.stalled_ms
        self._listens: Final = config.listen and self._own.port != 0
        peers = [item for item in config.peer_addresses() if item.family == self._own.family]
        self._peers: Final[list[SocketAddress]] = [item.socket_address() for item in peers]
        self.admission: Final = Admission(item.host for item in peers)
        port = self._own.port if self._listens else 0
        self._udp: Final = UdpFlow(self._own, port, self._packet)
        self._connections: list[Connection] = []
        self._by_epoch: dict[int, Connection] = {}
        self._survivor: Connection | None = None
        self._opened = 0
        self._dialing: Connection | None = None
        self._dial_task: asyncio.Task[None] | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._attempt = 0
        self._next_dial_ms = 0.0
        self._peer_turn = 0
        self._heard_ms: float | None = None
        self._udp_heard_ms: float | None = None
        self._last_error = ""
        self.packets_refused = 0
        self.media_dropped = 0

    # -- life

    async def run(self, tasks: asyncio.TaskGroup) -> None:
        """Bind (again and again until it works), listen and dial, until cancelled."""
        loop = asyncio.get_running_loop()
        self._tasks = tasks
        listener: asyncio.Server | None = None
        try:
            while listener is None:
                try:
                    if self._udp.port == 0:
                        self._udp.open(loop)
                    self._consider_dial()
                    if not self._listens:
                        await loop.create_future()
                    sock = listening_socket(self._own)
                    listener = await loop.create_server(self._accept, sock=sock)
                except OSError as error:
                    self._note("link.bind", str(error))
                    await asyncio.sleep(BIND_RETRY_S)
            await loop.create_future()
        finally:
            self._tasks = None
            if listener is not None:
                listener.close()
            for connection in list(self._connections):
                connection.drop("link.closed")
            self._udp.close(loop)

    def now(self) -> float:
        """Milliseconds of the link's clock."""
        return self._host.now()

    def tick(self) -> None:
        """Do what time asks for: limits, survival, heartbeats, dialing."""
        now = self.now()
        for connection in list(self._connections):
            self._expire(connection, now)
        self._choose(now)
        for connection in list(self._connections):
            if connection.usable:
                self._beat(connection, now)
        self._consider_dial()

    # -- dialing

    def _consider_dial(self) -> None:
        now = self.now()
        busy = self._dial_task is not None or self._dialing is not None
        if busy or not self._peers or self._tasks is None or now < self._next_dial_ms:
            return
        if not self._dial_wanted(now):
            return
        timing = self._host.timing
        wait = min(timing.backoff_most_ms, timing.backoff_first_ms * 2 ** min(self._attempt, 16))
        self._next_dial_ms = now + wait * (0.5 + self._host.uniform())
        self._attempt += 1
        target = self._peers[self._peer_turn % len(self._peers)]
        self._peer_turn += 1
        self._dial_task = self._tasks.create_task(self._dial(target))

    def _dial_wanted(self, now: float) -> bool:
        timing = self._host.timing
        alive = [c for c in self._connections if c.usable and c.stage is Stage.OPEN]
        if not any(
            c.proved_within(timing.fresh_ms) or now - c.opened_ms < timing.fresh_ms for c in alive
        ):
            return True
        last = self._survivor
        return last is not None and last.dialed and now - last.opened_ms >= timing.rekey_ms

    async def _dial(self, target: SocketAddress) -> None:
        loop = asyncio.get_running_loop()
        try:
            sock = dialing_socket(self._own)
            try:
                async with asyncio.timeout(self._host.timing.connect_ms / 1000):
                    await loop.sock_connect(sock, target)
                _, connection = await loop.create_connection(self._dialed(target), sock=sock)
            except BaseException:
                sock.close()
                raise
        except (OSError, TimeoutError) as error:
            self._note("link.unreachable", str(error) or "time-out")
        else:
            if connection.stage is not Stage.GONE:
                self._dialing = connection
        finally:
            self._dial_task = None

    def _dialed(self, target: SocketAddress) -> Callable[[], Connection]:
        def make() -> Connection:
            connection = Connection(self, dialed=True)
            connection.target = target
            return connection

        return make

    def _accept(self) -> Connection:
        connection = Connection(self, dialed=False)
        connection.target = self._peers[0] if self._peers else None
        return connection

    # -- what a connection asks and tells

    def admit(self, connection: Connection) -> bool:
        """See `ConnectionHost`."""
        if not connection.dialed:
            pending = [c.remote for c in self._connections if c.channel is None and not c.dialed]
            if not self.admission.admit(connection.remote, pending, self.now()):
                return False
        self._connections.append(connection)
        return True

    def hello_frame(self) -> Frame:
        """See `ConnectionHost`."""
        return self._host.frame(FrameClass.HELLO, self._host.hello())

    def close_frame(self, code: str) -> Frame:
        """See `ConnectionHost`."""
        return self._host.frame(FrameClass.CLOSE, code.encode("ascii"))

    def hello_received(self, connection: Connection, body: bytes) -> bytes:
        """See `ConnectionHost`."""
        try:
            return self._host.hello_received(body)
        except OpenlineError as error:
            self._host.offence(self.name, error, body)
            raise
        finally:
            if not connection.dialed:
                self.admission.remember(connection.remote)

    def keyed(self, connection: Connection) -> None:
        """See `ConnectionHost`."""
        channel = connection.channel
        if channel is None or channel.epoch in self._by_epoch:
            raise LinkError("link.epoch", "taken")
        self._by_epoch[channel.epoch] = connection
        keyed = [c for c in self._connections if c.channel is not None]
        if len(keyed) > CONNECTIONS_MAX:
            oldest = min((c for c in keyed if c is not self._survivor), key=lambda c: c.began_ms)
            oldest.drop("link.limit")

    def opened(self, connection: Connection) -> None:
        """See `ConnectionHost`."""
        self._opened += 1
        connection.order = self._opened
        if connection is self._dialing:
            self._dialing = None
        _diagnostics.info(
            "connection open", path=self.name, dialed=connection.dialed, group=connection.group
        )
        self._beat(connection, self.now())
        self._host.connected(self.name)

    def frame_on_stream(self, connection: Connection, frame: Frame) -> None:
        """See `ConnectionHost`."""
        self._frame(connection, frame, connection.stream_pulse)

    def stream_gone(self, connection: Connection, code: str, detail: str) -> None:
        """See `ConnectionHost`."""
        if connection is self._dialing:
            self._dialing = None
        if connection not in self._connections:
            return
        self._note(code, detail)
        if connection.refused or not connection.usable:
            self._forget(connection)
            if connection.refused and connection.retire_at_ms is None:
                # Whoever was refused comes back slowly.
                self._attempt += 3
        elif connection is self._survivor:
            self._attempt, self._next_dial_ms = 0, 0.0
            self._consider_dial()

    def _forget(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
        channel = connection.channel
        if channel is not None and self._by_epoch.get(channel.epoch) is connection:
            del self._by_epoch[channel.epoch]
        if connection is self._survivor:
            self._survivor = None
        connection.channel = None

    def _note(self, code: str, detail: str) -> None:
        if code != self._last_error:
            _diagnostics.info("path trouble", path=self.name, code=code, detail=detail[:200])
        self._last_error = code

    # -- survival

    def _expire(self, connection: Connection, now: float) -> None:
        timing = self._host.timing
        if not connection.usable:
            if now - connection.began_ms > timing.handshake_ms:
                connection.refuse("link.timeout", "no HELLO in time")
                self._forget(connection)
        elif connection.stage is Stage.OPEN and now - connection.read_ms > timing.stalled_ms:
            connection.end_stream("link.stalled")

    def _choose(self, now: float) -> None:
        """Apply the rule of survival; retire, later drop, those that lose."""
        timing = self._host.timing
        by_order = {c.order: c for c in self._connections if c.usable}
        won = survivor(
            [
                Candidate(
                    order=c.order,
                    incarnation=c.incarnation,
                    by_smaller=c.dialed is (self.own_pin < self.peer_pin),
                    fresh=c.proved_within(timing.fresh_ms),
                )
                for c in by_order.values()
            ]
        )
        if won is None:
            return
        winner = by_order.pop(won.order)
        if winner is not self._survivor:
            self._survivor, self._attempt, self._last_error = winner, 0, ""
        winner.retire_at_ms = None
        for loser in by_order.values():
            if loser.incarnation != winner.incarnation and loser.order < winner.order:
                self._drop(loser)
            elif loser.retire_at_ms is None:
                if now - loser.opened_ms > timing.fresh_ms or loser.proved_within(timing.fresh_ms):
                    loser.retire_at_ms = now + timing.overlap_ms
            elif now >= loser.retire_at_ms:
                self._drop(loser)

    def _drop(self, connection: Connection) -> None:
        channel = connection.channel
        connection.drop("link.superseded")
        connection.channel = channel
        self._forget(connection)

    # -- sending

    def send(self, frame: Frame, record: bytes, plaintexts: list[bytes]) -> None:
        """Send a frame over this path.

        Args:
            frame: which one.
            record: its stream record; empty to keep it off the stream.
            plaintexts: its datagrams; empty to keep it off UDP.
        """
        timing = self._host.timing
        now = self.now()
        for connection in self._carriers():
            self._send_packets(connection, plaintexts)
            if not record:
                continue
            if frame.frame_class != FrameClass.MEDIA:
                connection.send(record)
            elif not connection.udp_pulse.proved_within(timing.path_dead_ms, now):
                self.media_dropped += not connection.send_late_never(record)

    def _carriers(self) -> list[Connection]:
        """The survivor while it is proved; else all, since we cannot know which works."""
        fresh = self._host.timing.path_dead_ms
        last = self._survivor
        if last is not None and last.stage is Stage.OPEN and last.proved_within(fresh):
            return [last]
        return [c for c in self._connections if c.usable]

    def _send_packets(self, connection: Connection, plaintexts: list[bytes]) -> None:
        channel, target = connection.channel, connection.target
        if channel is None or target is None:
            return
        for plaintext in plaintexts:
            self._udp.send(channel.seal(plaintext), target)

    def refresh_hello(self) -> None:
        """Send the current HELLO on every open stream."""
        for connection in list(self._connections):
            if connection.stage is Stage.OPEN:
                connection.send(encode_record(self.hello_frame()))

    def _beat(self, connection: Connection, now: float) -> None:
        timing = self._host.timing
        proved = connection.udp_pulse.proved_within(timing.path_dead_ms, now)
        self._beat_by_udp(connection, now, seek=not proved)
        every = timing.stream_heartbeat_ms if proved else timing.heartbeat_ms
        # Half a tick of slack, else an interval of five ticks sometimes takes six.
        if now - connection.beat_ms >= every - timing.heartbeat_ms / 2:
            self._beat_by_stream(connection, now)

    def _beat_by_udp(self, connection: Connection, now: float, *, seek: bool) -> None:
        if seek and self._peers and now - connection.target_heard_ms > TARGET_SILENT_MS:
            turn = int(now / TARGET_SILENT_MS)
            if connection.udp_pulse.heard_at_ms is not None or len(self._peers) > 1:
                connection.target = self._peers[turn % len(self._peers)]
        frame = self._host.frame(FrameClass.HEARTBEAT, connection.udp_pulse.body(now))
        self._send_packets(connection, datagram_plaintexts(frame))

    def _beat_by_stream(self, connection: Connection, now: float) -> None:
        if connection.stage is Stage.OPEN:
            connection.beat_ms = now
            body = connection.stream_pulse.body(now)
            connection.send(encode_record(self._host.frame(FrameClass.HEARTBEAT, body)))

    # -- receiving

    def _packet(self, packet: bytes, source: SocketAddress) -> None:
        try:
            connection, plaintext, newer = self._open_packet(packet)
        except LinkError:
            self.packets_refused += 1
            return
        now = self.now()
        self._udp_heard_ms = now
        self._learn(connection, source, now, newer=newer)
        try:
            found = parse_plaintext(plaintext)
            frame = connection.reassembly.add(found, now) if isinstance(found, Piece) else found
            if frame is not None:
                self._frame(connection, frame, connection.udp_pulse)
        except LinkError as error:
            self._host.offence(self.name, error, plaintext)

    def _open_packet(self, packet: bytes) -> tuple[Connection, bytes, bool]:
        """Find the keys and authenticate; the last says whether it is the newest so far."""
        connection = self._by_epoch.get(packet_epoch(packet))
        if connection is None or connection.channel is None or not connection.usable:
            raise LinkError("link.packet", "no such epoch")
        newest = connection.channel.heard.highest
        plaintext = connection.channel.open(packet)
        return connection, plaintext, connection.channel.heard.highest > newest

    def _learn(
        self, connection: Connection, source: SocketAddress, now: float, *, newer: bool
    ) -> None:
        """Learn from an authentic packet where the peer is to be reached by UDP."""
        if connection.target is not None and same_place(source, connection.target):
            connection.target_heard_ms = now
            return
        advertised = next((item for item in self._peers if same_place(source, item)), None)
        silent = now - connection.target_heard_ms > TARGET_SILENT_MS
        if newer and silent and (advertised is not None or not self._peers):
            # Not from a second place at once: who copies our packets must not lead them away.
            connection.target = advertised or source
            connection.target_heard_ms = now

    def _frame(self, connection: Connection, frame: Frame, pulse: Pulse) -> None:
        if frame.frame_class != FrameClass.HEARTBEAT:
            self._host.deliver(self.name, connection.incarnation, frame)
            return
        now = self.now()
        trip = pulse.hear(frame.body, now)
        self._heard_ms = now
        if pulse.answer_wanted:
            if pulse is connection.udp_pulse:
                self._beat_by_udp(connection, now, seek=False)
            else:
                self._beat_by_stream(connection, now)
        if trip is not None:
            if connection is not self._survivor:
                self._choose(now)
            self._host.round_trip(self.name, trip)

    # -- status

    def status(self, warnings: tuple[str, ...]) -> PathStatus:
        """Say how the path stands."""
        now, dead = self.now(), self._host.timing.path_dead_ms
        usable = [c for c in self._connections if c.usable]
        pulses = [pulse for c in usable for pulse in (c.udp_pulse, c.stream_pulse)]
        proved = max((p.proved_at_ms for p in pulses if p.proved_at_ms is not None), default=None)
        latest = next(
            (p for p in pulses if p.proved_at_ms is not None and p.proved_at_ms == proved), None
        )
        shown = self._survivor or (usable[-1] if usable else None)
        return PathStatus(
            name=self.name,
            alive=self._heard_ms is not None and now - self._heard_ms <= dead,
            udp=self._udp_heard_ms is not None and now - self._udp_heard_ms <= dead,
            udp_both_ways=any(c.udp_pulse.proved_within(dead, now) for c in usable),
            tcp=any(c.stage is Stage.OPEN for c in usable),
            round_trip_ms=None if latest is None else latest.round_trip_ms,
            round_trip_age_ms=None if proved is None else int(now - proved),
            tls_group=None if shown is None else shown.group,
            connections=len(usable),
            last_error=self._last_error,
            warnings=warnings,
        )

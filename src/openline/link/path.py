"""One path: listens and dials, keeps its connections, carries every frame (spec/link 6 to 9)."""

import asyncio
from typing import Final

import structlog

from openline.errors import LinkError, OpenlineError
from openline.link.address import listening_socket
from openline.link.admission import Admission
from openline.link.config import PathConfig, PathStatus
from openline.link.connection import Connection, Stage
from openline.link.dial import Dialer
from openline.link.frames import (
    Frame,
    FrameClass,
    Piece,
    datagram_plaintexts,
    encode_record,
    parse_plaintext,
)
from openline.link.heartbeat import Pulse
from openline.link.hosts import PathHost
from openline.link.packets import packet_epoch
from openline.link.survival import survivor
from openline.link.target import SocketAddress, Target
from openline.link.udp import UdpFlow

CONNECTIONS_MAX: Final = 8
BIND_RETRY_S: Final = 1.0

_diagnostics = structlog.get_logger("openline.link")


class Path:
    """One path of the link.

    Attributes:
        name: as in both cards.
        admission: the limits on strangers.
        packets_refused: packets that were not authentic, not ours or replayed.
        media_dropped: MEDIA frames kept out of a stream that was late.
    """

    def __init__(self, host: PathHost, config: PathConfig) -> None:
        """Prepare; `run` binds and dials."""
        self._host: Final = host
        self._timing: Final = host.timing
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
        self._dialer: Final = Dialer(
            self._own,
            self._peers,
            host.timing,
            host.uniform,
            lambda said: self._note("link.unreachable", said),
        )
        self._connections: list[Connection] = []
        self._by_epoch: dict[int, Connection] = {}
        self._survivor: Connection | None = None
        self._opened = self.packets_refused = self.media_dropped = 0
        self._tasks: asyncio.TaskGroup | None = None
        self._heard_ms: float | None = None
        self._udp_heard_ms: float | None = None
        self._last_error = self._refused = ""

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

    def _consider_dial(self) -> None:
        now = self.now()
        if self._tasks is not None and self._dialer.idle(now) and self._dial_wanted(now):
            self._dialer.dial(self._tasks, self._make_dialed, now)

    def _dial_wanted(self, now: float) -> bool:
        usable = [c for c in self._connections if c.usable]
        if not any(c.streams(now) or c.young(now, self._timing.fresh_ms) for c in usable):
            return True
        # Re-key, make before break: by the dialer of the surviving connection.
        due = all(now - c.opened_ms >= self._timing.rekey_ms for c in usable)
        return due and self._survivor is not None and self._survivor.dialed

    def _make_dialed(self, target: SocketAddress) -> Connection:
        return Connection(self, Target(self._peers, target), dialed=True)

    def _accept(self) -> Connection:
        return Connection(self, Target(self._peers, None), dialed=False)

    # -- what a connection asks and tells (see ConnectionHost)

    def admit(self, connection: Connection) -> bool:
        """Count a new connection; False if it is over the limits."""
        if not connection.dialed:
            pending = [c.remote for c in self._connections if c.channel is None and not c.dialed]
            if not self.admission.admit(connection.remote, pending, self.now()):
                return False
        self._connections.append(connection)
        return True

    def hello_frame(self) -> Frame:
        """Make the current HELLO."""
        return self._host.frame(FrameClass.HELLO, self._host.hello())

    def close_frame(self, code: str) -> Frame:
        """Make a CLOSE."""
        return self._host.frame(FrameClass.CLOSE, code.encode("ascii"))

    def hello_received(self, connection: Connection, body: bytes) -> bytes:
        """Have a HELLO judged; return the incarnation or raise OpenlineError."""
        if not connection.dialed:
            self.admission.remember(connection.remote)
        return self._host.hello_received(body)

    def offence(self, error: OpenlineError, data: bytes) -> None:
        """Keep what the authenticated peer should not have sent."""
        self._host.offence(self.name, error, data)

    def keyed(self, connection: Connection) -> None:
        """Learn of new keys; raises LinkError ``link.epoch`` if their epoch is taken."""
        channel = connection.channel
        if channel is None or channel.epoch in self._by_epoch:
            connection.channel = None
            raise LinkError("link.epoch", "taken")
        self._by_epoch[channel.epoch] = connection
        keyed = [c for c in self._connections if c.channel is not None]
        if len(keyed) > CONNECTIONS_MAX:
            self._drop(min((c for c in keyed if c is not self._survivor), key=lambda c: c.began_ms))

    def opened(self, connection: Connection) -> None:
        """Learn that HELLOs were exchanged."""
        self._opened += 1
        connection.order = self._opened
        if connection is self._dialer.connection:
            self._dialer.connection = None
        _diagnostics.info(
            "connection open", path=self.name, dialed=connection.dialed, group=connection.group
        )
        self._beat(connection, self.now())
        self._host.connected(self.name)

    def frame_on_stream(self, connection: Connection, frame: Frame) -> None:
        """Take a frame that came after the HELLO."""
        self._frame(connection, frame, connection.stream_pulse)

    def stream_gone(self, connection: Connection, code: str, detail: str) -> None:
        """Learn that a stream ended; the keys live on unless one side refused."""
        if connection is self._dialer.connection:
            self._dialer.connection = None
        if connection not in self._connections:
            return
        met = connection.channel is not None
        # What strangers do is counted, not shown: else they could write on the page.
        known = met or connection.dialed or self.admission.knows(connection.remote)
        if known and connection.retire_at_ms is None:
            self._note(code, detail)
        if not connection.usable:
            if connection.refused and met:
                self._refused = connection.refused
                self._dialer.refused()
            self._forget(connection)
        elif connection is self._survivor:
            self._dialer.reset()
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

    def _drop(self, connection: Connection) -> None:
        self._forget(connection)  # first: another has replaced it, nothing ends for the path
        connection.drop("link.superseded")

    def _note(self, code: str, detail: str) -> None:
        if code != self._last_error:
            _diagnostics.info("path trouble", path=self.name, code=code, detail=detail[:200])
        self._last_error = code

    # -- survival

    def _expire(self, connection: Connection, now: float) -> None:
        if not connection.usable:
            if now - connection.began_ms > self._timing.handshake_ms:
                connection.refuse("link.timeout", "no HELLO in time")
                self._forget(connection)
        elif connection.stage is Stage.OPEN and now - connection.read_ms > self._timing.stalled_ms:
            connection.end_stream("link.stalled")

    def _choose(self, now: float) -> None:
        """Apply the rule of survival; retire, later drop, those that lose."""
        fresh_ms = self._timing.fresh_ms
        by_order = {c.order: c for c in self._connections if c.usable}
        won = survivor([c.candidate(now, fresh_ms) for c in by_order.values()])
        if won is None:
            return
        winner = by_order.pop(won.order)
        if winner is not self._survivor:
            self._survivor, self._last_error, self._refused = winner, "", ""
            self._dialer.reset()
        winner.retire_at_ms = None
        for loser in by_order.values():
            if loser.incarnation != winner.incarnation and loser.order < winner.order:
                self._drop(loser)
            elif loser.retire_at_ms is None:
                if now - loser.opened_ms > fresh_ms or loser.proved_within(fresh_ms):
                    loser.retire_at_ms = now + self._timing.overlap_ms
            elif now >= loser.retire_at_ms:
                self._drop(loser)

    # -- sending

    def send(self, frame: Frame, record: bytes, plaintexts: list[bytes]) -> None:
        """Send a frame over this path.

        Args:
            frame: which one.
            record: its stream record; empty to keep it off the stream.
            plaintexts: its datagrams; empty to keep it off UDP.
        """
        now = self.now()
        for connection in self._carriers():
            self._send_packets(connection, plaintexts)
            if not record:
                continue
            if frame.frame_class != FrameClass.MEDIA:
                connection.send(record)
            elif not connection.udp_pulse.proved_within(self._timing.path_dead_ms, now):
                self.media_dropped += not connection.send_late_never(record, now)

    def _carriers(self) -> list[Connection]:
        """The survivor while it is proved; else all, since we cannot know which works."""
        last = self._survivor
        opened = last is not None and last.stage is Stage.OPEN
        if last is not None and opened and last.proved_within(self._timing.path_dead_ms):
            return [last]
        return [c for c in self._connections if c.usable]

    def _send_packets(self, connection: Connection, plaintexts: list[bytes]) -> None:
        channel, target = connection.channel, connection.target.address
        if channel is None or target is None:
            return
        for plaintext in plaintexts:
            self._udp.send(channel.seal(plaintext), target)

    def refresh_hello(self) -> None:
        """Send the current HELLO on every open stream."""
        for connection in list(self._connections):
            if connection.stage is Stage.OPEN:
                connection.send(encode_record(self.hello_frame()))

    def backlog(self) -> int | None:
        """Unsent bytes of the stream that has the fewest; None if no stream is open."""
        return min((c.unsent() for c in self._connections if c.stage is Stage.OPEN), default=None)

    def _beat(self, connection: Connection, now: float) -> None:
        timing = self._timing
        proved = connection.udp_pulse.proved_within(timing.path_dead_ms, now)
        if not proved:
            connection.target.seek(now)
        self._beat_by_udp(connection, now)
        every = timing.stream_heartbeat_ms if proved else timing.heartbeat_ms
        # Half a tick of slack, else an interval of five ticks sometimes takes six.
        if now - connection.beat_ms >= every - timing.heartbeat_ms / 2:
            self._beat_by_stream(connection, now)

    def _beat_by_udp(self, connection: Connection, now: float) -> None:
        frame = self._host.frame(FrameClass.HEARTBEAT, connection.udp_pulse.body(now))
        self._send_packets(connection, datagram_plaintexts(frame))

    def _beat_by_stream(self, connection: Connection, now: float) -> None:
        if connection.stage is Stage.OPEN:
            connection.beat_ms = now
            body = connection.stream_pulse.body(now)
            connection.send(encode_record(self._host.frame(FrameClass.HEARTBEAT, body)))

    # -- receiving

    def _packet(self, packet: bytes, source: SocketAddress) -> None:
        now = self.now()
        try:
            connection, plaintext = self._open_packet(packet, source, now)
        except LinkError:
            self.packets_refused += 1
            return
        self._udp_heard_ms = now
        try:
            found = parse_plaintext(plaintext)
            frame = connection.reassembly.add(found, now) if isinstance(found, Piece) else found
            if frame is not None:
                self._frame(connection, frame, connection.udp_pulse)
        except LinkError as error:
            self.offence(error, plaintext)

    def _open_packet(
        self, packet: bytes, source: SocketAddress, now: float
    ) -> tuple[Connection, bytes]:
        connection = self._by_epoch.get(packet_epoch(packet))
        if connection is None or connection.channel is None or not connection.usable:
            raise LinkError("link.packet", "no such epoch")
        before = connection.channel.heard.highest
        plaintext = connection.channel.open(packet)
        newest = connection.channel.heard.highest > before
        connection.target.heard(source, now, newest=newest)
        return connection, plaintext

    def _frame(self, connection: Connection, frame: Frame, pulse: Pulse) -> None:
        if frame.frame_class != FrameClass.HEARTBEAT:
            self._host.deliver(self.name, connection.incarnation, frame)
            return
        now = self.now()
        trip = pulse.hear(frame.body, now)
        self._heard_ms = now
        if pulse.answer_wanted and pulse is connection.udp_pulse:
            self._beat_by_udp(connection, now)
        elif pulse.answer_wanted:
            self._beat_by_stream(connection, now)
        if trip is not None:
            if connection is not self._survivor:
                self._choose(now)
            if pulse.proved_within(self._timing.fresh_ms, now):
                self._host.round_trip(self.name, trip)

    # -- status

    def status(self, warnings: tuple[str, ...]) -> PathStatus:
        """Say how the path stands."""
        now, dead = self.now(), self._timing.path_dead_ms
        usable = [c for c in self._connections if c.usable]
        proofs = [proof for c in usable for proof in c.proofs()]
        latest = max(proofs, key=lambda proof: proof[0], default=None)
        by_udp = max((at for c in usable if (at := c.udp_pulse.proved_at_ms)), default=None)
        shown = self._survivor or (usable[-1] if usable else None)
        return PathStatus(
            name=self.name,
            alive=self._heard_ms is not None and now - self._heard_ms <= dead,
            udp=self._udp_heard_ms is not None and now - self._udp_heard_ms <= dead,
            udp_both_ways=any(c.udp_pulse.proved_within(dead, now) for c in usable),
            udp_round_trip_age_ms=None if by_udp is None else int(now - by_udp),
            tcp=any(c.stage is Stage.OPEN for c in usable),
            round_trip_ms=None if latest is None else latest[1],
            round_trip_age_ms=None if latest is None else int(now - latest[0]),
            tls_group=None if shown is None else shown.group,
            connections=len(usable),
            last_error=self._last_error,
            refused=self._refused,
            warnings=warnings,
        )

"""One connection of a path: a TLS stream, and the keys of its UDP packets.

The stream may end while the keys live on: an outage does not invalidate keys.
spec/link sections 2, 3 and 8.
"""

import asyncio
import fcntl
import struct
import sys
from enum import Enum
from typing import Final, Protocol, cast

from OpenSSL import SSL
from typing_extensions import override

from openline.errors import LinkError, OpenlineError
from openline.link.address import SIOCOUTQNSD, tune_stream
from openline.link.frames import Frame, FrameClass, RecordReader, close_code, encode_record
from openline.link.heartbeat import Pulse
from openline.link.packets import PacketChannel, Reassembly, exporter_context
from openline.link.survival import Candidate
from openline.link.target import Target
from openline.link.tls import TlsStream

STREAM_BACKLOG_MAX: Final = 4 * 1024 * 1024
"""Unsent bytes above which a stream is closed and dialed again."""
MEDIA_BACKLOG_MAX: Final = 4 * 1024
"""Unsent bytes above which no MEDIA frame enters a stream: a late one would be worth nothing."""
STREAM_FRESH_MS: Final = 4_000
"""A stream without a round trip for so long counts as not working."""
STREAM_LATE_MS: Final = 1_200
"""A stream without a round trip for so long takes no MEDIA frame."""


class Stage(Enum):
    """Where the stream of a connection stands."""

    HANDSHAKE = "handshake"
    GREETING = "greeting"
    OPEN = "open"
    GONE = "gone"


class ConnectionHost(Protocol):
    """The path, as its connections see it."""

    @property
    def name(self) -> str:
        """The path's name."""

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
    def stalled_ms(self) -> int:
        """After which TCP gives up."""

    def now(self) -> float:
        """Milliseconds of the link's clock."""

    def admit(self, connection: "Connection") -> bool:
        """Count a new connection; False if it is over the limits."""

    def hello_frame(self) -> Frame:
        """Make the current HELLO."""

    def hello_received(self, connection: "Connection", body: bytes) -> bytes:
        """Have a HELLO judged; return the incarnation or raise OpenlineError."""

    def close_frame(self, code: str) -> Frame:
        """Make a CLOSE."""

    def offence(self, error: OpenlineError, data: bytes) -> None:
        """Keep what the authenticated peer should not have sent."""

    def keyed(self, connection: "Connection") -> None:
        """Learn that the keys exist; raises LinkError ``link.epoch`` if the epoch is taken."""

    def opened(self, connection: "Connection") -> None:
        """Learn that HELLOs were exchanged."""

    def frame_on_stream(self, connection: "Connection", frame: Frame) -> None:
        """Take a frame that came after the HELLO."""

    def stream_gone(self, connection: "Connection", code: str, detail: str) -> None:
        """Learn that the stream ended; the keys may live on."""


class Connection(asyncio.Protocol):
    """One connection, from the TCP connect to the erasure of its keys.

    Attributes:
        dialed: this post dialed it.
        stage: of its stream.
        incarnation: the peer's, empty until its HELLO was accepted.
        order: place among the connections of the path in order of opening, 0 before.
        refused: the code with which one side closed it for good; empty if none did.
        retire_at_ms: when it is dropped because another survives; None while it is not.
        target: where its UDP packets go.
    """

    def __init__(self, host: ConnectionHost, target: Target, *, dialed: bool) -> None:
        """Begin; asyncio calls `connection_made` next."""
        self._host: Final = host
        self._tls: Final = TlsStream(host.context, dialed=dialed)
        self._reader: Final = RecordReader()
        self._transport: asyncio.Transport | None = None
        self.dialed: Final = dialed
        self.stage = Stage.HANDSHAKE
        self.channel: PacketChannel | None = None
        self.reassembly: Final = Reassembly()
        self.udp_pulse: Final = Pulse()
        self.stream_pulse: Final = Pulse()
        self.incarnation = b""
        self.order = 0
        self.began_ms = host.now()
        self.opened_ms = 0.0
        self.read_ms = self.began_ms
        self.beat_ms = 0.0
        self.refused = ""
        self.remote = ""
        self.retire_at_ms: float | None = None
        self.target: Final = target

    @property
    def group(self) -> str:
        """The key exchange; empty before the handshake is done."""
        return self._tls.group

    @property
    def usable(self) -> bool:
        """HELLOs were exchanged and nobody closed it for good."""
        return self.order > 0 and not self.refused

    def proved_within(self, span_ms: float) -> bool:
        """Say whether a round trip by either transport is younger than ``span_ms``."""
        now = self._host.now()
        return self.udp_pulse.proved_within(span_ms, now) or self.stream_pulse.proved_within(
            span_ms, now
        )

    def streams(self, now_ms: float) -> bool:
        """Say whether the stream is open and both ways proved."""
        return self.stage is Stage.OPEN and self.stream_pulse.proved_within(STREAM_FRESH_MS, now_ms)

    def young(self, now_ms: float, span_ms: float) -> bool:
        """Say whether it is open, and not for long."""
        return self.stage is Stage.OPEN and now_ms - self.opened_ms < span_ms

    def candidate(self, now_ms: float, fresh_ms: float) -> Candidate:
        """Say what the rule of survival has to know of this one."""
        return Candidate(
            order=self.order,
            incarnation=self.incarnation,
            by_smaller=self.dialed is (self._host.own_pin < self._host.peer_pin),
            fresh=self.proved_within(fresh_ms),
            streams=self.streams(now_ms),
        )

    def proofs(self) -> list[tuple[float, float | None]]:
        """Moment and length of the latest round trip of each transport."""
        pulses = (self.udp_pulse, self.stream_pulse)
        return [(p.proved_at_ms, p.round_trip_ms) for p in pulses if p.proved_at_ms is not None]

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the handshake, if the limits allow one more."""
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self.remote = str(peer[0]) if peer else ""
        if not self._host.admit(self):
            self._end("link.limit", "", abort=True)
            return
        try:
            tune_stream(transport.get_extra_info("socket"), self._host.stalled_ms)
        except OSError as error:
            self._end("link.closed", str(error), abort=True)
            return
        self._guarded(b"")

    @override
    def data_received(self, data: bytes) -> None:
        """Take bytes of the stream."""
        if self.stage is not Stage.GONE:
            self.read_ms = self._host.now()
            self._guarded(data)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Learn that TCP is gone."""
        self._end("link.closed", "" if exc is None else str(exc), abort=True)

    def _guarded(self, data: bytes) -> None:
        try:
            self._pump(data)
        except OpenlineError as error:
            self._flush()
            if error.code == "link.frame":
                self._host.offence(error, self._reader.rest())
                self.refuse(error.code, error.detail)
            else:
                self._end(error.code, error.detail)

    def _pump(self, data: bytes) -> None:
        if data:
            self._tls.feed(data)
        if self.stage is Stage.HANDSHAKE:
            done = self._tls.handshake(self._host.peer_pin)
            self._flush()
            if not done:
                return
            self._greet()
        while self._reading() and (plain := self._tls.read()):
            self._reader.feed(plain)
            while self._reading() and (frame := self._reader.next()):
                self._take(frame)
        self._flush()

    def _reading(self) -> bool:
        return self.stage in {Stage.GREETING, Stage.OPEN}

    def _greet(self) -> None:
        host = self._host
        exported = self._tls.export(
            exporter_context(host.own_pin, host.peer_pin, host.line, host.name)
        )
        self.channel = PacketChannel(exported, host.own_pin, host.peer_pin)
        host.keyed(self)
        self.stage = Stage.GREETING
        self._write(encode_record(host.hello_frame()))

    def _take(self, frame: Frame) -> None:
        if frame.frame_class == FrameClass.CLOSE:
            self.refused = close_code(frame.body)
            self._end(self.refused, "closed by the peer")
        elif frame.frame_class == FrameClass.HELLO:
            self._hear_hello(frame.body)
        elif self.stage is Stage.GREETING:
            raise LinkError("link.frame", f"class {frame.frame_class} before HELLO")
        else:
            self._host.frame_on_stream(self, frame)

    def _hear_hello(self, body: bytes) -> None:
        try:
            incarnation = self._host.hello_received(self, body)
            if self.incarnation not in {b"", incarnation}:
                raise LinkError("link.incarnation", "changed on one connection")
        except OpenlineError as error:
            self._host.offence(error, body)
            self.refuse(error.code, error.detail)
            return
        if self.stage is Stage.GREETING:
            self.incarnation = incarnation
            self.stage = Stage.OPEN
            self.opened_ms = self._host.now()
            self._host.opened(self)

    def refuse(self, code: str, detail: str) -> None:
        """Close for good, telling the peer why; a stranger is told nothing."""
        self.refused = code
        stranger = self.stage is Stage.HANDSHAKE
        if not stranger and self.stage is not Stage.GONE:
            self._write(encode_record(self._host.close_frame(code)))
        self._end(code, detail, abort=stranger)

    def drop(self, code: str) -> None:
        """End the stream at once and forget the keys."""
        self.refused = self.refused or code
        self._end(code, "")
        self.channel = None

    def end_stream(self, code: str) -> None:
        """End a stream that stalls; the keys live on."""
        self._end(code, "", abort=True)

    def send(self, record: bytes) -> bool:
        """Send one record on the stream, however long its backlog may be.

        Returns:
            False if there is no open stream. A backlog over the limit ends it:
            what was in it comes again by other ways.
        """
        if self.stage is not Stage.OPEN or self._transport is None:
            return False
        self._write(record)
        if self._transport.get_write_buffer_size() > STREAM_BACKLOG_MAX:
            self.end_stream("link.stalled")
        return True

    def send_late_never(self, record: bytes, now_ms: float) -> bool:
        """Send a record only if it leaves at once; False if it was dropped."""
        if self.stage is not Stage.OPEN or self.unsent() > MEDIA_BACKLOG_MAX:
            return False
        late = not self.stream_pulse.proved_within(STREAM_LATE_MS, now_ms)
        if late and not self.young(now_ms, STREAM_LATE_MS):
            return False
        self._write(record)
        return True

    def unsent(self) -> int:
        """Bytes that were handed over and have not left this machine."""
        if self._transport is None:
            return 0
        waiting = self._transport.get_write_buffer_size()
        sock = self._transport.get_extra_info("socket")
        if sys.platform != "linux" or sock is None or sock.fileno() < 0:
            return waiting
        try:
            answer = fcntl.ioctl(sock.fileno(), SIOCOUTQNSD, bytes(4))
        except OSError:
            return waiting
        return waiting + int(struct.unpack("=i", answer)[0])

    def _write(self, plaintext: bytes) -> None:
        try:
            self._tls.write(plaintext)
        except LinkError as error:
            self._end(error.code, error.detail)
            return
        self._flush()

    def _flush(self) -> None:
        data = self._tls.outgoing()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _end(self, code: str, detail: str, *, abort: bool = False) -> None:
        if self.stage is Stage.GONE:
            return
        was_greeted = self.stage in {Stage.GREETING, Stage.OPEN}
        self.stage = Stage.GONE
        if was_greeted and not abort:
            self._tls.close()
            self._flush()
        if self._transport is not None:
            if abort:
                self._transport.abort()
            else:
                self._transport.close()
        self._host.stream_gone(self, code, detail)

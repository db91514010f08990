"""One connection of the kit to the tested post: TLS stream, UDP packets, heartbeats.

It follows spec/link where it is not told otherwise, and sends any bytes that it is told to.
"""

import secrets
import select
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from openline.errors import LinkError
from openline.link.frames import (
    Frame,
    FrameClass,
    Piece,
    RecordReader,
    close_code,
    datagram_plaintexts,
    encode_record,
    parse_plaintext,
)
from openline.link.packets import PacketChannel, Reassembly, exporter_context
from openline.link.tls import TlsStream

CONNECT_S: Final = 5.0
_WAIT_S: Final = 0.02
_READ: Final = 65_536
BEAT_UDP_MS: Final = 100
BEAT_STREAM_MS: Final = 500


def now_ms() -> int:
    """The kit's monotonic clock, never 0."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000) + 1


@dataclass(frozen=True, slots=True)
class Heard:
    """A frame that came, once for each way: ``udp`` or ``tcp``."""

    at_ms: int
    way: str
    frame: Frame


@dataclass
class Beats:
    """Heartbeats of one transport of one connection.

    Attributes:
        theirs, theirs_at: the largest clock of theirs that was heard, and when.
        echoes: each echo of ours that came, with its round trip in ms.
    """

    theirs: int = 0
    theirs_at: int = 0
    due: int = 0
    echoes: list[tuple[int, int]] = field(default_factory=list)
    heard: list[tuple[int, int]] = field(default_factory=list)


class Wire:
    """A connection that the kit dialed.

    Attributes:
        alive: the stream is open. code: of the peer's CLOSE, empty if none came.
        heard: every frame that came. broken: frames and packets that spec/link forbids.
        beating: whether due heartbeats are sent.
    """

    def __init__(self, tls: TlsStream, address: tuple[str, int], sequences: Counter[int]) -> None:
        """Connect; `shake` goes on.

        Raises:
            OSError: nobody listens there.
        """
        self.tls, self.sequences = tls, sequences
        self.tcp = socket.create_connection(address, CONNECT_S)
        self.udp = socket.socket(self.tcp.family, socket.SOCK_DGRAM)
        self.udp.bind((self.tcp.getsockname()[0], 0))
        self.udp.connect(address)
        self.reader, self.pieces = RecordReader(), Reassembly()
        self.channel: PacketChannel | None = None
        self.alive, self.code, self.beating = True, "", False
        self.heard: list[Heard] = []
        self.fresh: list[Heard] = []
        self.broken: list[str] = []
        self.beats = {"udp": Beats(), "tcp": Beats()}

    def shake(self, own_pin: bytes, peer_pin: bytes, line: bytes, path: str) -> None:
        """Do the handshake and make the keys of packets.

        Raises:
            LinkError: ``link.handshake``, ``link.group``, ``link.pin``. OSError: the network.
        """
        while not self.tls.handshake(peer_pin):
            self.flush()
            data = self.tcp.recv(_READ)
            if not data:
                raise LinkError("link.handshake", "closed early")
            self.tls.feed(data)
        self.flush()
        exported = self.tls.export(exporter_context(own_pin, peer_pin, line, path))
        self.channel = PacketChannel(exported, own_pin, peer_pin)
        self._drain()

    def close(self) -> None:
        """End the stream without CLOSE, as a post that stops."""
        self.alive = False
        self.tcp.close()
        self.udp.close()

    def flush(self) -> None:
        """TLS bytes to the network; the other side may be gone."""
        try:
            self.tcp.sendall(self.tls.outgoing())
        except OSError:
            self.alive = False

    def raw(self, data: bytes) -> None:
        """Any bytes of the stream."""
        try:
            self.tls.write(data)
        except LinkError:
            self.alive = False
        self.flush()

    def packet(self, plaintext: bytes) -> bytes:
        """Seal any plaintext and send it; the packet, to be sent again."""
        assert self.channel is not None
        packet = self.channel.seal(plaintext)
        self.datagram(packet)
        return packet

    def datagram(self, packet: bytes) -> None:
        """Any UDP payload; a refused port is the other side's affair."""
        try:
            self.udp.send(packet)
        except OSError:
            return

    def send(self, kind: int, body: bytes, *, udp: bool = True, tcp: bool = True) -> Frame:
        """A frame with the next sequence of its class, by both ways or one."""
        self.sequences[kind] += 1
        frame = Frame(kind, self.sequences[kind], body)
        if udp and kind not in {FrameClass.HELLO, FrameClass.SEAL, FrameClass.CLOSE}:
            for plaintext in datagram_plaintexts(frame):
                self.packet(plaintext)
        if tcp:
            self.raw(encode_record(frame))
        return frame

    def beat(self, way: str, own: int | None = None, *, echo: bool = True) -> int:
        """Send a heartbeat by one transport; the clock that it names."""
        kept, at = self.beats[way], now_ms()
        said = at if own is None else own
        theirs = kept.theirs if echo else 0
        held = at - kept.theirs_at if theirs else 0
        body = said.to_bytes(8, "big") + theirs.to_bytes(8, "big") + held.to_bytes(4, "big")
        self.send(FrameClass.HEARTBEAT, body, udp=way == "udp", tcp=way == "tcp")
        return said

    def step(self) -> list[Heard]:
        """What came within 20 ms; sends the heartbeats that are due."""
        sockets = [self.udp, self.tcp] if self.alive else [self.udp]
        ready, _, _ = select.select(sockets, [], [], _WAIT_S)
        if self.udp in ready:
            self._packets()
        if self.tcp in ready:
            self._stream()
        if self.beating:
            for way, pause in (("udp", BEAT_UDP_MS), ("tcp", BEAT_STREAM_MS)):
                if now_ms() >= self.beats[way].due and self.alive:
                    self.beats[way].due = now_ms() + pause
                    self.beat(way)
        fresh, self.fresh = self.fresh, []
        return fresh

    def _packets(self) -> None:
        self.udp.setblocking(False)  # noqa: FBT003 - the library's own word
        while True:
            try:
                data = self.udp.recv(2048)
            except OSError:
                return
            try:
                assert self.channel is not None
                item = parse_plaintext(self.channel.open(data))
            except LinkError as fault:
                self.broken.append(f"udp {fault}")
                continue
            whole = self.pieces.add(item, now_ms()) if isinstance(item, Piece) else item
            if whole is not None:
                self._take(whole, "udp")

    def _stream(self) -> None:
        try:
            data = self.tcp.recv(_READ)
        except OSError:
            data = b""
        if not data:
            self.alive = False
            return
        self.tls.feed(data)
        self._drain()

    def _drain(self) -> None:
        try:
            while data := self.tls.read():
                self.reader.feed(data)
        except LinkError:
            self.alive = False
        try:
            while (frame := self.reader.next()) is not None:
                self._take(frame, "tcp")
        except LinkError as fault:
            self.broken.append(f"tcp {fault}")
            self.alive = False

    def _take(self, frame: Frame, way: str) -> None:
        heard = Heard(now_ms(), way, frame)
        self.heard.append(heard)
        self.fresh.append(heard)
        if frame.frame_class == FrameClass.CLOSE:
            self.code, self.alive = close_code(frame.body), False
        elif frame.frame_class == FrameClass.HEARTBEAT:
            self._beat(frame.body, way)

    def _beat(self, body: bytes, way: str) -> None:
        own, echo = int.from_bytes(body[:8], "big"), int.from_bytes(body[8:16], "big")
        held, at, kept = int.from_bytes(body[16:], "big"), now_ms(), self.beats[way]
        kept.heard.append((at, own))
        if own > kept.theirs:
            kept.theirs, kept.theirs_at = own, at
        if echo:
            kept.echoes.append((echo, at - echo - held))


def new_incarnation() -> bytes:
    """Another start of the kit."""
    return secrets.token_bytes(16)

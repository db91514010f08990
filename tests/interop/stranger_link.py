"""The link of a peer that dials one path, written from docs/spec/link.md alone."""

from __future__ import annotations

import datetime as dt
import select
import socket
import time
from abc import ABC, abstractmethod
from collections import Counter
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

from tests.interop.stranger_forms import (
    CLOSE,
    HEARTBEAT,
    HELLO,
    SEAL,
    SPKI,
    Refused,
    frame,
    h,
    need,
    open_packet,
    pub,
    seal_packet,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LABEL: Final = b"EXPORTER-openline-media-v1"


def now_ms() -> int:
    """The clock of heartbeats: goes on while the machine sleeps, never 0."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000) + 1


class Wire(ABC):
    """One connection to the post, and the counts that outlive it."""

    def __init__(self, key: Ed25519PrivateKey, peer_key: bytes, line: bytes) -> None:
        self.key, self.line_id = key, line
        self.peer_pin = h(SPKI + peer_key)
        self.sequences: Counter[int] = Counter()
        self.seen: set[tuple[int, int]] = set()
        self.heard: Counter[str] = Counter()
        self.faults: list[str] = []
        self.open = self.greeted = False
        self.close_code = ""

    @abstractmethod
    def hello(self) -> None:
        """Send HELLO."""

    @abstractmethod
    def take_hello(self, body: bytes) -> None:
        """HELLO came."""

    @abstractmethod
    def take_frame(self, cls: int, body: bytes) -> None:
        """A frame of the session came."""

    def dial(self, host: str, port: int, path: str) -> None:
        """TLS 1.3 to the post, both keys pinned; packet keys; HELLO."""
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_min_proto_version(SSL.TLS1_3_VERSION)
        context.set_options(SSL.OP_NO_TICKET)
        context.use_certificate(self.certificate())
        context.use_privatekey(self.key)
        pin = self.peer_pin
        context.set_verify(
            SSL.VERIFY_PEER,
            lambda _c, cert, _e, depth, _ok: depth == 0 and self.pin_of(cert) == pin,
        )
        self.tcp = socket.create_connection((host, port), 5)
        self.tls = SSL.Connection(context, None)
        self.tls.set_connect_state()
        self.box, self.open, self.close_code = b"", True, ""
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((self.tcp.getsockname()[0], 0))
        self.udp.connect((host, port))
        while True:
            try:
                self.tls.do_handshake()
                break
            except SSL.WantReadError:
                self.flush()
                self.tls.bio_write(self.tcp.recv(65536))
        self.flush()
        need(self.tls.get_group_name() == "X25519MLKEM768", "link.group")
        certificate = self.tls.get_peer_certificate()
        need(certificate is not None and self.pin_of(certificate) == pin, "link.pin")
        pins, name = sorted([pin, h(SPKI + pub(self.key))]), path.encode()
        bound = b"".join(pins) + self.line_id + bytes([len(name)]) + name + b"\1"
        out = self.tls.export_keying_material(LABEL, 68, bound)
        self.epoch, smaller = out[64:], pins[1] == pin
        self.key_out, self.key_in = (out[:32], out[32:64]) if smaller else (out[32:64], out[:32])
        self.counter, self.counters = 0, set[int]()
        self.echo = {"udp": (0, 0), "tcp": (0, 0)}
        self.proved = {"udp": 0, "tcp": 0}
        self.round_trips = {"udp": 0, "tcp": 0}
        self.next_beat = {"udp": 0, "tcp": 0}
        self.greeted = False
        self.hello()

    def certificate(self) -> x509.Certificate:
        """Self-signed; it says nothing."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "post")])
        day, key = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), self.key
        built = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
        )
        return (
            built.serial_number(1)
            .not_valid_before(day)
            .not_valid_after(day.replace(year=2099))
            .sign(key, None)
        )

    @staticmethod
    def pin_of(certificate: crypto.X509) -> bytes:
        """SHA-256 of the SubjectPublicKeyInfo."""
        key = certificate.to_cryptography().public_key()
        return h(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def flush(self) -> None:
        """TLS bytes to the wire."""
        try:
            while True:
                self.tcp.sendall(self.tls.bio_read(65536))
        except SSL.WantReadError:
            pass
        except OSError:
            self.open = False

    def send(self, cls: int, body: bytes, *, udp: bool = True, tcp: bool = True) -> None:
        """One frame, by packet if it may and fits, and by stream; one sequence for both."""
        self.sequences[cls] += 1
        raw = frame(cls, self.sequences[cls], body)
        if udp and self.greeted and cls not in (HELLO, SEAL, CLOSE) and len(raw) <= 1200:
            self.counter += 1
            self.udp.send(seal_packet(self.key_out, self.epoch, self.counter, raw))
        if tcp:
            self.tls.sendall(len(raw).to_bytes(4, "big") + raw)
            self.flush()

    def beat(self, way: str) -> None:
        """A heartbeat by one transport."""
        theirs, at = self.echo[way]
        held = now_ms() - at if theirs else 0
        body = now_ms().to_bytes(8, "big") + theirs.to_bytes(8, "big") + held.to_bytes(4, "big")
        self.send(HEARTBEAT, body, udp=way == "udp", tcp=way == "tcp")

    def step(self) -> None:
        """What came within 20 ms, and heartbeats that are due."""
        ready, _, _ = select.select([self.tcp, self.udp], [], [], 0.02)
        if self.udp in ready:
            self.packet()
        if self.tcp in ready:
            self.stream()
        for way, pause in (("udp", 100), ("tcp", 500)):
            if self.greeted and self.open and now_ms() >= self.next_beat[way]:
                self.next_beat[way] = now_ms() + pause
                self.beat(way)

    def hang_up(self) -> None:
        """The end of the connection, without a CLOSE."""
        self.tcp.close()
        self.udp.close()

    def packet(self) -> None:
        """One UDP packet."""
        try:
            counter, plaintext = open_packet(self.key_in, self.epoch, self.udp.recv(2048))
            need(counter not in self.counters, "link.replay")
        except (Refused, OSError) as fault:
            self.heard["udp." + str(fault)] += 1
            return
        self.counters.add(counter)
        if plaintext[0] & 128:
            self.heard["udp.piece"] += 1  # pieces also come whole by the stream
        else:
            self.frame(plaintext, "udp")

    def stream(self) -> None:
        """Bytes of the stream."""
        try:
            got = self.tcp.recv(65536)
        except OSError:
            got = b""
        if not got:
            self.open = False
            return
        self.tls.bio_write(got)
        try:
            while True:
                self.box += self.tls.recv(65536)
        except SSL.WantReadError:
            pass
        except (SSL.ZeroReturnError, SSL.Error):
            self.open = False
        while len(self.box) >= 4 and len(self.box) >= (
            size := 4 + int.from_bytes(self.box[:4], "big")
        ):
            need(13 <= size <= 131_076, "link.frame")
            raw, self.box = self.box[4:size], self.box[size:]
            self.frame(raw, "tcp")

    def frame(self, raw: bytes, way: str) -> None:
        """A frame by either way; the second copy is dropped."""
        cls, sequence, body = raw[0], int.from_bytes(raw[1:9], "big"), raw[9:]
        if (cls, sequence) in self.seen:
            return
        self.seen.add((cls, sequence))
        self.heard[f"{way}.{cls}"] += 1
        try:
            if cls == HELLO:
                self.take_hello(body)
            elif cls == CLOSE:
                self.open, self.close_code = False, body.decode("ascii", "replace")
            else:
                need(self.greeted, "link.frame")
                if cls == HEARTBEAT:
                    self.take_beat(body, way)
                else:
                    self.take_frame(cls, body)
        except Refused as fault:
            self.faults.append(f"{way}.{cls} {fault}")

    def take_beat(self, body: bytes, way: str) -> None:
        """A heartbeat: its time to echo, its echo as proof of a round trip."""
        need(len(body) == 20 and body[:8] != bytes(8), "link.frame")
        own, echo, held = (int.from_bytes(body[a:b], "big") for a, b in ((0, 8), (8, 16), (16, 20)))
        if own > self.echo[way][0]:
            self.echo[way] = (own, now_ms())
        if echo > self.proved[way] and 0 <= now_ms() - echo - held <= 60_000:
            self.proved[way] = echo
            self.round_trips[way] += 1
        if echo == 0:
            self.beat(way)

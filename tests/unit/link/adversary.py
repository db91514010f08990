"""TLS ends that a test can bend: over memory, and over a real connection."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from OpenSSL import SSL

from openline.errors import LinkError
from openline.link.frames import Frame, RecordReader, encode_record
from openline.link.tls import TlsStream, make_certificate


def bent_context(
    key: Ed25519PrivateKey | None,
    *,
    groups: bytes = b"X25519MLKEM768",
    version: int = SSL.TLS1_3_VERSION,
) -> SSL.Context:
    """A context that trusts everybody and keeps none of our rules unless told."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(version)
    context.set_max_proto_version(version)
    assert SSL._lib.SSL_CTX_set1_curves_list(context._context, groups) == 1  # type: ignore[attr-defined]
    if key is not None:
        context.use_certificate(x509.load_pem_x509_certificate(make_certificate(key)))
        context.use_privatekey(key)
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    return context


def shake(
    dialer: TlsStream, listener: TlsStream, dialers_peer: bytes, listeners_peer: bytes
) -> list[str]:
    """Run a handshake over memory; return the codes with which it failed, if it did."""
    failed: list[str] = []
    done = [False, False]
    for _ in range(12):
        for at, (end, far, pin) in enumerate(
            ((dialer, listener, dialers_peer), (listener, dialer, listeners_peer))
        ):
            try:
                done[at] = done[at] or end.handshake(pin)
            except LinkError as error:
                failed.append(error.code)
                far.feed(end.outgoing())
                with suppress(LinkError):
                    far.handshake(listeners_peer if at == 0 else dialers_peer)
                    far.read()
                return failed
            if data := end.outgoing():
                far.feed(data)
    if not all(done):
        failed.append("unfinished")
    return failed


class Intruder:
    """Dials a post, or takes its dial, with any context and speaks frames."""

    def __init__(self, context: SSL.Context, *, dials: bool = True) -> None:
        self.tls = SSL.Connection(context, None)
        if dials:
            self.tls.set_connect_state()
        else:
            self.tls.set_accept_state()
        self.frames = RecordReader()
        self.heard: list[Frame] = []

    async def dial(self, host: str, port: int) -> None:
        await self.take(*await asyncio.open_connection(host, port))

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Shake hands; raises ConnectionError or SSL.Error if the other side will not."""
        self.reader, self.writer = reader, writer
        while True:
            try:
                self.tls.do_handshake()
            except SSL.WantReadError:
                await self.flush()
                data = await self.reader.read(65_536)
                if not data:
                    raise ConnectionError from None
                self.tls.bio_write(data)
            else:
                await self.flush()
                return

    async def flush(self) -> None:
        with suppress(SSL.WantReadError):
            while data := self.tls.bio_read(65_536):
                self.writer.write(data)
        await self.writer.drain()

    async def say(self, data: bytes) -> None:
        self.tls.sendall(data)
        await self.flush()

    async def frame(self, frame_class: int, sequence: int, body: bytes) -> None:
        await self.say(encode_record(Frame(frame_class, sequence, body)))

    async def hear(self, wanted: Callable[[Frame], bool]) -> Frame | None:
        """Read frames until one is wanted; None at the end of the connection."""
        with suppress(OSError, SSL.Error):
            while True:
                while (frame := self.frames.next()) is not None:
                    self.heard.append(frame)
                    if wanted(frame):
                        return frame
                try:
                    self.frames.feed(self.tls.recv(65_536))
                except SSL.WantReadError:
                    data = await self.reader.read(65_536)
                    if not data:
                        return None
                    self.tls.bio_write(data)
        return None

    async def close(self) -> None:
        if not hasattr(self, "writer"):
            return
        self.writer.transport.abort()
        await asyncio.sleep(0)

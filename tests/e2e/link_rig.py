"""Two links over real sockets on loopback, and a wire between them that a test can break."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typing_extensions import override

from openline.errors import OpenlineError
from openline.link import (
    Link,
    LinkConfig,
    LinkTiming,
    PathConfig,
    PathStatus,
    make_certificate,
    spki_pin,
)

LINE: Final = bytes(range(16))
QUICK: Final = LinkTiming(overlap_ms=600, handshake_ms=5_000, backoff_most_ms=500)
LOOPBACK: Final = "127.0.0.1"
PATIENCE_S: Final = 45.0


def worker() -> int:
    """Which of the workers of a run this is; without any, the first."""
    name = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return int(name) if name.isdigit() else 0


_first = 21_000 - 1_000 * (worker() % 2)
_ports = iter(range(_first, _first + 1_000))


def free_port(host: str = LOOPBACK) -> int:
    """Find a port that is free for TCP and UDP."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in _ports:
        with suppress(OSError):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(family, kind) as sock:
                    if kind == socket.SOCK_STREAM:
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    sock.bind((host, port))
            return port
    raise OSError


def place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@dataclass
class Recorder:
    """A handler that writes down what it gets."""

    incarnation: bytes = field(default_factory=lambda: os.urandom(16))
    refuse: OpenlineError | None = None
    hellos: list[bytes] = field(default_factory=list)
    frames: list[tuple[int, int, bytes]] = field(default_factory=list)
    media: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    trips: list[tuple[str, float]] = field(default_factory=list)
    connects: list[str] = field(default_factory=list)

    def hello(self) -> bytes:
        return self.incarnation

    def hello_received(self, body: bytes) -> bytes:
        if self.refuse is not None:
            raise self.refuse
        self.hellos.append(body)
        return body[:16]

    def frame_received(self, frame_class: int, sequence: int, body: bytes) -> None:
        self.frames.append((frame_class, sequence, body))

    def media_received(self, sequence: int, body: bytes) -> None:
        self.media.append(sequence)
        self.bodies.append(body)

    def round_trip(self, path: str, rtt_ms: float) -> None:
        self.trips.append((path, rtt_ms))

    def connected(self, path: str) -> None:
        self.connects.append(path)


@dataclass
class Post:
    """One side: its link, what it heard, and the task that runs it."""

    key: Ed25519PrivateKey
    link: Link
    heard: Recorder
    task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.task = asyncio.ensure_future(self.link.run())

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            with suppress(asyncio.CancelledError):
                await self.task
            self.task = None
        # The loop closes what was open.
        for _ in range(3):
            await asyncio.sleep(0)

    def paths(self) -> tuple[PathStatus, ...]:
        return self.link.status().paths

    def up(self) -> bool:
        return all(path.udp_both_ways and path.tcp for path in self.paths())


def make_keys() -> tuple[Ed25519PrivateKey, Ed25519PrivateKey]:
    """Two link keys; the first has the smaller pin."""
    pair = (Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate())
    first, second = sorted(pair, key=lambda key: spki_pin(key.public_key()))
    return first, second


def make_post(
    key: Ed25519PrivateKey,
    peer: Ed25519PrivateKey,
    paths: Iterable[PathConfig],
    timing: LinkTiming = QUICK,
    heard: Recorder | None = None,
) -> Post:
    config = LinkConfig(
        line=LINE,
        key=key,
        certificate=make_certificate(key),
        peer_pin=spki_pin(peer.public_key()),
        paths=tuple(paths),
        uniform=secrets.SystemRandom().random,
        timing=timing,
    )
    recorder = heard or Recorder()
    return Post(key, Link(config, recorder), recorder)


def make_pair(
    paths: int = 2, host: str = LOOPBACK, timing: LinkTiming = QUICK, *, swap: bool = False
) -> tuple[Post, Post]:
    """Two posts that listen and dial; ``swap`` gives the smaller pin to the second."""
    keys = make_keys()
    if swap:
        keys = keys[::-1]
    ports = [(free_port(host), free_port(host)) for _ in range(paths)]
    posts = [
        make_post(
            keys[side],
            keys[1 - side],
            [
                PathConfig(
                    name=f"path{number}",
                    bind=place(host, pair[side]),
                    peer=(place(host, pair[1 - side]),),
                )
                for number, pair in enumerate(ports)
            ],
            timing,
        )
        for side in (0, 1)
    ]
    return posts[0], posts[1]


@asynccontextmanager
async def running(*posts: Post) -> AsyncGenerator[None]:
    for post in posts:
        post.start()
    try:
        yield
    finally:
        for post in posts:
            await post.stop()


async def until(condition: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Wait until it holds; the time-out is for a machine that is busy, not a figure."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the links under test tell nobody
            await asyncio.sleep(0.01)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes], None]) -> None:
        self.take = take

    @override
    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:
        self.take(data)


class Wire:
    """What lies between two posts on one path: it carries, drops, and keeps what passed.

    Each post dials the end of the wire that stands before it.
    """

    def __init__(self, host: str = LOOPBACK) -> None:
        self.host = host
        self.posts = (free_port(host), free_port(host))
        self.ends = (free_port(host), free_port(host))
        self.udp_blocked = [False, False]
        self.cut = False
        self.seen: list[tuple[int, bytes]] = []
        self._udp: list[asyncio.DatagramTransport] = []
        self._listeners: list[asyncio.Server] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()

    def config(self, side: int, name: str = "wire") -> PathConfig:
        """The path as the post on ``side`` stands on it."""
        return PathConfig(
            name=name,
            bind=place(self.host, self.posts[side]),
            peer=(place(self.host, self.ends[side]),),
        )

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        for side in (0, 1):
            transport, _ = await loop.create_datagram_endpoint(
                lambda side=side: _Udp(lambda data: self._packet(side, data)),  # type: ignore[misc]
                local_addr=(self.host, self.ends[side]),
            )
            self._udp.append(transport)
            self._listeners.append(
                await asyncio.start_server(
                    lambda r, w, side=side: self._stream(side, r, w),  # type: ignore[misc]
                    self.host,
                    self.ends[side],
                )
            )

    async def close(self) -> None:
        for listener in self._listeners:
            listener.close()
        for transport in self._udp:
            transport.close()
        self.break_streams()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)

    def sever(self) -> None:
        """Let nothing through; TCP stands still, UDP vanishes."""
        self.cut = True
        self._flowing.clear()

    def mend(self) -> None:
        self.cut = False
        self._flowing.set()

    def break_streams(self) -> None:
        """Reset every TCP connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    def send(self, side: int, packet: bytes) -> None:
        """Put a packet before the post on ``side``, as if its peer had sent it."""
        self._udp[side].sendto(packet, (self.host, self.posts[side]))

    def _packet(self, side: int, data: bytes) -> None:
        if len(self.seen) < 100_000:
            self.seen.append((side, data))
        if not self.cut and not self.udp_blocked[side]:
            self.send(1 - side, data)

    async def _stream(
        self, side: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._writers.add(writer)
        with suppress(OSError):
            await self._flowing.wait()
            far_reader, far_writer = await asyncio.open_connection(self.host, self.posts[1 - side])
            self._writers.add(far_writer)
            for task in (
                asyncio.ensure_future(self._pump(reader, far_writer)),
                asyncio.ensure_future(self._pump(far_reader, writer)),
            ):
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            return
        writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError):
                while data := await reader.read(65_536):
                    await self._flowing.wait()
                    writer.write(data)
                    await writer.drain()
        finally:
            writer.close()
            self._writers.discard(writer)


@asynccontextmanager
async def wired_pair(
    wires: int, timing: LinkTiming = QUICK
) -> AsyncGenerator[tuple[Post, Post, list[Wire]]]:
    """Two running posts with a wire for each path."""
    keys = make_keys()
    between = [Wire() for _ in range(wires)]
    posts = [
        make_post(
            keys[side],
            keys[1 - side],
            [wire.config(side, f"wire{number}") for number, wire in enumerate(between)],
            timing,
        )
        for side in (0, 1)
    ]
    for wire in between:
        await wire.open()
    try:
        async with running(*posts):
            yield posts[0], posts[1], between
    finally:
        for wire in between:
            await wire.close()

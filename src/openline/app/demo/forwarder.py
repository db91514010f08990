"""A path that can be cut: TCP and UDP carried in user space between two posts.

Each post advertises the forwarder's port instead of its own, and the forwarder
stands on both sides of the path::

    post A (bind a)  <->  [ port of A's face | port of B's face ]  <->  post B (bind b)

What arrives at B's face came from A and leaves towards B from A's face, so that
each post sees the other at its advertised address, in both directions and for
TCP as for UDP. While the path is cut, datagrams vanish, and bytes of a TCP
connection stand still as behind a pulled cable: no end learns that it was cut.
Restored, TCP goes on where it stood, as after a retransmission.

The forwarder reads nothing of what it carries; all of it is under the posts' keys.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from typing_extensions import override

Address = tuple[str, int]

CONNECTIONS_MAX = 64
CHUNK_BYTES = 65_536
DATAGRAM_BUFFER_BYTES = 1 << 20


@dataclass(slots=True)
class Carried:
    """What one path carried and swallowed, both directions together."""

    datagrams: int = 0
    datagrams_cut: int = 0
    stream_bytes: int = 0
    connections: int = 0


@dataclass(frozen=True, slots=True)
class Face:
    """One post's side of a path.

    Attributes:
        advertised: where the other post finds this one: a port of the forwarder.
        bind: where this post itself listens.
    """

    advertised: Address
    bind: Address


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, receive: Callable[[bytes], None]) -> None:
        self._receive = receive

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._receive(data)

    @override
    def error_received(self, exc: Exception) -> None:
        """A post that is down refuses datagrams; that is no business of the path."""


@dataclass(slots=True)
class _Gate:
    """Open while the path is whole; who must stand still awaits it."""

    whole: asyncio.Event = field(default_factory=asyncio.Event)

    async def carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, carried: Carried
    ) -> None:
        """Move bytes one way until either end is gone."""
        while data := await reader.read(CHUNK_BYTES):
            await self.whole.wait()
            writer.write(data)
            await writer.drain()
            carried.stream_bytes += len(data)
        await self.whole.wait()


class CuttablePath:
    """One path between two posts, whole until :meth:`cut`.

    Args:
        name: the path's name, as in both cards.
        faces: the two posts' sides.
    """

    def __init__(self, name: str, faces: tuple[Face, Face]) -> None:
        """See the class."""
        self.name = name
        self.carried = Carried()
        self._faces = faces
        self._gate = _Gate()
        self._gate.whole.set()
        self._listeners: list[asyncio.Server] = []
        self._datagrams: list[asyncio.DatagramTransport] = []
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def is_cut(self) -> bool:
        """Whether nothing passes at present."""
        return not self._gate.whole.is_set()

    async def start(self) -> None:
        """Listen on both faces, TCP and UDP on the same port number.

        Raises:
            OSError: a port is taken.
        """
        try:
            for index, face in enumerate(self._faces):
                await self._listen(index, face)
        except OSError:
            await self.close()
            raise

    async def _listen(self, index: int, face: Face) -> None:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._accept(face, reader, writer)

        loop = asyncio.get_running_loop()
        self._listeners.append(await asyncio.start_server(accept, *face.advertised))
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(lambda data: self._forward(index, data)),
            local_addr=face.advertised,
        )
        plain = transport.get_extra_info("socket")
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            plain.setsockopt(socket.SOL_SOCKET, option, DATAGRAM_BUFFER_BYTES)
        self._datagrams.append(transport)

    def _forward(self, index: int, data: bytes) -> None:
        """Carry a datagram that reached a face on to its post, from the other face."""
        if self.is_cut:
            self.carried.datagrams_cut += 1
            return
        other = self._datagrams[1 - index] if len(self._datagrams) > 1 else None
        if other is None or other.is_closing():
            return
        self.carried.datagrams += 1
        other.sendto(data, self._faces[index].bind)

    async def _accept(
        self, face: Face, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        if task is None or len(self._connections) >= CONNECTIONS_MAX:
            writer.transport.abort()
            return
        self._connections.add(task)
        try:
            await self._gate.whole.wait()
            onward = await asyncio.open_connection(*face.bind)
            self.carried.connections += 1
            await self._join((reader, writer), onward)
        except OSError:
            pass  # the post behind this face is down: the dialer sees its connection end
        except asyncio.CancelledError:
            pass  # the demo closes; asyncio's listener would report a cancelled handler as a fault
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _join(
        self,
        dialer: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        onward: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Carry both ways until one end closes, then close the other."""
        ways = (
            asyncio.ensure_future(self._gate.carry(dialer[0], onward[1], self.carried)),
            asyncio.ensure_future(self._gate.carry(onward[0], dialer[1], self.carried)),
        )
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for _, writer in (dialer, onward):
                with contextlib.suppress(OSError):
                    writer.close()

    def cut(self) -> None:
        """Let nothing pass from now on; nobody is told."""
        self._gate.whole.clear()

    def restore(self) -> None:
        """Let all pass again; connections go on where they stood."""
        self._gate.whole.set()

    async def close(self) -> None:
        """Stop carrying, free the ports and return once no connection is left."""
        for listener in self._listeners:
            listener.close()
        for transport in self._datagrams:
            transport.close()
        connections = tuple(self._connections)
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


def free_ports(host: str, wanted: int, *, first: int, last: int) -> list[int]:
    """Find ports of ``host`` that are free for TCP and for UDP at this moment.

    Args:
        host: local address.
        wanted: how many.
        first: where the search begins.
        last: where it ends.

    Returns:
        The ports, ascending.

    Raises:
        OSError: fewer than ``wanted`` are free.
    """
    found: list[int] = []
    for port in range(first, last + 1):
        if len(found) == wanted:
            break
        if _is_free(host, port):
            found.append(port)
    if len(found) < wanted:
        text = f"only {len(found)} of {wanted} ports are free between {first} and {last}"
        raise OSError(text)
    return found


def _is_free(host: str, port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True

"""The path cutter carries both ways, swallows while cut, and lets TCP go on where it stood."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from openline.app.demo.forwarder import Address, CuttablePath, Face, free_ports

HOST = "127.0.0.1"
WAIT_S = 5.0


@dataclass
class Bench:
    """Two stand-ins for posts, each with its own UDP socket and TCP listener, and a path."""

    path: CuttablePath
    faces: tuple[Face, Face]
    udp: tuple[socket.socket, socket.socket]
    accepted: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(
        default_factory=asyncio.Queue
    )

    async def receive(self, side: int) -> tuple[bytes, Address]:
        loop = asyncio.get_running_loop()
        return await asyncio.wait_for(loop.sock_recvfrom(self.udp[side], 2048), WAIT_S)

    def send(self, side: int, data: bytes) -> None:
        """Send to the other post's advertised address, as a post does."""
        self.udp[side].sendto(data, self.faces[1 - side].advertised)


@contextlib.asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    ports = free_ports(HOST, 4, first=25600, last=25699)
    faces = (
        Face(advertised=(HOST, ports[2]), bind=(HOST, ports[0])),
        Face(advertised=(HOST, ports[3]), bind=(HOST, ports[1])),
    )
    sockets = []
    for face in faces:
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.settimeout(0)
        one.bind(face.bind)
        sockets.append(one)
    made = Bench(CuttablePath("fibre", faces), faces, (sockets[0], sockets[1]))

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await made.accepted.put((reader, writer))

    listener = await asyncio.start_server(accept, *faces[1].bind)
    await made.path.start()
    try:
        yield made
    finally:
        await made.path.close()
        listener.close()
        while not made.accepted.empty():
            made.accepted.get_nowait()[1].close()
        for one in sockets:
            one.close()
        await asyncio.sleep(0.01)


async def dialed(
    made: Bench,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, asyncio.StreamReader, asyncio.StreamWriter]:
    near = await asyncio.open_connection(*made.faces[1].advertised)
    far = await asyncio.wait_for(made.accepted.get(), WAIT_S)
    return (*near, *far)


@pytest.mark.asyncio
async def test_each_post_sees_the_other_at_its_advertised_address() -> None:
    async with bench() as made:
        made.send(0, b"from a")
        assert await made.receive(1) == (b"from a", made.faces[0].advertised)
        made.send(1, b"from b")
        assert await made.receive(0) == (b"from b", made.faces[1].advertised)
        assert made.path.carried.datagrams == 2


@pytest.mark.asyncio
async def test_datagrams_vanish_while_cut_and_are_counted() -> None:
    async with bench() as made:
        made.path.cut()
        assert made.path.is_cut
        made.send(0, b"lost")
        made.send(0, b"lost")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(made.receive(1), 0.2)
        made.path.restore()
        made.send(0, b"kept")
        assert (await made.receive(1))[0] == b"kept"
        assert made.path.carried.datagrams_cut == 2


@pytest.mark.asyncio
async def test_tcp_stands_still_while_cut_and_loses_no_byte() -> None:
    async with bench() as made:
        reader, writer, far_reader, far_writer = await dialed(made)
        writer.write(b"before")
        assert await asyncio.wait_for(far_reader.readexactly(6), WAIT_S) == b"before"
        made.path.cut()
        writer.write(b"during")
        far_writer.write(b"back")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(far_reader.read(1), 0.2)
        made.path.restore()
        assert await asyncio.wait_for(far_reader.readexactly(6), WAIT_S) == b"during"
        assert await asyncio.wait_for(reader.readexactly(4), WAIT_S) == b"back"
        writer.close()
        far_writer.close()


@pytest.mark.asyncio
async def test_an_end_that_closes_ends_the_other() -> None:
    async with bench() as made:
        reader, writer, _, far_writer = await dialed(made)
        far_writer.close()
        assert await asyncio.wait_for(reader.read(), WAIT_S) == b""
        writer.close()


@pytest.mark.asyncio
async def test_a_close_during_the_cut_is_learnt_only_afterwards() -> None:
    async with bench() as made:
        reader, writer, _, far_writer = await dialed(made)
        made.path.cut()
        far_writer.close()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)
        made.path.restore()
        assert await asyncio.wait_for(reader.read(), WAIT_S) == b""
        writer.close()


@pytest.mark.asyncio
async def test_a_dead_post_refuses_through_the_path() -> None:
    async with bench() as made:
        reader, writer = await asyncio.open_connection(*made.faces[0].advertised)
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), WAIT_S) == b""
        writer.close()


@pytest.mark.asyncio
async def test_close_frees_the_ports() -> None:
    async with bench() as made:
        advertised = [face.advertised[1] for face in made.faces]
        await made.path.close()
        await asyncio.sleep(0.05)
        for port in advertised:
            assert free_ports(HOST, 1, first=port, last=port) == [port]


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((HOST, 0))
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="only 0 of 1"):
            free_ports(HOST, 1, first=port, last=port)

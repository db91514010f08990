"""A hostile peer with the real keys, in a call with a real desk: call and page live on."""

import asyncio
import random  # noqa: TID251 - an attacker picks at random, by a printed seed
import socket
from collections.abc import Callable  # noqa: TC003 - stands in an annotation of a variable
from pathlib import Path

import pytest

from openline.voice.cells import ControlBlock, build_cells, parse_cell
from tests.e2e.hostile_peer import HostilePeer, hostile_peer
from tests.e2e.line_rig import RealDesk, real_desk
from tests.e2e.post_rig import PostProcess, is_up, make_pair, running
from tests.e2e.test_attack_call import SEED, datagrams
from tests.e2e.voice_rig import write_tone

pytestmark = [pytest.mark.asyncio, pytest.mark.needs_chromium, pytest.mark.timeout(200)]

ATTACK_S = 2.0
RATE = 20_000
GROWTH_KB_MAX = 60_000
LOUD_DBFS = -30.0
UP = "●"
"""How the page's title begins then; in another state, or when ticks stay out, it does not."""


def resident_kb(post: PostProcess) -> int:
    assert post.process is not None
    status = Path(f"/proc/{post.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


class Thrower:
    """Bodies of MEDIA frames, each hostile in its own way."""

    def __init__(self, rng: random.Random, generation: int, ssrc: int) -> None:
        self.rng, self.generation, self.ssrc = rng, generation, ssrc
        self.number = 0

    def carry(self, datagram: bytes, *, part: int = 0) -> bytes:
        """A well-formed cell of the joined pair: what it carries reaches the desk's browser."""
        self.number += 1
        cells = build_cells(
            datagram,
            generation=self.generation,
            control=ControlBlock(),
            datagram_id=self.number,
        )
        return cells[part % len(cells)]

    def dtls(self) -> bytes:
        first = self.rng.choice((20, 21, 22, 23, 25, 63))
        length = self.rng.choice((13, 14, 60, 290))
        return self.carry(bytes([first, 0xFE, 0xFD]) + self.rng.randbytes(length - 3))

    def srtp(self) -> bytes:
        kind = self.rng.choice((63, 111, 0x80 | 111))
        return self.rtp(kind, self.ssrc)

    def source(self) -> bytes:
        return self.rtp(111, self.rng.getrandbits(32))

    def rtp(self, kind: int, ssrc: int) -> bytes:
        first = self.rng.choice((0x80, 0x90, 0xB0, 0x8F))
        body = self.rng.randbytes(6) + ssrc.to_bytes(4, "big")
        return self.carry(bytes([first, kind]) + body + self.rng.randbytes(self.rng.randrange(250)))

    def srtcp(self) -> bytes:
        return self.carry(bytes([0x80, self.rng.randrange(192, 224)]) + self.rng.randbytes(200))

    def garbage(self) -> bytes:
        return self.rng.randbytes(self.rng.choice((0, 1, 319, 320, 320, 321, 1191)))

    def oversized(self) -> bytes:
        return self.rng.randbytes(self.rng.choice((1192, 2000, 4756)))

    def pieces(self) -> bytes:
        """Parts of datagrams that are never whole."""
        return self.carry(b"\x16" + self.rng.randbytes(1499), part=self.rng.randrange(6))

    def stun(self) -> bytes:
        return self.carry(bytes.fromhex("000100002112a442") + self.rng.randbytes(40))


class Onlooker:
    """Looks at the desk's page all the time."""

    def __init__(self, desk: RealDesk) -> None:
        self.desk = desk
        self.titles: list[str] = []

    async def look(self) -> None:
        while True:
            self.titles.append(await self.desk.page.title())
            await asyncio.sleep(0.1)

    def live(self) -> bool:
        """It always said that the link is UP, by a tick of its post that was fresh."""
        return len(self.titles) > 5 and all(title[0] == UP for title in self.titles)


async def throw_at_desk(address: tuple[str, int], rng: random.Random, seconds: float) -> None:
    """Forged STUN and worse, from this machine, at the port where the desk's sound arrives."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0)
            for datagram in datagrams(rng):
                try:
                    sock.sendto(datagram, address)
                except BlockingIOError:
                    break
        await asyncio.sleep(0.02)


async def test_a_hostile_peer_harms_neither_call_nor_page(
    chromium_path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(SEED)
    tone = write_tone(tmp_path / "tone.wav", hertz=1130)
    north, south = make_pair(tmp_path)
    with running(north):
        async with hostile_peer(south) as peer, real_desk(north, chromium_path, tone) as desk:
            await asyncio.to_thread(north.until, is_up)
            await asyncio.to_thread(north.until, lambda status: status["voice"] == "ready")
            await desk.ready()
            await peer.voice.wait_connected()
            peer.speak()
            await desk.until(f"line.far() > {LOUD_DBFS}", 20.0)
            call = north.status()["call"]["call"]
            before = resident_kb(north)
            onlooker = Onlooker(desk)
            watching = asyncio.ensure_future(onlooker.look())
            try:
                rates = await attack(peer, desk, north, rng)
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
            assert onlooker.live(), (SEED, set(onlooker.titles))
            growth = resident_kb(north) - before
            assert growth < GROWTH_KB_MAX, (SEED, growth)
            status = north.status()
            assert status["call"]["call"] == call
            assert status["link"]["state"] == "UP"
            peer.hush()
            await desk.page.keyboard.down("Space")  # and the officer there is heard in turn
            await until_heard(peer)
            await desk.release()
            assert desk.faults == []
    with capsys.disabled():
        shown = ", ".join(f"{name} {rate:.0f}/s" for name, rate in rates.items())
        print(f"\nhostile peer: {shown}; {growth} kB of growth")  # noqa: T201 - a figure of the run


async def attack(
    peer: HostilePeer, desk: RealDesk, north: PostProcess, rng: random.Random
) -> dict[str, float]:
    """One kind after the other; after each the voice is there."""
    sent = parse_cell(peer.post.pace.cells._pairs[0].last)
    ssrc = int(peer.voice._pc.getSenders()[0]._ssrc)
    thrower = Thrower(rng, sent.generation, ssrc)
    kinds: dict[str, tuple[Callable[[], bytes], int]] = {
        "cells": (thrower.srtp, RATE),
        "dtls": (thrower.dtls, 2_000),
        "srtcp": (thrower.srtcp, 2_000),
        "sources": (thrower.source, 2_000),
        "garbage": (thrower.garbage, 5_000),
        "oversized": (thrower.oversized, 1_000),
        "pieces": (thrower.pieces, 2_000),
        "stun": (thrower.stun, 2_000),
    }
    rates = {}
    address = ("127.0.0.1", north.desk_port)
    for name, (make, rate) in kinds.items():
        seconds = ATTACK_S if rate == RATE else ATTACK_S / 2
        local = asyncio.ensure_future(throw_at_desk(address, rng, seconds))
        rates[name] = await peer.flood(make, seconds, rate=rate)
        await local
        await desk.until(f"line.far() > {LOUD_DBFS}", 10.0)
    for _ in range(5):
        peer.change_source()
        await asyncio.sleep(0.1)
    peer.restore_source(ssrc)
    await desk.until(f"line.far() > {LOUD_DBFS}", 10.0)
    return rates


async def until_heard(peer: HostilePeer) -> None:
    end = asyncio.get_running_loop().time() + 10.0
    while peer.voice.meter.level_dbfs < LOUD_DBFS:
        assert asyncio.get_running_loop().time() < end, peer.voice.meter.level_dbfs
        await asyncio.sleep(0.02)

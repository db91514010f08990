"""Attacks on whole posts while a call goes on: the word being spoken is heard to its end."""

import asyncio
import os
import random  # noqa: TID251 - an attacker picks at random, by a printed seed
import resource
import socket
from pathlib import Path

import pytest

from openline.record.bodies import parse_text
from openline.record.entry import parse_entry
from tests.e2e.attack_rig import Call, standing_call, until

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(200)]

ATTACK_S = 4.0
SEED = int.from_bytes(os.urandom(4))
STUN_BINDING = bytes.fromhex("000100002112a442")


def datagrams(rng: random.Random) -> list[bytes]:
    """What somebody on this machine may throw at the endpoint: by first byte every kind."""
    found = [bytes([rng.randrange(256)]) + rng.randbytes(rng.randrange(1400)) for _ in range(100)]
    for _ in range(100):
        attributes = rng.randbytes(rng.choice((0, 4, 8, 24, 200)))
        length = rng.choice((len(attributes), 0, 4, 65_535)).to_bytes(2, "big")
        found.append(STUN_BINDING[:2] + length + STUN_BINDING[4:] + rng.randbytes(12) + attributes)
    for first in (20, 22, 23, 63, 128, 144, 191):  # DTLS, RTP, SRTCP
        found += [bytes([first]) + rng.randbytes(rng.choice((1, 11, 12, 100, 1300))) for _ in "ten"]
    return [*found, b"", b"\0", b"\0\1"]


async def flood(address: tuple[str, int], rng: random.Random) -> int:
    """Throw them all, again and again, from ever new ports; how many went out."""
    loop = asyncio.get_running_loop()
    end = loop.time() + ATTACK_S
    sent = 0
    while loop.time() < end:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0)
            for datagram in datagrams(rng):
                try:
                    sock.sendto(datagram, address)
                    sent += 1
                except BlockingIOError:
                    break
        await asyncio.sleep(0.05)
    return sent


async def still_stands(call: Call) -> None:
    call.goes_on()
    for post in (call.north, call.south):
        assert post.process is not None
        assert post.process.poll() is None, post.said
        assert (await asyncio.to_thread(post.status))["link"]["state"] == "UP"
    await asyncio.to_thread(call.south.text, "still here")


@pytest.mark.parametrize("target", ["voice", "path"])
async def test_a_flood_of_garbage_does_not_interrupt_a_word(tmp_path: Path, target: str) -> None:
    rng = random.Random(SEED)
    async with standing_call(tmp_path) as call:
        for post in (call.north, call.south):
            voice = ("127.0.0.1", post.desk_port)
            address = voice if target == "voice" else post.path_address("main")
            assert await flood(address, rng) > 500, SEED
        await still_stands(call)
        if target == "path":
            status = await asyncio.to_thread(call.south.status)
            assert status["packets_refused"] > 100


def request(port: int, host: str, head: str, body: bytes = b"") -> bytes:
    """One raw request to a desk's port; the first bytes of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        sock.sendall(f"{head}\r\nHost: {host}\r\n\r\n".encode() + body)
        answer = b""
        while b"\r\n" not in answer:
            part = sock.recv(4096)
            if not part:
                break
            answer += part
    return answer


def hostile_page(port: int) -> list[bytes]:
    """Everything that a page of another origin can make a browser on this machine send."""
    own = f"localhost:{port}"
    socket_head = (
        "GET /desk HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    )
    evil = "Origin: http://evil.example"
    large = 2_000_000
    return [
        request(port, "evil.example", "GET / HTTP/1.1"),
        request(port, f"127.0.0.1:{port}", "GET / HTTP/1.1"),
        request(port, own, f"{socket_head}\r\n{evil}"),
        request(port, own, f"{socket_head}\r\nOrigin: http://{own}"),  # no cookie
        request(port, own, f"{socket_head}\r\nOrigin: http://audio.{own}"),
        request(port, own, f"POST /signin HTTP/1.1\r\n{evil}\r\nContent-Length: 2", b"{}"),
        request(
            port,
            own,
            f"POST /signin HTTP/1.1\r\nOrigin: http://{own}\r\nContent-Length: {large}",
            b"x" * 4096,
        ),
    ]


async def test_a_hostile_page_gets_nothing_and_does_not_interrupt_a_word(tmp_path: Path) -> None:
    async with standing_call(tmp_path) as call:
        for _ in range(20):
            answers = await asyncio.to_thread(hostile_page, call.south.desk_port)
            codes = [answer.split()[1] for answer in answers]
            assert codes[:-1] == [b"421", b"421", b"403", b"403", b"403", b"403"]
            assert codes[-1] in (b"413", b"429")  # too large; later also too often
        await still_stands(call)


async def test_a_full_disk_leaves_the_voice_alone_and_receipts_nothing_unheld(
    tmp_path: Path,
) -> None:
    async with standing_call(tmp_path) as call:
        await asyncio.to_thread(call.north.text, "room enough")
        assert call.south.process is not None
        pid = call.south.process.pid
        _soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1024, hard))
        held = call.north.status()["record"]["receipted"]
        await asyncio.to_thread(call.north.text, "for a full disk", "written")
        await asyncio.to_thread(call.south.until, lambda status: bool(status["disk_fault"]))
        await asyncio.sleep(2.0)
        call.goes_on()
        status = call.north.status()
        assert status["record"]["receipted"] == held
        assert status["link"]["state"] == "UP"
        await call.speaker.release()
        silent = len(call.listener.heard_s)
        await asyncio.sleep(0.8)
        await call.speaker.talk()  # a new word starts while the disk is full
        await until(lambda: len(call.listener.heard_s) > silent, "no speech with a full disk")
        call.south.kill()
        disk = call.south.disk()
        author = 0 if status["party"] == "a" else 1
        assert len(disk.entries[author]) >= held
        texts = [
            parse_text(entry.body).text
            for entry in disk.entries[author][1:]
            if entry.body and parse_entry(entry.leaf).claims.kind == "text"
        ]
        assert "room enough" in texts
        assert "for a full disk" not in texts

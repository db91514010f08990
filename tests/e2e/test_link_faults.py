"""Two posts with a wire between them that is cut, blocked, forged on and replayed."""

import asyncio
import os
import socket
from dataclasses import replace
from functools import partial

import pytest

from openline.link import FrameClass, LinkTiming
from openline.link.connection import MEDIA_BACKLOG_MAX, Stage
from openline.link.packets import PACKET_MAX
from tests.e2e.link_rig import (
    LOOPBACK,
    QUICK,
    Post,
    make_pair,
    make_post,
    running,
    until,
    wired_pair,
)

pytestmark = pytest.mark.asyncio


def both_up(one: Post, other: Post) -> bool:
    return one.up() and other.up()


async def speak(post: Post, count: int) -> int:
    """Send that many MEDIA frames, 5 ms apart at least; return how many."""
    for _ in range(count):
        post.link.send_media(bytes(320))
        await asyncio.sleep(0.005)
    return count


def heard_all(post: Post, last: int) -> bool:
    return bool(post.heard.media) and max(post.heard.media) >= last


@pytest.mark.parametrize("blocked", [(True, True), (True, False), (False, True)])
async def test_media_runs_in_the_stream_where_udp_is_blocked(blocked: tuple[bool, bool]) -> None:
    async with wired_pair(1) as (one, other, wires):
        wires[0].udp_blocked[:] = blocked
        await until(lambda: one.paths()[0].tcp and other.paths()[0].tcp)
        await until(lambda: one.heard.trips and other.heard.trips)
        counts = await asyncio.gather(speak(one, 300), speak(other, 300))
        for post, count in ((other, counts[0]), (one, counts[1])):
            await until(partial(heard_all, post, count - count // 4))
            assert len(post.heard.media) == len(set(post.heard.media))
            # A stream drops what would be late; on a wire that flows that is little.
            assert len(post.heard.media) > 0.25 * max(post.heard.media)
            assert not post.paths()[0].udp_both_ways
        await until(lambda: one.paths()[0].alive and other.paths()[0].alive)
        wires[0].udp_blocked[:] = [False, False]
        await until(lambda: both_up(one, other))


async def test_udp_that_stops_in_mid_call_costs_a_moment_only() -> None:
    async with wired_pair(1) as (one, other, wires):
        await until(lambda: both_up(one, other))
        sending = asyncio.ensure_future(speak(one, 800))
        await asyncio.sleep(0.5)
        wires[0].udp_blocked[:] = [True, True]
        count = await sending
        await until(partial(heard_all, other, count - 20))
        # The stream took over: the last second came whole, or nearly.
        assert len([n for n in other.heard.media if n > count - 150]) > 75


async def test_a_path_cut_in_mid_stream_loses_and_repeats_nothing() -> None:
    async with wired_pair(2) as (one, other, wires):
        await until(lambda: both_up(one, other))
        sending = asyncio.gather(speak(one, 800), speak(other, 800))
        await asyncio.sleep(0.7)
        wires[0].sever()
        await until(lambda: not one.paths()[0].alive and not other.paths()[0].alive)
        entries = {one.link.send(FrameClass.BATCH, bytes(2000)) for _ in range(20)}
        await asyncio.sleep(1.0)
        assert one.paths()[1].alive
        wires[0].mend()
        counts = await sending
        await until(lambda: both_up(one, other))
        await until(lambda: entries <= {s for c, s, _ in other.heard.frames if c == 5})
        for post, count in ((other, counts[0]), (one, counts[1])):
            await until(partial(heard_all, post, count))
            assert sorted(post.heard.media) == list(range(1, count + 1))
            assert post.link.status().media.lost == 0
        assert len(other.heard.frames) == len(set(other.heard.frames))


async def test_keys_outlive_the_loss_of_tcp() -> None:
    async with wired_pair(1) as (one, other, wires):
        await until(lambda: both_up(one, other))
        await until(lambda: one.paths()[0].connections == 1 == other.paths()[0].connections)
        epochs = set(one.link._paths[0]._by_epoch)
        # No new TCP connection can be made, and the old ones are reset.
        for listener in wires[0]._listeners:
            listener.close()
        wires[0].break_streams()
        await until(lambda: not one.paths()[0].tcp and not other.paths()[0].tcp)
        heard = len(other.heard.media)
        await speak(one, 100)
        await until(lambda: len(other.heard.media) > heard + 50)
        assert set(one.link._paths[0]._by_epoch) == epochs
        assert one.paths()[0].udp_both_ways
        assert not one.paths()[0].tcp


async def test_a_reset_stream_is_dialed_again() -> None:
    async with wired_pair(1) as (one, other, wires):
        for _ in range(3):
            await until(lambda: both_up(one, other))
            connects = len(one.heard.connects)
            wires[0].break_streams()
            await until(lambda connects=connects: len(one.heard.connects) > connects)  # type: ignore[misc]
        await until(lambda: both_up(one, other))
        sequence = one.link.send(FrameClass.SEAL, b"by stream alone")
        await until(lambda: any(item[1] == sequence for item in other.heard.frames))


async def test_a_stream_that_stands_still_grows_no_queue() -> None:
    timing = replace(QUICK, stalled_ms=2_000)
    async with wired_pair(1, timing) as (one, other, wires):
        await until(lambda: both_up(one, other))
        await until(lambda: one.paths()[0].connections == 1)
        wires[0].sever()
        await until(lambda: not one.paths()[0].udp_both_ways)
        most = 0
        for _ in range(4000):
            one.link.send_media(bytes(320))
            most = max(most, one.link.backlog() or 0)
        # Heartbeats and what was under way come on top of the bound for media.
        assert most < 16 * MEDIA_BACKLOG_MAX
        for _ in range(100):
            one.link.send(FrameClass.BATCH, bytes(100_000))
        assert all(c.unsent() < 6_000_000 for c in one.link._paths[0]._connections)
        stale = [c for c in one.link._paths[0]._connections if c.order]
        await until(lambda: all(c.stage is Stage.GONE for c in stale))
        wires[0].mend()
        await until(lambda: both_up(one, other))


async def test_hostile_packets_are_dropped_and_counted() -> None:
    async with wired_pair(1) as (one, other, wires):
        await until(lambda: both_up(one, other))
        await speak(one, 60)
        await until(lambda: other.heard.media)
        genuine = [data for side, data in list(wires[0].seen) if side == 0]
        heard = list(other.heard.media)
        refused = other.link.status().packets_refused
        hostile = list(genuine)  # replays
        for packet in genuine[-20:]:
            hostile += [packet[:-1] + bytes([packet[-1] ^ 1]), packet[:28], packet[:12], packet[:1]]
            hostile += [packet[:5] + (2**63).to_bytes(8, "big") + packet[13:]]  # a far counter
            hostile += [packet + bytes(1), packet + bytes(PACKET_MAX), b"\x02" + packet[1:]]
            hostile += [packet[:1] + os.urandom(4) + packet[5:]]
        hostile += [b"", os.urandom(1229), bytes(9000)]
        hostile += [os.urandom(64) for _ in range(500)]
        for number, packet in enumerate(hostile):
            wires[0].send(1, packet)
            if number % 50 == 0:
                await asyncio.sleep(0.005)
        await until(lambda: other.link.status().packets_refused >= refused + len(genuine))
        await speak(one, 60)
        await until(lambda: len(other.heard.media) > len(heard) + 30)
        assert len(other.heard.media) == len(set(other.heard.media))
        assert not other.link.status().offences  # nothing of it was the peer's
        assert both_up(one, other)
        assert all(len(c.reassembly) == 0 for c in other.link._paths[0]._connections)


async def test_packets_of_before_a_restart_are_worth_nothing() -> None:
    async with wired_pair(1) as (one, other, wires):
        await until(lambda: both_up(one, other))
        await speak(one, 60)
        await until(lambda: other.heard.media)
        old = [data for side, data in list(wires[0].seen) if side == 0]
        await other.stop()
        again = make_post(other.key, one.key, other.link._config.paths)
        async with running(again):
            await until(lambda: both_up(one, again))
            refused = again.link.status().packets_refused
            for packet in old:
                wires[0].send(1, packet)
                await asyncio.sleep(0.001)
            await until(lambda: again.link.status().packets_refused >= refused + len(old) // 2)
            assert not again.heard.media
            assert not again.heard.frames
            await speak(one, 40)
            await until(lambda: again.heard.media)


async def test_replay_of_an_old_epoch_after_rekey_is_dropped() -> None:
    timing = replace(QUICK, rekey_ms=600, overlap_ms=300)
    async with wired_pair(1, timing) as (one, other, wires):
        await until(lambda: both_up(one, other))
        await speak(one, 40)
        old = [data for side, data in list(wires[0].seen) if side == 0]
        epochs = {packet[1:5] for packet in old}
        path = other.link._paths[0]
        await until(lambda: not epochs & {epoch.to_bytes(4, "big") for epoch in path._by_epoch})
        await until(lambda: both_up(one, other))
        heard = len(other.heard.media)
        refused = other.link.status().packets_refused
        for packet in old:
            wires[0].send(1, packet)
            await asyncio.sleep(0.001)
        await until(lambda: other.link.status().packets_refused >= refused + len(old) // 2)
        assert len(other.heard.media) == heard


async def test_strangers_do_not_exhaust_a_post() -> None:
    one, other = make_pair(1, timing=LinkTiming(handshake_ms=1_000))
    async with running(one, other):
        await until(lambda: both_up(one, other))
        target = one.link._paths[0]._own.socket_address()
        most = 0
        for round_ in range(20):
            socks = []
            for number in range(50):
                sock = socket.socket()
                sock.settimeout(0)
                # Strangers of many addresses.
                sock.bind((f"127.0.{round_ + 1}.{number + 1}", 0))
                sock.connect_ex(target)
                socks.append(sock)
            await asyncio.sleep(0.01)
            for sock in socks:
                try:
                    sock.send(os.urandom(500))
                except OSError:
                    continue
            await asyncio.sleep(0.01)
            most = max(most, len(one.link._paths[0]._connections))
            for sock in socks:
                sock.close()
        assert most <= 50
        assert one.link.status().connects_refused > 500
        assert one.paths()[0].last_error == ""
        assert one.paths()[0].refused == ""
        await speak(other, 60)
        await until(lambda: len(one.heard.media) > 30)
        await until(lambda: len(one.link._paths[0]._connections) <= 2)
        assert both_up(one, other)


async def test_ten_thousand_packets_of_garbage() -> None:
    one, other = make_pair(1)
    async with running(one, other):
        await until(lambda: both_up(one, other))
        target = one.link._paths[0]._own.socket_address()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((LOOPBACK, 0))
            for number in range(10_000):
                sock.sendto(b"\x01" + os.urandom(60), target)
                if number % 100 == 0:
                    await asyncio.sleep(0)
        await until(lambda: one.link.status().packets_refused > 1_000)
        await speak(other, 40)
        await until(lambda: len(one.heard.media) > 20)
        await until(lambda: both_up(one, other))

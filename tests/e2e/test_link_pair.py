"""Two posts over real sockets on loopback: what must hold when nothing is wrong."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from openline.errors import LocalProtocolError, RecordError
from openline.link import FrameClass, LinkTiming, PathConfig
from tests.e2e.link_rig import (
    LOOPBACK,
    QUICK,
    Post,
    free_port,
    make_keys,
    make_pair,
    make_post,
    place,
    running,
    until,
)

pytestmark = pytest.mark.asyncio

CARRIED = (FrameClass.CONTROL, FrameClass.BATCH, FrameClass.RECEIPT, FrameClass.SEAL)


async def talk(one: Post, other: Post, count: int = 200) -> None:
    """Send numbered media and frames of many sizes both ways; each must arrive once, whole."""
    sent = {0: set[tuple[int, int, bytes]](), 1: set[tuple[int, int, bytes]]()}
    before = [len(one.heard.media), len(other.heard.media)]
    for number in range(count):
        for side, post in enumerate((one, other)):
            post.link.send_media(number.to_bytes(4, "big") * 80)
            if number % 10 == 0:
                for at, frame_class in enumerate(CARRIED):
                    body = bytes([side, at]) * (1 + number * 7 * (at + 1))
                    sequence = post.link.send(frame_class, body)
                    sent[side].add((int(frame_class), sequence, body))
        await asyncio.sleep(0.002)
    for side, post in enumerate((other, one)):
        await until(partial(has_all, post, sent[side]))
        assert len(post.heard.frames) == len(set(post.heard.frames))
        await until(partial(has_media, post, before[1 - side] + count))
        assert len(post.heard.media) == len(set(post.heard.media))


def has_all(post: Post, frames: set[tuple[int, int, bytes]]) -> bool:
    return frames <= set(post.heard.frames)


def has_media(post: Post, count: int) -> bool:
    return len(post.heard.media) >= count


@pytest.mark.parametrize("swap", [False, True])
async def test_every_frame_arrives_once_on_two_paths(swap: bool) -> None:  # noqa: FBT001 - a parameter of the test
    one, other = make_pair(2, swap=swap)
    async with running(one, other):
        await until(lambda: one.up() and other.up())
        await talk(one, other)
        for post in (one, other):
            status = post.link.status()
            assert status.media.lost == 0
            assert status.media.duplicate > 0  # the copies of the other path
            assert not status.offences
            for path in status.paths:
                assert path.tls_group == "X25519MLKEM768"
                assert path.alive
                assert path.round_trip_ms is not None
                assert path.warnings == ("link.shared-interface",)
            assert {name for name, _ in post.heard.trips} == {"path0", "path1"}


@pytest.mark.parametrize("swap", [False, True])
async def test_dialing_at_once_leaves_one_connection(swap: bool) -> None:  # noqa: FBT001 - a parameter of the test
    one, other = make_pair(2, swap=swap)
    async with running(one, other):
        await until(lambda: one.up() and other.up())
        await until(lambda: all(p.connections == 1 for post in (one, other) for p in post.paths()))
        connects = [len(post.heard.connects) for post in (one, other)]
        await asyncio.sleep(1.0)
        assert [len(post.heard.connects) for post in (one, other)] == connects
        assert all(p.connections == 1 for post in (one, other) for p in post.paths())
        smaller = other if swap else one
        for post in (one, other):
            for path in post.link._paths:
                survivor = path._survivor
                assert survivor is not None
                # If both connected, the smaller pin's dial stays; else the only one there was.
                if post.heard.connects.count(path.name) > 1:
                    assert survivor.dialed is (post is smaller)
        await talk(one, other, 50)


@pytest.mark.parametrize("dialer", [0, 1])
async def test_dial_only(dialer: int) -> None:
    keys = make_keys()
    port = free_port()
    dials = PathConfig(name="p", bind=f"{LOOPBACK}:0", peer=(place(LOOPBACK, port),), listen=False)
    listens = PathConfig(name="p", bind=place(LOOPBACK, port))
    one = make_post(keys[0], keys[1], [dials if dialer == 0 else listens])
    other = make_post(keys[1], keys[0], [dials if dialer == 1 else listens])
    async with running(one, other):
        await until(lambda: one.up() and other.up())
        await talk(one, other)


async def test_ipv6() -> None:
    one, other = make_pair(1, "::1")
    async with running(one, other):
        await until(lambda: one.up() and other.up())
        await talk(one, other, 100)


async def test_rekey_under_traffic_loses_and_repeats_nothing() -> None:
    timing = replace(QUICK, rekey_ms=700, overlap_ms=500)
    one, other = make_pair(1, timing=timing)
    async with running(one, other):
        await until(lambda: one.up() and other.up())
        first = {path._survivor.channel.epoch for path in one.link._paths}  # type: ignore[union-attr]
        stop = asyncio.get_running_loop().time() + 4.0
        while asyncio.get_running_loop().time() < stop:
            await talk(one, other, 50)
        await until(lambda: len(one.heard.connects) >= 3)
        await talk(one, other, 50)
        last = {path._survivor.channel.epoch for path in one.link._paths}  # type: ignore[union-attr]
        assert first != last
        for post in (one, other):
            assert post.link.status().media.lost == 0
            assert len(post.heard.media) == len(set(post.heard.media))
            assert post.paths()[0].connections <= 3


async def test_frames_that_no_packet_can_carry_go_by_stream() -> None:
    one, other = make_pair(1)
    async with running(one, other):
        await until(lambda: one.up() and other.up())
        body = bytes(131_072 - 9)
        sequence = one.link.send(FrameClass.BATCH, body)
        await until(lambda: (FrameClass.BATCH, sequence, body) in other.heard.frames)
        with pytest.raises(LocalProtocolError) as caught:
            one.link.send(FrameClass.BATCH, body + b"x")
        assert caught.value.code == "link.size"
        with pytest.raises(LocalProtocolError) as caught:
            one.link.send(FrameClass.BATCH, bytes(4757), stream=False)
        assert caught.value.code == "link.size"
        for own in (FrameClass.HELLO, FrameClass.HEARTBEAT, FrameClass.CLOSE, 77):
            with pytest.raises(LocalProtocolError) as caught:
                one.link.send(own, b"")
            assert caught.value.code == "link.class"


async def test_each_transport_alone() -> None:
    one, other = make_pair(1)
    async with running(one, other):
        await until(lambda: one.up() and other.up())
        by_udp = one.link.send(FrameClass.CONTROL, bytes(4_700), stream=False)
        by_tcp = one.link.send(FrameClass.CONTROL, b"stream", datagram=False)
        await until(lambda: len(other.heard.frames) == 2)
        assert {item[1] for item in other.heard.frames} == {by_udp, by_tcp}


async def test_refused_hello_closes_with_its_code() -> None:
    one, other = make_pair(1)
    one.heard.refuse = RecordError("record.fork")
    async with running(one, other):
        await until(lambda: other.paths()[0].refused == "record.fork")
        await until(lambda: one.link.status().offences)
        assert not other.heard.trips
        assert not one.heard.connects
        one.heard.refuse = None
        await until(lambda: one.up() and other.up())
        assert [path.refused for post in (one, other) for path in post.paths()] == ["", ""]


async def test_refreshed_hello_reaches_the_peer() -> None:
    one, other = make_pair(2)
    async with running(one, other):
        await until(lambda: one.up() and other.up())
        await asyncio.sleep(0.2)
        known = len(other.heard.hellos)
        one.link.refresh_hello()
        await until(lambda: len(other.heard.hellos) >= known + 2)
        assert other.up()


async def test_a_changed_incarnation_needs_a_new_connection() -> None:
    one, other = make_pair(1)
    async with running(one, other):
        await until(lambda: one.up() and other.up())
        one.heard.incarnation = bytes(16)
        one.link.refresh_hello()
        await until(lambda: any(o.code == "link.incarnation" for o in other.link.status().offences))
        await until(lambda: one.up() and other.up())


async def test_a_restarted_peer_is_back_with_a_new_incarnation() -> None:
    one, other = make_pair(2)
    again = make_post(other.key, one.key, other.link._config.paths)
    async with running(one, other):
        await until(lambda: one.up() and other.up())
        await talk(one, other, 30)
        await other.stop()
        await until(lambda: not one.paths()[0].alive)
        async with running(again):
            await until(lambda: one.up() and again.up())
            assert one.heard.hellos[-1] == again.heard.incarnation
            heard = len(one.heard.media)
            again.link.send_media(b"first of the new incarnation")  # sequence 1 again: not a copy
            await until(lambda: len(one.heard.media) == heard + 1)
            assert one.link.status().media.received == 1
            await until(lambda: all(p.connections == 1 for p in one.paths()))


async def test_a_post_alone_says_so_and_bounds_what_it_holds() -> None:
    one, other = make_pair(2, timing=LinkTiming())
    async with running(one):
        for _ in range(1000):
            one.link.send(FrameClass.BATCH, bytes(1000))
            one.link.send_media(bytes(320))
        await until(lambda: all(p.last_error == "link.unreachable" for p in one.paths()))
        status = one.link.status()
        assert status.round_trip_age_ms is None
        assert one.link.backlog() is None
        assert not any(p.alive or p.tcp or p.udp for p in status.paths)
        async with running(other):
            await until(lambda: one.up() and other.up())
            assert not other.heard.media  # nothing was queued for the time after

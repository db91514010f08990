"""Who dials a post without being its peer, and a peer that does not keep to the rules."""

import asyncio
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from OpenSSL import SSL

from openline.link import FrameClass, PathConfig, make_certificate, spki_pin
from openline.link.tls import make_context
from tests.e2e.link_rig import (
    LOOPBACK,
    Post,
    Wire,
    free_port,
    make_keys,
    make_pair,
    make_post,
    place,
    running,
    until,
    wired_pair,
)
from tests.unit.link.adversary import Intruder, bent_context

pytestmark = pytest.mark.asyncio

INCARNATION = b"an incarnation.."


def port_of(post: Post, path: int = 0) -> int:
    return post.link._paths[path]._own.port


def is_close(code: str) -> object:
    return lambda frame: frame.frame_class == FrameClass.CLOSE and frame.body == code.encode()


async def listening(post: Post) -> None:
    async def there() -> bool:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(LOOPBACK, port_of(post))
            writer.transport.abort()
            return True
        return False

    async with asyncio.timeout(20):
        while not await there():  # noqa: ASYNC110 - a listener tells nobody that it is there
            await asyncio.sleep(0.02)


async def refused(post: Post, intruder: Intruder) -> None:
    """The intruder gets no HELLO and no frame; whatever it believes of its handshake."""
    with suppress(OSError, SSL.Error):
        async with asyncio.timeout(20):
            await intruder.dial(LOOPBACK, port_of(post))
            await intruder.frame(FrameClass.HELLO, 1, INCARNATION)
            await intruder.hear(lambda _: False)
    assert intruder.heard == []
    assert post.heard.hellos == []
    assert post.heard.connects == []
    await intruder.close()


async def test_nobody_but_the_peer_gets_past_the_handshake() -> None:
    one, other = make_pair(1)
    async with running(one):
        await listening(one)
        stranger = Ed25519PrivateKey.generate()
        for context in (
            bent_context(stranger),
            bent_context(one.key),  # our own key, turned against us
            bent_context(None),
            bent_context(other.key, groups=b"X25519"),
        ):
            await refused(one, Intruder(context))
        async with running(other):
            await until(lambda: one.up() and other.up())


@pytest.mark.parametrize("wrong", [0, 1])
async def test_each_side_refuses_the_wrong_pin(wrong: int) -> None:
    keys, stranger = make_keys(), Ed25519PrivateKey.generate()
    ports = (free_port(), free_port())

    def paths(side: int) -> list[PathConfig]:
        own, far = place(LOOPBACK, ports[side]), place(LOOPBACK, ports[1 - side])
        return [PathConfig(name="p", bind=own, peer=(far,))]

    one = make_post(keys[0], stranger if wrong == 0 else keys[1], paths(0))
    other = make_post(keys[1], stranger if wrong == 1 else keys[0], paths(1))
    async with running(one, other):
        await until(lambda: one.paths()[0].last_error and other.paths()[0].last_error)
        await asyncio.sleep(1.0)
        assert not one.heard.hellos + other.heard.hellos
        assert not one.heard.connects + other.heard.connects


async def test_a_middleman_with_its_own_certificates_is_refused() -> None:
    """It ends TLS on both sides and shows each a certificate of its own."""
    keys, middle = make_keys(), Ed25519PrivateKey.generate()
    wire = Wire()
    posts = [make_post(keys[side], keys[1 - side], [wire.config(side)]) for side in (0, 1)]
    near: list[Intruder] = []
    far: list[Intruder] = []

    async def sit(end: Intruder) -> None:
        with suppress(OSError, SSL.Error):
            await end.frame(FrameClass.HELLO, 1, INCARNATION)
            await end.hear(lambda _: False)

    async def between(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        near.append(Intruder(bent_context(middle), dials=False))
        far.append(Intruder(bent_context(middle)))
        ends = (near[-1], far[-1])
        with suppress(OSError, SSL.Error):
            await ends[0].take(reader, writer)
            await sit(ends[0])
        with suppress(OSError, SSL.Error):
            await ends[1].dial(LOOPBACK, wire.posts[1])
            await sit(ends[1])
        for end in ends:
            await end.close()

    listener = await asyncio.start_server(between, LOOPBACK, wire.ends[0])
    async with running(*posts):
        await until(lambda: len(far) >= 3)
        await until(lambda: posts[0].paths()[0].last_error == "link.handshake")
        assert [frame for end in near + far for frame in end.heard] == []
        for post in posts:
            assert post.heard.hellos == []
            assert post.heard.connects == []
    listener.close()
    await asyncio.sleep(0.05)


async def test_a_forger_on_the_wire_ends_a_stream_and_nothing_else() -> None:
    async with wired_pair(2) as (one, other, wires):
        await until(lambda: one.up() and other.up())
        for writer in list(wires[0]._writers):
            writer.write(b"\x17\x03\x03\x00\x20" + bytes(32))
        await until(lambda: len(one.heard.connects) > 4 or one.up())
        sequence = one.link.send(FrameClass.CONTROL, b"still here")
        await until(lambda: any(item[1] == sequence for item in other.heard.frames))
        await until(lambda: one.up() and other.up())


async def meet(post: Post, peer: Post) -> Intruder:
    """Stand before a post with its peer's own key, past HELLO."""
    intruder = Intruder(
        make_context(peer.key, make_certificate(peer.key), spki_pin(post.key.public_key()))
    )
    await intruder.dial(LOOPBACK, port_of(post))
    return intruder


@pytest.mark.parametrize(
    "hostile",
    [
        (2**32 - 1).to_bytes(4, "big") + bytes(100),  # a length that must not be believed
        (131_073).to_bytes(4, "big") + bytes(100),
        (8).to_bytes(4, "big") + bytes(8),  # shorter than class and sequence
        bytes(4),
        (9).to_bytes(4, "big") + b"\x00" + (1).to_bytes(8, "big"),  # no such class
        (9).to_bytes(4, "big") + b"\x80" + (1).to_bytes(8, "big"),
        (9).to_bytes(4, "big") + b"\x84" + (1).to_bytes(8, "big"),  # pieces are for packets
        (9).to_bytes(4, "big") + b"\x04" + bytes(8),  # sequence 0
        (10).to_bytes(4, "big") + b"\x02" + (1).to_bytes(8, "big") + b"x",  # no heartbeat
    ],
)
@pytest.mark.parametrize("greeted", [True, False])
async def test_a_peer_that_breaks_framing_loses_that_connection_only(
    hostile: bytes,
    greeted: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    one, other = make_pair(2)
    async with running(one, other):
        await until(lambda: one.up() and other.up())
        intruder = await meet(one, other)
        if greeted:
            await intruder.frame(FrameClass.HELLO, 1, other.heard.incarnation)
        await intruder.say(hostile)
        async with asyncio.timeout(30):
            frame = await intruder.hear(lambda frame: frame.frame_class == FrameClass.CLOSE)
        assert frame is not None
        assert frame.body == b"link.frame"
        assert any(item.code == "link.frame" for item in one.link.status().offences)
        await intruder.close()
        await until(lambda: one.up() and other.up())
        assert one.paths()[1].alive


async def test_a_class_of_the_future_is_dropped_and_counted() -> None:
    one, other = make_pair(1)
    async with running(one):
        await listening(one)
        intruder = await meet(one, other)
        await intruder.frame(FrameClass.HELLO, 1, INCARNATION)
        await intruder.frame(77, 1, b"from a later version")
        await intruder.frame(FrameClass.CONTROL, 1, b"known")
        await until(lambda: one.heard.frames == [(FrameClass.CONTROL, 1, b"known")])
        assert one.link.status().unknown_frames == 1
        assert one.paths()[0].tcp
        await intruder.close()


async def test_nothing_counts_before_hello() -> None:
    one, other = make_pair(1)
    async with running(one):
        await listening(one)
        intruder = await meet(one, other)
        await intruder.frame(FrameClass.CONTROL, 1, b"too soon")
        async with asyncio.timeout(30):
            assert await intruder.hear(lambda frame: frame.frame_class == FrameClass.CLOSE)
        assert one.heard.frames == []
        await intruder.close()


async def test_who_is_silent_after_tls_is_timed_out() -> None:
    one, other = make_pair(1)
    async with running(one):
        await listening(one)
        intruder = await meet(one, other)
        async with asyncio.timeout(30):
            frame = await intruder.hear(lambda frame: frame.frame_class == FrameClass.CLOSE)
        assert frame is not None
        assert frame.body == b"link.timeout"
        await intruder.close()
        await until(lambda: not one.link._paths[0]._connections)


async def test_a_peers_connections_are_bounded_too() -> None:
    one, other = make_pair(1)
    async with running(one):
        await listening(one)
        intruders = []
        for _ in range(14):
            intruder = await meet(one, other)
            await intruder.frame(FrameClass.HELLO, 1, INCARNATION)
            await intruder.hear(lambda frame: frame.frame_class == FrameClass.HELLO)
            intruders.append(intruder)
        assert len(one.link._paths[0]._connections) <= 10
        for intruder in intruders:
            await intruder.close()


async def test_codes_of_a_close_are_not_believed_blindly() -> None:
    one, other = make_pair(1)
    async with running(one):
        await listening(one)
        for body, shown in ((b"record.fork", "record.fork"), (b"<b>\xff", "link.frame")):
            intruder = await meet(one, other)
            await intruder.frame(FrameClass.CLOSE, 1, body)
            await until(lambda shown=shown: one.paths()[0].refused == shown)  # type: ignore[misc]
            await intruder.close()

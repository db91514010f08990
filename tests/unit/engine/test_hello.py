"""HELLO: who is there, which start of it, and the outbox until it is answered."""

import pytest

from openline.protocol.frames import FrameClass
from openline.record.cbor import Value, encode
from openline.record.cose import CONTEXT_HELLO, sign1
from openline.record.genesis import Genesis, make_genesis
from openline.record.hello import Hello, hello_frame, parse_hello_frame, verify_hello
from tests.unit.engine.pair import Pair, Side, hello_refused


def genesis_of(pair: Pair) -> Genesis:
    return make_genesis(pair.a.who.card, pair.b.who.card)


def hello_of(pair: Pair, side: Side) -> Hello:
    raw, _ = parse_hello_frame(side.post.hello(pair.now))
    genesis = genesis_of(pair)
    return verify_hello(genesis, genesis.party_of(side.who.card), raw)


def signed_hello(side: Side, payload: bytes, *, frame: bytes) -> bytes:
    """A HELLO frame with this payload, by the side's log key."""
    key = side.who.keys.log
    raw = sign1(payload, key.public_key().public_bytes_raw(), CONTEXT_HELLO, key.sign)
    return hello_frame(raw, parse_hello_frame(frame)[1])


def test_first_hello_has_zeros_then_names_the_peer() -> None:
    pair = Pair(connect=False, live=False)
    first = hello_of(pair, pair.a)
    assert first.peer_incarnation == bytes(16)
    pair.connect()
    pair.settle()
    assert hello_of(pair, pair.a).peer_incarnation == hello_of(pair, pair.b).incarnation
    assert hello_of(pair, pair.a).incarnation == first.incarnation


def test_only_a_hello_that_names_this_start_is_an_answer() -> None:
    pair = Pair(connect=False, live=False)
    zeros = pair.b.post.hello(pair.now)
    pair.a.post.hello_received(zeros, pair.now)
    assert pair.a.post.view(pair.now).record.state == "waiting"
    pair.b.post.hello_received(pair.a.post.hello(pair.now), pair.now)
    pair.a.post.hello_received(zeros, pair.now)
    assert pair.a.post.view(pair.now).record.state == "waiting"
    pair.connect()
    pair.settle()
    assert pair.a.post.view(pair.now).record.state == "live"


def test_text_before_the_answer_waits_in_the_outbox() -> None:
    pair = Pair(connect=False, live=False)
    pair.text(pair.a, "Early.")
    (taken,) = pair.a.taken()
    assert taken.item.startswith("outbox-")
    assert len(pair.a.store.outbox) == 1
    assert len(pair.a.store.entries[0]) == 2
    assert pair.a.post.view(pair.now).record.outbox == 1
    assert pair.ladder(pair.a, "Early.")["written"] == "done"
    pair.restart(pair.a, connect=False)
    assert pair.ladder(pair.a, "Early.")["receipted"] == "waiting"
    pair.connect()
    pair.settle()
    assert pair.ladder(pair.a, "Early.")["receipted"] == "done"
    assert pair.a.store.outbox == []
    (item,) = pair.texts(pair.a)
    assert item.replaces == taken.item
    assert pair.a.post.view(pair.now).record.outbox == 0
    assert len(pair.a.taken()) == 1


def variants(pair: Pair) -> dict[str, bytes]:
    """HELLOs of B that A must refuse."""
    good = pair.b.post.hello(pair.now)
    hello = hello_of(pair, pair.b)
    fields: list[Value] = [
        1, 1, hello.line, hello.author, hello.incarnation, hello.peer_incarnation,
        hello.own_size, hello.own_root, hello.held_size, hello.held_root,
    ]  # fmt: skip

    def changed(place: int, value: int | bytes) -> bytes:
        items = list(fields)
        items[place] = value
        return signed_hello(pair.b, encode(items), frame=good)

    raw, signature = parse_hello_frame(good)
    return {
        "record.version": changed(0, 2),
        "record.suite": changed(1, 2),
        "record.line": changed(2, bytes(16)),
        "record.author": changed(3, 1 - hello.author),
        "record.signature": hello_frame(raw[:-1] + bytes([raw[-1] ^ 1]), signature),
        "record.key_id": signed_hello(pair.a, encode(fields), frame=good),
        "record.genesis_signature": hello_frame(raw, raw),
        "record.hello": b"\xff" * 40,
    }


@pytest.mark.parametrize(
    "code",
    [
        "record.version",
        "record.suite",
        "record.line",
        "record.author",
        "record.signature",
        "record.key_id",
        "record.genesis_signature",
        "record.hello",
    ],
)
def test_wrong_hello_is_refused_with_its_code(code: str) -> None:
    pair = Pair()
    before = pair.a.post.view(pair.now)
    assert hello_refused(pair.a.post, variants(pair)[code], pair.now) == code
    pair.settle()
    assert pair.a.store.codes() == [code]
    assert pair.a.post.view(pair.now).record == before.record
    pair.text(pair.b, "Still here.")
    assert pair.ladder(pair.b, "Still here.")["receipted"] == "done"


def test_hello_of_an_earlier_start_is_refused() -> None:
    pair = Pair()
    old = pair.b.post.hello(pair.now)
    pair.restart(pair.b)
    pair.run(100)
    assert hello_refused(pair.a.post, old, pair.now) == "handshake.replayed"
    assert pair.a.post.view(pair.now).record.state == "live"


def test_stale_copy_of_a_hello_does_no_harm() -> None:
    pair = Pair()
    old = pair.b.post.hello(pair.now)
    for number in range(3):
        pair.text(pair.b, f"Text {number}")
        pair.text(pair.a, f"Back {number}")
    pair.a.post.hello_received(old, pair.now)
    pair.settle()
    assert pair.a.post.view(pair.now).alarms == ()
    pair.text(pair.a, "Goes on.")
    assert pair.ladder(pair.a, "Goes on.")["receipted"] == "done"
    assert pair.a.store.codes() == []


def test_genesis_signature_of_the_peer_is_kept() -> None:
    pair = Pair()
    assert set(pair.a.store.meta) >= {"genesis-signature-b"}
    assert set(pair.b.store.meta) >= {"genesis-signature-a"}


def test_hello_is_the_same_while_nothing_changes() -> None:
    pair = Pair()
    assert pair.a.post.hello(pair.now) is pair.a.post.hello(pair.now)
    before = pair.a.post.hello(pair.now)
    pair.text(pair.a, "News.")
    assert pair.a.post.hello(pair.now) != before
    assert pair.a.bodies(FrameClass.BATCH)


@pytest.mark.parametrize("who", ["a", "b"])
def test_lost_answer_is_asked_for(who: str) -> None:
    pair = Pair()
    side = pair.sides[who]
    pair.drop = lambda _to, frame_class, _body: frame_class == FrameClass.HELLO
    pair.restart(side)
    pair.restart(pair.other(side))
    pair.drop = lambda _to, _class, _body: False
    states = {one.post.view(pair.now).record.state for one in (pair.a, pair.b)}
    assert "waiting" in states
    pair.run(2_500)
    states = {one.post.view(pair.now).record.state for one in (pair.a, pair.b)}
    assert states == {"live"}
    hellos = [one.hellos for one in (pair.a, pair.b)]
    pair.run(20_000)
    assert [one.hellos for one in (pair.a, pair.b)] == hellos, "and then they are quiet"

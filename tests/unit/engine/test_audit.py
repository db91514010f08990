"""What a hostile peer that holds its own keys must not get out of a post."""

from dataclasses import replace

import pytest

from openline.engine.desk import AudioReport
from openline.engine.ports import ReadEntries
from openline.protocol.control import CALL
from openline.protocol.frames import BatchEntry, FrameClass, batch_frame, want_frame
from openline.record.cbor import decode, encode
from tests.unit.engine.pair import DESK, Pair, Side


def with_texts(count: int = 3) -> Pair:
    pair = Pair()
    for number in range(count):
        pair.text(pair.a, f"text {number}", f"r{number}")
        pair.run(300)
    return pair


def entry(side: Side, log: int, index: int) -> BatchEntry:
    held = side.store.entries[log][index]
    return BatchEntry(held.leaf, held.salt, held.body)


def control(pair: Pair, name: str, version: int, payload: dict[str, object]) -> bytes:
    incarnation = pair.b.post.hello(pair.now)
    del incarnation
    tag = decode(pair.b.bodies(FrameClass.CONTROL)[-1], 4096)
    assert isinstance(tag, list)
    return encode([tag[0], name, version, payload])  # type: ignore[list-item]  # made by the test


def said(call_id: bytes, **changes: object) -> dict[str, object]:
    return {
        "id": call_id,
        "manner": 1,
        "open": True,
        "talking": True,
        "outcome": "",
        "seq": 1,
    } | changes


@pytest.mark.parametrize("place", ["taken", "beyond"])
def test_our_own_entry_at_another_place_proves_nothing(place: str) -> None:
    """Only its author could sign it, but anybody can send it: the place is part of what it says."""
    pair = with_texts()
    own = 0
    size = pair.a.post.view(pair.now).record.own_size
    first = 1 if place == "taken" else size
    body = batch_frame(own, first, [entry(pair.b, own, 2)], None)
    pair.a.post.frame_received(FrameClass.BATCH, 900, body, pair.now)
    pair.settle()
    assert pair.a.post.view(pair.now).record.state == "live"
    pair.text(pair.a, "still writes", "r9")
    pair.run(500)
    assert pair.ladder(pair.a, "still writes")["receipted"] == "done"


def test_an_entry_of_the_peer_at_another_place_proves_nothing_either() -> None:
    pair = with_texts()
    size = pair.b.post.view(pair.now).record.own_size
    for first in (2, size):
        body = batch_frame(1, first, [entry(pair.b, 1, 1)], None)
        pair.a.post.frame_received(FrameClass.BATCH, 900, body, pair.now)
        pair.run(400)
    assert pair.a.post.view(pair.now).record.state == "live"


def test_an_old_entry_does_not_halt_a_post_that_is_being_restored() -> None:
    pair = with_texts()
    old = pair.a.store.copy()
    for number in range(3):
        pair.text(pair.a, f"later {number}", f"s{number}")
        pair.run(300)
    pair.restart(pair.a, old, connect=False)
    pair.connected = True
    pair.drop = lambda to, frame_class, _body: to == "a" and frame_class == FrameClass.BATCH
    pair.connect()
    pair.settle()
    start = pair.a.post.view(pair.now).record.own_size
    body = batch_frame(0, start, [entry(pair.b, 0, 2)], None)
    pair.a.post.frame_received(FrameClass.BATCH, 900, body, pair.now)
    pair.run(500)
    assert pair.a.post.view(pair.now).record.state == "restoring"
    pair.drop = lambda _to, _class, _body: False
    pair.run(6_000)
    assert pair.a.post.view(pair.now).record.state == "live"


@pytest.mark.parametrize("log", [0, 1])
def test_a_flood_of_wants_is_not_amplified(log: int) -> None:
    pair = with_texts(8)
    pair.restart(pair.a)  # nothing is in memory: what is asked for must be read
    pair.run(500)
    pair.disk_slow = True
    pair.a.sent.clear()
    for number in range(500):
        body = want_frame(log, 1 + number % 2)
        pair.a.post.frame_received(FrameClass.WANT, 1000 + number, body, pair.now)
        pair.shell(pair.a)
    assert sum(isinstance(item, ReadEntries) for item in pair.a.disk) <= 1
    pair.disk_slow = False
    pair.shell(pair.a)
    pair.disk(pair.a)
    pair.shell(pair.a)
    for number in range(500):
        body = want_frame(log, 1 + number % 2)
        pair.a.post.frame_received(FrameClass.WANT, 2000 + number, body, pair.now)
        pair.shell(pair.a)
        pair.disk(pair.a)
        pair.shell(pair.a)
    assert len(pair.a.bodies(FrameClass.BATCH)) <= 4


def test_long_texts_do_not_all_leave_at_once() -> None:
    pair = Pair()
    pair.drop = lambda to, _class, _body: to == "b"
    for number in range(40):
        pair.text(pair.a, f"{number} " + "x" * 14_000, f"r{number}")
    size = sum(len(body) for body in pair.a.bodies(FrameClass.BATCH))
    assert size < 400_000
    pair.drop = lambda _to, _class, _body: False
    pair.run(20_000)
    assert pair.a.post.view(pair.now).record.receipted >= 41
    pair.assert_identical()


def test_a_flood_of_calls_takes_no_room_from_the_officer() -> None:
    pair = Pair()
    pair.disk_slow = True
    for number in range(1_000):
        payload = said(number.to_bytes(8, "big"))
        body = control(pair, CALL, 1_000 + number, payload)
        pair.a.post.frame_received(FrameClass.CONTROL, 1_000 + number, body, pair.now)
        pair.shell(pair.a)
        pair.a.post.control_seen(
            (number + 5_000).to_bytes(4, "big"),
            call_open=True,
            talking=True,
            manner=1,
            talk_seq=1,
            now=pair.now,
        )
    pair.text(pair.a, "an officer's word", "r1")
    assert pair.a.refused() == []
    pair.disk_slow = False
    pair.run(3_000)
    assert pair.ladder(pair.a, "an officer's word")["receipted"] == "done"
    assert pair.a.post.view(pair.now).record.own_size < 300


def test_an_end_without_its_reason_is_no_officers_act() -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.run(200)
    tag = pair.a.block.call_tag if pair.a.block else b""
    pair.drop = lambda to, frame_class, _body: to == "a" and frame_class == FrameClass.CONTROL
    for is_open, seq in ((True, 50), (False, 51)):
        pair.a.post.control_seen(
            tag, call_open=is_open, talking=False, manner=1, talk_seq=seq, now=pair.now
        )
    pair.run(3_000)
    call = pair.a.post.view(pair.now).call
    assert call is not None
    assert call.state == "ended"
    assert call.outcome == "ended"


def test_a_page_that_nobody_can_see_has_shown_nothing() -> None:
    pair = Pair(desks=False)
    pair.b.post.desk_opened(DESK["b"], pair.now)
    hidden = AudioReport(mic="COLD", context="running", connection="connected", visible=False)
    pair.text(pair.a, "behind another window")
    for _ in range(20):
        pair.b.post.desk_alive(DESK["b"], hidden, pair.now)
        pair.run(50)
    assert pair.ladder(pair.a, "behind another window")["receipted"] == "done"
    assert pair.ladder(pair.a, "behind another window")["shown"] == "waiting"
    pair.b.post.desk_alive(DESK["b"], replace(hidden, visible=True), pair.now)
    pair.run(300)
    assert pair.ladder(pair.a, "behind another window")["shown"] == "done"


def test_a_page_that_does_not_answer_has_shown_nothing() -> None:
    pair = Pair(desks=False)
    pair.b.post.desk_opened(DESK["b"], pair.now)
    pair.text(pair.a, "to a page that hangs")
    pair.run(3_000)
    assert pair.b.post.view(pair.now).own_watch.hears is False
    assert pair.ladder(pair.a, "to a page that hangs")["shown"] == "waiting"


@pytest.mark.parametrize(("kind", "what"), [("shown", "upto"), ("opened", "index")])
def test_nobody_can_have_seen_what_was_not_yet_there(kind: str, what: str) -> None:
    pair = Pair()
    side = pair.b.post._record
    from openline.engine.authoring import Wish  # noqa: PLC0415 as above

    body = encode({what: 6})
    side.keeper.write(Wish(kind=kind, body=body, by_officer=kind == "opened"), None, "", pair.now)
    side.settle(pair.now)
    pair.run(500)
    pair.drop = lambda to, _class, _body: to == "b"
    for number in range(6):
        pair.text(pair.a, f"text {number}", f"r{number}")
    for number in range(6):
        ladder = pair.ladder(pair.a, f"text {number}")
        assert ladder["receipted"] == "waiting"
        assert ladder[kind] == "waiting"
    assert DESK

"""A reply in text that was promised: open on both sides until it comes."""

from typing import TYPE_CHECKING

import pytest

from openline.engine.call_views import PromiseView
from openline.protocol.call import Answer
from openline.protocol.frames import FrameClass
from openline.record.bodies import KIND_CALL
from openline.record.entry import encode_body
from tests.unit.engine.pair import DESK, Pair, Side

if TYPE_CHECKING:
    from openline.record.cbor import Value

SWAPPED = pytest.mark.parametrize("swapped", [False, True])
DUE_S = 600


def promised(swapped: bool) -> Pair:  # noqa: FBT001 - parameter
    pair = Pair(swapped=swapped)
    pair.talk(pair.a)
    pair.b.post.answer(DESK["b"], Answer.REPLY, DUE_S, pair.now)
    pair.settle()
    pair.run(500)
    return pair


def promises(pair: Pair, side: Side) -> tuple[PromiseView, ...]:
    return side.post.view(pair.now).promises


def alarms(pair: Pair, side: Side) -> dict[str, dict[str, str | int]]:
    return {alarm.code: alarm.facts for alarm in side.post.view(pair.now).alarms}


@SWAPPED
def test_open_on_both_sides_and_kept_by_a_later_text(swapped: bool) -> None:  # noqa: FBT001 - parameter
    pair = promised(swapped)
    for side, whose in ((pair.a, "peer"), (pair.b, "own")):
        (open_,) = promises(pair, side)
        assert (open_.whose, open_.overdue, open_.label) == (whose, False, False)
        assert abs(open_.due_wall_ms - pair.now.wall_ms - 1000 * DUE_S) <= 1_000
        assert any(item.id == open_.item for item in side.post.timeline(10))
    pair.text(pair.a, "we wait", "r1")
    pair.run(500)
    assert promises(pair, pair.a), "the other side's text keeps nothing"
    assert promises(pair, pair.b)
    pair.text(pair.b, "our answer", "r2")
    pair.run(500)
    for side in (pair.a, pair.b):
        assert promises(pair, side) == ()
    pair.run(1000 * DUE_S + 1_000, step=1_000)
    assert alarms(pair, pair.a) == alarms(pair, pair.b) == {}


@SWAPPED
def test_overdue_is_an_alarm_on_both_sides_until_the_text_comes(swapped: bool) -> None:  # noqa: FBT001 - parameter
    pair = promised(swapped)
    pair.run(1000 * DUE_S - 2_000, step=500)
    assert alarms(pair, pair.a) == alarms(pair, pair.b) == {}
    pair.run(3_000)
    assert alarms(pair, pair.a) == {"reply_overdue": {"own": 0, "peer": 1}}
    assert alarms(pair, pair.b) == {"reply_overdue": {"own": 1, "peer": 0}}
    assert promises(pair, pair.a)[0].overdue
    pair.text(pair.b, "late, but here")
    pair.run(500)
    for side in (pair.a, pair.b):
        assert alarms(pair, side) == {}


@SWAPPED
@pytest.mark.parametrize("who", ["a", "b"])
def test_survives_a_restart_and_is_then_due_by_a_label(who: str, swapped: bool) -> None:  # noqa: FBT001 - parameter
    pair = promised(swapped)
    side = pair.sides[who]
    due = promises(pair, side)[0].due_wall_ms
    pair.restart(side)
    pair.run(500)
    (open_,) = promises(pair, side)
    assert (open_.due_wall_ms, open_.label, open_.overdue) == (due, True, False)
    assert not promises(pair, pair.other(side))[0].label
    pair.run(1000 * DUE_S, step=1_000)
    assert "reply_overdue" in alarms(pair, side)
    pair.text(pair.b, "here")
    pair.run(500)
    pair.restart(side)
    pair.run(500)
    assert promises(pair, side) == ()


def test_within_a_start_a_jumping_wall_clock_makes_nothing_overdue() -> None:
    pair = promised(swapped=False)
    pair.now = type(pair.now)(pair.now.mono_ms, pair.now.wall_ms + 90 * 60_000)
    pair.run(500)
    assert alarms(pair, pair.a) == alarms(pair, pair.b) == {}


def test_the_other_sides_word_binds_nobody() -> None:
    """A caller whose account says that we promised, and ours does not."""
    pair = Pair()
    pair.talk(pair.a)
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.settle()
    body: dict[str, Value] = {
        "id": bytes(8),
        "role": "caller",
        "manner": "announce",
        "outcome": "reply_promised",
        "answer": "reply",
        "due_s": 60,
        "start_ms": 1,
        "end_ms": 2,
    }
    wish_in(pair, pair.a, encode_body(body))
    pair.run(1_000)
    assert promises(pair, pair.b) == ()
    assert promises(pair, pair.a), "its own account is its own business"


def wish_in(pair: Pair, side: Side, body: bytes) -> None:
    """An account as a post of other make might write it."""
    from openline.engine.authoring import Wish  # noqa: PLC0415 - what a post has inside

    keeper = side.post._record.keeper
    keeper.write(Wish(kind=KIND_CALL, body=body, by_officer=False), None, "", pair.now)


@SWAPPED
def test_a_text_on_its_way_is_no_reply(swapped: bool) -> None:  # noqa: FBT001 - parameter
    """Written before the promise, and it arrives after the call: it keeps nothing."""
    pair = Pair(swapped=swapped)
    pair.drop = lambda to, frame_class, _body: to == "a" and frame_class == FrameClass.BATCH
    pair.text(pair.b, "written before")
    pair.talk(pair.a)
    pair.b.post.answer(DESK["b"], Answer.REPLY, DUE_S, pair.now)
    pair.settle()
    assert pair.texts(pair.a) == []
    pair.drop = lambda _to, _class, _body: False
    pair.run(6_000)
    assert len(pair.texts(pair.a)) == 1
    for side in (pair.a, pair.b):
        assert len(promises(pair, side)) == 1
        pair.restart(side)
        pair.run(1_000)
        assert len(promises(pair, side)) == 1

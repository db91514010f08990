"""Open both ways: two officers' own acts, and either ends it at once."""

import pytest

from openline.engine.desk import StopTalking
from openline.engine.ports import PostSettings
from openline.protocol.call import Manner
from openline.protocol.manners import Accepts
from tests.unit.engine.pair import DESK, Pair, Side
from tests.unit.engine.test_calls import accounts, call

BOTH = pytest.mark.parametrize("first", ["a", "b"])
OVER = "call.two_way_over"


def consent(pair: Pair, side: Side, *, on: bool = True) -> None:
    side.post.two_way(DESK[side.letter], on=on, now=pair.now)
    pair.settle()


def words(pair: Pair) -> tuple[str, str]:
    return call(pair, pair.a).two_way, call(pair, pair.b).two_way


def in_call(**settings: object) -> Pair:
    """A taken call, both keys up."""
    pair = Pair(**settings)  # type: ignore[arg-type] # handed on as they are
    pair.talk(pair.a)
    pair.talk(pair.a, on=False)
    pair.talk(pair.b)
    pair.talk(pair.b, on=False)
    return pair


def opened(first: str) -> Pair:
    """Open both ways, and both pages latched."""
    pair = in_call()
    one = pair.sides[first]
    consent(pair, one)
    consent(pair, pair.other(one))
    assert words(pair) == ("open", "open")
    pair.talk(pair.a)
    pair.talk(pair.b)
    assert call(pair, pair.a).own_talking
    assert call(pair, pair.a).peer_talking
    return pair


@BOTH
@pytest.mark.parametrize("swapped", [False, True])
def test_open_only_by_both_and_nobody_is_told_to_transmit(first: str, swapped: bool) -> None:  # noqa: FBT001 - parameter
    pair = in_call(swapped=swapped)
    for side in (pair.a, pair.b):
        side.desk_events.clear()
    one = pair.sides[first]
    other = pair.other(one)
    consent(pair, one)
    assert call(pair, one).two_way == "asked_here"
    assert call(pair, other).two_way == "asked_there"
    consent(pair, other)
    assert words(pair) == ("open", "open")
    for side in (pair.a, pair.b):
        assert not call(pair, side).own_talking, "a consent is not a transmission"
        assert side.block is not None
        assert not side.block.talking
        assert side.stops() == []


@BOTH
@pytest.mark.parametrize("ends", ["a", "b"])
def test_either_ends_it_at_once(first: str, ends: str) -> None:
    pair = opened(first)
    consent(pair, pair.sides[ends], on=False)
    assert words(pair) == ("none", "none")
    for side in (pair.a, pair.b):
        assert side.stops() == [OVER]
        assert not call(pair, side).own_talking
        assert call(pair, side).state == "taken", "the call goes on, one at a time"
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.settle()
    for side in (pair.a, pair.b):
        assert accounts(pair, side)[0]["two_way"] is True


@BOTH
def test_unanswered_it_lapses_after_half_a_minute(first: str) -> None:
    pair = in_call()
    one = pair.sides[first]
    consent(pair, one)
    pair.run(29_900)
    assert call(pair, one).two_way == "asked_here"
    pair.run(150)
    assert words(pair) == ("none", "none")
    consent(pair, pair.other(one))
    assert call(pair, one).two_way == "asked_there", "a lapsed consent opens nothing"


@BOTH
def test_a_consent_that_was_used_is_never_used_again(first: str) -> None:
    """The end is not heard, and the side that ended asks again: that opens nothing by itself."""
    pair = opened(first)
    pair.drop = lambda to, _class, _body: to == "b"
    consent(pair, pair.a, on=False)
    assert words(pair) == ("none", "open")
    consent(pair, pair.a)
    assert call(pair, pair.a).two_way == "asked_here", "their consent was for what is over"
    pair.drop = lambda _to, _class, _body: False
    pair.run(2_100)
    assert words(pair) == ("asked_here", "asked_there")
    assert pair.b.stops() == [OVER]
    consent(pair, pair.b)
    assert words(pair) == ("open", "open")


@BOTH
def test_desk_lost_ends_it(first: str) -> None:
    pair = opened(first)
    side = pair.sides[first]
    side.post.desk_closed(DESK[first], pair.now)
    pair.settle()
    assert words(pair) == ("none", "none")
    assert pair.other(side).stops() == [OVER]
    assert not call(pair, pair.other(side)).peer_talking
    assert call(pair, side).holder == ""
    assert call(pair, side).state == "taken"


@BOTH
def test_frozen_desk_ends_it(first: str) -> None:
    pair = opened(first)
    pair.desks_alive = False
    pair.run(5_200)
    assert words(pair) == ("none", "none")
    assert not call(pair, pair.a).own_talking
    assert not call(pair, pair.b).own_talking
    assert {OVER} == set(pair.a.stops() + pair.b.stops())


def test_end_of_the_call_ends_it_and_a_late_latch_begins_none() -> None:
    pair = opened("a")
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.settle()
    assert pair.a.stops() == pair.b.stops() == ["call.ended"]
    pair.b.desk_events.clear()
    pair.talk(pair.b)  # its page had not heard yet, and latches
    assert pair.b.stops() == [OVER]
    assert call(pair, pair.b).state == "ended"
    pair.run(1_000)
    pair.talk(pair.b)
    assert call(pair, pair.b).role == "caller", "a press later is a press"


def test_who_ended_it_may_press_at_once() -> None:
    pair = opened("a")
    consent(pair, pair.a, on=False)
    pair.talk(pair.a)
    assert call(pair, pair.a).own_talking


def test_who_ended_it_and_asks_anew_does_not_latch_by_what_it_saw_before() -> None:
    """Found by the simulation, seed 139."""
    pair = opened("a")
    consent(pair, pair.a, on=False)
    consent(pair, pair.a)
    pair.a.desk_events.clear()
    pair.talk(pair.a)
    assert pair.a.stops() == [OVER]
    assert not call(pair, pair.a).own_talking


@pytest.mark.parametrize("what", ["restart", "link"])
def test_restart_and_link_loss_end_it(what: str) -> None:
    pair = opened("a")
    if what == "restart":
        pair.restart(pair.b)
    else:
        pair.cut()
    pair.run(10_200)
    reason = "call.restart" if what == "restart" else "call.link_down"
    assert pair.a.stops() == [reason]
    assert pair.a.block is not None
    assert not pair.a.block.talking


@pytest.mark.parametrize("swapped", [False, True])
def test_a_call_may_begin_by_asking_and_rings_there(swapped: bool) -> None:  # noqa: FBT001 - parameter
    pair = Pair(swapped=swapped)
    pair.a.post.talk(DESK["a"], on=True, now=pair.now, manner=Manner.TWO_WAY)
    pair.settle()
    assert call(pair, pair.b).manner == call(pair, pair.a).manner == "two_way"
    assert pair.b.gates() == [], "it rings: no loudspeaker opens"
    assert words(pair) == ("asked_here", "asked_there")
    consent(pair, pair.b)
    assert words(pair) == ("open", "open")
    for side in (pair.a, pair.b):
        assert call(pair, side).state == "taken"
        assert side.gates() == [True]
    assert not call(pair, pair.b).own_talking


def test_asking_rings_on_after_the_consent_lapsed() -> None:
    pair = Pair()
    pair.a.post.talk(DESK["a"], on=True, now=pair.now, manner=Manner.TWO_WAY)
    pair.run(40_000)
    assert words(pair) == ("none", "none")
    pair.talk(pair.b)
    assert call(pair, pair.a).state == "taken", "by the talk key it is taken one way"
    assert words(pair) == ("none", "none")


@pytest.mark.parametrize("refuses", ["a", "b"])
def test_a_setting_that_refuses_it_holds_for_the_own_officer_too(refuses: str) -> None:
    never = PostSettings(accepts=Accepts(two_way="never"))
    settled = {"settings" if refuses == "a" else "settings_b": never}
    pair = Pair(**{"settings": PostSettings(), "settings_b": PostSettings()} | settled)  # type: ignore[arg-type] # two of its settings
    pair.talk(pair.a)
    pair.talk(pair.b)
    consent(pair, pair.sides[refuses])
    assert [event.code for event in pair.sides[refuses].refused()] == ["call.setting"]
    assert words(pair) == ("none", "none")


def test_without_a_call_there_is_nothing_to_consent_to() -> None:
    pair = Pair()
    consent(pair, pair.a)
    assert [event.code for event in pair.a.refused()] == ["call.none"]


def test_takeover_ends_it() -> None:
    pair = opened("b")
    pair.a.post.desk_opened(b"desk-a-2", pair.now)
    pair.a.post.take_over(b"desk-a-2", pair.now)
    pair.settle()
    told = [
        event.reason
        for desk, event in pair.a.desk_events
        if isinstance(event, StopTalking) and desk == DESK["a"]
    ]
    assert "call.taken_over" in told
    assert words(pair) == ("none", "none")
    assert not call(pair, pair.a).own_talking
    assert call(pair, pair.a).holder == b"desk-a-2".hex()

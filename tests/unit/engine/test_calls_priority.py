"""Precedence: what interrupts what, how often, and what it can never open."""

import pytest

from openline.engine.desk import Seat
from openline.engine.ports import PostSettings
from openline.protocol.call import Precedence
from openline.protocol.frames import FrameClass
from openline.protocol.manners import Accepts
from tests.unit.engine.pair import DESK, Pair, Side
from tests.unit.engine.test_calls import accounts, call
from tests.unit.engine.test_calls_answers import compared

SWAPPED = pytest.mark.parametrize("swapped", [False, True])


def press(pair: Pair, side: Side, precedence: Precedence, desk: bytes = b"") -> None:
    name = desk or DESK[side.letter]
    side.post.talk(name, on=True, now=pair.now, precedence=precedence)
    pair.settle()


@SWAPPED
@pytest.mark.parametrize("who", ["a", "b"])
@pytest.mark.parametrize("taken", [False, True])
def test_a_higher_call_interrupts_at_both_sides(who: str, taken: bool, swapped: bool) -> None:  # noqa: FBT001 - parameters
    pair = Pair(swapped=swapped)
    pair.talk(pair.a)
    first = call(pair, pair.a).call
    if taken:
        pair.talk(pair.b)
    one = pair.sides[who]
    press(pair, one, Precedence.FLASH)
    for side in (pair.a, pair.b):
        assert call(pair, side).call != first
        assert call(pair, side).precedence == "FLASH"
        assert call(pair, side).state == "announcing"
        (account,) = accounts(pair, side)
        assert (account["outcome"], account["precedence"]) == ("interrupted", "ROUTINE")
    assert call(pair, one).role == "caller"
    other = pair.other(one)
    if taken or other is pair.a:
        assert other.stops() == ["call.interrupted"], "its officer presses anew, or does not"
    assert not call(pair, other).own_talking
    assert other.block is not None
    assert not other.block.talking
    assert compared(pair) == {("match", "")}


def test_the_end_is_not_heard_first() -> None:
    for cells in (False, True):
        pair = Pair()
        pair.talk(pair.a)
        pair.talk(pair.b)
        pair.drop = lambda _to, frame_class, _body: frame_class == FrameClass.CONTROL
        press(pair, pair.a, Precedence.IMMEDIATE)
        if cells:
            pair.cells()
            assert call(pair, pair.b).precedence == "IMMEDIATE", "the cell says so"
        pair.drop = lambda _to, _class, _body: False
        pair.run(2_100)
        assert call(pair, pair.a).call == call(pair, pair.b).call
        assert accounts(pair, pair.a)[0]["outcome"] == "interrupted"
        assert accounts(pair, pair.b)[0]["outcome"] == "ended", "nobody told it why"
        assert compared(pair) == {("match", "")}


@SWAPPED
def test_silenced_stays_silenced_also_if_the_end_was_not_heard(swapped: bool) -> None:  # noqa: FBT001 - parameter
    pair = Pair(swapped=swapped)
    pair.talk(pair.a)
    pair.b.post.silence_call(DESK["b"], pair.now)
    pair.settle()
    pair.drop = lambda _to, frame_class, _body: frame_class == FrameClass.CONTROL
    press(pair, pair.a, Precedence.FLASH)
    pair.cells()
    pair.drop = lambda _to, _class, _body: False
    pair.run(2_100)
    assert call(pair, pair.b).precedence == "FLASH"
    assert pair.b.gates() == [True, False]


@pytest.mark.parametrize("precedence", [Precedence.ROUTINE, Precedence.PRIORITY])
def test_what_is_not_higher_talks_in_the_call(precedence: Precedence) -> None:
    pair = Pair()
    press(pair, pair.a, Precedence.PRIORITY)
    first = call(pair, pair.a).call
    pair.talk(pair.a, on=False)
    press(pair, pair.b, precedence)
    press(pair, pair.a, precedence)
    assert call(pair, pair.a).call == call(pair, pair.b).call == first
    assert call(pair, pair.a).state == "taken"


@SWAPPED
@pytest.mark.parametrize("higher", ["a", "b"])
@pytest.mark.parametrize("cells", [False, True])
def test_both_at_once_the_higher_stands(higher: str, cells: bool, swapped: bool) -> None:  # noqa: FBT001 - parameters
    for _ in range(4):  # whatever the tags
        pair = Pair(swapped=swapped)
        if cells:
            pair.drop = lambda _to, frame_class, _body: frame_class == FrameClass.CONTROL
        for letter, side in pair.sides.items():
            precedence = Precedence.PRIORITY if letter == higher else Precedence.ROUTINE
            side.post.talk(DESK[letter], on=True, now=pair.now, precedence=precedence)
        pair.settle()
        for _ in range(3):
            pair.cells()
        assert call(pair, pair.a).call == call(pair, pair.b).call
        assert call(pair, pair.sides[higher]).role == "caller"
        for side in (pair.a, pair.b):
            assert call(pair, side).precedence == "PRIORITY"
            assert call(pair, side).state == "taken"
        pair.drop = lambda _to, _class, _body: False
        pair.a.post.end_call(DESK["a"], pair.now)
        pair.settle()
        pair.run(2_500)
        assert len(accounts(pair, pair.a)) == len(accounts(pair, pair.b)) == 1


def test_a_call_that_gave_way_does_not_come_back_after_a_restart() -> None:
    pair = Pair()
    for letter, side in pair.sides.items():
        precedence = Precedence.FLASH if letter == "a" else Precedence.ROUTINE
        side.post.talk(DESK[letter], on=True, now=pair.now, precedence=precedence)
    pair.settle()
    pair.restart(pair.a)
    pair.run(4_000)
    assert pair.a.post.view(pair.now).call is None, "B's frames still name the call that never was"


@SWAPPED
def test_urgent_calls_beyond_the_limit_count_as_routine_at_both(swapped: bool) -> None:  # noqa: FBT001 - parameter
    pair = Pair(swapped=swapped, settings=PostSettings(announces_per_hour=50))
    for number in range(8):
        press(pair, pair.a, Precedence.FLASH if number % 2 else Precedence.IMMEDIATE)
        word = ("FLASH" if number % 2 else "IMMEDIATE") if number < 6 else "ROUTINE"
        for side in (pair.a, pair.b):
            assert call(pair, side).precedence == word
        pair.a.post.end_call(DESK["a"], pair.now)
        pair.settle()
    press(pair, pair.b, Precedence.FLASH)
    assert call(pair, pair.a).precedence == "FLASH", "each side has its own six"
    pair.b.post.end_call(DESK["b"], pair.now)
    pair.run(3_600_000, step=3_600_000)
    pair.run(200)
    press(pair, pair.a, Precedence.FLASH)
    assert call(pair, pair.b).precedence == "FLASH", "an hour later they count again"


def test_beyond_the_limit_it_does_not_interrupt_its_own_call_again_and_again() -> None:
    pair = Pair()
    for _ in range(6):
        press(pair, pair.a, Precedence.FLASH)
        pair.a.post.end_call(DESK["a"], pair.now)
        pair.settle()
    press(pair, pair.a, Precedence.FLASH)
    first = call(pair, pair.a).call
    pair.talk(pair.a, on=False)
    press(pair, pair.a, Precedence.FLASH)
    assert call(pair, pair.a).call == first


def test_a_caller_that_ignores_the_limit_is_counted_by_the_called_side() -> None:
    pair = Pair(settings=PostSettings(announces_per_hour=50))
    for number in range(8):
        tag = bytes((1, 1, 1, number + 1))
        flash = 1 | int(Precedence.FLASH) << 4
        for seq, stands in ((1, True), (2, False)):
            pair.b.post.control_seen(
                tag, call_open=stands, talking=stands, manner=flash, talk_seq=seq, now=pair.now
            )
            if stands:
                wanted = "FLASH" if number < 6 else "ROUTINE"
                assert call(pair, pair.b).precedence == wanted
        pair.settle()
        pair.run(600)


@SWAPPED
def test_no_precedence_opens_what_was_silenced_limited_or_set(swapped: bool) -> None:  # noqa: FBT001 - parameter
    pair = Pair(swapped=swapped)
    pair.talk(pair.a)
    pair.b.post.silence_call(DESK["b"], pair.now)
    pair.settle()
    press(pair, pair.a, Precedence.FLASH)
    assert call(pair, pair.b).precedence == "FLASH"
    assert pair.b.gates() == [True, False], "silenced it was, silenced it stays"
    assert call(pair, pair.a).silenced == "peer"

    limited = Pair(swapped=swapped, settings=PostSettings(announces_per_hour=0))
    press(limited, limited.a, Precedence.FLASH)
    assert call(limited, limited.b).manner == "ring"
    assert limited.b.gates() == []

    shut = Pair(
        swapped=swapped, settings_b=PostSettings(accepts=Accepts(announce="never", ring="never"))
    )
    press(shut, shut.a, Precedence.FLASH)
    assert call(shut, shut.a).outcome == "refused_by_setting"
    assert shut.b.gates() == []


def test_another_desk_may_interrupt_but_no_other_role() -> None:
    pair = Pair()
    pair.a.post.desk_opened(b"desk-a-2", pair.now)
    pair.a.post.desk_opened(b"desk-a-3", pair.now, Seat(slot=2, role="interpreter"))
    pair.talk(pair.a)
    first = call(pair, pair.a).call
    pair.talk(pair.a, on=False)
    press(pair, pair.a, Precedence.FLASH, b"desk-a-3")
    assert call(pair, pair.a).call == first
    press(pair, pair.a, Precedence.FLASH, b"desk-a-2")
    assert call(pair, pair.a).call != first
    assert call(pair, pair.a).holder == b"desk-a-2".hex()

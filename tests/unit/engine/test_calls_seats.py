"""Who has the call, who may talk in it, and how it changes hands."""

import pytest

from openline.engine.desk import Refused, Role, Seat, StopTalking
from openline.protocol.call import Answer
from tests.unit.engine.pair import DESK, Pair, Side
from tests.unit.engine.test_calls import REPORT, call

SECOND, THIRD = b"desk-x-2", b"desk-x-3"
BOTH = pytest.mark.parametrize("who", ["a", "b"])


def with_seats(who: str, second: Role = "principal", third: Role = "listener") -> tuple[Pair, Side]:
    pair = Pair()
    side = pair.sides[who]
    side.post.desk_opened(SECOND, pair.now, Seat(slot=1, role=second, officer="W-2"))
    side.post.desk_opened(THIRD, pair.now, Seat(slot=2, role=third))
    pair.settle()
    return pair, side


def press(pair: Pair, side: Side, desk: bytes, *, on: bool = True) -> None:
    side.post.talk(desk, on=on, now=pair.now)
    pair.settle()


def told(side: Side, desk: bytes) -> list[str]:
    """What that desk was refused or stopped for."""
    return [
        event.reason if isinstance(event, StopTalking) else event.code
        for name, event in side.desk_events
        if name == desk and isinstance(event, StopTalking | Refused)
    ]


@BOTH
def test_first_to_press_has_it_and_others_see_who(who: str) -> None:
    pair, side = with_seats(who)
    pair.talk(pair.other(side))
    assert call(pair, side).holder == ""
    press(pair, side, SECOND)
    assert call(pair, side).holder == SECOND.hex()
    press(pair, side, DESK[who])
    assert told(side, DESK[who]) == ["call.held_elsewhere"]
    assert call(pair, pair.other(side)).holder == DESK[pair.other(side).letter].hex()
    desks = {view.desk: view for view in side.post.view(pair.now).desks}
    assert [view.slot for view in side.post.view(pair.now).desks] == [0, 1, 2]
    assert desks[SECOND.hex()].talking
    assert desks[SECOND.hex()].officer == "W-2"
    assert desks[DESK[who].hex()].officer == "W-1"
    assert not desks[DESK[who].hex()].talking
    assert desks[THIRD.hex()].role == "listener"


@BOTH
def test_taken_over_by_hand_and_the_other_desk_stops(who: str) -> None:
    pair, side = with_seats(who)
    press(pair, side, SECOND)
    side.post.take_over(DESK[who], pair.now)
    pair.settle()
    assert call(pair, side).holder == DESK[who].hex()
    assert told(side, SECOND) == ["call.taken_over"]
    assert not call(pair, side).own_talking
    assert not call(pair, pair.other(side)).peer_talking
    press(pair, side, DESK[who])
    assert call(pair, pair.other(side)).peer_talking
    press(pair, side, SECOND)
    assert told(side, SECOND) == ["call.taken_over", "call.held_elsewhere"]


@BOTH
def test_holder_lost_the_call_stays_and_the_next_has_it(who: str) -> None:
    pair, side = with_seats(who)
    pair.talk(pair.other(side))
    press(pair, side, SECOND)
    side.post.desk_closed(SECOND, pair.now)
    pair.settle()
    assert call(pair, side).state == "taken"
    assert call(pair, side).holder == ""
    assert not call(pair, side).own_talking
    press(pair, side, DESK[who])
    assert call(pair, side).holder == DESK[who].hex()


@pytest.mark.parametrize("role", ["note_taker", "listener", "interpreter"])
def test_only_a_principal_takes_begins_answers_and_ends(role: Role) -> None:
    pair, side = with_seats("b", second=role)
    press(pair, side, SECOND)
    assert told(side, SECOND) == ["call.role"]
    assert side.post.view(pair.now).call is None, "it began nothing"
    pair.talk(pair.a)
    press(pair, side, SECOND)
    side.post.answer(SECOND, Answer.HEARD, 0, pair.now)
    side.post.two_way(SECOND, on=True, now=pair.now)
    side.post.take_over(SECOND, pair.now)
    side.post.silence_call(SECOND, pair.now)
    side.post.end_call(SECOND, pair.now)
    pair.settle()
    assert told(side, SECOND) == ["call.role"] * 7
    for each in (pair.a, pair.b):
        view = call(pair, each)
        assert (view.state, view.answer, view.two_way) == ("announcing", "", "none")
    assert pair.b.gates() == [True], "but it hears"


@BOTH
def test_an_interpreter_talks_in_an_open_call_one_after_the_other(who: str) -> None:
    pair, side = with_seats(who, second="interpreter")
    pair.talk(pair.other(side))
    press(pair, side, DESK[who])
    press(pair, side, SECOND)
    assert told(side, SECOND) == ["call.talking_elsewhere"]
    press(pair, side, DESK[who], on=False)
    press(pair, side, SECOND)
    assert call(pair, pair.other(side)).peer_talking
    assert call(pair, side).holder == DESK[who].hex(), "the principal still has it"


def test_an_interpreter_talks_beside_a_latched_principal() -> None:
    pair, side = with_seats("b", second="interpreter")
    pair.talk(pair.a)
    for each in (pair.a, pair.b):
        each.post.two_way(DESK[each.letter], on=True, now=pair.now)
        pair.settle()
    pair.talk(pair.b)
    press(pair, side, SECOND)
    assert told(side, SECOND) == []
    press(pair, side, DESK["b"], on=False)
    assert call(pair, pair.a).peer_talking, "the interpreter still speaks"
    press(pair, side, SECOND, on=False)
    assert not call(pair, pair.a).peer_talking


@pytest.mark.parametrize("role", ["note_taker", "listener"])
def test_who_only_hears_never_talks_even_in_two_way(role: Role) -> None:
    pair, side = with_seats("a", second=role)
    pair.talk(pair.b)
    pair.talk(pair.a)
    pair.talk(pair.a, on=False)
    press(pair, side, SECOND)
    assert told(side, SECOND) == ["call.role"]
    assert not call(pair, side).own_talking


def test_a_desk_that_fell_silent_comes_back_with_the_role_it_had() -> None:
    pair, side = with_seats("a", second="listener")
    pair.run(6_000)
    assert [view.hears for view in side.post.view(pair.now).desks if view.desk == SECOND.hex()] == [
        False
    ]
    side.post.desk_alive(SECOND, REPORT, pair.now)
    press(pair, side, SECOND)
    assert told(side, SECOND) == ["call.role"]


def test_a_principal_who_becomes_a_listener_stops_and_has_it_no_more() -> None:
    pair, side = with_seats("a")
    press(pair, side, SECOND)
    side.post.seated(SECOND, Seat(slot=1, role="listener"), pair.now)
    pair.settle()
    assert told(side, SECOND) == ["call.role"]
    assert call(pair, side).holder == ""
    assert not call(pair, side).own_talking
    press(pair, side, SECOND)
    assert told(side, SECOND) == ["call.role", "call.role"]


def test_nothing_is_taken_over_before_it_is_taken() -> None:
    pair, side = with_seats("b")
    pair.talk(pair.a)
    side.post.take_over(SECOND, pair.now)
    pair.settle()
    assert told(side, SECOND) == ["call.none"]
    assert call(pair, pair.a).state == "announcing"


def test_none_of_it_crosses_the_line() -> None:
    pair, side = with_seats("a")
    press(pair, side, SECOND)
    side.post.take_over(DESK["a"], pair.now)
    pair.settle()
    for frame in side.sent:
        for word in (b"holder", b"principal", b"listener", b"W-2", SECOND, DESK["a"]):
            assert word not in frame.body

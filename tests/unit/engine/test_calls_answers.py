"""What the called officer can answer, one act each, and how both sides account for it."""

import pytest

from openline.engine.ports import PostSettings
from openline.protocol.call import Answer
from openline.protocol.frames import FrameClass
from tests.unit.engine.pair import DESK, Pair
from tests.unit.engine.test_calls import accounts, call

SWAPPED = pytest.mark.parametrize("swapped", [False, True])


def answer(pair: Pair, answer_: Answer, due_s: int = 0) -> None:
    pair.b.post.answer(DESK["b"], answer_, due_s, pair.now)
    pair.settle()


def refused(pair: Pair) -> list[str]:
    return [event.code for event in pair.b.refused()]


def compared(pair: Pair) -> set[tuple[object, object]]:
    """Of every account of a call that either post shows, how it stands to the other's."""
    return {
        (item.facts.get("compare"), item.facts.get("differs"))
        for side in (pair.a, pair.b)
        for item in side.post.timeline(100)
        if item.kind == "call"
    }


@SWAPPED
def test_heard_says_that_an_officer_pressed_and_nothing_more(swapped: bool) -> None:  # noqa: FBT001 - parameter
    pair = Pair(swapped=swapped)
    pair.talk(pair.a)
    answer(pair, Answer.HEARD)
    for side in (pair.a, pair.b):
        assert call(pair, side).answer == "heard"
        assert call(pair, side).state == "announcing"
        assert call(pair, side).answer_due_ms is None
    assert not call(pair, pair.a).peer_sounded, "an officer pressed; no machine said that it played"
    assert pair.a.gates() == []
    pair.run(60_100)
    for side in (pair.a, pair.b):
        (account,) = accounts(pair, side)
        assert (account["outcome"], account["answer"]) == ("untaken", "heard")
        assert (account["pressed"], account["sounded"], account["taken"]) == (True, False, False)
    assert compared(pair) == {("match", "")}


@SWAPPED
def test_sounded_is_no_press(swapped: bool) -> None:  # noqa: FBT001 - parameter
    pair = Pair(swapped=swapped)
    pair.talk(pair.a)
    pair.b.post.sounded(DESK["b"], call(pair, pair.b).call, pair.now)
    pair.run(60_100)
    for side in (pair.a, pair.b):
        (account,) = accounts(pair, side)
        assert (account["pressed"], account["sounded"]) == (False, True)
        assert account["answer"] == ""


@SWAPPED
def test_held_while_the_principal_is_found_waits_for_the_announced_time(swapped: bool) -> None:  # noqa: FBT001 - parameter
    pair = Pair(swapped=swapped)
    pair.talk(pair.a)
    pair.talk(pair.a, on=False)
    answer(pair, Answer.FETCHING, 300)
    for side in (pair.a, pair.b):
        view = call(pair, side)
        assert (view.state, view.answer, view.answer_due_ms) == ("held", "fetching", 300_000)
        assert view.ends_in_ms == 360_000
    pair.run(299_900)
    for side in (pair.a, pair.b):
        assert call(pair, side).state == "held", "the untaken clock waits"
        assert [alarm.code for alarm in side.post.view(pair.now).alarms] == []
    pair.run(150)
    for side in (pair.a, pair.b):
        assert call(pair, side).answer_due_ms == -50
        assert [alarm.code for alarm in side.post.view(pair.now).alarms] == ["eta_overdue"]
    pair.run(60_000)
    for side in (pair.a, pair.b):
        assert call(pair, side).outcome == "untaken"
        assert [alarm.code for alarm in side.post.view(pair.now).alarms] == []
        (account,) = accounts(pair, side)
        assert (account["held"], account["answer"], account["due_s"]) == (True, "fetching", 300)
    assert compared(pair) == {("match", "")}


@SWAPPED
def test_another_eta_takes_the_place_of_the_first_also_if_it_is_the_same(swapped: bool) -> None:  # noqa: FBT001 - parameter
    pair = Pair(swapped=swapped)
    pair.talk(pair.a)
    answer(pair, Answer.FETCHING, 120)
    pair.run(119_000)
    answer(pair, Answer.FETCHING, 120)
    for side in (pair.a, pair.b):
        assert call(pair, side).answer_due_ms == 120_000
    pair.run(130_000)
    assert [alarm.code for alarm in pair.a.post.view(pair.now).alarms] == ["eta_overdue"]
    answer(pair, Answer.FETCHING, 600)
    pair.run(100)
    for side in (pair.a, pair.b):
        assert [alarm.code for alarm in side.post.view(pair.now).alarms] == []
    pair.talk(pair.b)
    for side in (pair.a, pair.b):
        assert call(pair, side).state == "taken"
        assert call(pair, side).answer_due_ms is None


@SWAPPED
def test_answers_never_go_back(swapped: bool) -> None:  # noqa: FBT001 - parameter
    pair = Pair(swapped=swapped)
    pair.talk(pair.a)
    answer(pair, Answer.FETCHING, 120)
    answer(pair, Answer.HEARD)
    assert refused(pair) == ["call.answer"]
    assert call(pair, pair.a).answer == call(pair, pair.b).answer == "fetching"
    pair.talk(pair.b)
    answer(pair, Answer.FETCHING, 120)
    answer(pair, Answer.DECLINED)
    assert refused(pair) == ["call.answer"] * 3
    assert call(pair, pair.a).state == "taken"


@SWAPPED
@pytest.mark.parametrize("first", [None, Answer.HEARD, Answer.FETCHING])
def test_declined_by_key_or_by_ending(first: Answer | None, swapped: bool) -> None:  # noqa: FBT001 - parameter
    for by_end in (False, True):
        pair = Pair(swapped=swapped)
        pair.talk(pair.a)
        if first is not None:
            answer(pair, first, 60 if first is Answer.FETCHING else 0)
        if by_end:
            pair.b.post.end_call(DESK["b"], pair.now)
            pair.settle()
        else:
            answer(pair, Answer.DECLINED)
        for side in (pair.a, pair.b):
            (account,) = accounts(pair, side)
            assert (account["outcome"], account["answer"]) == ("declined", "declined")
            assert account["held"] is (first is Answer.FETCHING)
        assert pair.a.stops() == ["call.declined"]
        assert compared(pair) == {("match", "")}


@SWAPPED
@pytest.mark.parametrize("taken", [False, True])
def test_reply_ends_the_call_and_is_in_both_accounts(taken: bool, swapped: bool) -> None:  # noqa: FBT001 - parameters
    pair = Pair(swapped=swapped)
    pair.talk(pair.a)
    if taken:
        pair.talk(pair.b)
    answer(pair, Answer.REPLY, 3_600)
    for side in (pair.a, pair.b):
        assert call(pair, side).outcome == "reply_promised"
        (account,) = accounts(pair, side)
        assert (account["answer"], account["due_s"], account["taken"]) == ("reply", 3_600, taken)
    assert pair.a.stops() == ["call.reply_promised"]
    assert pair.b.gates()[-1] is False
    assert compared(pair) == {("match", "")}


@pytest.mark.parametrize(
    ("given", "due_s"),
    [
        (Answer.FETCHING, 59),
        (Answer.FETCHING, 7_201),
        (Answer.FETCHING, -1),
        (Answer.REPLY, 0),
        (Answer.REPLY, 86_401),
        (Answer.HEARD, 60),
        (Answer.DECLINED, 1),
    ],
)
def test_times_out_of_range_are_refused_in_words_and_nothing_happens(
    given: Answer, due_s: int
) -> None:
    pair = Pair()
    pair.talk(pair.a)
    answer(pair, given, due_s)
    assert refused(pair) == ["call.due"]
    assert call(pair, pair.a).state == call(pair, pair.b).state == "announcing"
    assert call(pair, pair.a).answer == ""


def test_only_the_called_side_answers_and_only_a_call() -> None:
    pair = Pair()
    answer(pair, Answer.HEARD)
    assert refused(pair) == ["call.answer"]
    pair.talk(pair.a)
    pair.a.post.answer(DESK["a"], Answer.HEARD, 0, pair.now)
    pair.settle()
    assert [event.code for event in pair.a.refused()] == ["call.answer"]
    assert call(pair, pair.b).answer == ""


def test_silenced_and_held_stays_shut() -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.b.post.silence_call(DESK["b"], pair.now)
    answer(pair, Answer.FETCHING, 60)
    assert pair.b.gates() == [True, False]
    assert call(pair, pair.a).silenced == "peer"
    pair.run(121_000)
    for side in (pair.a, pair.b):
        assert call(pair, side).outcome == "silenced"


def test_an_answer_that_a_lost_frame_carried_comes_again() -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.drop = lambda _to, frame_class, _body: frame_class == FrameClass.CONTROL
    answer(pair, Answer.FETCHING, 60)
    assert call(pair, pair.a).state == "announcing"
    pair.drop = lambda _to, _class, _body: False
    pair.run(2_100)
    assert call(pair, pair.a).state == "held"


def test_fetched_and_taken_at_once_is_one_word_to_the_caller() -> None:
    pair = Pair(settings=PostSettings(quiet_ms=5_000))
    pair.talk(pair.a)
    pair.drop = lambda _to, frame_class, _body: frame_class == FrameClass.CONTROL
    answer(pair, Answer.FETCHING, 60)
    pair.talk(pair.b)
    pair.drop = lambda _to, _class, _body: False
    pair.run(2_100)
    assert call(pair, pair.a).state == "taken"
    pair.talk(pair.a, on=False)
    pair.talk(pair.b, on=False)
    pair.run(6_000)
    assert accounts(pair, pair.a)[0]["held"] is accounts(pair, pair.b)[0]["held"] is True
    assert compared(pair) == {("match", "")}

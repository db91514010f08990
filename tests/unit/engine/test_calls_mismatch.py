"""Digits or certificates that do not agree end the call at once, in both accounts."""

import pytest

from openline.protocol.frames import FrameClass
from tests.unit.engine.pair import DESK, Pair
from tests.unit.engine.test_calls import accounts, call
from tests.unit.engine.test_calls_answers import SWAPPED, compared


@SWAPPED
@pytest.mark.parametrize("who", ["a", "b"])
@pytest.mark.parametrize("by_officer", [True, False])
@pytest.mark.parametrize("taken", [True, False])
def test_a_mismatch_ends_the_call_and_stands_in_both_accounts(
    who: str,
    by_officer: bool,  # noqa: FBT001 - parameter
    taken: bool,  # noqa: FBT001 - parameter
    swapped: bool,  # noqa: FBT001 - parameter
) -> None:
    pair = Pair(swapped=swapped)
    pair.talk(pair.a)
    if taken:
        pair.talk(pair.b)
    pair.sides[who].post.speech_differs(DESK[who], pair.now, by_officer=by_officer)
    pair.settle()
    for side in (pair.a, pair.b):
        assert call(pair, side).outcome == "mismatch"
        (account,) = accounts(pair, side)
        assert (account["outcome"], account["taken"]) == ("mismatch", taken)
        assert side.gates()[-1:] in ([], [False])
    assert "call.mismatch" in pair.a.stops()
    assert compared(pair) == {("match", "")}


@SWAPPED
def test_a_peer_that_ends_it_so_is_believed_and_one_that_only_ends_it_is_not_called_so(
    swapped: bool,  # noqa: FBT001 - parameter
) -> None:
    pair = Pair(swapped=swapped)
    pair.talk(pair.a)
    pair.talk(pair.b)
    pair.drop = lambda _to, frame_class, _body: frame_class == FrameClass.CONTROL
    pair.b.post.speech_differs(DESK["b"], pair.now, by_officer=True)
    pair.settle()
    pair.cells()
    pair.run(600)
    assert call(pair, pair.a).outcome == "ended"  # nobody told why


def test_without_a_call_nothing_is_recorded() -> None:
    pair = Pair()
    pair.a.post.speech_differs(DESK["a"], pair.now, by_officer=False)
    pair.settle()
    assert pair.a.post.view(pair.now).call is None
    assert accounts(pair, pair.a) == []

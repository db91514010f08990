"""Which manners a side accepts, and what both sides then write."""

import pytest

from openline.engine.ports import PostSettings
from openline.protocol.call import Manner
from openline.protocol.frames import FrameClass
from openline.protocol.manners import Accepts
from tests.unit.engine.pair import DESK, Pair
from tests.unit.engine.test_calls import accounts, call
from tests.unit.engine.test_calls_answers import compared

SWAPPED = pytest.mark.parametrize("swapped", [False, True])
SHUT = Accepts(announce="never", ring="never", two_way="never")


def begin(pair: Pair, manner: Manner = Manner.ANNOUNCE) -> None:
    pair.a.post.talk(DESK["a"], on=True, now=pair.now, manner=manner)
    pair.settle()


@SWAPPED
def test_an_announce_that_is_not_accepted_rings_and_says_why(swapped: bool) -> None:  # noqa: FBT001 - parameter
    pair = Pair(swapped=swapped, settings_b=PostSettings(accepts=Accepts(announce="never")))
    begin(pair)
    for side in (pair.a, pair.b):
        view = call(pair, side)
        assert (view.manner, view.downgraded, view.state) == ("ring", "setting", "announcing")
    assert pair.b.gates() == []
    pair.talk(pair.b)
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.settle()
    for side in (pair.a, pair.b):
        (account,) = accounts(pair, side)
        assert (account["manner"], account["downgraded"]) == ("ring", "setting")
    assert compared(pair) == {("match", "")}


def test_the_agreed_limit_is_told_apart_from_a_setting() -> None:
    pair = Pair(settings=PostSettings(announces_per_hour=0))
    begin(pair)
    for side in (pair.a, pair.b):
        assert (call(pair, side).manner, call(pair, side).downgraded) == ("ring", "limit")


@SWAPPED
@pytest.mark.parametrize("manner", [Manner.ANNOUNCE, Manner.TWO_WAY])
@pytest.mark.parametrize("cell_first", [False, True])
def test_refused_by_setting_is_in_both_accounts(
    manner: Manner,
    cell_first: bool,  # noqa: FBT001 - parameter
    swapped: bool,  # noqa: FBT001 - parameter
) -> None:
    pair = Pair(swapped=swapped, settings_b=PostSettings(accepts=SHUT))
    pair.drop = lambda _to, frame_class, _body: cell_first and frame_class == FrameClass.CONTROL
    begin(pair, manner)
    if cell_first:
        pair.cells()
        assert pair.b.post.view(pair.now).call is None
        pair.drop = lambda _to, _class, _body: False
        pair.run(2_100)
    assert pair.a.stops() == ["call.refused_by_setting"]
    for side in (pair.a, pair.b):
        assert call(pair, side).outcome == "refused_by_setting"
        (account,) = accounts(pair, side)
        assert account["outcome"] == "refused_by_setting"
        assert account["pressed"] is False, "no officer did that"
    assert pair.b.gates() == []
    assert compared(pair) == {("match", "")}


def test_a_window_is_by_the_called_posts_clock() -> None:
    pair = Pair()
    hour = pair.now.wall_ms // 3_600_000 % 24
    before = f"{(hour - 2) % 24:02}:00-{(hour - 1) % 24:02}:00"
    now = f"{hour:02}:00-{(hour + 1) % 24:02}:00"
    for rule, manner in ((before, "ring"), (now, "announce")):
        pair = Pair(settings_b=PostSettings(accepts=Accepts(announce=rule)))
        begin(pair)
        assert call(pair, pair.b).manner == manner


def test_who_presses_at_once_is_not_refused_by_a_setting() -> None:
    pair = Pair(settings=PostSettings(accepts=Accepts(announce="never", ring="never")))
    for letter, side in pair.sides.items():
        side.post.talk(DESK[letter], on=True, now=pair.now)
    pair.settle()
    for side in (pair.a, pair.b):
        assert call(pair, side).state == "taken", "both officers are at their keys"


@SWAPPED
def test_a_caller_may_choose_to_ring(swapped: bool) -> None:  # noqa: FBT001 - parameter
    pair = Pair(swapped=swapped)
    begin(pair, Manner.RING)
    for side in (pair.a, pair.b):
        assert (call(pair, side).manner, call(pair, side).downgraded) == ("ring", "")
    assert pair.b.gates() == []
    pair.talk(pair.b)
    assert pair.b.gates() == [True]


def test_own_setting_refuses_to_ask_for_two_way() -> None:
    pair = Pair(settings=PostSettings(accepts=Accepts(two_way="never")))
    begin(pair, Manner.TWO_WAY)
    assert pair.a.stops() == ["call.setting"]
    assert pair.a.post.view(pair.now).call is None


# --- no contact ----------------------------------------------------------------------------------


@SWAPPED
@pytest.mark.parametrize("who", ["a", "b"])
def test_a_press_without_contact_stands_in_the_record_and_claims_no_cause(
    who: str,
    swapped: bool,  # noqa: FBT001 - parameter
) -> None:
    pair = Pair(swapped=swapped)
    side = pair.sides[who]
    pair.cut()
    pair.run(10_100)
    for _ in range(3):
        pair.talk(side)
        pair.talk(side, on=False)
        pair.run(19_000)
    assert side.stops() == ["call.link_down"] * 3
    assert side.post.view(pair.now).call is None
    pair.run(4_000)
    pair.talk(side)
    pair.connect()
    pair.run(6_000)
    found = accounts(pair, side)
    assert len(found) == 2, "at most one each minute"
    for account in found:
        assert (account["role"], account["outcome"]) == ("caller", "no_contact")
        assert account.keys() == {
            "id", "role", "manner", "precedence", "outcome", "start_ms", "end_ms",
        }  # fmt: skip
    assert compared(pair) == {(None, None)}, "there is nothing to lay beside it"
    pair.assert_identical()

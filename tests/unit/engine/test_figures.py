"""Live figures: what is old is not known; each direction by who hears it; last human acts."""

import pytest

from openline.engine.desk import Figures, QualityView
from openline.engine.figures import sane
from openline.protocol.control import parse_control
from openline.protocol.frames import FrameClass
from tests.unit.engine.pair import DESK, Pair, Side

both_ways = pytest.mark.parametrize("swapped", [False, True])


def heard(
    mouth_to_ear_ms: float | None,
    loss: float | None,
    jitter_ms: float | None,
    concealed: float | None,
    slot: int = 0,
) -> Figures:
    return Figures(
        desk="",
        pair_slot=slot,
        mouth_to_ear_ms=mouth_to_ear_ms,
        loss=loss,
        jitter_ms=jitter_ms,
        concealed=concealed,
        packets=50,
    )


GOOD = heard(143.0, 0.0, 41.0, 0.01)


def quality(pair: Pair, side: Side) -> QualityView:
    return side.post.view(pair.now).quality


def sample(pair: Pair, side: Side, given: Figures = GOOD) -> None:
    side.post.desk_figures(DESK[side.letter], given, pair.now)


@both_ways
def test_each_direction_is_told_by_who_hears_it(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair = Pair(swapped=swapped)
    assert quality(pair, pair.a) == QualityView(
        own_act_wall_ms=quality(pair, pair.a).own_act_wall_ms,
        peer_act_wall_ms=quality(pair, pair.a).peer_act_wall_ms,
    )
    sample(pair, pair.b)
    pair.run(6_000)
    ours, told = quality(pair, pair.b), quality(pair, pair.a)
    assert (ours.to_us_ms, ours.jitter_ms, ours.concealed) == (143.0, 41.0, 0.01)
    assert ours.r is not None
    assert 88 < ours.r < 91
    assert (ours.delay_level, ours.quality_level) == ("good", "good")
    assert (told.to_them_ms, told.to_them_loss, told.to_us_ms) == (145.0, 0.01, None)
    assert (told.r, told.quality_level) == (None, "unknown")


@both_ways
def test_what_is_older_than_ten_seconds_is_not_known(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair = Pair(swapped=swapped)
    sample(pair, pair.b)
    pair.run(6_000)
    assert quality(pair, pair.b).to_us_ms is not None
    pair.run(10_000)
    assert quality(pair, pair.b).to_us_ms is None
    assert quality(pair, pair.a).to_them_ms is None
    sample(pair, pair.a)
    sample(pair, pair.b)
    pair.run(6_000)
    pair.cut()
    pair.run(2_500)
    assert quality(pair, pair.a).to_them_ms is None, "not known without contact"
    pair.restart(pair.b)
    pair.run(500)
    assert quality(pair, pair.a).to_them_ms is None, "another start has another desk"


@both_ways
def test_nothing_is_told_of_what_a_desk_hears_below_disclosure_1(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair = Pair(swapped=swapped, disclosure=0)
    sample(pair, pair.a)
    pair.run(6_000)
    names = {parse_control(body).name for body in pair.a.bodies(FrameClass.CONTROL)}
    assert "check" not in names
    assert quality(pair, pair.b).to_them_ms is None
    assert quality(pair, pair.a).to_us_ms == 143.0


def test_a_desk_that_is_gone_and_figures_that_are_none_count_for_nothing() -> None:
    pair = Pair()
    for bad in (
        heard(float("nan"), 0, 1, 0),
        heard(1, 1.5, 1, 0),
        heard(1, 0, -1, 0),
    ):
        assert not sane(bad)
        sample(pair, pair.a, bad)
        assert quality(pair, pair.a).jitter_ms is None
    sample(pair, pair.a, heard(None, 0.5, 9, 0))
    assert (quality(pair, pair.a).loss, quality(pair, pair.a).r) == (0.5, None)
    pair.a.post.desk_closed(DESK["a"], pair.now)
    assert quality(pair, pair.a).loss is None


@pytest.mark.parametrize(("loss", "concealed"), [(None, None), (None, 0.03), (0.03, None)])
def test_what_a_browser_did_not_measure_is_not_known(
    loss: float | None, concealed: float | None
) -> None:
    pair = Pair()
    sample(pair, pair.a, heard(143.0, loss, None, concealed))
    pair.run(6_000)
    shown, told = quality(pair, pair.a), quality(pair, pair.b)
    assert (shown.to_us_ms, shown.loss, shown.jitter_ms, shown.concealed) == (
        143.0,
        loss,
        None,
        concealed,
    )
    known = loss is not None or concealed is not None
    assert (shown.r is not None) == known
    assert (shown.quality_level != "unknown") == known
    assert (told.to_them_ms, told.to_them_loss) == ((145.0, 0.03) if known else (None, None))


def test_the_worst_connection_to_a_far_desk_speaks_for_all() -> None:
    pair = Pair()
    for slot, delay in ((0, 143.0), (1, 260.0), (2, None), (3, 900.0)):
        sample(pair, pair.a, heard(delay, 0.0, 41.0, 0.0, slot))
    assert quality(pair, pair.a).to_us_ms == 260.0, "slot 3 is within our own side"
    sample(pair, pair.a, heard(None, None, None, None, 1))
    assert quality(pair, pair.a).to_us_ms == 143.0, "slot 1 hears nothing now"
    pair.a.post.desk_closed(DESK["a"], pair.now)
    assert quality(pair, pair.a).to_us_ms is None
    sample(pair, pair.a)
    assert quality(pair, pair.a).to_us_ms is None, "a desk that is gone says nothing"


@both_ways
def test_bad_speech_is_an_alarm_by_its_level(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair = Pair(swapped=swapped)
    sample(pair, pair.a, heard(420, 0.0, 200, 0.0))
    sample(pair, pair.b, heard(150, 0.2, 40, 0.1))
    assert (quality(pair, pair.a).delay_level, quality(pair, pair.a).quality_level) == (
        "alarm",
        "alarm",
    )
    assert (quality(pair, pair.b).delay_level, quality(pair, pair.b).quality_level) == (
        "good",
        "alarm",
    )


@both_ways
def test_the_last_human_act_of_each_side(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair = Pair(swapped=swapped)
    pair.run(60_000)
    pair.text(pair.a, "by an officer")
    at = pair.now.wall_ms
    assert quality(pair, pair.a).own_act_wall_ms == at
    assert quality(pair, pair.b).peer_act_wall_ms == at
    pair.run(30_000)
    assert quality(pair, pair.b).peer_act_wall_ms == at, "what a post writes is no human act"
    pair.talk(pair.b)
    pair.run(100)
    assert quality(pair, pair.a).peer_act_wall_ms == pair.now.wall_ms
    assert (quality(pair, pair.b).own_act_wall_ms or 0) > at
    pair.restart(pair.b)
    assert quality(pair, pair.b).peer_act_wall_ms == at, "from the record"

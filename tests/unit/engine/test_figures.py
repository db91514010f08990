"""Live figures: what is old is not known; each direction by who hears it; last human acts."""

import pytest

from openline.engine.desk import Figures, FiguresView
from openline.engine.figures import sane
from openline.protocol.control import parse_control
from openline.protocol.frames import FrameClass
from tests.unit.engine.pair import DESK, Pair, Side

both_ways = pytest.mark.parametrize("swapped", [False, True])
GOOD = Figures(mouth_to_ear_ms=143.0, loss=0.0, jitter_ms=41.0, concealed=0.01)


def figures(pair: Pair, side: Side) -> FiguresView:
    return side.post.view(pair.now).figures


def sample(pair: Pair, side: Side, given: Figures = GOOD) -> None:
    side.post.checks.figures.take(DESK[side.letter], given, pair.now)


@both_ways
def test_each_direction_is_told_by_who_hears_it(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair = Pair(swapped=swapped)
    assert figures(pair, pair.a) == FiguresView(
        own_act_wall_ms=figures(pair, pair.a).own_act_wall_ms,
        peer_act_wall_ms=figures(pair, pair.a).peer_act_wall_ms,
    )
    sample(pair, pair.b)
    pair.run(6_000)
    heard, told = figures(pair, pair.b), figures(pair, pair.a)
    assert (heard.to_us_ms, heard.jitter_ms, heard.concealed) == (143.0, 41.0, 0.01)
    assert heard.r is not None
    assert 88 < heard.r < 91
    assert (heard.delay_level, heard.quality_level) == ("good", "good")
    assert (told.to_them_ms, told.to_them_loss, told.to_us_ms) == (145.0, 0.01, None)
    assert (told.r, told.quality_level) == (None, "unknown")


@both_ways
def test_what_is_older_than_ten_seconds_is_not_known(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair = Pair(swapped=swapped)
    sample(pair, pair.b)
    pair.run(6_000)
    assert figures(pair, pair.b).to_us_ms is not None
    pair.run(10_000)
    assert figures(pair, pair.b).to_us_ms is None
    assert figures(pair, pair.a).to_them_ms is None
    sample(pair, pair.a)
    sample(pair, pair.b)
    pair.run(6_000)
    pair.cut()
    pair.run(2_500)
    assert figures(pair, pair.a).to_them_ms is None, "not known without contact"
    pair.restart(pair.b)
    pair.run(500)
    assert figures(pair, pair.a).to_them_ms is None, "another start has another desk"


@both_ways
def test_nothing_is_told_of_what_a_desk_hears_below_disclosure_1(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair = Pair(swapped=swapped, disclosure=0)
    sample(pair, pair.a)
    pair.run(6_000)
    names = {parse_control(body).name for body in pair.a.bodies(FrameClass.CONTROL)}
    assert "check" not in names
    assert figures(pair, pair.b).to_them_ms is None
    assert figures(pair, pair.a).to_us_ms == 143.0


def test_a_desk_that_is_gone_and_figures_that_are_none_count_for_nothing() -> None:
    pair = Pair()
    for bad in (
        Figures(mouth_to_ear_ms=float("nan"), loss=0, jitter_ms=1, concealed=0),
        Figures(mouth_to_ear_ms=1, loss=1.5, jitter_ms=1, concealed=0),
        Figures(mouth_to_ear_ms=1, loss=0, jitter_ms=-1, concealed=0),
    ):
        assert not sane(bad)
        sample(pair, pair.a, bad)
        assert figures(pair, pair.a).jitter_ms is None
    sample(pair, pair.a, Figures(mouth_to_ear_ms=None, loss=0.5, jitter_ms=9, concealed=0))
    assert (figures(pair, pair.a).loss, figures(pair, pair.a).r) == (0.5, None)
    pair.a.post.desk_closed(DESK["a"], pair.now)
    assert figures(pair, pair.a).loss is None


@both_ways
def test_bad_speech_is_an_alarm_by_its_level(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair = Pair(swapped=swapped)
    sample(pair, pair.a, Figures(mouth_to_ear_ms=420, loss=0.0, jitter_ms=200, concealed=0.0))
    sample(pair, pair.b, Figures(mouth_to_ear_ms=150, loss=0.2, jitter_ms=40, concealed=0.1))
    assert (figures(pair, pair.a).delay_level, figures(pair, pair.a).quality_level) == (
        "alarm",
        "alarm",
    )
    assert (figures(pair, pair.b).delay_level, figures(pair, pair.b).quality_level) == (
        "good",
        "alarm",
    )


@both_ways
def test_the_last_human_act_of_each_side(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair = Pair(swapped=swapped)
    pair.run(60_000)
    pair.text(pair.a, "by an officer")
    at = pair.now.wall_ms
    assert figures(pair, pair.a).own_act_wall_ms == at
    assert figures(pair, pair.b).peer_act_wall_ms == at
    pair.run(30_000)
    assert figures(pair, pair.b).peer_act_wall_ms == at, "what a post writes is no human act"
    pair.talk(pair.b)
    pair.run(100)
    assert figures(pair, pair.a).peer_act_wall_ms == pair.now.wall_ms
    assert figures(pair, pair.b).own_act_wall_ms is not None
    assert figures(pair, pair.b).own_act_wall_ms > at  # type: ignore[operator] # it is there
    pair.restart(pair.b)
    assert figures(pair, pair.b).peer_act_wall_ms == at, "from the record"

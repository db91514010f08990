"""Scheduled checks: the sides alternate, clocks may lie, what is missed alarms both sides."""

from collections.abc import Callable

import pytest

from openline.engine.check_turns import SETTLE_MS, clock
from openline.protocol.checks import MINUTE_MS, slot_at, turn
from openline.protocol.clock import Now
from openline.record.checks import Began, Result
from tests.unit.engine.check_pages import Pages, alarms, checks, last, ready_pair
from tests.unit.engine.pair import Pair, Side

both_ways = pytest.mark.parametrize("swapped", [False, True])
MINUTES = 10
SLOT_MS = MINUTES * MINUTE_MS


def whose_turn(pair: Pair, number: int) -> Side:
    side = pair.a if turn(pair.a.post._ctx.genesis.line, number) == pair.a.post._ctx.own else pair.b
    assert turn(side.post._ctx.genesis.line, number) == side.post._ctx.own
    return side


def forward(pair: Pair, to_wall_ms: int) -> None:
    """Both clocks go on in one step, as seen from outside; then the posts live a little."""
    ms = to_wall_ms - pair.now.wall_ms
    assert ms >= 0
    pair.now = Now(pair.now.mono_ms + ms, to_wall_ms)


def live(pages: Pages, to_wall_ms: int, ms: int = 4_000) -> None:
    forward(pages.pair, to_wall_ms)
    pages.run(ms)


def settled(*, swapped: bool) -> tuple[Pair, Pages, int]:
    """Two posts that have long been up, at the begin of a slot; its number."""
    pair, pages = ready_pair(swapped=swapped, minutes=MINUTES)
    slot = slot_at(pair.now.wall_ms + SETTLE_MS, MINUTES)
    live(pages, slot.end_ms, 1_000)
    return pair, pages, slot.number + 1


@both_ways
def test_the_sides_alternate_and_a_check_by_either_meets_the_slot(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages, first = settled(swapped=swapped)
    begun: list[str] = []
    for number in range(first, first + 4):
        live(pages, number * SLOT_MS + SLOT_MS // 4 + 100)
        began = [last(side, pair).began for side in (pair.a, pair.b)]
        assert sorted(began) == ["own", "peer"]
        begun.append("a" if began[0] == "own" else "b")
        assert begun[-1] == whose_turn(pair, number).letter
        live(pages, number * SLOT_MS + 3 * SLOT_MS // 4 + 100, 1_000)
        for side in (pair.a, pair.b):
            assert alarms(side, pair) == []
            results = [part for part in checks(side) if isinstance(part, Result)]
            assert len(results) == number - first + 1
            assert results[-1].slot == number
    assert begun in (["a", "b", "a", "b"], ["b", "a", "b", "a"])


@both_ways
def test_a_side_that_does_not_begin_is_stood_in_for(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages, number = settled(swapped=swapped)
    idle = whose_turn(pair, number)
    idle.post.checks._turns._again_ms = 2**60
    live(pages, number * SLOT_MS + SLOT_MS // 2, 1_000)
    assert checks(pair.a) == checks(pair.b) == []
    live(pages, number * SLOT_MS + 3 * SLOT_MS // 4 + 100)
    assert last(pair.other(idle), pair).began == "own"
    assert last(idle, pair).full
    live(pages, (number + 1) * SLOT_MS + SLOT_MS // 10)
    assert alarms(pair.a, pair) == alarms(pair.b, pair) == []


@both_ways
def test_clocks_that_lie_apart_miss_nothing_and_are_a_fact(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages, _number = settled(swapped=swapped)
    for side, apart in ((pair.a, 4 * MINUTE_MS), (pair.b, 0)):
        shift(side, apart)
    start = pair.now.wall_ms
    for step in range(1, 3 * MINUTES):
        live(pages, start + step * MINUTE_MS, 3_000)
    for side, apart in ((pair.a, 4 * MINUTE_MS), (pair.b, -4 * MINUTE_MS)):
        assert "check_missed" not in alarms(side, pair)
        seen = side.post.view(pair.now).checks.clocks_apart_ms
        assert seen is not None
        assert abs(seen - apart) < 3_000


def shift(side: Side, apart_ms: int) -> None:
    """Let a post's wall clock stand apart from the pair's."""
    for name in ("tick", "committed", "frame_received", "desk_alive"):
        setattr(side.post, name, _shifted(getattr(side.post, name), apart_ms))


def _shifted(inner: Callable[..., object], apart_ms: int) -> Callable[..., object]:
    def outer(*given: object) -> object:
        return inner(
            *(
                Now(item.mono_ms, item.wall_ms + apart_ms) if isinstance(item, Now) else item
                for item in given
            )
        )

    return outer


@both_ways
def test_a_missed_check_is_an_alarm_at_both_sides_until_the_next_good_one(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages, number = settled(swapped=swapped)
    pair.cut()
    live(pages, (number + 1) * SLOT_MS - 5_000)
    assert "check_missed" not in alarms(pair.a, pair)
    live(pages, (number + 1) * SLOT_MS + SLOT_MS // 12 + 100)
    for side in (pair.a, pair.b):
        assert "check_missed" in alarms(side, pair)
        (alarm,) = [a for a in side.post.view(pair.now).alarms if a.code == "check_missed"]
        assert alarm.facts == {"at": clock(number * SLOT_MS)}
    pair.connect()
    live(pages, (number + 1) * SLOT_MS + SLOT_MS // 4 + 100, 5_000)
    for side in (pair.a, pair.b):
        assert alarms(side, pair) == []
        assert last(side, pair).full


@both_ways
def test_a_check_waits_for_the_end_of_a_call(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages, number = settled(swapped=swapped)
    live(pages, number * SLOT_MS + SLOT_MS // 4 - 2_000, 1_000)
    pair.talk(pair.a)
    pair.talk(pair.b)
    pages.run(8_000)
    assert checks(pair.a) == checks(pair.b) == []
    pair.a.post.end_call(b"desk-a-1", pair.now)
    pair.settle()
    pages.run(5_000)
    for side in (pair.a, pair.b):
        assert last(side, pair).full
        assert [part for part in checks(side) if isinstance(part, Began)] == [
            part
            for part in checks(side)
            if isinstance(part, Began) and side is whose_turn(pair, number)
        ]


@both_ways
def test_a_post_that_just_started_is_not_alarmed_and_begins_nothing(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages, number = settled(swapped=swapped)
    live(pages, number * SLOT_MS + SLOT_MS // 2, 1_000)
    for side in (pair.a, pair.b):
        pair.restart(side)
    pages.seen = {"a": len(pair.a.desk_events), "b": len(pair.b.desk_events)}
    before = [checks(side) for side in (pair.a, pair.b)]
    pages.run(5_000)
    assert [checks(side) for side in (pair.a, pair.b)] == before
    live(pages, (number + 1) * SLOT_MS + SLOT_MS // 10, 1_000)
    assert alarms(pair.a, pair) == alarms(pair.b, pair) == []


def test_a_clock_that_is_set_back_stops_no_schedule() -> None:
    pair, pages, number = settled(swapped=False)
    live(pages, number * SLOT_MS + SLOT_MS // 4 + 100)
    back = (number - 50) * SLOT_MS
    pair.now = Now(pair.now.mono_ms + 60_000, back + SLOT_MS // 4 + 100)
    pages.run(4_000)
    assert [part.slot for part in checks(whose_turn(pair, number - 50)) if isinstance(part, Result)]
    slots = {part.slot for part in checks(pair.a) if isinstance(part, Result)}
    assert slots == {number, number - 50}


def test_off_means_off_and_still_answers() -> None:
    pair, pages = ready_pair(swapped=False)
    view = pair.a.post.view(pair.now).checks
    assert (view.every_minutes, view.next_due_wall_ms) == (0, None)
    live(pages, pair.now.wall_ms + 10 * 3_600_000, 2_000)
    assert checks(pair.a) == checks(pair.b) == []
    assert alarms(pair.a, pair) == []


def test_the_turn_is_the_same_from_both_ends_and_alternates() -> None:
    for last_byte in (0, 1, 255):
        line = bytes(15) + bytes([last_byte])
        turns = [turn(line, number) for number in range(100, 110)]
        assert turns in ([0, 1] * 5, [1, 0] * 5)
    slot = slot_at(3_600_000 * 7 + 5, 60)
    assert (slot.number, slot.start_ms, slot.end_ms) == (7, 25_200_000, 28_800_000)
    assert slot.turn_ms - slot.start_ms == 900_000
    assert slot.late_ms - slot.start_ms == 2_700_000


@both_ways
def test_a_check_of_one_part_meets_no_slot(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """A peer cannot keep our checks and alarms away with checks that check nothing."""
    pair, pages, number = settled(swapped=swapped)
    idle = whose_turn(pair, number)
    for text, voice in ((True, False), (False, True), (False, False)):
        idle.post.check_now(text=text, voice=voice, words=False, now=pair.now)
        pages.run(4_000)
    for side in (pair.a, pair.b):
        assert side.post.checks._turns._done_ms is None
    live(pages, number * SLOT_MS + 3 * SLOT_MS // 4 + 100)
    assert last(pair.other(idle), pair).full

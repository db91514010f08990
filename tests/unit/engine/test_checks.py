"""Line checks: both parts both ways, signed by both; a deaf desk is a result; calls come first."""

import pytest

from openline.engine.check_history import DAY_MS
from openline.engine.check_run import RUN_MS
from openline.engine.checks import ANSWERED_PER_HOUR_MAX
from openline.engine.desk import CheckReport, TimelineChanged
from openline.errors import OpenlineError
from openline.protocol.checks import CheckSaid
from openline.protocol.clock import Now
from openline.protocol.frames import FrameClass
from openline.record.cbor import encode
from openline.record.checks import Answered, Began, Result
from tests.unit.engine.check_pages import Pages, alarms, checks, last, ready_pair
from tests.unit.engine.pair import DESK, Pair, Side

both_ways = pytest.mark.parametrize("swapped", [False, True])


def begin(pair: Pair, side: Side, *, text: bool = True, voice: bool = True) -> str:
    check = side.post.check_now(text=text, voice=voice, words=False, now=pair.now)
    pair.settle()
    return check


def refusal(pair: Pair, side: Side) -> str:
    with pytest.raises(OpenlineError) as caught:
        begin(pair, side)
    return caught.value.code


@both_ways
def test_a_full_check_is_written_by_both_and_moves_finality(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages = ready_pair(swapped=swapped)
    pair.text(pair.a, "before")
    name = begin(pair, pair.a)
    pages.run(3_000)
    began, result = checks(pair.a)
    answered, mirrored = checks(pair.b)
    assert isinstance(began, Began)
    assert isinstance(answered, Answered)
    assert isinstance(result, Result)
    assert isinstance(mirrored, Result)
    assert began.check.hex() == answered.check.hex() == name
    assert (result.role, mirrored.role) == ("beginner", "answerer")
    assert result.full
    assert mirrored.full
    assert (result.voice_ms, mirrored.voice_ms) == (61, 61)
    assert (result.desks, mirrored.desks) == (1, 1)
    for side in (pair.a, pair.b):
        view = side.post.view(pair.now).checks
        assert view.days == 0
        assert view.running == ""
        assert last(side, pair).compare == "match"
        assert last(side, pair).full
        assert alarms(side, pair) == []
        (text,) = [item for item in side.post.timeline(50) if item.text == "before"]
        assert text.final
        items = [item for item in side.post.timeline(50) if item.facts.get("part") == "result"]
        assert [item.whose for item in items] in (["own", "peer"], ["peer", "own"])
        assert {item.facts["compare"] for item in items} == {"match"}
        told = [
            event for event in side.events(TimelineChanged) if isinstance(event, TimelineChanged)
        ]
        newest = {item.id: item for event in told for item in event.items}
        assert {newest[item.id].facts["compare"] for item in items} == {"match"}
    assert last(pair.a, pair).began == "own"
    assert last(pair.b, pair).began == "peer"
    pair.assert_identical()


@both_ways
def test_the_last_full_check_survives_restarts(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages = ready_pair(swapped=swapped)
    begin(pair, pair.b)
    pages.run(3_000)
    full = [side.post.view(pair.now).checks.last_full_wall_ms for side in (pair.a, pair.b)]
    for side in (pair.a, pair.b):
        pair.restart(side)
        pair.run(1_000)
    for side, before in zip((pair.a, pair.b), full, strict=True):
        view = side.post.view(pair.now).checks
        assert view.last_full_wall_ms == before
        assert view.last is not None
        assert view.last.compare == "match"


@both_ways
@pytest.mark.parametrize(
    ("who", "fault", "words"),
    [
        ("a", "absent", ("no_desk_beginner", "no_desk_beginner")),
        ("b", "absent", ("no_desk_answerer", "no_desk_answerer")),
        ("b", "deaf", ("not_heard", "not_heard")),
        ("a", "deaf", ("not_heard", "one_way")),
        ("b", "mute", ("not_heard", "one_way")),
    ],
)
def test_a_deaf_or_absent_desk_is_a_result(
    swapped: bool,  # noqa: FBT001 - a parameter of pytest
    who: str,
    fault: str,
    words: tuple[str, str],
) -> None:
    pair, pages = ready_pair(swapped=swapped)
    getattr(pages, fault).add(who)
    begin(pair, pair.a)
    pages.run(22_000)
    assert last(pair.a, pair).own_text == "held"
    assert (last(pair.a, pair).own_voice, last(pair.b, pair).own_voice) == words
    tried = "no_desk" not in words[0]
    for side in (pair.a, pair.b):
        view = side.post.view(pair.now).checks
        assert view.days is None
        assert view.last is not None
        assert not view.last.full
        assert view.last.compare == ("match" if words[0] == words[1] else "differ")
        assert alarms(side, pair) == (["check_failed"] if tried else [])
    getattr(pages, fault).clear()
    begin(pair, pair.b)
    pages.run(3_000)
    for side in (pair.a, pair.b):
        assert alarms(side, pair) == []
        assert last(side, pair).full


@both_ways
@pytest.mark.parametrize("who", ["a", "b"])
def test_a_desk_that_knows_no_chirps_leaves_it_to_the_next(
    swapped: bool,  # noqa: FBT001 - a parameter of pytest
    who: str,
) -> None:
    """A headless desk hears; where it opened first, the browser beside it still sounds."""
    pair, pages = ready_pair(swapped=swapped)
    pages.absent.add(who)
    pages.add(pair.sides[who], b"desk-second")
    pages.run(200)
    begin(pair, pair.a)
    pages.run(12_000)
    for side in (pair.a, pair.b):
        assert last(side, pair).full
        assert (last(side, pair).own_voice, last(side, pair).compare) == ("held", "match")
        assert alarms(side, pair) == []


@both_ways
def test_no_page_at_all_is_a_result_too(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages = ready_pair(swapped=swapped)
    pair.desks_alive = False
    pair.b.post.desk_closed(DESK["b"], pair.now)
    pair.settle()
    begin(pair, pair.b)
    pages.run(1_500)
    assert (last(pair.b, pair).own_voice, last(pair.a, pair).own_voice) == (
        "no_desk_beginner",
        "no_desk_beginner",
    )
    assert ("a", "begin") not in pages.said
    assert alarms(pair.a, pair) == alarms(pair.b, pair) == []


@both_ways
def test_nothing_about_a_desk_is_told_below_disclosure_1(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages = ready_pair(swapped=swapped, disclosure=0)
    begin(pair, pair.a)
    pages.run(3_000)
    assert pages.said == []
    for side in (pair.a, pair.b):
        (*_, result) = checks(side)
        assert isinstance(result, Result)
        assert (result.text, result.voice, result.desks) == ("held", "by_agreement", None)
        assert last(side, pair).compare == "match"
        assert not last(side, pair).full


@both_ways
def test_a_check_never_disturbs_a_call(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, _pages = ready_pair(swapped=swapped)
    pair.talk(pair.a)
    assert refusal(pair, pair.a) == "engine.check_call"
    assert refusal(pair, pair.b) == "engine.check_call"


@both_ways
@pytest.mark.parametrize("caller", ["a", "b"])
def test_a_call_breaks_a_check_off_at_once(swapped: bool, caller: str) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages = ready_pair(swapped=swapped)
    begin(pair, pair.a)
    pages.look(pair.b)
    pair.talk(pair.sides[caller])
    for side in (pair.a, pair.b):
        assert side.post.view(pair.now).checks.running == ""
        pages.look(side)
    assert ("b", "stop") in pages.said
    pages.run(4_000)
    for side in (pair.a, pair.b):
        assert "interrupted" in (last(side, pair).own_voice, last(side, pair).own_text)
        assert not last(side, pair).full
        assert alarms(side, pair) == []
        call = side.post.view(pair.now).call
        assert call is not None
        assert call.state == "announcing"


@both_ways
def test_both_begin_at_once_and_one_check_stands(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages = ready_pair(swapped=swapped)
    names = [
        side.post.check_now(text=True, voice=True, words=False, now=pair.now)
        for side in (pair.a, pair.b)
    ]
    pair.settle()
    pages.run(4_000)
    for side in (pair.a, pair.b):
        assert last(side, pair).check == min(names)
        assert last(side, pair).full


@both_ways
def test_what_cannot_be_begun_is_refused_in_words(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, _pages = ready_pair(swapped=swapped)
    begin(pair, pair.a)
    assert refusal(pair, pair.a) == "engine.check_running"
    pair, _pages = ready_pair(swapped=swapped)
    pair.cut()
    pair.run(3_000)
    assert refusal(pair, pair.a) == "engine.check_link"


@both_ways
def test_a_lost_link_ends_a_check_and_names_no_cause(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages = ready_pair(swapped=swapped)
    pages.absent.add("b")
    begin(pair, pair.a, text=False)
    pair.cut()
    pages.run(12_000)
    (result,) = checks(pair.a)
    assert isinstance(result, Result)
    assert (result.text, result.voice) == ("not_asked", "link_down")
    assert not result.carried_through
    assert pair.a.post.view(pair.now).checks.last is not None


@both_ways
def test_a_peer_that_answers_nothing_is_a_failed_check(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages = ready_pair(swapped=swapped)
    pair.drop = lambda to, kind, _body: to == "a" and kind == FrameClass.CONTROL
    begin(pair, pair.a)
    pages.run(12_000)
    assert last(pair.a, pair).own_voice == "not_answered"
    assert alarms(pair.a, pair) == ["check_failed"]


def test_a_peer_that_only_ever_checks_gets_no_more_entries() -> None:
    pair, _pages = ready_pair(swapped=False)
    for number in range(ANSWERED_PER_HOUR_MAX + 5):
        begin(pair, pair.a, voice=False)
        pair.run(1_000)
        assert pair.a.post.view(pair.now).checks.running == "", number
    assert len(checks(pair.b)) == 2 * ANSWERED_PER_HOUR_MAX
    assert last(pair.a, pair).own_text == "limit"


@both_ways
def test_a_check_that_hangs_ends_by_itself(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages = ready_pair(swapped=swapped)
    pages.chirp = lambda side, event: pages.report(side, event, "armed")  # type: ignore[method-assign] # a page that never hears
    begin(pair, pair.a)
    pages.run(RUN_MS + 4_000)
    for side in (pair.a, pair.b):
        assert side.post.view(pair.now).checks.running == ""
        assert last(side, pair).own_voice == "not_heard"


def test_reports_of_strangers_and_of_other_checks_change_nothing() -> None:
    pair, pages = ready_pair(swapped=False)
    pages.absent |= {"a", "b"}
    name = begin(pair, pair.a)
    pages.run(200)
    for desk, check in ((b"stranger", name), (DESK["b"], "00" * 8)):
        report = CheckReport(check=check, state="held", delay_ms=1.0)
        pair.b.post.checks.desk_says(desk, report, pair.now)
    pages.run(8_000)
    assert last(pair.b, pair).own_voice == "no_desk_answerer"


def test_pages_are_told_to_listen_before_the_other_side_sounds() -> None:
    pair, pages = ready_pair(swapped=False)
    begin(pair, pair.a)
    pages.run(2_000)
    assert [said for said in pages.said if said[1] != "stop"] == [("b", "answer"), ("a", "begin")]
    assert isinstance(pages, Pages)


@both_ways
def test_a_halted_record_leaves_the_voice_part_and_nothing_is_called_full(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages = ready_pair(swapped=swapped)
    pair.a.post._record.keeper.halt("record.fork", b"", pair.now)
    assert refusal(pair, pair.a) == "engine.check_record"
    begin(pair, pair.a, text=False)
    pages.run(3_000)
    shown = last(pair.a, pair)
    assert (shown.own_voice, shown.compare, shown.full) == ("held", "missing", False)
    assert checks(pair.a) == []


@both_ways
def test_a_peer_over_its_limit_ends_no_check_of_ours(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages = ready_pair(swapped=swapped)
    for _ in range(ANSWERED_PER_HOUR_MAX):
        begin(pair, pair.a, voice=False)
        pair.run(1_000)
    name = begin(pair, pair.b)
    said = CheckSaid(check=bytes(8), begins=True, open=True, text=True)
    frame = encode([pair.a.post._ctx.incarnation[:8], "check", 2**40, said.payload()])
    pair.b.post.frame_received(FrameClass.CONTROL, 1, frame, pair.now)
    assert pair.b.post.view(pair.now).checks.running == name
    assert pages.pair is pair


@both_ways
def test_a_check_of_one_part_clears_no_failure_of_the_other(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages = ready_pair(swapped=swapped)
    pages.deaf.add("b")
    begin(pair, pair.a)
    pages.run(5_000)
    begin(pair, pair.b, voice=False)
    pages.run(3_000)
    for side in (pair.a, pair.b):
        assert last(side, pair).own_text == "held"
        assert alarms(side, pair) == ["check_failed"]


@both_ways
def test_a_check_that_comes_back_from_the_peer_is_as_old_as_it_is(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, pages = ready_pair(swapped=swapped)
    backup = pair.a.store.copy()
    begin(pair, pair.a)
    pages.run(3_000)
    pair.now = Now(pair.now.mono_ms + 3 * DAY_MS, pair.now.wall_ms + 3 * DAY_MS)
    pair.restart(pair.a, backup)
    pair.run(3_000)
    pair.assert_identical()
    for _ in range(2):
        for side in (pair.a, pair.b):
            view = side.post.view(pair.now)
            assert view.checks.days == 3
            acts = (view.quality.own_act_wall_ms, view.quality.peer_act_wall_ms)
            assert max(act or 0 for act in acts) < pair.now.wall_ms - 2 * DAY_MS
        pair.restart(pair.a)
        pair.run(1_000)

"""Calls: announced at once, taken by the called officer alone, accounted for by both."""

import pytest

from openline.engine.call_views import CallView
from openline.engine.desk import AudioReport
from openline.engine.ports import PostSettings
from openline.protocol.frames import FrameClass
from openline.record.bodies import KIND_CALL
from openline.record.entry import decode_body, parse_entry
from tests.unit.engine.pair import DESK, Pair, Side

REPORT = AudioReport(mic="COLD", context="running", connection="connected")


def call(pair: Pair, side: Side) -> CallView:
    view = side.post.view(pair.now).call
    assert view is not None
    return view


def accounts(pair: Pair, side: Side) -> list[dict[str, object]]:
    """What ``side`` wrote of calls, as the other post holds it."""
    holder = pair.other(side)
    mine = 0 if side.who.card.fingerprint < holder.who.card.fingerprint else 1
    found: list[dict[str, object]] = []
    for entry in holder.store.entries[mine][1:]:
        if parse_entry(entry.leaf).claims.kind == KIND_CALL:
            assert entry.body is not None
            found.append(dict(decode_body(entry.body)))
    return found


def test_announce_sounds_at_once_and_opens_no_microphone() -> None:
    pair = Pair()
    pair.talk(pair.a)
    assert (call(pair, pair.a).role, call(pair, pair.b).role) == ("caller", "called")
    assert call(pair, pair.a).call == call(pair, pair.b).call
    assert call(pair, pair.b).peer_talking
    assert pair.b.gates() == [True]
    assert pair.a.gates() == [], "the caller hears nothing before it is taken"
    assert pair.a.stops() == pair.b.stops() == []
    assert pair.b.block is not None
    assert not pair.b.block.talking


def test_sounded_at_an_attended_desk_is_told_to_the_caller() -> None:
    pair = Pair()
    pair.talk(pair.a)
    name = call(pair, pair.b).call
    pair.b.post.sounded(b"no desk", name, pair.now)
    pair.settle()
    assert not call(pair, pair.a).peer_sounded
    pair.b.post.sounded(DESK["b"], name, pair.now)
    pair.settle()
    assert call(pair, pair.b).sounded_here
    assert call(pair, pair.a).peer_sounded
    assert call(pair, pair.a).state == "announcing", "no officer's act"


def test_called_officer_takes_it_by_talking() -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.talk(pair.a, on=False)
    pair.talk(pair.b)
    for side in (pair.a, pair.b):
        assert call(pair, side).state == "taken"
        assert call(pair, side).ends_in_ms is None
    assert pair.a.gates() == [True]
    assert call(pair, pair.a).peer_talking
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.settle()
    assert pair.a.gates() == pair.b.gates() == [True, False]
    assert pair.b.stops() == ["call.ended"]
    (mine,), (theirs,) = accounts(pair, pair.a), accounts(pair, pair.b)
    assert (mine["role"], theirs["role"]) == ("caller", "called")
    assert mine["id"] == theirs["id"]
    for account in (mine, theirs):
        assert (account["outcome"], account["taken"]) == ("ended", True)
    assert [item.kind for item in pair.a.post.timeline(9)].count("call") == 2
    pair.assert_identical()


@pytest.mark.parametrize("cells_first", [True, False])
def test_cells_and_control_say_the_same(cells_first: bool) -> None:  # noqa: FBT001 - parameter
    pair = Pair()
    blocked = FrameClass.CONTROL
    pair.drop = lambda _to, frame_class, _body: cells_first and frame_class == blocked
    pair.talk(pair.a)
    if cells_first:
        pair.cells()
        assert pair.b.gates() == [True], "without any CONTROL frame"
        pair.drop = lambda _to, _class, _body: False
        pair.run(2_100)
    pair.cells()
    assert pair.b.gates() == [True]
    pair.talk(pair.b)
    pair.cells()
    assert call(pair, pair.a).state == "taken"
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.settle()
    pair.cells()
    pair.run(1_000)
    assert len(accounts(pair, pair.a)) == len(accounts(pair, pair.b)) == 1
    assert accounts(pair, pair.a)[0]["id"] == accounts(pair, pair.b)[0]["id"]


def test_taken_is_seen_from_a_cell_alone() -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.drop = lambda _to, frame_class, _body: frame_class == FrameClass.CONTROL
    pair.talk(pair.b)
    assert call(pair, pair.a).state == "announcing"
    pair.cells()
    assert call(pair, pair.a).state == "taken"
    assert pair.a.gates() == [True]


def test_old_cells_do_not_bring_a_call_back() -> None:
    pair = Pair()
    pair.talk(pair.a)
    old = pair.a.block
    assert old is not None
    pair.talk(pair.a, on=False)
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.settle()
    for _ in range(2):
        pair.b.post.control_seen(
            old.call_tag,
            call_open=True,
            talking=True,
            manner=1,
            talk_seq=old.talk_seq,
            now=pair.now,
        )
        pair.settle()
    assert call(pair, pair.b).state == "ended"
    assert pair.b.gates() == [True, False]


def test_end_seen_in_a_cell_shuts_the_gate_and_waits_for_its_reason() -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.cells()
    pair.drop = lambda _to, frame_class, _body: frame_class == FrameClass.CONTROL
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.settle()
    assert pair.b.gates() == [True]
    pair.cells()
    assert pair.b.gates() == [True, False]
    pair.run(600)
    assert call(pair, pair.b).outcome == "ended"  # nobody told whose act it was


@pytest.mark.parametrize("who", ["a", "b"])
def test_end_before_it_is_taken(who: str) -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.sides[who].post.end_call(DESK[who], pair.now)
    pair.settle()
    outcome = "withdrawn" if who == "a" else "declined"
    for side in (pair.a, pair.b):
        assert call(pair, side).outcome == outcome
        assert accounts(pair, side)[0]["outcome"] == outcome
    assert pair.a.stops() == [f"call.{outcome}"]


def test_untaken_ends_after_a_minute_even_while_speaking() -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.run(59_900)
    assert call(pair, pair.a).state == "announcing"
    assert call(pair, pair.a).ends_in_ms == 100
    pair.run(150)
    for side in (pair.a, pair.b):
        assert call(pair, side).outcome == "untaken"
        assert accounts(pair, side)[0]["outcome"] == "untaken"
    assert pair.a.stops() == ["call.untaken"]
    assert pair.b.gates() == [True, False]
    pair.run(10_000)
    assert pair.a.post.view(pair.now).call is None


def test_silenced_is_a_visible_outcome() -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.b.post.silence_call(DESK["b"], pair.now)
    pair.settle()
    assert pair.b.gates() == [True, False]
    assert call(pair, pair.a).silenced == "peer"
    assert call(pair, pair.b).silenced == "own"
    pair.run(60_100)
    for side in (pair.a, pair.b):
        assert call(pair, side).outcome == "silenced"
    pair.talk(pair.a, on=False)
    pair.talk(pair.a)
    assert pair.b.gates() == [True, False, True], "a new call sounds again"


def test_silenced_announce_can_still_be_taken() -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.b.post.silence_call(DESK["b"], pair.now)
    pair.settle()
    pair.talk(pair.b)
    assert pair.b.gates() == [True, False, True]
    assert call(pair, pair.a).state == "taken"


def test_unattended_desk_is_an_outcome_where_it_is_disclosed() -> None:
    pair = Pair(desks=False)
    pair.a.post.desk_opened(DESK["a"], pair.now)
    pair.talk(pair.a)
    for _ in range(13):
        pair.a.post.desk_alive(DESK["a"], REPORT, pair.now)
        pair.run(4_700)
    assert accounts(pair, pair.a)[0]["outcome"] == "unattended"
    assert accounts(pair, pair.b)[0]["outcome"] == "unattended"


def test_nothing_of_the_desk_is_told_where_nothing_was_agreed() -> None:
    pair = Pair(disclosure=0)
    pair.talk(pair.a)
    pair.b.post.sounded(DESK["b"], call(pair, pair.b).call, pair.now)
    pair.settle()
    assert not call(pair, pair.a).peer_sounded
    pair.run(60_100)
    for side in (pair.a, pair.b):
        (account,) = accounts(pair, side)
        assert account["outcome"] == "untaken"
        assert not account.keys() & {"sounded", "attended"}
    assert all(b"attended" not in body for body in pair.b.bodies(FrameClass.CONTROL))


def test_beyond_the_agreed_number_it_rings_and_does_not_sound() -> None:
    pair = Pair(settings=PostSettings(announces_per_hour=2))
    for _ in range(2):
        pair.talk(pair.a)
        pair.talk(pair.a, on=False)
        pair.a.post.end_call(DESK["a"], pair.now)
        pair.settle()
    pair.b.desk_events.clear()
    pair.talk(pair.a)
    assert call(pair, pair.b).manner == call(pair, pair.a).manner == "ring"
    assert pair.b.gates() == []
    pair.talk(pair.b)
    assert pair.b.gates() == [True]
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.settle()
    pair.run(3_600_000, step=3_600_000)
    pair.run(200)
    pair.b.desk_events.clear()
    pair.talk(pair.a)
    assert pair.b.gates() == [True], "an hour later it sounds again"


def test_quiet_for_a_minute_ends_a_taken_call() -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.talk(pair.b)
    pair.run(90_000)
    assert call(pair, pair.a).state == "taken", "somebody speaks"
    pair.talk(pair.a, on=False)
    pair.talk(pair.b, on=False)
    pair.run(60_100)
    for side in (pair.a, pair.b):
        assert call(pair, side).outcome == "quiet"


def test_link_down_ends_it_and_both_account_for_it_later() -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.talk(pair.b)
    pair.cut()
    pair.run(10_100)
    for side in (pair.a, pair.b):
        assert call(pair, side).outcome == "link_down"
        assert side.stops() == ["call.link_down"]
        assert side.gates()[-1] is False
    pair.connect()
    pair.run(6_000)
    for side in (pair.a, pair.b):
        assert accounts(pair, side)[0]["outcome"] == "link_down"
    pair.assert_identical()


@pytest.mark.parametrize("swapped", [False, True])
def test_a_call_that_comes_before_our_first_round_trip_is_not_ended_by_it(swapped: bool) -> None:  # noqa: FBT001 - parameter
    pair = Pair(swapped=swapped)
    pair.cut()
    pair.run(10_100)
    pair.connect()
    pair.a.post.round_trip("one", 20.0, pair.now)  # the caller's came first
    assert pair.b.post.view(pair.now).link.state == "DOWN"
    pair.talk(pair.a)
    pair.b.post.tick(pair.now)
    pair.settle()
    pair.run(100)
    assert [call(pair, side).state for side in (pair.a, pair.b)] == ["announcing", "announcing"]
    assert pair.b.gates() == [True]


def test_a_call_that_no_round_trip_follows_is_ended_after_two_seconds() -> None:
    pair = Pair()
    pair.cut()
    pair.run(10_100)
    pair.connect()
    pair.round_trips = False
    pair.a.post.round_trip("one", 20.0, pair.now)
    pair.talk(pair.a)
    pair.run(1_900)
    assert call(pair, pair.b).state == "announcing"
    pair.run(200)
    assert call(pair, pair.b).outcome == "link_down"


def test_talk_with_link_down_is_refused() -> None:
    pair = Pair()
    pair.cut()
    pair.run(10_100)
    pair.talk(pair.a)
    assert pair.a.stops() == ["call.link_down"]
    assert pair.a.post.view(pair.now).call is None


@pytest.mark.parametrize("who", ["a", "b"])
def test_restart_of_either_post_ends_it(who: str) -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.talk(pair.b)
    stale = {letter: pair.sides[letter].block for letter in "ab"}
    pair.restart(pair.sides[who])
    pair.run(1_000)
    other = pair.other(pair.sides[who])
    assert call(pair, other).outcome == "restart"
    for side in (pair.a, pair.b):
        (account,) = accounts(pair, side)
        assert account["outcome"] == "restart"
    block = stale[other.letter]
    assert block is not None
    pair.sides[who].post.control_seen(
        block.call_tag, call_open=True, talking=True, manner=1, talk_seq=9, now=pair.now
    )
    pair.settle()
    assert pair.sides[who].post.view(pair.now).call is None, "a cell of before the restart"
    pair.assert_identical()

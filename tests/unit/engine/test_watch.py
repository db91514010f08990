"""Deaf desks: what counts as attended, what crosses, and the alarm on our own side."""

from dataclasses import replace

import pytest

from openline.engine.desk import AudioReport, Figures
from openline.protocol.frames import FrameClass
from openline.record.cbor import Value
from tests.unit.engine.pair import DESK, Pair, Side
from tests.unit.engine.test_hostile import control

HEARS = AudioReport(mic="COLD", context="running", connection="connected", hears=True)
DEAF = replace(HEARS, hears=False, deaf="blocked")


def keep(pair: Pair, side: Side, report: AudioReport, ms: int) -> None:
    """That side's page answers with ``report`` for so long; the other's is well."""
    pair.desks_alive = False
    other = pair.other(side)
    for _ in range(ms // 500):
        side.post.desk_alive(DESK[side.letter], report, pair.now)
        other.post.desk_alive(DESK[other.letter], HEARS, pair.now)
        pair.run(500)


def alarms(pair: Pair, side: Side) -> dict[str, dict[str, str | int]]:
    return {alarm.code: alarm.facts for alarm in side.post.view(pair.now).alarms}


@pytest.mark.parametrize("letter", ["a", "b"])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_deaf_desk_is_an_alarm_there_and_told_to_the_other_side(
    letter: str, *, swapped: bool
) -> None:
    pair = Pair(swapped=swapped)
    deaf = pair.sides[letter]
    other = pair.other(deaf)
    keep(pair, deaf, DEAF, 2_000)
    own, peer = deaf.post.view(pair.now).own_watch, other.post.view(pair.now).peer_watch
    assert (own.attended, own.hears) == (peer.attended, peer.hears) == (False, False)
    assert alarms(pair, deaf) == {}, "a moment is no alarm"
    keep(pair, deaf, DEAF, 2_000)
    assert alarms(pair, deaf) == {"deaf_desk": {"reason": "blocked", "desks": 1}}
    assert alarms(pair, other) == {}
    keep(pair, deaf, HEARS, 500)
    assert alarms(pair, deaf) == {}
    peer = other.post.view(pair.now).peer_watch
    assert (peer.attended, peer.hears) == (True, True)


def test_a_frozen_page_is_a_deaf_desk_until_it_is_closed() -> None:
    pair = Pair()
    pair.desks_alive = False
    pair.run(5_200)
    assert alarms(pair, pair.a) == {"deaf_desk": {"reason": "no_answer", "desks": 1}}
    view = pair.b.post.view(pair.now)
    assert (view.peer_watch.attended, view.peer_watch.hears) == (False, None)
    pair.a.post.desk_alive(DESK["a"], HEARS, pair.now)
    pair.run(50)
    assert "deaf_desk" not in alarms(pair, pair.a)
    pair.b.post.desk_closed(DESK["b"], pair.now)
    pair.run(50)
    assert "deaf_desk" not in alarms(pair, pair.b), "no desk is no deaf desk"


@pytest.mark.parametrize("disclosure", [0, 1, 2])
def test_deafness_crosses_only_as_far_as_agreed_and_never_its_reason(disclosure: int) -> None:
    pair = Pair(disclosure=disclosure)
    keep(pair, pair.b, DEAF, 1_000)
    peer = pair.a.post.view(pair.now).peer_watch
    assert (peer.attended, peer.hears) == ((None, None) if disclosure == 0 else (False, False))
    wire = b"".join(pair.b.bodies(FrameClass.CONTROL))
    assert (b"hears" in wire) == (disclosure > 0)
    assert b"blocked" not in wire


def test_at_a_deaf_desk_a_text_is_shown_and_no_voice_sounded() -> None:
    pair = Pair()
    keep(pair, pair.b, DEAF, 1_000)
    pair.text(pair.a, "read this")
    keep(pair, pair.b, DEAF, 1_000)
    assert pair.ladder(pair.a, "read this")["shown"] == "done"
    pair.a.post.talk(DESK["a"], on=True, now=pair.now)
    pair.settle()
    call = pair.b.post.view(pair.now).call
    assert call is not None
    pair.b.post.sounded(DESK["b"], call.call, pair.now)
    pair.settle()
    assert pair.a.post.view(pair.now).call.peer_sounded is False  # type: ignore[union-attr]
    keep(pair, pair.b, HEARS, 500)
    pair.b.post.sounded(DESK["b"], call.call, pair.now)
    pair.settle()
    assert pair.a.post.view(pair.now).call.peer_sounded is True  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "said",
    [
        {"attended": True, "hears": False},
        {"attended": False, "hears": True},
        {"attended": True, "hears": 1},
        {"attended": True, "deaf": "blocked"},
    ],
)
def test_a_presence_that_contradicts_itself_changes_nothing(said: dict[str, Value]) -> None:
    pair = Pair()
    before = pair.a.post.view(pair.now).peer_watch
    body = control(pair, "presence", said, 1_000)
    pair.a.post.frame_received(FrameClass.CONTROL, 9_999, body, pair.now)
    pair.settle()
    assert pair.a.post.view(pair.now).peer_watch == before


def test_an_alarm_that_nobody_acknowledges_is_unanswered_once() -> None:
    pair = Pair()
    pair.round_trips = False
    pair.run(10_100)
    (alarm,) = pair.a.post.view(pair.now).alarms
    assert not alarm.unanswered
    pair.b.post.acknowledge(DESK["b"], "link_down", pair.now)
    pair.run(30_000)
    (alarm,) = pair.a.post.view(pair.now).alarms
    assert alarm.unanswered
    (answered,) = pair.b.post.view(pair.now).alarms
    assert not answered.unanswered
    pair.round_trips = True
    pair.run(50)
    pair.round_trips = False
    pair.run(10_100)
    (again,) = pair.a.post.view(pair.now).alarms
    assert not again.unanswered, "each alarm has its own time"


def test_figures_are_kept_per_connection_and_grow_old() -> None:
    pair = Pair()
    figures = Figures(
        desk="", pair_slot=1, mouth_to_ear_ms=120.0, loss=0.0, jitter_ms=30.0,
        concealed=0.0, packets=50,
    )  # fmt: skip
    post = pair.a.post
    post.desk_figures(DESK["a"], figures, pair.now)
    post.desk_figures(DESK["a"], replace(figures, pair_slot=0, packets=49), pair.now)
    post.desk_figures(b"stranger", figures, pair.now)
    post.desk_figures(DESK["a"], replace(figures, pair_slot=6), pair.now)
    pair.run(1_000)
    shown = post.view(pair.now).figures
    assert [(one.desk, one.pair_slot, one.packets) for one in shown] == [
        (DESK["a"].hex(), 0, 49),
        (DESK["a"].hex(), 1, 50),
    ]
    assert {one.age_ms for one in shown} == {1_000}
    pair.run(5_000)
    assert post.view(pair.now).figures == ()


def test_desks_that_answer_come_before_those_that_froze() -> None:
    pair = Pair(desks=False)
    post = pair.a.post
    for number in range(64):
        post.desk_opened(bytes([number]) * 8, pair.now)
    pair.run(5_200)
    post.desk_opened(DESK["a"], pair.now)
    post.desk_alive(DESK["a"], HEARS, pair.now)
    assert post.view(pair.now).own_watch.attended

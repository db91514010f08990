"""The three statuses: link by our own probes, standing, watch by each side's word."""

import pytest

from openline.engine.desk import AudioReport, ViewChanged
from openline.protocol.clock import Now
from openline.protocol.frames import FrameClass
from openline.record.cbor import encode
from tests.unit.engine.pair import DESK, Pair, Side

NO_LEGS = encode({})


def leg(name: str) -> bytes:
    """What a voice room might say: the engine does not look into a leg."""
    return encode({"0": {"desk": name.encode()}})


def words(pair: Pair, side: Side) -> tuple[str, str]:
    view = pair.a.post.view(pair.now) if side is pair.a else pair.b.post.view(pair.now)
    return view.link.state, view.standing


def test_up_is_earned_and_decays() -> None:
    pair = Pair()
    assert words(pair, pair.a) == ("UP", "IN_FORCE")
    pair.round_trips = False
    pair.run(1_950)
    assert words(pair, pair.a)[0] == "UP"
    pair.run(50)
    assert words(pair, pair.a)[0] == "UNSURE"
    pair.run(7_950)
    assert words(pair, pair.a)[0] == "UNSURE"
    pair.run(50)
    assert words(pair, pair.a) == ("DOWN", "IN_FORCE")
    assert [alarm.code for alarm in pair.a.post.view(pair.now).alarms] == ["link_down"]
    pair.round_trips = True
    pair.run(50)
    assert words(pair, pair.a)[0] == "UP"
    assert not pair.a.post.view(pair.now).alarms


def test_view_is_true_between_ticks() -> None:
    pair = Pair()
    later = Now(pair.now.mono_ms + 2_000, pair.now.wall_ms)
    assert pair.a.post.view(later).link.state == "UNSURE"


@pytest.mark.parametrize("jump", [-(10**12), 10**12])
def test_wall_clock_jumps_change_nothing(jump: int) -> None:
    pair = Pair()
    pair.now = Now(pair.now.mono_ms, pair.now.wall_ms + jump)
    pair.run(500)
    view = pair.a.post.view(pair.now)
    assert (view.link.state, view.record.state) == ("UP", "live")
    pair.text(pair.a, "After the jump.")
    assert pair.ladder(pair.a, "After the jump.")["receipted"] == "done"
    pair.assert_identical()


def test_peer_watch_needs_contact_and_its_own_word() -> None:
    pair = Pair(live=False)
    assert pair.a.post.view(pair.now).peer_watch.attended is None
    pair.run(100)
    watch = pair.a.post.view(pair.now).peer_watch
    assert (watch.attended, watch.code) == (True, "W-1")
    pair.round_trips = False
    pair.run(2_000)
    watch = pair.a.post.view(pair.now).peer_watch
    assert (watch.attended, watch.code) == (None, None)


@pytest.mark.parametrize(
    ("disclosure", "attended", "code"), [(0, None, None), (1, True, None), (2, True, "W-1")]
)
def test_disclosure_bounds_what_crosses(
    disclosure: int, attended: object, code: str | None
) -> None:
    pair = Pair(disclosure=disclosure)
    watch = pair.a.post.view(pair.now).peer_watch
    assert (watch.attended, watch.code) == (attended, code)
    wire = b"".join(pair.b.bodies(FrameClass.CONTROL))
    assert (b"presence" in wire) == (disclosure > 0)
    assert (b"W-1" in wire) == (disclosure > 1)


def test_silent_desk_is_not_attended() -> None:
    pair = Pair()
    pair.desks_alive = False
    pair.run(5_000)
    assert pair.a.post.view(pair.now).own_watch.attended is True
    pair.run(100)
    view = pair.a.post.view(pair.now)
    assert (view.own_watch.attended, view.peer_watch.attended) == (False, False)


def test_voice_word_follows_desk_and_legs() -> None:
    pair = Pair(desks=False)
    assert pair.a.post.view(pair.now).voice == "no_desk"
    pair.a.post.desk_opened(DESK["a"], pair.now)
    assert pair.a.post.view(pair.now).voice == "no_far_desk"
    pair.b.post.own_legs(leg("opaque"), pair.now)
    pair.settle()
    assert pair.a.legs == [leg("opaque")]
    assert pair.a.post.view(pair.now).voice == "connecting"
    report = AudioReport(mic="COLD", context="running", connection="connected")
    pair.a.post.desk_alive(DESK["a"], report, pair.now)
    assert pair.a.post.view(pair.now).voice == "ready"
    pair.b.post.own_legs(NO_LEGS, pair.now)
    pair.settle()
    assert pair.a.legs == [leg("opaque"), NO_LEGS]
    assert pair.a.post.view(pair.now).voice == "no_far_desk"


def test_far_leg_is_gone_with_its_post() -> None:
    pair = Pair()
    pair.b.post.own_legs(leg("opaque"), pair.now)
    pair.settle()
    pair.restart(pair.b)
    assert pair.a.legs == [leg("opaque"), None]
    pair.b.post.own_legs(leg("new"), pair.now)
    pair.settle()
    assert pair.a.legs[-1] == leg("new")


def test_control_is_order_proof_and_sent_again() -> None:
    pair = Pair()
    pair.cut()
    pair.b.post.own_legs(leg("one"), pair.now)
    pair.b.post.own_legs(leg("two"), pair.now)
    pair.settle()
    one, two = pair.b.bodies(FrameClass.CONTROL)[-2:]
    for body in (two, one, two, one):
        pair.a.post.frame_received(FrameClass.CONTROL, 1, body, pair.now)
        pair.settle()
    assert pair.a.legs == [leg("two")]
    pair.b.post.own_legs(leg("three"), pair.now)
    pair.settle()
    pair.connect()
    pair.settle()
    assert pair.a.legs == [leg("two"), leg("three")]


def test_lost_control_is_said_again() -> None:
    pair = Pair()
    pair.drop = lambda _to, frame_class, _body: frame_class == FrameClass.CONTROL
    pair.b.post.own_legs(leg("lost"), pair.now)
    pair.settle()
    pair.drop = lambda _to, _class, _body: False
    assert pair.a.legs == []
    pair.run(2_100)
    assert pair.a.legs == [leg("lost")]


def test_alarm_is_silenced_and_stays() -> None:
    pair = Pair()
    pair.round_trips = False
    pair.run(10_100)
    pair.a.post.acknowledge(DESK["a"], "link_down", pair.now)
    (alarm,) = pair.a.post.view(pair.now).alarms
    assert alarm.acknowledged
    pair.settle()
    pair.a.desk_events.clear()
    pair.a.post.acknowledge(DESK["a"], "no such", pair.now)
    pair.settle()
    assert not pair.a.events(ViewChanged)


def test_the_line_is_in_force_only_with_both_signatures() -> None:
    pair = Pair(connect=False, live=False)
    assert pair.a.post.view(pair.now).standing == "UNCONFIRMED"
    pair.connect()
    pair.run(200)
    assert pair.a.post.view(pair.now).standing == "IN_FORCE"
    pair.restart(pair.a, connect=False)
    assert pair.a.post.view(pair.now).standing == "IN_FORCE"

"""Calls when two officers, two desks or two calls meet."""

from openline.protocol.frames import FrameClass
from tests.unit.engine.pair import DESK, Pair
from tests.unit.engine.test_calls import accounts, call


def test_both_press_at_once() -> None:
    pair = Pair()
    pair.a.post.talk(DESK["a"], on=True, now=pair.now)
    pair.b.post.talk(DESK["b"], on=True, now=pair.now)
    pair.settle()
    one, other = call(pair, pair.a), call(pair, pair.b)
    assert one.call == other.call
    assert {one.role, other.role} == {"caller", "called"}
    assert one.state == other.state == "taken"
    assert one.own_talking
    assert other.own_talking
    assert pair.a.gates()[-1] is pair.b.gates()[-1] is True
    assert pair.a.stops() == pair.b.stops() == []
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.settle()
    assert len(accounts(pair, pair.a)) == len(accounts(pair, pair.b)) == 1
    pair.assert_identical()


def test_both_press_at_once_seen_from_cells_alone() -> None:
    pair = Pair()
    pair.drop = lambda _to, frame_class, _body: frame_class == FrameClass.CONTROL
    pair.a.post.talk(DESK["a"], on=True, now=pair.now)
    pair.b.post.talk(DESK["b"], on=True, now=pair.now)
    pair.settle()
    for _ in range(3):
        pair.cells()
    assert call(pair, pair.a).call == call(pair, pair.b).call
    assert call(pair, pair.a).state == call(pair, pair.b).state == "taken"


def test_one_desk_talks_at_a_time() -> None:
    pair = Pair()
    pair.a.post.desk_opened(b"desk-a-2", pair.now)
    pair.talk(pair.a)
    pair.a.post.talk(b"desk-a-2", on=True, now=pair.now)
    pair.settle()
    assert pair.a.desk_events[-1][0] == b"desk-a-2"
    assert pair.a.stops() == ["call.held_elsewhere"]
    pair.a.post.talk(b"desk-a-2", on=False, now=pair.now)
    pair.settle()
    assert call(pair, pair.a).own_talking
    pair.talk(pair.a, on=False)
    pair.a.post.take_over(b"desk-a-2", pair.now)
    pair.a.post.talk(b"desk-a-2", on=True, now=pair.now)
    pair.settle()
    assert call(pair, pair.a).own_talking
    assert call(pair, pair.a).holder == b"desk-a-2".hex()


def test_desk_that_vanishes_stops_talking() -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.a.post.desk_closed(DESK["a"], pair.now)
    pair.settle()
    assert not call(pair, pair.a).own_talking
    assert not call(pair, pair.b).peer_talking


def test_desk_that_comes_late_hears_the_call() -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.b.post.desk_opened(b"desk-b-2", pair.now)
    pair.settle()
    late = [event for desk, event in pair.b.desk_events if desk == b"desk-b-2"]
    assert len(late) == 1


def test_second_call_of_the_peer_ends_its_first() -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.drop = lambda _to, frame_class, _body: frame_class == FrameClass.CONTROL
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.settle()
    pair.drop = lambda _to, _class, _body: False
    pair.talk(pair.a)
    assert call(pair, pair.b).call == call(pair, pair.a).call
    # Nobody told B why: that it was withdrawn is A's to say.
    assert [account["outcome"] for account in accounts(pair, pair.b)] == ["ended"]
    assert [account["outcome"] for account in accounts(pair, pair.a)] == ["withdrawn"]
    assert pair.b.gates() == [True, False, True]


def test_call_goes_on_when_the_disk_does_not() -> None:
    pair = Pair()
    pair.a.store.fault = pair.b.store.fault = "store.full"
    pair.talk(pair.a)
    pair.talk(pair.b)
    assert call(pair, pair.a).state == "taken"
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.settle()
    pair.a.store.fault = pair.b.store.fault = None
    pair.run(11_000)
    assert len(accounts(pair, pair.a)) == len(accounts(pair, pair.b)) == 1

"""Swap the parties and everything is the mirror image; same inputs, same outputs."""

from collections.abc import Callable

from openline.engine.ports import SendFrame
from openline.protocol.frames import FrameClass
from tests.unit.engine.pair import DESK, Pair
from tests.unit.engine.test_restore import write_both

Script = Callable[[Pair], None]


def a_day(pair: Pair) -> None:
    """Texts, calls, a cut, a restart, an old backup, a full disk."""
    write_both(pair, 2, "morning")
    pair.talk(pair.a)
    pair.cells()
    pair.b.post.sounded(DESK["b"], pair.b.post.view(pair.now).call.call, pair.now)  # type: ignore[union-attr] # it is there
    pair.settle()
    pair.talk(pair.b)
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.settle()
    backup = pair.b.store.copy()
    pair.text(pair.b, "soon lost")
    pair.cut()
    pair.text(pair.a, "while cut")
    pair.run(11_000)
    pair.connect()
    pair.run(1_000)
    pair.restart(pair.b, backup)
    pair.run(2_000)
    pair.a.store.fault = "store.full"
    pair.text(pair.a, "refused")
    pair.a.store.fault = None
    pair.run(3_000)
    write_both(pair, 1, "evening")
    pair.run(1_000)


def seen(pair: Pair, letter: str) -> list[object]:
    """What a side shows, free of who is a or b: ids and orders carry the letter or its luck."""
    side = pair.sides[letter]
    view = side.post.view(pair.now)
    return [
        view.link,
        view.record,
        view.own_watch,
        view.peer_watch,
        [alarm.code for alarm in view.alarms],
        sorted(
            (item.whose, item.kind, item.text, str(sorted(item.facts.items())), item.ladder)
            for item in side.post.timeline(500)
            if item.kind != "call"
        ),
        [type(event).__name__ for _, event in side.desk_events],
        [frame.frame_class for frame in side.sent if frame.frame_class != FrameClass.CONTROL],
        side.gates(),
        side.stops(),
        side.store.codes(),
    ]


def test_swapped_parties_are_mirror_images() -> None:
    one, other = Pair(), Pair(swapped=True)
    assert one.a.who.card != other.a.who.card
    assert one.a.post.view(one.now).party == "a"
    assert other.a.post.view(other.now).party == "b"
    for pair in (one, other):
        a_day(pair)
        pair.assert_identical()
    for letter in "ab":
        for mine, theirs in zip(seen(one, letter), seen(other, letter), strict=True):
            assert mine == theirs


def script_of(pair: Pair, letter: str) -> list[SendFrame]:
    # ML-DSA signatures are hedged with randomness of the library's own.
    return [frame for frame in pair.sides[letter].sent if frame.frame_class != FrameClass.SEAL]


def test_same_inputs_same_outputs() -> None:
    one, other = Pair(), Pair()
    for pair in (one, other):
        a_day(pair)
    for letter in "ab":
        assert script_of(one, letter) == script_of(other, letter)
        assert one.sides[letter].desk_events == other.sides[letter].desk_events
        assert one.sides[letter].store.entries == other.sides[letter].store.entries

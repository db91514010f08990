"""Texts from one desk to the other, and their ladder."""

from openline.protocol.frames import FrameClass
from tests.unit.engine.pair import Pair


def test_text_is_receipted_with_no_time_passing() -> None:
    pair = Pair()
    pair.text(pair.a, "Good morning.")
    assert [taken.request for taken in pair.a.taken()] == ["r1"]
    assert pair.ladder(pair.a, "Good morning.")["receipted"] == "done"
    assert [item.text for item in pair.texts(pair.b)] == ["Good morning."]
    pair.assert_identical()


def test_ladder_reaches_its_top() -> None:
    pair = Pair()
    pair.text(pair.a, "Good morning.")
    pair.run(2_000)
    (item,) = pair.texts(pair.b)
    pair.b.post.text_opened(b"desk-b-1", item.id, pair.now)
    pair.run(2_000)
    for side in (pair.a, pair.b):
        assert set(pair.ladder(side, "Good morning.").values()) == {"done"}, side.letter
    assert pair.a.store.codes() == pair.b.store.codes() == []
    pair.assert_identical()
    assert pair.a.bodies(FrameClass.SEAL)

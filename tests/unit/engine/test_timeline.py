"""The timeline: order, finality, ladder, memory, and the same again after a restart."""

from openline.engine.desk import TimelineChanged, TimelineItem
from openline.engine.timeline import ITEMS_MAX
from openline.protocol.frames import FrameClass
from openline.record.merge import merged
from tests.unit.engine.pair import DESK, Pair, Side
from tests.unit.engine.test_restore import write_both

RUNGS = ("written", "receipted", "sealed", "shown", "opened")


def recorded(side: Side) -> list[TimelineItem]:
    return [item for item in side.post.timeline(1_000) if item.kind != "event"]


def test_both_sides_show_one_order() -> None:
    pair = Pair()
    write_both(pair, 5, "text")
    pair.cut()
    write_both(pair, 4, "while cut")
    pair.connect()
    pair.run(6_000)
    one, other = recorded(pair.a), recorded(pair.b)
    assert [item.id for item in one] == [item.id for item in other]
    assert [item.order for item in one] == [item.order for item in other]
    whose = {"own": "peer", "peer": "own"}
    assert [whose[item.whose] for item in one] == [item.whose for item in other]
    record = pair.a.post._record.keeper.record
    ranks = [f"{'ab'[rank.log]}-{rank.index}" for rank in merged(record)]
    ids = [item.id for item in one]
    assert ids == [name for name in ranks if name in ids]


def test_final_is_never_revised() -> None:
    pair = Pair(desks=False)
    order: dict[str, tuple[int, int]] = {}
    for number in range(6):
        pair.text(pair.a if number % 2 else pair.b, f"Text {number}")
        for side in (pair.a, pair.b):
            for item in recorded(side):
                if item.final:
                    assert order.setdefault(item.id, item.order) == item.order
    names = [item.id for item in recorded(pair.a) if item.final]
    assert names == [item.id for item in recorded(pair.a)][: len(names)]
    assert names


def test_rungs_never_go_back() -> None:
    pair = Pair()
    seen: dict[tuple[str, str], set[str]] = {}
    pair.text(pair.a, "Climbs.")
    for _ in range(30):
        pair.run(100)
        for side in (pair.a, pair.b):
            for item in pair.texts(side):
                done = {str(rung.name) for rung in item.ladder if rung.state == "done"}
                assert tuple(rung.name for rung in item.ladder) == RUNGS
                before = seen.setdefault((side.letter, item.id), set())
                assert before <= done
                seen[side.letter, item.id] = done
    assert all(done == set(RUNGS) - {"opened"} for done in seen.values())


def test_what_is_not_disclosed_reads_not_reported() -> None:
    pair = Pair(disclosure=0)
    pair.text(pair.a, "Who reads this?")
    (item,) = pair.texts(pair.b)
    pair.b.post.text_opened(DESK["b"], item.id, pair.now)
    pair.run(2_000)
    for side in (pair.a, pair.b):
        ladder = pair.ladder(side, "Who reads this?")
        assert (ladder["shown"], ladder["opened"]) == ("not_reported", "not_reported")
        assert ladder["sealed"] == "done"
    assert len(pair.b.store.entries[0]) + len(pair.b.store.entries[1]) == 5


def test_shown_waits_for_an_attended_desk_and_is_said_once() -> None:
    pair = Pair()
    pair.b.post.desk_closed(DESK["b"], pair.now)
    pair.text(pair.a, "Anybody?")
    pair.settle()
    assert pair.ladder(pair.a, "Anybody?")["shown"] == "waiting"
    pair.b.post.desk_opened(DESK["b"], pair.now)
    pair.settle()
    assert pair.ladder(pair.a, "Anybody?")["shown"] == "waiting"
    pair.run(100)  # its page answers
    assert pair.ladder(pair.a, "Anybody?")["shown"] == "done"
    sizes = [len(half) for half in pair.b.store.entries]
    pair.run(1_000)
    assert [len(half) for half in pair.b.store.entries] == sizes


def test_opened_is_said_once() -> None:
    pair = Pair()
    pair.text(pair.a, "Open me.")
    (item,) = pair.texts(pair.b)
    for _ in range(3):
        pair.b.post.text_opened(DESK["b"], item.id, pair.now)
    pair.settle()
    pair.restart(pair.b)
    pair.b.post.text_opened(DESK["b"], item.id, pair.now)
    pair.settle()
    assert pair.ladder(pair.a, "Open me.")["opened"] == "done"
    kinds = [entry for half in pair.b.store.entries for entry in half if b"opened" in entry.leaf]
    assert len(kinds) == 1


def test_seals_follow_in_both_roles_within_a_second() -> None:
    pair = Pair(desks=False)
    pair.text(pair.a, "Seal me.")
    assert pair.ladder(pair.a, "Seal me.")["sealed"] == "waiting"
    pair.run(1_000)
    for side in (pair.a, pair.b):
        assert pair.ladder(side, "Seal me.")["sealed"] == "done"
        assert side.post.view(pair.now).record.sealed == side.post.view(pair.now).record.own_size
    assert len(pair.a.bodies(FrameClass.SEAL)) == len(pair.b.bodies(FrameClass.SEAL))


def test_seals_follow_after_128_entries_without_waiting() -> None:
    pair = Pair(desks=False)
    pair.run(1_000)
    sealed = pair.a.post.view(pair.now).record.sealed
    for number in range(140):
        pair.a.post.write_text(None, f"r{number}", "Text", "en", pair.now)
    pair.settle()
    pair.run(50)
    assert pair.a.post.view(pair.now).record.sealed > sealed


def test_lost_seal_comes_again() -> None:
    pair = Pair(desks=False)
    pair.drop = lambda _to, frame_class, _body: frame_class == FrameClass.SEAL
    pair.text(pair.a, "Seal me.")
    pair.run(2_000)
    assert pair.ladder(pair.a, "Seal me.")["sealed"] == "waiting"
    pair.drop = lambda _to, _class, _body: False
    pair.run(12_000)
    for side in (pair.a, pair.b):
        assert pair.ladder(side, "Seal me.")["sealed"] == "done"
    sent = len(pair.a.bodies(FrameClass.SEAL))
    pair.run(60_000, step=500)
    assert len(pair.a.bodies(FrameClass.SEAL)) == sent, "and then no more"


def plain(items: list[TimelineItem]) -> list[tuple[object, ...]]:
    """What a restart must give again (when a rung was reached is a label of the first time)."""
    return [
        (
            item.id,
            item.kind,
            item.order,
            item.final,
            item.text,
            item.officer,
            [rung.state for rung in item.ladder],
        )
        for item in items
    ]


def test_restart_gives_the_same_timeline() -> None:
    pair = Pair()
    write_both(pair, 3, "text")
    pair.talk(pair.a)
    pair.a.post.end_call(DESK["a"], pair.now)
    (item, *_rest) = [item for item in pair.texts(pair.a) if item.whose == "peer"]
    pair.a.post.text_opened(DESK["a"], item.id, pair.now)
    pair.run(2_000)
    before = plain(recorded(pair.a))
    pair.restart(pair.a, connect=False)
    assert plain(recorded(pair.a)) == before


def test_memory_is_bounded() -> None:
    pair = Pair(desks=False)
    for number in range(ITEMS_MAX + 60):
        pair.a.post.write_text(None, f"r{number}", f"Text {number}", "en", pair.now)
        if number % 200 == 199:
            pair.settle()
    pair.settle()
    for _ in range(200):
        pair.a.post.round_trip("one", 1.0, pair.now)
        pair.run(2_100, step=2_100)
    assert len(recorded(pair.a)) == ITEMS_MAX
    assert recorded(pair.a)[-1].text == f"Text {ITEMS_MAX + 59}"
    assert len(pair.a.post.timeline(10)) == 10
    assert pair.a.post.timeline(0) == ()
    pair.restart(pair.a)
    assert len(recorded(pair.a)) == ITEMS_MAX


def test_changed_items_are_sent_whole_and_only_when_changed() -> None:
    pair = Pair(desks=False)
    pair.text(pair.a, "One.")
    pair.run(2_000)
    pair.a.desk_events.clear()
    pair.run(1_000)
    assert pair.a.events(TimelineChanged) == []
    pair.text(pair.b, "Two.")
    changed = [
        item
        for event in pair.a.events(TimelineChanged)
        if isinstance(event, TimelineChanged)
        for item in event.items
    ]
    assert {item.text for item in changed} >= {"Two."}
    assert all(item.ladder for item in changed if item.kind == "text")

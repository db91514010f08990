"""What the simulation found, each as small as it can be told (docs/simulation.md)."""

import pytest

from openline.protocol.frames import FrameClass
from tests.unit.engine.pair import Pair


def held_up(pair: Pair) -> None:
    """b has an entry of a on its way to a slow disk; a is back at a backup from before it."""
    backup = pair.a.store.copy()
    pair.disk_slow = True
    pair.text(pair.a, "Lost with the disk.")
    pair.disk(pair.a)
    pair.settle()
    pair.restart(pair.a, backup)
    pair.disk(pair.a)
    pair.settle()


@pytest.mark.parametrize("fault", [None, "store.full"])
def test_commit_in_flight_is_waited_for_before_a_restored_peer_is_answered(
    fault: str | None,
) -> None:
    pair = Pair()
    held_up(pair)
    assert pair.a.post.view(pair.now).record.state == "waiting"
    pair.b.store.fault = fault
    pair.disk(pair.b)
    pair.b.store.fault = None
    pair.disk_slow = False
    pair.run(1_500)
    pair.text(pair.a, "Written anew.")
    pair.run(1_500)
    pair.assert_identical()
    assert pair.b.post.view(pair.now).record.state == "live"
    lost = [item for item in pair.texts(pair.b) if item.text == "Lost with the disk."]
    assert len(lost) == (fault is None)


def test_post_that_does_not_know_what_it_holds_answers_no_restart() -> None:
    pair = Pair()
    held_up(pair)
    pair.b.store.fault = "store.fsync"
    pair.disk(pair.b)
    pair.disk_slow = False
    pair.run(3_000)
    assert pair.a.post.view(pair.now).record.state == "waiting"
    pair.b.store.fault = None
    pair.restart(pair.b)
    pair.run(1_500)
    assert pair.a.post.view(pair.now).record.state == "live"
    pair.assert_identical()


def test_what_an_old_outbox_holds_and_the_record_too_stands_there_once() -> None:
    pair = Pair(connect=False, live=False)
    pair.text(pair.a, "Written before the line stood.")
    backup = pair.a.store.copy()
    assert pair.a.post.view(pair.now).record.outbox == 1
    pair.connect()
    pair.run(1_000)
    pair.restart(pair.a, backup)
    pair.run(1_000)
    assert pair.a.post.view(pair.now).record.outbox == 0
    (item,) = pair.texts(pair.a)
    assert not item.id.startswith("outbox")
    assert {rung.name: rung.state for rung in item.ladder}["receipted"] == "done"
    pair.restart(pair.a)
    pair.run(200)
    assert [shown.id for shown in pair.texts(pair.a)] == [item.id]


def test_restored_peer_that_writes_again_is_fed_again_though_its_hello_came_too_late() -> None:
    pair = Pair()
    backup = pair.a.store.copy()
    pair.text(pair.a, "After the backup.")
    pair.drop = lambda to, frame_class, _body: (
        to == "b"
        and frame_class == FrameClass.HELLO
        and pair.a.post.view(pair.now).record.state == "live"
    )
    pair.restart(pair.a, backup)
    pair.run(1_000)
    pair.text(pair.b, "Do you hear us?")
    pair.run(1_000)
    assert pair.ladder(pair.b, "Do you hear us?")["receipted"] == "done"
    pair.assert_identical()


def test_head_that_went_down_with_the_disk_is_no_fork() -> None:
    pair = Pair()
    backup = pair.a.store.copy()
    pair.drop = lambda _to, frame_class, _body: frame_class == FrameClass.BATCH
    pair.text(pair.a, "Signed, and lost with the disk.")
    pair.greet(pair.a)
    pair.settle()
    pair.drop = lambda _to, _class, _body: False
    pair.restart(pair.a, backup)
    pair.run(1_000)
    pair.text(pair.a, "Written in its place.")
    pair.run(1_000)
    assert pair.b.post.view(pair.now).record.state == "live"
    assert pair.ladder(pair.a, "Written in its place.")["receipted"] == "done"
    assert "handshake.head_lost" in pair.b.store.codes()
    assert "peer_restored" in [alarm.code for alarm in pair.b.post.view(pair.now).alarms]
    pair.assert_identical()

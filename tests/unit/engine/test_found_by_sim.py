"""What the simulation found, each as small as it can be told (docs/simulation.md)."""

from tests.unit.engine.pair import Pair


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

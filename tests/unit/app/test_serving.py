"""Following a text up its ladder, from events alone."""

import pytest

from openline.app.serving import Follow
from openline.engine.desk import Refused, Rung, RungState, TextTaken, TimelineChanged, TimelineItem
from openline.errors import OpenlineError


def changed(name: str, replaces: str = "", **rungs: RungState) -> TimelineChanged:
    ladder = tuple(Rung(name=n, state=s, wall_ms=None) for n, s in rungs.items())  # type: ignore[arg-type]
    item = TimelineItem(
        id=name, whose="own", kind="text", wall_ms=1, order=(1, 0), ladder=ladder, replaces=replaces
    )
    return TimelineChanged(items=(item,))


def test_a_text_climbs_under_its_new_name_and_no_rung_is_said_twice() -> None:
    follow = Follow("mine")
    assert follow.take(TextTaken(request="other", item="a-1")) == []
    assert follow.take(changed("a-1", written="done", receipted="done")) == []
    assert follow.take(TextTaken(request="mine", item="outbox-1")) == ["written"]
    assert follow.take(changed("a-2", "outbox-1", written="done")) == []
    assert follow.item == "a-2"
    assert follow.take(changed("a-2", written="done", receipted="done")) == ["receipted"]
    assert follow.take(changed("a-2", written="done", receipted="done")) == []
    assert follow.take(changed("a-2", receipted="done", sealed="done", shown="done")) == [
        "sealed",
        "shown",
    ]
    assert follow.reached == ["written", "receipted", "sealed", "shown"]


def test_what_is_never_reported_is_not_waited_for() -> None:
    follow = Follow("mine")
    follow.take(TextTaken(request="mine", item="a-2"))
    assert not follow.ends_before("opened")
    follow.take(changed("a-2", written="done", opened="not_reported"))
    assert follow.ends_before("opened")
    assert not follow.ends_before("written")


def test_a_refusal_is_the_caller_s() -> None:
    follow = Follow("mine")
    follow.take(Refused(request="other", code="engine.busy"))
    with pytest.raises(OpenlineError) as caught:
        follow.take(Refused(request="mine", code="store.full", facts={"name": "x"}))
    assert caught.value.code == "store.full"
    assert caught.value.facts == {"name": "x"}


def test_the_rung_that_is_waited_for_is_the_last_that_is_said() -> None:
    """One commit may bring receipt and seal; the last rung said is how far the text came."""
    follow = Follow("mine")
    assert follow.up_to("receipted", TextTaken(request="mine", item="outbox-1")) == ["written"]
    both = changed("a-2", "outbox-1", written="done", receipted="done", sealed="done")
    assert follow.up_to("receipted", both) == ["receipted"]

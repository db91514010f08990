"""What a post may tell a page: nothing makes it transmit, and the simulation would see it."""

from typing import Any, cast

import pytest

from openline.engine.desk import DeskEvent, ViewChanged
from openline.engine.desk_spoken import RecordCall, SpeakPhrase
from openline.engine.ports import ToDesk
from openline.sim.desks import Desk, DeskRoom
from openline.sim.trace import Violation

EVENTS: list[DeskEvent] = [
    SpeakPhrase(n=3, seq=1, call="0a0b0c0d"),
    RecordCall(on=True, call="0a0b0c0d", part=1),
    ViewChanged(),
]


def room(*, held: bool = False, live: bool = False) -> DeskRoom:
    nobody = cast("Any", None)
    made = DeskRoom(nobody, nobody, nobody)
    made.open[b"desk"] = Desk(b"desk", held=held, live=live)
    return made


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("held", [False, True])
def test_a_page_transmits_after_it_what_its_key_let_it_before(
    *, event: DeskEvent, held: bool
) -> None:
    desks = room(held=held, live=held)
    desks.take(ToDesk(desk=None, event=event))
    assert desks.live is held


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_a_page_that_transmits_without_a_key_is_found(event: DeskEvent) -> None:
    with pytest.raises(Violation, match="without a key"):
        room(live=True).take(ToDesk(desk=None, event=event))


def test_an_event_that_nobody_thought_of_is_found() -> None:
    with pytest.raises(Violation, match="unknown event"):
        room().take(ToDesk(desk=None, event=cast("Any", object())))

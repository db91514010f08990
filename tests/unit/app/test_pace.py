"""Control goes by the clock: one frame a slot, of one size, whether anything changed or not."""

from typing import cast

from openline.app.pace import ControlCadence
from openline.link import Link
from openline.protocol.control import CALL, CONTROL_STEP, LEGS, PRESENCE, ControlOut, parse_control
from openline.record.cbor import Value


class Wire:
    """Stands where the link stands."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, _class: int, body: bytes) -> None:
        self.sent.append(body)


class Rig:
    def __init__(self) -> None:
        self.wire = Wire()
        self.cadence = ControlCadence(cast(Link, self.wire))
        self.out = ControlOut(b"incarnation")

    def set(self, name: str, payload: Value) -> None:
        body = self.out.set(name, payload)
        assert body is not None
        self.cadence.take(body)

    def names(self) -> list[str]:
        return [parse_control(body).name for body in self.wire.sent]


def test_a_press_sends_nothing_by_itself() -> None:
    rig = Rig()
    rig.set(PRESENCE, {"attended": True})
    for talking in (True, False, True):
        before = len(rig.wire.sent)
        rig.set(CALL, {"talking": talking})
        assert len(rig.wire.sent) == before
        rig.cadence.slot()
        assert len(rig.wire.sent) == before + 1
    assert {len(body) for body in rig.wire.sent} == {CONTROL_STEP}


def test_news_goes_first_and_then_everything_in_turn() -> None:
    rig = Rig()
    rig.set(PRESENCE, {"attended": True})
    rig.set(CALL, {"seq": 1})
    rig.set(CALL, {"seq": 2})
    for _ in range(6):
        rig.cadence.slot()
    assert rig.names() == [PRESENCE, CALL, PRESENCE, CALL, PRESENCE, CALL]
    assert parse_control(rig.wire.sent[1]).payload == {"seq": 2}
    rig.set(CALL, {"seq": 3})
    rig.cadence.slot()
    assert parse_control(rig.wire.sent[-1]).payload == {"seq": 3}


def test_a_desk_that_comes_is_told_at_once_and_a_long_object_does_not_fill_slots() -> None:
    rig = Rig()
    rig.cadence.slot()
    assert rig.wire.sent == []  # nothing to say yet
    rig.set(LEGS, {"fp": "A" * 400})
    assert rig.names() == [LEGS]
    assert len(rig.wire.sent[0]) == 2 * CONTROL_STEP
    rig.cadence.slot()
    assert rig.names() == [LEGS]
    rig.cadence.take(rig.out.live()[0])  # the engine says it again
    assert rig.names() == [LEGS]
    rig.cadence.slot()
    assert rig.names() == [LEGS, LEGS]
    rig.cadence.connection_came()
    rig.cadence.take(rig.out.live()[0])
    assert rig.names() == [LEGS, LEGS, LEGS]

"""Cells leave by the post's clock: what a desk does decides neither when nor how many."""

from openline.voice.cadence import GONE_MS, SLOT_MS, WAITING_MAX, CellCadence
from openline.voice.cells import ControlBlock, build_cells, parse_cell

TALKING = ControlBlock(call_tag=b"abcd", talking=True, call_open=True, manner=1, talk_seq=2)
SPEECH, HELLO = b"\x80\x6f" + bytes(200), b"\x16\xfe\xfd" + bytes(60)


class Rig:
    def __init__(self) -> None:
        self.now_ms = 1_000
        self.sent: list[bytes] = []
        self.cadence = CellCadence(self.sent.append, lambda: self.now_ms)
        self.number = 0

    def say(self, datagram: bytes = SPEECH) -> None:
        self.number += 1
        for cell in build_cells(
            datagram, generation=1, control=ControlBlock(), datagram_id=self.number
        ):
            self.cadence.put(cell)

    def pass_slots(self, count: int = 1) -> None:
        for _ in range(count):
            self.now_ms += SLOT_MS
            self.cadence.slot()


def test_one_cell_a_slot_whatever_a_desk_sends() -> None:
    rig = Rig()
    counts = []
    for burst in (1, 3, 0, 0, 1, 0, 0, 2):
        for _ in range(burst):
            rig.say()
        before = len(rig.sent)
        rig.pass_slots()
        counts.append(len(rig.sent) - before)
    assert counts == [1] * 8
    carried = [parse_cell(cell).datagram_id for cell in rig.sent if parse_cell(cell).piece]
    assert carried == [1, 2, 3, 4, 5, 6]  # the seventh waits


def test_a_cell_says_what_stands_when_it_leaves() -> None:
    rig = Rig()
    rig.say()
    rig.cadence.set_control(TALKING)
    rig.pass_slots(3)
    assert [parse_cell(cell).control for cell in rig.sent] == [TALKING] * 3
    assert [bool(parse_cell(cell).piece) for cell in rig.sent] == [True, False, False]
    assert {parse_cell(cell).datagram_id for cell in rig.sent} == {1}


def test_a_handshake_does_not_wait_and_begins_no_rhythm() -> None:
    rig = Rig()
    rig.cadence.set_control(TALKING)
    rig.say(HELLO)
    rig.say(b"\x16\xfe\xfd" + bytes(1200))
    assert len(rig.sent) == 6
    assert parse_cell(rig.sent[0]).control == TALKING
    rig.pass_slots(5)
    assert len(rig.sent) == 6


def test_late_sound_gives_way_and_a_desk_that_went_is_silent() -> None:
    rig = Rig()
    for _ in range(WAITING_MAX + 3):
        rig.say()
    assert rig.cadence.dropped == 3
    rig.pass_slots()
    assert parse_cell(rig.sent[0]).datagram_id == 4
    rig.pass_slots(GONE_MS // SLOT_MS + 1)
    before = len(rig.sent)
    rig.pass_slots(100)
    assert len(rig.sent) == before

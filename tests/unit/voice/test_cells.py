"""Cells: one size, strict, bounded."""

import pytest

from openline.errors import VoiceError
from openline.voice.cells import (
    CELL_SIZE,
    DATAGRAM_SIZE_MAX,
    PENDING_MAX,
    PIECE_SIZE,
    Cell,
    ControlBlock,
    Reassembler,
    build_cells,
    parse_cell,
    restamp,
    without_piece,
)

CONTROL = ControlBlock(
    call_tag=b"abcd", talking=True, call_open=True, manner=2, talk_seq=7, stamp_ms=0x01020304
)


def cells_of(datagram: bytes, ident: int = 5, generation: int = 3) -> list[bytes]:
    return build_cells(datagram, generation=generation, control=CONTROL, datagram_id=ident)


def test_the_bytes_of_a_cell() -> None:
    [cell] = cells_of(b"\x80hello")
    assert len(cell) == CELL_SIZE == 320
    head = "0100000361626364030200070102030400000000" + "000100050006"
    assert cell == bytes.fromhex(head) + b"\x80hello" + bytes(320 - 26 - 6)


@pytest.mark.parametrize("size", [1, PIECE_SIZE, PIECE_SIZE + 1, 1200, DATAGRAM_SIZE_MAX])
def test_round_trip(size: int) -> None:
    datagram = bytes(i % 251 for i in range(size))
    reassembler = Reassembler()
    bodies = cells_of(datagram)
    results = [reassembler.add(parse_cell(body)) for body in reversed(bodies)]
    assert {len(body) for body in bodies} == {CELL_SIZE}
    assert results[-1] == datagram
    assert results[:-1] == [None] * (len(bodies) - 1)
    assert reassembler.pending == 0
    assert parse_cell(bodies[0]).control == CONTROL


@pytest.mark.parametrize("size", [0, DATAGRAM_SIZE_MAX + 1])
def test_sizes_that_no_cell_carries(size: int) -> None:
    with pytest.raises(VoiceError, match=r"voice\.size"):
        cells_of(bytes(size))


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (0, 2),  # version
        (1, 9),  # pair: three seats a side make nine
        (1, 255),
        (8, 0x07),  # a flag nobody knows
        (16, 1),  # reserved
        (20, 1),  # part 1 of 1
        (21, 0),  # of none
        (21, 7),  # of too many
        (21, 2),  # a part that is not the last is full
        (24, 0xFF),  # longer than the cell
        (319, 1),  # padding
    ],
)
def test_a_cell_that_is_none(at: int, value: int) -> None:
    [body] = cells_of(b"\x80hello")
    with pytest.raises(VoiceError, match=r"voice\.cell"):
        parse_cell(body[:at] + bytes([value]) + body[at + 1 :])


@pytest.mark.parametrize("size", [0, 1, 319, 321])
def test_any_other_length_is_refused(size: int) -> None:
    with pytest.raises(VoiceError, match=r"voice\.cell"):
        parse_cell(cells_of(b"x")[0].ljust(400, b"\0")[:size])


def test_a_cell_without_a_piece_carries_its_control_block_and_no_datagram() -> None:
    [body] = cells_of(b"x")
    spoken = ControlBlock(call_tag=b"abcd", talking=True, call_open=True, talk_seq=9)
    cell = parse_cell(restamp(without_piece(body), spoken))
    assert (cell.control, cell.piece) == (spoken, b"")
    assert cell.datagram_id == parse_cell(body).datagram_id
    assert Reassembler().add(cell) is None


@pytest.mark.parametrize("place", [0, 1])
def test_an_empty_part_of_a_longer_datagram_is_refused(place: int) -> None:
    body = cells_of(bytes(400))[place]
    with pytest.raises(VoiceError, match=r"voice\.cell"):
        parse_cell(body[:24] + bytes(2) + bytes(294))


def test_parts_that_contradict_each_other_are_forgotten() -> None:
    first, second = (parse_cell(body) for body in cells_of(bytes(400)))
    other_count = parse_cell(cells_of(bytes(700))[1])
    changed = Cell(
        pair=first.pair,
        generation=first.generation,
        control=first.control,
        part_index=0,
        part_count=2,
        datagram_id=first.datagram_id,
        piece=b"\1" * PIECE_SIZE,
    )
    for contradiction in (other_count, changed):
        reassembler = Reassembler()
        reassembler.add(first)
        with pytest.raises(VoiceError, match=r"voice\.cell"):
            reassembler.add(contradiction)
        assert reassembler.pending == 0
        assert reassembler.add(second) is None


def test_six_full_parts_are_more_than_a_datagram() -> None:
    reassembler = Reassembler()
    parts = [
        Cell(
            pair=0,
            generation=1,
            control=CONTROL,
            part_index=i,
            part_count=6,
            datagram_id=1,
            piece=bytes(PIECE_SIZE),
        )
        for i in range(6)
    ]
    for part in parts[:5]:
        assert reassembler.add(part) is None
    with pytest.raises(VoiceError, match=r"voice\.cell"):
        reassembler.add(parts[5])


def test_memory_is_bounded_and_the_newest_win() -> None:
    reassembler = Reassembler()
    datagrams = [cells_of(bytes([i % 256]) * 500, ident=i) for i in range(1000)]
    for first, _second in datagrams:
        reassembler.add(parse_cell(first))
    assert reassembler.pending == PENDING_MAX
    assert reassembler.add(parse_cell(datagrams[0][1])) is None
    assert reassembler.add(parse_cell(datagrams[-1][1])) == bytes([999 % 256]) * 500


def test_a_duplicate_part_is_ignored() -> None:
    first, second = cells_of(bytes(400))
    reassembler = Reassembler()
    assert reassembler.add(parse_cell(first)) is None
    assert reassembler.add(parse_cell(first)) is None
    assert reassembler.add(parse_cell(second)) == bytes(400)


@pytest.mark.parametrize(
    "control",
    [
        {"call_tag": b"abc"},
        {"manner": 256},
        {"manner": -1},
        {"talk_seq": 65536},
        {"stamp_ms": 2**32},
    ],
)
def test_a_control_block_holds_only_what_fits(control: dict[str, int]) -> None:
    with pytest.raises(VoiceError, match=r"voice\.control"):
        ControlBlock(**control)  # type: ignore[arg-type]

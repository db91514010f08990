"""Bodies of frames: there and back, and nothing else."""

import pytest

from openline.errors import OpenlineError
from openline.protocol.control import ControlIn, ControlOut, parse_control
from openline.protocol.frames import (
    BATCH_BYTES_AIM,
    BATCH_BYTES_MAX,
    BatchEntry,
    batch_frame,
    cut,
    parse_batch,
    parse_seal,
    parse_want,
    seal_frame,
    want_frame,
)
from openline.record.cbor import Value, encode

ENTRY = BatchEntry(b"leaf", bytes(16), b"body")


def test_batch_there_and_back() -> None:
    erased = BatchEntry(b"other", bytes(16), None)
    batch = parse_batch(batch_frame(1, 7, [ENTRY, erased], b"note"))
    assert (batch.log, batch.first, batch.stop, batch.note) == (1, 7, 9, b"note")
    assert batch.entries == (ENTRY, erased)
    assert parse_batch(batch_frame(0, 1, [ENTRY], None)).note is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        encode([0, 1, [], None]),
        encode([0, 0, [[b"x", bytes(16), None]], None]),
        encode([2, 1, [[b"x", bytes(16), None]], None]),
        encode([0, 1, [[b"x", bytes(15), None]], None]),
        encode([0, 1, [[b"x", bytes(16)]], None]),
        encode([0, 1, [[bytes(2049), bytes(16), None]], None]),
        encode([0, 1, [[b"x", bytes(16), bytes(16_385)]], None]),
        encode([0, 1, [[b"x", bytes(16), None]], bytes(16_385)]),
        encode([0, 1, [[b"x", bytes(16), None]] * 129, None]),
        encode([0, 2**63, [[b"x", bytes(16), None]], None]),
        encode([0, 1, [[b"x", bytes(16), None]], None, 1]),
        bytes(BATCH_BYTES_MAX + 1),
    ],
)
def test_batch_that_is_none(body: bytes) -> None:
    with pytest.raises(OpenlineError):
        parse_batch(body)


def test_small_frames_there_and_back() -> None:
    assert parse_want(want_frame(1, 12)) == (1, 12)
    assert parse_seal(seal_frame(b"note")) == b"note"
    nothing: list[Value] = []
    for body in (b"", b"\xff", encode(nothing), encode([2, 1]), encode([0, -1]), bytes(10**5)):
        with pytest.raises(OpenlineError):
            parse_want(body)
        with pytest.raises(OpenlineError):
            parse_seal(body)


def test_cut_ends_at_a_checkpoint_where_one_fits() -> None:
    entries = [BatchEntry(bytes(1_000), bytes(16), bytes(9_000))] * 9
    assert sum(entry.size for entry in entries) > BATCH_BYTES_AIM
    assert cut(entries, 10, []) == 5
    assert cut(entries, 10, [12, 14, 19]) == 4
    assert cut(entries, 10, [19, 3]) == 5
    assert cut([BatchEntry(bytes(2_048), bytes(16), bytes(16_384))], 1, []) == 1


def test_newest_control_counts_and_old_starts_do_not() -> None:
    one, other = ControlOut(b"1-incarnation---"), ControlOut(b"2-incarnation---")
    first = one.set("legs", b"1")
    second = one.set("legs", b"2")
    assert first is not None
    assert second is not None
    assert one.set("legs", b"2") is None
    assert one.live() == [second]
    taken = ControlIn()
    assert taken.take(first) is None, "no start of the peer is known"
    taken.restart(b"1-incarnation---")
    control = taken.take(second)
    assert control is not None
    assert (control.name, control.version, control.payload) == ("legs", 2, b"2")
    assert taken.take(first) is not None, "nothing was accepted yet"
    taken.accept(control)
    assert taken.take(second) is None
    assert taken.take(first) is None
    foreign = other.set("legs", b"3")
    assert foreign is not None
    assert taken.take(foreign) is None
    taken.restart(b"2-incarnation---")
    assert taken.take(foreign) is not None
    assert taken.take(second) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        encode([b"12345678", "legs", 1]),
        encode([b"1234567", "legs", 1, None]),
        encode([b"12345678", "legs", -1, None]),
        encode([b"12345678", 5, 1, None]),
        encode([b"12345678", "legs", 1, bytes(5_000)]),
    ],
)
def test_control_that_is_none(body: bytes) -> None:
    with pytest.raises(OpenlineError):
        parse_control(body)


def test_unknown_object_is_a_fault() -> None:
    taken = ControlIn()
    taken.restart(b"12345678")
    with pytest.raises(OpenlineError, match=r"protocol\.unknown_object"):
        taken.take(encode([b"12345678", "other", 1, None]))

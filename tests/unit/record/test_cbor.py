"""The one accepted encoding."""

import cbor2
import pytest

from openline.errors import RecordError
from openline.record.cbor import Value, decode, encode, sequence

VALUES: list[Value] = [
    0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**64 - 1, -1, -24, -25, -(2**64),
    b"", b"x" * 23, b"x" * 24, b"x" * 256, "", "\u5317", "a" * 300, True, False, None, [], {},
    [1, [2, [3]]], {"a": 1, "b": [None], "aa": {"z": b"1"}},
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
def test_value_survives_and_has_one_encoding(value: Value) -> None:
    data = encode(value)
    assert data == cbor2.dumps(value, canonical=True)
    again = decode(data, 1000)
    assert again == value
    assert type(again) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "1800", "190001", "1a00000001", "1b0000000000000001",  # not the shortest
        "5800", "7800", "9800", "b800",
        "5f4101ff", "7f6161ff", "9f01ff", "bfff",  # indefinite
        "f90000", "fa00000000", "fb0000000000000000",  # floats
        "f7", "f0", "f820", "c000", "c24101", "d81800", "1c", "ff",  # undefined, simple, tags
        "a201000200", "a0" + "00",  # integer keys, trailing byte
        "a2616201616101", "a2616101616101",  # order, duplicate
        "61ff", "62c328", "63eda080",  # not UTF-8
    ],
)  # fmt: skip
def test_every_other_encoding_is_refused(text: str) -> None:
    with pytest.raises(RecordError) as caught:
        decode(bytes.fromhex(text), 100)
    assert caught.value.code == "record.encoding"


@pytest.mark.parametrize("text", ["", "18", "1900", "42", "4201", "6261", "82", "8201", "a161"])
def test_short_input_says_truncated(text: str) -> None:
    with pytest.raises(RecordError) as caught:
        decode(bytes.fromhex(text), 100)
    assert caught.value.code == "record.truncated"


@pytest.mark.parametrize("text", ["9bffffffffffffffff", "bb7fffffffffffffff", "5bffffffffffffffff"])
def test_a_huge_count_allocates_nothing(text: str) -> None:
    with pytest.raises(RecordError, match=r"record\.truncated"):
        decode(bytes.fromhex(text), 100)


def test_an_item_of_a_sequence_is_bounded_before_it_is_built() -> None:
    bomb = b"\x9a\x00\x10\x00\x00" + b"\x00" * 2**20
    with pytest.raises(RecordError, match=r"record\.too_large"):
        list(sequence(bomb, 100))


def test_size_and_depth_are_bounded() -> None:
    nested: Value = 1
    for _ in range(12):
        nested = [nested]
    assert decode(encode(nested), 20) == nested
    with pytest.raises(RecordError, match=r"record\.too_large"):
        decode(b"\x41\x00", 1)
    deep: Value = 1
    for _ in range(13):
        deep = [deep]
    with pytest.raises(RecordError, match="nested"):
        encode(deep)
    with pytest.raises(RecordError, match="nested"):
        decode(b"\x81" * 10_000 + b"\x01", 20_000)


@pytest.mark.parametrize(
    "value", [1.5, {1: 2}, object(), 2**64, -(2**64) - 1, "\ud800", {"a": {2}}]
)
def test_what_has_no_encoding_is_refused(value: Value) -> None:
    with pytest.raises(RecordError) as caught:
        encode(value)
    assert caught.value.code == "record.encoding"


def test_sequence_gives_items_and_offsets() -> None:
    data = encode(1) + encode([2]) + encode("three")
    assert list(sequence(data, 10)) == [(1, 0), ([2], 1), ("three", 3)]
    with pytest.raises(RecordError, match=r"record\.truncated"):
        list(sequence(data[:-1], 10))
    with pytest.raises(RecordError, match=r"record\.too_large"):
        list(sequence(encode(b"x" * 20), 10))

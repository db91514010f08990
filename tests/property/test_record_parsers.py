"""Whatever the bytes are: a parser of the record room gives a value or an OpenlineError."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openline.errors import OpenlineError
from openline.record.cbor import Value, decode, encode
from openline.record.cose import CONTEXT_ENTRY, sign1
from tests.fuzz.records import PARSERS, pair


@cache
def good(name: str) -> bytes:
    return PARSERS[name][1]()


FAMILIES = ("record", "card", "bundle", "exchange")


def attempt(name: str, data: bytes) -> None:
    try:
        PARSERS[name][0](data)
    except OpenlineError as error:
        assert error.code.split(".")[0] in FAMILIES  # noqa: PT017 - any may raise


@pytest.mark.parametrize("name", PARSERS)
@given(data=st.binary(max_size=300))
def test_any_bytes(name: str, data: bytes) -> None:
    attempt(name, data)


values: st.SearchStrategy[Value] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=14) | st.dictionaries(st.text(max_size=12), inner, max_size=10)
    ),
    max_leaves=20,
)


@pytest.mark.parametrize("name", PARSERS)
@given(value=values)
@settings(max_examples=30)
def test_any_well_formed_value(name: str, value: Value) -> None:
    attempt(name, encode(value))


@pytest.mark.parametrize(
    "name", ["entry", "statement", "receipt", "hello", "genesis signature", "log"]
)
@given(value=values)
@settings(max_examples=30)
def test_any_honestly_signed_value(name: str, value: Value) -> None:
    keys = pair().keys[0]
    attempt(name, sign1(encode(value), keys.public().log, CONTEXT_ENTRY, keys.log.sign))


@pytest.mark.parametrize("name", PARSERS)
@given(st.data())
@settings(max_examples=40)
def test_good_bytes_with_something_changed(name: str, draw: st.DataObject) -> None:
    data = bytearray(good(name))
    for _ in range(draw.draw(st.integers(1, 3))):
        at = draw.draw(st.integers(0, max(len(data) - 1, 0)))
        how = draw.draw(st.sampled_from(("set", "cut", "insert", "repeat")))
        if how == "set" and data:
            data[at] = draw.draw(st.integers(0, 255))
        elif how == "cut":
            del data[at : at + draw.draw(st.integers(1, 40))]
        elif how == "insert":
            data[at:at] = draw.draw(st.binary(min_size=1, max_size=9))
        else:
            data[at:at] = data[at : at + 20]
    attempt(name, bytes(data))


def test_the_good_bytes_are_good() -> None:
    for name in PARSERS:
        if name != "log":
            PARSERS[name][0](good(name))


@given(values)
def test_a_value_has_one_encoding(value: Value) -> None:
    data = encode(value)
    assert decode(data, len(data)) == value
    assert encode(decode(data, len(data))) == data


@given(st.binary(max_size=60))
def test_what_decodes_encodes_to_the_same_bytes(data: bytes) -> None:
    try:
        value = decode(data, 60)
    except OpenlineError:
        return
    assert encode(value) == data

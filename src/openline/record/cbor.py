"""Deterministic CBOR (RFC 8949 section 4.2.1), the subset that Openline uses.

Unsigned and negative integers of at most 64 bits, byte and text strings, arrays, maps with text
keys, false, true, null. No floats, no tags, no indefinite lengths, no other simple values. There is
exactly one accepted encoding of each value: the decoder refuses every other, so that decoding and
encoding again always gives the same bytes (spec/record, section 2).
"""

from collections.abc import Iterator
from typing import Final

import cbor2

from openline.errors import RecordError
from openline.record.limits import DEPTH_MAX

Value = int | bytes | str | bool | None | list["Value"] | dict[str, "Value"]

_ONE_BYTE: Final = 24
_WIDTHS: Final = {24: 1, 25: 2, 26: 4, 27: 8}
_SMALLEST: Final = {24: 24, 25: 2**8, 26: 2**16, 27: 2**32}
_SIMPLE: Final[dict[int, bool | None]] = {0xF4: False, 0xF5: True, 0xF6: None}
_INT_MIN: Final = -(2**64)
_INT_END: Final = 2**64
_MAJOR_UINT, _MAJOR_NEGATIVE, _MAJOR_BYTES, _MAJOR_TEXT, _MAJOR_ARRAY, _MAJOR_MAP = range(6)


def encode(value: Value) -> bytes:
    """The deterministic encoding of ``value``.

    Raises:
        RecordError: ``record.encoding`` if the value lies outside the subset.
    """
    _check(value, DEPTH_MAX)
    try:
        return cbor2.dumps(value, canonical=True)
    except (cbor2.CBOREncodeError, UnicodeEncodeError) as error:
        raise RecordError("record.encoding", str(error)) from error


def _check(value: Value, depth: int) -> None:
    if value is None or isinstance(value, bool | bytes | str):
        return
    if isinstance(value, int):
        if not _INT_MIN <= value < _INT_END:
            raise RecordError("record.encoding", "integer wider than 64 bits")
        return
    if not isinstance(value, list | dict):
        raise RecordError("record.encoding", f"{type(value).__name__} has no encoding here")
    if depth <= 0:
        raise RecordError("record.encoding", "nested too deeply")
    if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
        raise RecordError("record.encoding", "map key is not text")
    for item in value.values() if isinstance(value, dict) else value:
        _check(item, depth - 1)


def decode(data: bytes, size_max: int) -> Value:
    """The one value that ``data`` encodes, whole.

    Args:
        data: untrusted bytes.
        size_max: refuse longer input unread.

    Raises:
        RecordError: ``record.too_large``, ``record.truncated`` or ``record.encoding``.
    """
    if len(data) > size_max:
        raise RecordError("record.too_large", f"{len(data)} bytes, at most {size_max}")
    value, end = _item(data, 0, len(data), DEPTH_MAX)
    if end != len(data):
        raise RecordError("record.encoding", "bytes after the end")
    return value


def decode_list(data: bytes, size_max: int, count: int) -> list[Value]:
    """Like :func:`decode`, for an array of exactly ``count`` items."""
    value = decode(data, size_max)
    if not isinstance(value, list) or len(value) != count:
        raise RecordError("record.encoding", f"not an array of {count}")
    return value


def sequence(data: bytes, item_size_max: int) -> Iterator[tuple[Value, int]]:
    """The items of a CBOR sequence (RFC 8742), each with the offset at which it starts.

    Raises:
        RecordError: as :func:`decode`, at the first item that does not hold.
    """
    at = 0
    while at < len(data):
        stop = min(len(data), at + item_size_max)
        try:
            value, end = _item(data, at, stop, DEPTH_MAX)
        except RecordError as error:
            if error.code == "record.truncated" and stop < len(data):
                raise RecordError("record.too_large", "an item is too large") from error
            raise
        yield value, at
        at = end


def _head(data: bytes, at: int, stop: int) -> tuple[int, int, int]:
    """Major type, argument and the offset after the head at ``at``."""
    if at >= stop:
        raise RecordError("record.truncated", "ends inside an item")
    first = data[at]
    major, short = first >> 5, first & 0x1F
    if short < _ONE_BYTE:
        return major, short, at + 1
    width = _WIDTHS.get(short)
    if width is None:
        raise RecordError("record.encoding", "indefinite or reserved length")
    end = at + 1 + width
    if end > stop:
        raise RecordError("record.truncated", "ends inside a length")
    argument = int.from_bytes(data[at + 1 : end], "big")
    if argument < _SMALLEST[short]:
        raise RecordError("record.encoding", "integer is not in its shortest form")
    return major, argument, end


def _item(data: bytes, at: int, stop: int, depth: int) -> tuple[Value, int]:
    """The item at ``at``, which must end at ``stop`` or before, and the offset after it."""
    if at < stop and data[at] in _SIMPLE:
        return _SIMPLE[data[at]], at + 1
    major, argument, at = _head(data, at, stop)
    if major == _MAJOR_UINT:
        return argument, at
    if major == _MAJOR_NEGATIVE:
        return -1 - argument, at
    if major in (_MAJOR_BYTES, _MAJOR_TEXT):
        end = at + argument
        if end > stop:
            raise RecordError("record.truncated", "ends inside a string")
        return (data[at:end] if major == _MAJOR_BYTES else _text(data[at:end])), end
    if depth <= 0:
        raise RecordError("record.encoding", "nested too deeply")
    if major == _MAJOR_ARRAY:
        return _array(data, at, argument, (stop, depth - 1))
    if major == _MAJOR_MAP:
        return _map(data, at, argument, (stop, depth - 1))
    raise RecordError("record.encoding", "tag, float or simple value")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecordError("record.encoding", "text is not UTF-8") from error


def _array(data: bytes, at: int, count: int, bounds: tuple[int, int]) -> tuple[Value, int]:
    if count > bounds[0] - at:
        raise RecordError("record.truncated", "array longer than the input")
    items: list[Value] = []
    for _ in range(count):
        value, at = _item(data, at, *bounds)
        items.append(value)
    return items, at


def _map(data: bytes, at: int, count: int, bounds: tuple[int, int]) -> tuple[Value, int]:
    if 2 * count > bounds[0] - at:
        raise RecordError("record.truncated", "map longer than the input")
    items: dict[str, Value] = {}
    previous = b""
    for _ in range(count):
        start = at
        key, at = _item(data, at, *bounds)
        if not isinstance(key, str):
            raise RecordError("record.encoding", "map key is not text")
        if data[start:at] <= previous:
            raise RecordError("record.encoding", "map keys are not in order")
        previous = data[start:at]
        items[key], at = _item(data, at, *bounds)
    return items, at


# --- typed access to decoded values: each raises record.encoding when the type is another ---------


def as_uint(value: Value, maximum: int) -> int:
    """``value`` if it is an unsigned integer of at most ``maximum``."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= maximum:
        raise RecordError("record.encoding", f"not an unsigned integer up to {maximum}")
    return value


def as_bytes(value: Value, size: int | None = None) -> bytes:
    """``value`` if it is a byte string (of exactly ``size``)."""
    if not isinstance(value, bytes) or (size is not None and len(value) != size):
        raise RecordError("record.encoding", f"not a byte string of {size or 'any'} bytes")
    return value


def as_text(value: Value, characters_max: int) -> str:
    """``value`` if it is a text string of at most ``characters_max``."""
    if not isinstance(value, str) or len(value) > characters_max:
        raise RecordError("record.encoding", f"not a text of up to {characters_max} characters")
    return value


def as_bool(value: Value) -> bool:
    """``value`` if it is false or true."""
    if not isinstance(value, bool):
        raise RecordError("record.encoding", "not a truth value")
    return value


def as_list(value: Value, count_max: int) -> list[Value]:
    """``value`` if it is an array of at most ``count_max`` items."""
    if not isinstance(value, list) or len(value) > count_max:
        raise RecordError("record.encoding", f"not an array of up to {count_max}")
    return value


def as_map(value: Value, count_max: int) -> dict[str, Value]:
    """``value`` if it is a map of at most ``count_max`` items."""
    if not isinstance(value, dict) or len(value) > count_max:
        raise RecordError("record.encoding", f"not a map of up to {count_max}")
    return value

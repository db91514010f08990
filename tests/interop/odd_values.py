"""Values that no post writes, and how to bend a value that one does.

CBOR of every shape, also what the subset of docs/spec/record.md refuses; keys of small order; notes
in another spelling.
"""

import base64
import random  # noqa: TID251 - forgeries by a printed seed
from typing import Final

import cbor2

P: Final = 2**255 - 19
LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
ORDER_8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7


class Raw(bytes):
    """CBOR that stands as it is: what no encoder of ours would write."""

    __slots__ = ()


def enc(value: object) -> bytes:
    """Deterministic CBOR, but for what is ``Raw``; maps of any keys."""
    if isinstance(value, Raw):
        return bytes(value)
    if isinstance(value, list):
        return cbor2.dumps([None] * len(value))[: -len(value) or None] + b"".join(map(enc, value))
    if isinstance(value, dict):
        pairs = sorted((enc(key), enc(each)) for key, each in value.items())
        head = bytearray(cbor2.dumps([None] * len(pairs))[: -len(pairs) or None])
        head[0] |= 0x20
        return bytes(head) + b"".join(key + each for key, each in pairs)
    return cbor2.dumps(value, canonical=True)


def nested(depth: int, inner: object = None) -> object:
    value: object = [] if inner is None else inner
    for _ in range(depth - (inner is None)):
        value = [value]
    return value


ODD: Final[tuple[object, ...]] = (
    None,
    True,
    False,
    0,
    1,
    2,
    -1,
    4,
    2**31,
    2**53 + 1,
    2**63 - 1,
    2**63,
    2**64 - 1,
    -(2**64),
    b"",
    b"\x01",
    bytes(16),
    bytes(32),
    bytes(64),
    bytes(700),
    bytes(17_000),
    "",
    "1",
    "text",
    "call",
    "check",
    "shown",
    "declare",
    "a" * 32,
    "a" * 33,
    "0",
    "\u2028",
    "\ufeffA",
    " ",
    "A\u0300 \u4e2d",
    [],
    [None],
    [0],
    {},
    {"a": 1},
    nested(11),
    nested(12),
    nested(13),
    nested(12, 7),
    nested(11, {}),
    Raw(b"\x18\x01"),
    Raw(b"\x1b\x00\x00\x00\x00\x00\x00\x00\x01"),
    Raw(b"\xc2\x41\x01"),
    Raw(b"\xf7"),
    Raw(b"\xf9\x00\x00"),
    Raw(b"\x9f\xff"),
    Raw(b"\xa1\x01\x02"),
    Raw(b"\xa2\x61\x61\x01\x61\x61\x02"),
    Raw(b"\xa2\x61\x62\x01\x61\x61\x02"),
    Raw(b"\x62\xc3\x28"),
    Raw(b"\x63\xed\xa0\x80"),
    Raw(b"\x5a\x00\x01"),
    Raw(b"\xbb\x7f\xff\xff\xff\xff\xff\xff\xff"),
    Raw(b""),
)
WEAK: Final = tuple(
    (y | sign).to_bytes(32, "little")
    for y in (0, 1, 2, P - 1, ORDER_8, P - ORDER_8, P, P + 1, 2**255 - 1)
    for sign in (0, 1 << 255)
)


def bent(value: object, rng: random.Random) -> object:
    """``value``, wrong (or, now and then, only other) in one place."""
    if isinstance(value, list) and value and rng.random() < 0.8:
        return _bent_list(value, rng)
    if isinstance(value, dict) and value and rng.random() < 0.85:
        return _bent_map(value, rng)
    if isinstance(value, bool) or rng.random() < 0.5:
        return rng.choice(ODD)
    if isinstance(value, int):
        return value + rng.choice((-1, 1, 1, 2, 2**32, 2**63))
    if isinstance(value, str):
        return rng.choice((value + "\n", value + "x", value[:-1], value.upper(), value * 9, " "))
    return _bent_bytes(value, rng) if isinstance(value, bytes) and value else rng.choice(ODD)


def _bent_list(value: list[object], rng: random.Random) -> list[object]:
    copy, at = list(value), rng.randrange(len(value))
    match rng.randrange(6):
        case 0:
            del copy[at]
        case 1:
            copy.insert(at, copy[at])
        case 2:
            copy.append(rng.choice(ODD))
        case _:
            copy[at] = bent(copy[at], rng)
    return copy


def _bent_map(value: dict[object, object], rng: random.Random) -> dict[object, object]:
    members = dict(value)
    name = rng.choice(sorted(members, key=str))
    match rng.randrange(6):
        case 0:
            del members[name]
        case 1:
            members[rng.choice(("x", "", "zz", 1, b"a"))] = rng.choice(ODD)
        case _:
            members[name] = bent(members[name], rng)
    return members


def _bent_bytes(value: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(value))
    other = bytearray(value)
    other[at] ^= 1 << rng.randrange(8)
    return rng.choice((bytes(other), value[:-1], value + b"\x00", value[:at]))


def bent_text(text: bytes, rng: random.Random) -> bytes:
    """A note's bytes in another spelling, or damaged, where no signature may look."""
    lines = text.split(b"\n")
    at = rng.randrange(len(lines))
    line = lines[at]
    whole: tuple[bytes, ...] = (
        *(text + end for end in (b"\n", b" ", b"\x00", b"\r\n", b"\xff", "— x AAAAA=\n".encode())),
        *(start + text for start in (b"\n", b" ", b"\xef\xbb\xbf")),
    )  # fmt: skip
    changed: tuple[list[bytes], ...] = (
        [line, line],
        [],
        [line + rng.choice((b" ", b"\r", b"=", b"\t", b"\xc2\xa0"))],
        [line.rstrip(b"=")],
        [_shorter(line, rng)],
        [line.replace(b"+", b"-").replace(b"/", b"_").replace(b" ", b"  ")],
    )
    match rng.randrange(12):
        case 0 | 1:
            return rng.choice(whole)
        case 2 | 3 | 4:
            number = rng.choice([at for at, line in enumerate(lines) if line.endswith(b"=")])
            lines[number] = _respelt(lines[number], rng)
        case 5:
            lines[at], lines[at - 1] = lines[at - 1], lines[at]
        case _:
            lines[at : at + 1] = rng.choice(changed)
    return b"\n".join(lines)


def _respelt(line: bytes, rng: random.Random) -> bytes:
    """The same base64 with other bits where its last letter carries nothing."""
    pad = len(line) - len(line.rstrip(b"="))
    letter = LETTERS[LETTERS.index(line[-pad - 1]) ^ rng.randrange(1, 4)]
    return line[: -pad - 1] + bytes([letter]) + b"=" * pad


def _shorter(line: bytes, rng: random.Random) -> bytes:
    """A signature that is cut short, behind its whole key id."""
    head, _, blob = line.rpartition(b" ")
    try:
        cut = base64.b64decode(blob)[: rng.choice((4, 5, 8, 11, 12, 67))]
    except ValueError:
        cut = b""
    return head + b" " + base64.b64encode(cut)

"""Each target of ``make fuzz`` in short: its seeds, and seeds with something changed."""

import random  # noqa: TID251 - seeded by pytest-randomly, which prints it

import pytest

from openline.errors import OpenlineError
from tests.fuzz.targets import TARGETS, kept

DEEP = [
    b"[" * 20_000,
    b"[" * 20_000 + b"\n",
    b'{"a":' * 5_000,
    b"a=" + b"[" * 20_000,
    b"\x81" * 5_000,
    b"\xa1\x61a" * 3_000,
]


def attempt(name: str, data: bytes) -> bool:
    try:
        TARGETS[name].parse(data)
    except OpenlineError:
        return False
    return True


@pytest.mark.parametrize("name", TARGETS)
def test_something_is_taken_and_no_nesting_is_too_deep(name: str) -> None:
    taken = [attempt(name, seed) for seed in TARGETS[name].seeds()]
    assert any(taken) or name in ("packet", "stun")  # for these nobody here has the key
    for data in DEEP:
        attempt(name, data)


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_found_once_stays_mended(name: str) -> None:
    for data in kept(name):
        attempt(name, data)


@pytest.mark.parametrize("name", TARGETS)
def test_changed_seeds(name: str) -> None:
    target = TARGETS[name]
    seeds = target.seeds()
    for _ in range(25 * target.share):
        data = bytearray(random.choice(seeds)[: target.size_max])
        for _ in range(random.randint(1, 4)):
            at = random.randint(0, len(data))
            end = at + random.randint(0, 3)
            data[at:end] = random.choice([b"", random.randbytes(1), bytes(data[at : at + 20])])
        attempt(name, bytes(data))

"""Leg maps: strict, and nothing of a desk's address in them."""

from typing import Any

import pytest

from openline.errors import VoiceError
from openline.voice.legs import FarLeg

FAR = FarLeg(
    generation=1,
    desk=b"12345678",
    fingerprint=":".join(["AB"] * 32),
    ssrcs=(1, 2),
    red=True,
    joined=b"",
)


def test_round_trip() -> None:
    assert FarLeg.from_map(FAR.to_map()) == FAR
    assert set(FAR.to_map()) == {"gen", "desk", "fp", "ssrc", "red", "with"}


@pytest.mark.parametrize(
    "change",
    [
        {"gen": 0},
        {"gen": 2**32},
        {"gen": True},
        {"gen": "1"},
        {"desk": b"1234567"},
        {"desk": "12345678"},
        {"fp": ":".join(["ab"] * 32)},
        {"fp": ":".join(["AB"] * 31)},
        {"fp": ":".join(["AB"] * 32) + "\n"},
        {"fp": b"AB"},
        {"ssrc": []},
        {"ssrc": [1] * 5},
        {"ssrc": [-1]},
        {"ssrc": [2**32]},
        {"ssrc": [1.0]},
        {"ssrc": (1,)},
        {"red": 1},
        {"with": b"1"},
        {"with": None},
        {"address": "192.0.2.1"},
    ],
)
def test_a_map_that_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(VoiceError, match=r"voice\.leg"):
        FarLeg.from_map({**FAR.to_map(), **change})


@pytest.mark.parametrize("value", [None, [], b"", {}, {"gen": 1}, 5])
def test_not_even_a_map(value: object) -> None:
    with pytest.raises(VoiceError, match=r"voice\.leg"):
        FarLeg.from_map(value)

"""Pairs: each desk here with each desk there, by number (docs/spec/voice.md section 2).

A side has three seats, so a line has nine pairs: ``3 * seat of party 0's desk + seat of
party 1's``. Each pair is a connection of its own. The seats of one side are joined with
each other too, inside their own post; those pairs have no number and never reach the line.
"""

from typing import Final

from openline.errors import VoiceError
from openline.voice.cells import PAIR_COUNT
from openline.voice.legs import FarLeg

SEAT_COUNT: Final = 3
OWN_SLOT: Final = SEAT_COUNT
"""A desk's connections: 0 to 2 with the far seats, 3 to 5 with the seats of its own side."""

LEGS_BYTES_MAX: Final = 2048


def pair_of(party: int, own: int, far: int) -> int:
    """Number of the pair of our seat ``own`` and their seat ``far``; ``party`` is our index."""
    return SEAT_COUNT * own + far if party == 0 else SEAT_COUNT * far + own


def seats_of(party: int, pair: int) -> tuple[int, int]:
    """Our seat and theirs of a pair: the inverse of :func:`pair_of`."""
    first, second = divmod(pair, SEAT_COUNT)
    return (first, second) if party == 0 else (second, first)


def is_pair_slot(slot: int, own: int) -> bool:
    """Whether a desk at seat ``own`` has a connection of that number: none with itself."""
    return 0 <= slot < 2 * SEAT_COUNT and slot != OWN_SLOT + own


def legs_to_map(legs: dict[int, FarLeg]) -> dict[str, object]:
    """The map that goes into the CONTROL object ``legs``."""
    return {str(pair): leg.to_map() for pair, leg in legs.items()}


def legs_from_map(value: object) -> dict[int, FarLeg]:
    """Read the map that the peer sent; a pair that is null or absent has no leg.

    Raises:
        VoiceError: ``voice.leg`` unless every pair exists and every leg is sane.
    """
    if not isinstance(value, dict) or len(value) > PAIR_COUNT:
        raise VoiceError("voice.leg", "not the map of legs")
    if not set(value) <= {str(pair) for pair in range(PAIR_COUNT)}:
        raise VoiceError("voice.leg", "no such pair")
    return {int(pair): FarLeg.from_map(leg) for pair, leg in value.items() if leg is not None}

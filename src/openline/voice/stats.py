"""Figures of the voice endpoint: counts since the start, and what is joined now."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from openline.voice.leg import Leg
from openline.voice.pair_state import PairState
from openline.voice.pairs import SEAT_COUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceStats:
    """Counts since the start, and the state of the joined legs.

    Attributes:
        legs: of own desks.
        pairs: numbers of the pairs that are joined.
        answered: a leg is joined with a far desk.
        bound: and its desk has proven its address.
        desk_heard_ms_ago: since anything came from such a desk; None if never.
        sent: datagrams of legs with far desks that went out, by kind.
        sent_octets: of those.
        received: datagrams from the link that went to a desk, by kind.
        received_octets: of those.
        private: datagrams from desk to desk of the own side; they never reach the link.
        cells_sent: cells given to the link.
        cells_received: well-formed cells taken from the link.
        dropped: everything refused, by direction and reason.
    """

    legs: int
    pairs: tuple[int, ...]
    answered: bool
    bound: bool
    desk_heard_ms_ago: int | None
    sent: dict[str, int]
    sent_octets: int
    received: dict[str, int]
    received_octets: int
    private: int
    cells_sent: int
    cells_received: int
    dropped: dict[str, int]


def measure(
    legs: Sequence[Leg],
    pairs: Sequence[PairState],
    now_ms: int,
    *,
    private: int,
    cells: tuple[int, int],
    dropped: Counter[str],
) -> VoiceStats:
    """The figures at ``now_ms``, monotonic; ``cells`` sent and received."""
    joined = [state.leg for state in pairs if state.leg is not None]
    bound = [leg for leg in joined if leg.address is not None]
    outward = [leg for leg in legs if leg.key[1] < SEAT_COUNT]
    refused = Counter(dropped)
    sent: Counter[str] = Counter()
    received: Counter[str] = Counter()
    for each in legs:
        refused.update({f"desk.{key}": n for key, n in each.from_desk.dropped.items()})
        refused.update({f"far.{key}": n for key, n in each.to_desk.dropped.items()})
    for each in outward:
        sent.update(each.from_desk.passed)
        received.update(each.to_desk.passed)
    return VoiceStats(
        legs=len(legs),
        pairs=tuple(state.pair for state in pairs if state.leg is not None),
        answered=bool(joined),
        bound=bool(bound),
        desk_heard_ms_ago=now_ms - max(leg.heard_ms for leg in bound) if bound else None,
        sent=dict(sent),
        sent_octets=sum(each.from_desk.octets for each in outward),
        received=dict(received),
        received_octets=sum(each.to_desk.octets for each in outward),
        private=private,
        cells_sent=cells[0],
        cells_received=cells[1],
        dropped=dict(refused),
    )

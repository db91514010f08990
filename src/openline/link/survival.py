"""Which of several connections of one path survives: one rule, the same on both posts.

Pure. spec/link section 8.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the rule has to know of one open connection.

    Attributes:
        order: counts up with each connection that opened.
        incarnation: of the peer, from its HELLO.
        by_smaller: dialed by the post with the smaller SPKI hash.
        fresh: has an authenticated round trip younger than the limit.
        streams: its stream is open and had such a round trip too.
    """

    order: int
    incarnation: bytes
    by_smaller: bool
    fresh: bool
    streams: bool


def survivor(candidates: Sequence[Candidate]) -> Candidate | None:
    """Pick the connection that stays.

    Among those with a fresh round trip and the peer's newest incarnation, those
    whose stream works before those that have only their keys: the newest one
    dialed by the smaller SPKI hash, else the newest. None if no connection has a
    fresh round trip: then all stay, and all carry everything.
    """
    fresh = [item for item in candidates if item.fresh]
    if not fresh:
        return None
    incarnation = max(fresh, key=lambda item: item.order).incarnation
    same = [item for item in fresh if item.incarnation == incarnation]
    return max(same, key=lambda item: (item.streams, item.by_smaller, item.order))

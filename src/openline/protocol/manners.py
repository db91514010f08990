"""Which manners a side accepts, and when (spec/call, section 6).

A rule is ``always``, ``never`` or a daily time ``HH:MM-HH:MM`` in UTC by the post's own clock,
which may go over midnight. What a rule shuts, no precedence opens.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from openline.protocol.call import Manner

ALWAYS: Final = "always"
NEVER: Final = "never"
Downgraded = Literal["", "limit", "setting"]

_MINUTE_MS: Final = 60_000
_DAY_MINUTES: Final = 1_440
_WINDOW: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepts:
    """What a side accepts: one rule for each manner."""

    announce: str = ALWAYS
    ring: str = ALWAYS
    two_way: str = ALWAYS


ACCEPTS_ALL: Final = Accepts()


@dataclass(frozen=True, slots=True)
class Reception:
    """How the called side takes a call up.

    Attributes:
        manner: as it stands there. downgraded: why an announce became a ring.
        refused: the settings refuse it: it ends at once, with that as its outcome.
    """

    manner: Manner
    downgraded: Downgraded = ""
    refused: bool = False


def is_rule(rule: str) -> bool:
    """Whether that is a rule: ``always``, ``never``, or a time of two different ends."""
    if rule in {ALWAYS, NEVER}:
        return True
    found = _WINDOW.match(rule)
    return found is not None and rule[:5] != rule[6:]


def accepts(rule: str, wall_ms: int) -> bool:
    """Whether ``rule`` accepts at ``wall_ms``; what is no rule accepts nothing."""
    if rule == ALWAYS:
        return True
    found = _WINDOW.match(rule)
    if rule == NEVER or found is None:
        return False
    hour, minute, until_hour, until_minute = (int(part) for part in found.groups())
    start, stop = 60 * hour + minute, 60 * until_hour + until_minute
    at = wall_ms // _MINUTE_MS % _DAY_MINUTES
    return start <= at < stop if start < stop else (at >= start or at < stop)


def receive(manner: Manner, rules: Accepts, wall_ms: int, *, within_limit: bool) -> Reception:
    """How a call of that manner is taken up.

    Args:
        manner: as the caller asks.
        rules: of the called side.
        wall_ms: the called side's clock.
        within_limit: the agreed number of announces an hour is not used up.
    """
    if manner is Manner.TWO_WAY:
        return Reception(manner, refused=not accepts(rules.two_way, wall_ms))
    if manner is Manner.ANNOUNCE:
        by_setting = not accepts(rules.announce, wall_ms)
        if not by_setting and within_limit:
            return Reception(manner)
        why: Downgraded = "setting" if by_setting else "limit"
        return Reception(Manner.RING, why, refused=not accepts(rules.ring, wall_ms))
    return Reception(manner, refused=not accepts(rules.ring, wall_ms))

"""How many calls an hour count as what (spec/call, sections 2 and 5)."""

from collections import deque
from typing import Final

from openline.protocol.call import URGENT, URGENT_PER_HOUR, Precedence
from openline.protocol.clock import Now

HOUR_MS: Final = 3_600_000
INCOMING_PER_HOUR_MAX: Final = 120
PEER_HOUR_MS: Final = 3_540_000
"""The called side counts the caller's urgent calls over a little less than an hour, so that two
clocks and a late frame never make it count one that its caller rightly did not."""


class _Hour:
    """Moments within the last hour."""

    __slots__ = ("_ms", "_span_ms")

    def __init__(self, span_ms: int = HOUR_MS) -> None:
        self._ms: deque[int] = deque()
        self._span_ms = span_ms

    def count(self, now: Now) -> int:
        while self._ms and now.mono_ms - self._ms[0] >= self._span_ms:
            self._ms.popleft()
        return len(self._ms)

    def add(self, now: Now) -> None:
        self._ms.append(now.mono_ms)


class CallLimits:
    """What was begun within the hour, on one side and on the other."""

    __slots__ = ("_announced", "_begun", "_per_hour", "_urgent_own", "_urgent_peer")

    def __init__(self, announces_per_hour: int) -> None:
        """Nothing was begun."""
        self._per_hour = announces_per_hour
        self._announced = _Hour()
        self._begun = _Hour()
        self._urgent_own = _Hour()
        self._urgent_peer = _Hour(PEER_HOUR_MS)

    def too_many(self, now: Now) -> bool:
        """Each call leaves an account in our log: a peer that only ever begins gets no more."""
        return self._begun.count(now) >= INCOMING_PER_HOUR_MAX

    def may_announce(self, now: Now) -> bool:
        """The peer has an announce left."""
        return self._announced.count(now) < self._per_hour

    def counts_as(self, asked: Precedence, now: Now, *, own: bool) -> Precedence:
        """What a call of that precedence counts as."""
        urgent = self._urgent_own if own else self._urgent_peer
        spent = asked >= URGENT and urgent.count(now) >= URGENT_PER_HOUR
        return Precedence.ROUTINE if spent else asked

    def began(self, precedence: Precedence, now: Now, *, own: bool) -> None:
        """A call that counts as that began."""
        if precedence >= URGENT:
            (self._urgent_own if own else self._urgent_peer).add(now)
        if not own:
            self._begun.add(now)

    def announced(self, now: Now) -> None:
        """The peer's call sounds here."""
        self._announced.add(now)

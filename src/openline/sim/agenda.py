"""Virtual time: what happens when. Nothing here waits."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from openline.protocol.clock import Now

WALL_MS: Final = 1_795_000_000_000
"""Wall clock, in milliseconds, at which every run begins."""

Act = Callable[[], None]


class Agenda:
    """Acts in the order of their time; at one time, in the order in which they were planned."""

    __slots__ = ("_acts", "_count", "now_ms")

    def __init__(self) -> None:
        """Nothing is planned; it is 0 ms."""
        self._acts: list[tuple[int, int, Act]] = []
        self._count = 0
        self.now_ms = 0

    def after(self, delay_ms: int, act: Act) -> None:
        """Do ``act`` ``delay_ms`` from now."""
        self._count += 1
        heapq.heappush(self._acts, (self.now_ms + max(0, delay_ms), self._count, act))

    def run_until(self, stop_ms: int) -> None:
        """Let time pass until ``stop_ms``."""
        while self._acts and self._acts[0][0] <= stop_ms:
            self.now_ms, _, act = heapq.heappop(self._acts)
            act()
        self.now_ms = max(self.now_ms, stop_ms)


@dataclass(slots=True)
class Clock:
    """The two clocks of one post: its monotonic zero is its own, its wall clock may lie and jump.

    Attributes:
        mono_ms: what the monotonic clock shows at 0 ms. skew_ms: how wrong the wall clock is.
        drift: how much more wrong it gets, in millionths.
    """

    agenda: Agenda
    mono_ms: int
    skew_ms: int
    drift: int

    def read(self) -> Now:
        """Both clocks now."""
        true_ms = self.agenda.now_ms
        drifted = true_ms * self.drift // 1_000_000
        return Now(self.mono_ms + true_ms, WALL_MS + true_ms + self.skew_ms + drifted)

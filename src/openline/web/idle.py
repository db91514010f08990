"""When a desk locks by itself: nobody did anything at it for too long."""

import time
from collections.abc import Callable
from typing import Final

from openline.engine.call_views import CallView
from openline.engine.desk import PostView

WARNING_S: Final = 60.0


class Idle:
    """One desk's time without an act of its officer."""

    def __init__(self, minutes: float, clock: Callable[[], float] = time.monotonic) -> None:
        """``minutes`` without an act lock the desk; 0 for never."""
        self._limit_s = minutes * 60
        self._clock = clock
        self._acted_s = clock()

    def acted(self) -> None:
        """The officer did something."""
        self._acted_s = self._clock()

    def over(self, view: PostView) -> bool:
        """Whether the time is over; a call of ours that stands is an act."""
        if view.call is not None and _ours(view.call):
            self.acted()
        return bool(self._limit_s) and self._left_s() <= 0

    def warning_ms(self) -> int | None:
        """What is left, once it is a minute or less."""
        left_s = self._left_s()
        if not self._limit_s or left_s > min(WARNING_S, self._limit_s / 2):
            return None
        return max(0, int(left_s * 1000))

    def _left_s(self) -> float:
        return self._limit_s - (self._clock() - self._acted_s)


def _ours(call: CallView) -> bool:
    """Whether an officer of ours is in the call.

    One that comes in and that nobody took is not: else the peer could keep our desks unlocked by
    calling.
    """
    return call.state != "ended" and (call.role == "caller" or call.state != "announcing")

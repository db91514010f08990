"""When a line check is due here, and whether one was missed, by the own wall clock (spec/check).

A slot is met by a check that either side began and that was carried through within it. What was
missed is a fact about the line, never a fault of the peer: clocks lie, and silence has many causes.
"""

from typing import Final

from openline.engine.check_history import CheckHistory
from openline.engine.context import Context
from openline.protocol.checks import MINUTE_MS, Slot, slot_at, turn
from openline.protocol.clock import Now

SETTLE_MS: Final = 120_000
"""A post that just started begins no check by itself."""

RETRY_MS: Final = 60_000
TOLERANCE: Final = 12
"""A slot is judged when a twelfth of the next one is over."""

_DAY_MINUTES: Final = 1_440


class Turns:
    """See the module."""

    def __init__(self, ctx: Context, history: CheckHistory, now: Now) -> None:
        """A post that starts now; what its record says of checks counts."""
        self._ctx = ctx
        self._born = now
        self._done_ms = history.last_own_ms
        self._again_ms = now.mono_ms + SETTLE_MS
        self._judged: int | None = None

    def done(self, now: Now) -> None:
        """A check was carried through."""
        self._done_ms = now.wall_ms

    def tried(self, now: Now) -> None:
        """One was begun, or broken off: the next try is not at once."""
        self._again_ms = now.mono_ms + RETRY_MS

    def _met(self, slot: Slot) -> bool:
        # A time beyond the slot is that of a clock that was set back since: it meets nothing.
        return self._done_ms is not None and slot.start_ms <= self._done_ms < slot.end_ms

    def due(self, now: Now) -> int | None:
        """The slot for which we are to begin a check now, if there is one."""
        minutes = self._ctx.settings.check_minutes
        if minutes == 0 or now.mono_ms < self._again_ms:
            return None
        slot = slot_at(now.wall_ms, minutes)
        mine = turn(self._ctx.genesis.line, slot.number) == self._ctx.own
        begins_ms = slot.turn_ms if mine else slot.late_ms
        return slot.number if now.wall_ms >= begins_ms and not self._met(slot) else None

    def next_due(self, now: Now) -> int | None:
        """When the next check is due from either side, in the own wall clock."""
        minutes = self._ctx.settings.check_minutes
        if minutes == 0:
            return None
        slot = slot_at(now.wall_ms, minutes)
        if self._met(slot):
            return slot_at(slot.end_ms, minutes).turn_ms
        return max(now.wall_ms, slot.turn_ms)

    def judge(self, now: Now, *, call_open: bool) -> str:
        """When the last slot began, as "HH:MM", if it passed without a check; else "".

        A slot is judged once. An open call puts the judgement off.
        """
        minutes = self._ctx.settings.check_minutes
        if minutes == 0:
            return ""
        slot = slot_at(now.wall_ms, minutes)
        tolerance = (slot.end_ms - slot.start_ms) // TOLERANCE
        if call_open or now.wall_ms - slot.start_ms < tolerance or self._judged == slot.number:
            return ""
        self._judged = slot.number
        before = slot_at(max(0, slot.start_ms - 1), minutes)
        late = self._done_ms is not None and before.start_ms <= self._done_ms <= now.wall_ms
        if late or self._born.wall_ms > before.turn_ms:
            return ""
        return clock(before.start_ms)


def clock(wall_ms: int) -> str:
    """The time of day, UTC, as "HH:MM"."""
    minutes = max(0, wall_ms) // MINUTE_MS % _DAY_MINUTES
    return f"{minutes // 60:02d}:{minutes % 60:02d}"

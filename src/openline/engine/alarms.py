"""Conditions that demand an act: raised once, cleared by their cause, silenced by an officer."""

from dataclasses import replace
from typing import Final

from openline.engine.desk import AlarmView
from openline.protocol.clock import Now

FIRST_CONTACT_MS: Final = 10_000
"""A post that just started is not alarmed by having no contact before this time."""

LINK_DOWN: Final = "link_down"
RECORD_HALTED: Final = "record_halted"
DISK_FAULT: Final = "disk_fault"
RESTORED: Final = "restored"
OWN_LOG_MISSING: Final = "own_log_missing"
PEER_FORGOT: Final = "peer_forgot"
PEER_RESTORED: Final = "peer_restored"
CHECK_MISSED: Final = "check_missed"
CHECK_FAILED: Final = "check_failed"
ETA_OVERDUE: Final = "eta_overdue"
REPLY_OVERDUE: Final = "reply_overdue"
DEAF_DESK: Final = "deaf_desk"

CODES: Final = (
    LINK_DOWN,
    RECORD_HALTED,
    DISK_FAULT,
    RESTORED,
    OWN_LOG_MISSING,
    PEER_FORGOT,
    PEER_RESTORED,
    CHECK_MISSED,
    CHECK_FAILED,
    ETA_OVERDUE,
    REPLY_OVERDUE,
    DEAF_DESK,
)
"""Every alarm that the engine can raise: as many as can ever stand at once."""


class Alarms:
    """The standing alarms, oldest first."""

    __slots__ = ("_raised_ms", "_standing")

    def __init__(self) -> None:
        """None stands."""
        self._standing: dict[str, AlarmView] = {}
        self._raised_ms: dict[str, int] = {}

    def view(self) -> tuple[AlarmView, ...]:
        """All that stand."""
        return tuple(self._standing.values())

    def raise_(self, code: str, now: Now, /, **facts: str | int) -> bool:
        """Raise ``code``; True if it did not stand yet. Facts of a standing one are renewed."""
        standing = self._standing.get(code)
        if standing is not None:
            self._standing[code] = replace(standing, facts=facts)
            return False
        self._standing[code] = AlarmView(
            code=code, since_wall_ms=now.wall_ms, acknowledged=False, facts=facts
        )
        self._raised_ms[code] = now.mono_ms
        return True

    def tick(self, now: Now, after_ms: int) -> bool:
        """Mark what nobody acknowledged within ``after_ms``; True if that is news."""
        late = [
            alarm
            for code, alarm in self._standing.items()
            if not alarm.acknowledged
            and not alarm.unanswered
            and now.mono_ms - self._raised_ms[code] >= after_ms
        ]
        for alarm in late:
            self._standing[alarm.code] = replace(alarm, unanswered=True)
        return bool(late)

    def clear(self, code: str) -> bool:
        """Its condition is over; True if it stood."""
        return self._standing.pop(code, None) is not None

    def acknowledge(self, code: str) -> bool:
        """An officer silenced its sound; the condition stays. True if that changed something."""
        standing = self._standing.get(code)
        if standing is None or standing.acknowledged:
            return False
        self._standing[code] = replace(standing, acknowledged=True)
        return True

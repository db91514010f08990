"""Which desk of this side has the call, which speak, and whose officer consented to two-way.

Nothing here makes a desk transmit; a desk may be told to stop (spec/call, sections 3 and 7).
"""

from typing import Final

from openline.engine.call_state import Call
from openline.engine.context import Context
from openline.engine.desk import StopTalking
from openline.engine.watch import Watch
from openline.protocol.call import CallState
from openline.protocol.clock import Now

LATCH_LATE_MS: Final = 1_000
"""A page that latched just as two-way ended asks to talk a moment too late: that begins no call."""


class CallFloor:
    """Holder, speakers and consent, by desk."""

    __slots__ = ("_by_own", "_ctx", "_cut_ms", "_watch", "consented", "cut", "holder", "talkers")

    def __init__(self, ctx: Context, watch: Watch) -> None:
        """Nobody."""
        self._ctx = ctx
        self._watch = watch
        self.holder = b""
        self.talkers: list[bytes] = []
        self.consented = b""
        self.cut, self._cut_ms, self._by_own = b"", 0, False

    def principal(self, desk: bytes) -> bool:
        """That desk may take, begin, answer and end."""
        return self._watch.seat(desk).role == "principal"

    def elsewhere(self, desk: bytes) -> bool:
        """Another desk has the call."""
        return self.holder not in {b"", desk}

    def refusal(self, desk: bytes, call: Call | None, now: Now) -> str:
        """Why that desk may not talk now, as the reason of a StopTalking; "" if it may."""
        if self._late_latch(desk, call, now):
            return "call.two_way_over"
        if not self.principal(desk):
            interpreter = self._watch.seat(desk).role == "interpreter"
            stands = call is not None and (
                call.role == "caller" or call.state is CallState.TAKEN
            )  # fmt: skip
            if not (interpreter and stands):
                return "call.role"
        elif call is not None and self.elsewhere(desk):
            return "call.held_elsewhere"
        others = [talker for talker in self.talkers if talker != desk]
        if others and not (call is not None and call.two_way.open):
            return "call.talking_elsewhere"
        return ""

    def _late_latch(self, desk: bytes, call: Call | None, now: Now) -> bool:
        """That desk may have latched by what it was shown before two-way ended.

        If its own officer ended it the page knows, unless the officer asked anew at once.
        """
        if desk != self.cut or now.mono_ms - self._cut_ms >= LATCH_LATE_MS:
            return False
        asked = call is not None and call.two_way.own and not call.two_way.open
        return asked or not self._by_own

    def add(self, desk: bytes) -> None:
        """That desk's officer talks."""
        if desk not in self.talkers:
            self.talkers.append(desk)

    def release(self, desk: bytes) -> bool:
        """That desk's officer let go; True if it spoke."""
        if desk not in self.talkers:
            return False
        self.talkers.remove(desk)
        return True

    def stop(self, desk: bytes, reason: str) -> None:
        """Tell a desk to stop."""
        self.release(desk)
        self._ctx.desk(desk, StopTalking(reason=reason))

    def two_way_over(self, now: Now, *, reason: str = "call.two_way_over", by: bytes = b"") -> None:
        """It is no longer open both ways: the desk that latched stops; ``by``: whose act it was."""
        if self.consented:
            self.cut, self._by_own = self.consented, by == self.consented
            self._cut_ms = now.mono_ms
            self.stop(self.consented, reason)
            self.consented = b""

    def over(self, reason: str, now: Now, *, two_way: bool) -> None:
        """The call ended: whoever speaks stops."""
        if two_way:
            self.two_way_over(now, reason=reason)
        for desk in list(self.talkers):
            self.stop(desk, reason)
        self.holder = self.consented = b""

    def gone(self) -> list[bytes]:
        """Desks that had a part in the call and are lost."""
        parts = dict.fromkeys((*self.talkers, self.holder, self.consented))
        return [desk for desk in parts if desk and not self._watch.has(desk)]

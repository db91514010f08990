"""Which of our desks records the call, from when to when (spec/call, section 12).

Recording happens at one's own desk and is kept by one's own post. The peer is told before anything
is kept: a part is only taken from a desk after our declaration said ``now``.
"""

from dataclasses import dataclass
from typing import Final, Literal

from openline.engine.authoring import Wish
from openline.engine.call_state import Call
from openline.engine.calls import Calls
from openline.engine.context import Context
from openline.engine.declared import Declarations
from openline.engine.desk import AudioReport, ViewChanged
from openline.engine.desk_spoken import RecordCall, RecordingView
from openline.engine.keeper import Keeper
from openline.errors import OpenlineError
from openline.protocol.clock import Now
from openline.record import bodies

ENDING_MS: Final = 10_000
"""So long a desk may take to bring its last part after the end."""

SILENT_MS: Final = 8_000
"""A desk that was told to record and brought nothing for so long does not record."""

RETRY_MS: Final = 5_000
"""After a desk failed to record, the next attempt."""

PARTS_MAX: Final = 100


@dataclass(slots=True)
class _Part:
    """One recording at one desk; ``fed`` once a piece of it came."""

    desk: bytes
    call: bytes
    number: int
    begun_ms: int
    state: Literal["on", "ending"] = "on"
    ending_ms: int = 0
    fed: bool = False


class Recording:
    """See the module."""

    def __init__(self, ctx: Context, calls: Calls, declared: Declarations, keeper: Keeper) -> None:
        """Nothing is recorded."""
        self._ctx = ctx
        self._calls = calls
        self._declared = declared
        self._keeper = keeper
        self._running: dict[bytes, bool] = {}
        self._parts: list[_Part] = []
        self._call: bytes = b""
        self._wanted = False
        self._numbers = 0
        self._retry_ms = 0
        self._fault = ""

    # --- officers ------------------------------------------------------------------------------

    def press(self, *, on: bool, now: Now) -> str:
        """The officer begins or ends the recording of this call; why not, or ""."""
        call = self._calls.current
        if not on:
            self._wanted = False
            self._end(now)
            return ""
        if self._declared.recording == "never":
            return "recording.never"
        if call is None:
            return "recording.no_call"
        self._follow(call, now)
        self._wanted = True
        self._retry_ms = now.mono_ms
        return ""

    def declared(self, now: Now) -> None:
        """What is declared of recording changed: ``always`` holds for the call that stands too."""
        if self._declared.recording == "always" and self._calls.current is not None:
            self.press(on=True, now=now)

    # --- desks ---------------------------------------------------------------------------------

    def desk_alive(self, desk: bytes, report: AudioReport) -> None:
        """Only a desk whose sound runs and is connected can record a call."""
        self._running[desk] = report.context == "running" and report.connection == "connected"

    def desk_closed(self, desk: bytes, now: Now) -> None:
        """What it recorded so far is finished without it."""
        self._running.pop(desk, None)
        for part in self._parts:
            if part.desk == desk and part.state == "on":
                part.state, part.ending_ms = "ending", now.mono_ms + ENDING_MS

    # --- the post's keeping of files -------------------------------------------------------------

    def takes(self, call: bytes, number: int) -> str:
        """Whether a piece of that part may be kept now: "", else a code."""
        for part in self._parts:
            if (part.call, part.number) == (call, number):
                part.fed = True
                return ""
        return "recording.over"

    def kept(self, recording: bodies.Recording, fault: str, now: Now) -> bool:
        """A part is finished and on disk: its hash enters the record. False: try again later.

        Args:
            recording: the file. One without size was never begun and leaves no entry.
            fault: code of what ended it before its time, or "".
            now: the time.
        """
        if recording.size:
            wish = Wish(
                kind=bodies.KIND_RECORDING,
                body=bodies.recording_body(recording),
                by_officer=False,
            )
            try:
                self._keeper.write(wish, None, "", now)
            except OpenlineError as error:
                if error.code != "engine.halted":
                    return False
        self._drop(recording.call, recording.part, fault, now)
        return True

    def _drop(self, call: bytes, number: int, fault: str, now: Now) -> None:
        for part in self._parts:
            if part.call == call and part.number == number:
                if part.state == "on":
                    self._tell(part, on=False)
                self._retry_ms = now.mono_ms + RETRY_MS
                if fault:
                    self._fault = fault
                    self._wanted = False
        self._parts = [part for part in self._parts if (part.call, part.number) != (call, number)]

    # --- time ------------------------------------------------------------------------------------

    def tick(self, now: Now) -> None:
        """Follow the call and what is declared."""
        call = self._calls.current
        before = self._declared.now, self.view()
        if call is not None:
            self._follow(call, now)
        if call is None or self._declared.recording == "never":
            self._wanted = False
        if not self._wanted:
            self._end(now)
        self._parts = [
            part for part in self._parts if part.state == "on" or now.mono_ms < part.ending_ms
        ]
        for part in self._parts:
            if not part.fed and part.state == "on" and now.mono_ms - part.begun_ms >= SILENT_MS:
                self._drop(part.call, part.number, "recording.desk_silent", now)
        on = any(part.state == "on" for part in self._parts)
        begin = call is not None and self._wanted and not on and now.mono_ms >= self._retry_ms
        desk = next((name for name, runs in self._running.items() if runs), None)
        begins = begin and desk is not None and self._numbers < PARTS_MAX
        self._declared.now = bool(self._parts) or begins
        self._declared.say_now(now)
        if begins and call is not None and desk is not None:
            self._numbers += 1
            part = _Part(desk, call.tag, self._numbers, now.mono_ms)
            self._parts.append(part)
            self._tell(part, on=True)
        if before != (self._declared.now, self.view()):
            self._ctx.desks(ViewChanged())

    def _follow(self, call: Call, now: Now) -> None:
        """Another call: what was wanted for the last one is not wanted for this one."""
        if call.tag == self._call:
            return
        self._end(now)
        self._call, self._numbers, self._fault = call.tag, 0, ""
        self._wanted = self._declared.recording == "always"

    def _end(self, now: Now) -> None:
        for part in self._parts:
            if part.state == "on":
                part.state, part.ending_ms = "ending", now.mono_ms + ENDING_MS
                self._tell(part, on=False)

    def _tell(self, part: _Part, *, on: bool) -> None:
        self._ctx.desk(part.desk, RecordCall(on=on, call=part.call.hex(), part=part.number))

    def view(self) -> RecordingView:
        """What our own desks are shown."""
        for part in self._parts:
            if part.state == "on":
                return RecordingView(state="on", desk=part.desk.hex(), fault=self._fault)
        if self._parts:
            return RecordingView(state="ending", desk=self._parts[0].desk.hex(), fault=self._fault)
        return RecordingView(state="waiting" if self._wanted else "off", fault=self._fault)

"""What belongs to being understood and to being recorded: phrases, declarations, recordings.

An interface of its own beside :class:`openline.engine.post.Post`, which drives it; every call
returns at once and settles the record (spec/call, sections 11 and 12).
"""

from dataclasses import replace

from openline.engine.calls import Calls
from openline.engine.context import Context
from openline.engine.declared import Declarations
from openline.engine.desk import AudioReport, PostView, Refused, ViewChanged
from openline.engine.phrases import Phrases
from openline.engine.record_side import RecordSide
from openline.engine.recording import Recording
from openline.errors import OpenlineError
from openline.protocol import control
from openline.protocol.clock import Now
from openline.protocol.control import Control, ControlOut
from openline.record import bodies


class Spoken:
    """See the module."""

    def __init__(
        self,
        ctx: Context,
        out: ControlOut,
        record: RecordSide,
        calls: Calls,
        start: tuple[dict[str, bytes], Now],
    ) -> None:
        """Start from the named values of the disk."""
        self._ctx = ctx
        self._record = record
        self._link_down = True
        self._phrases = Phrases(ctx, out, record, calls)
        self._declared = Declarations(ctx, out, record.keeper, *start)
        self._recording = Recording(ctx, calls, self._declared, record.keeper)

    # --- driven by the post -----------------------------------------------------------------------

    def tick(self, now: Now, *, link_down: bool) -> None:
        """Let time pass, after the calls did."""
        self._link_down = link_down
        self._phrases.tick(now)
        self._recording.tick(now)

    def peer_says(self, given: Control, now: Now) -> None:
        """A control object of the peer.

        Raises:
            OpenlineError: it does not hold; nothing changed.
        """
        if given.name == control.PHRASE:
            self._phrases.peer_says(given.payload, now)
        else:
            self._declared.peer_says(given.payload, now)

    def peer_restarted(self, now: Now) -> None:
        """Another start of the peer."""
        self._phrases.peer_restarted()
        self._declared.peer_restarted()
        self._declared.again(now)

    def link_up(self, now: Now) -> None:
        """The link is up again."""
        self._link_down = False
        self._declared.again(now)

    def desk_alive(self, desk: bytes, report: AudioReport) -> None:
        """A desk's page and audio answer."""
        self._recording.desk_alive(desk, report)

    def desk_closed(self, desk: bytes, now: Now) -> None:
        """A desk is gone."""
        self._recording.desk_closed(desk, now)

    def shown_in(self, view: PostView, now: Now) -> PostView:
        """The view with what stands here."""
        contact = view.link.state == "UP"
        return replace(
            view,
            own_declared=self._declared.own_view(now),
            peer_declared=self._declared.peer_view(now, contact=contact),
            spoken=self._phrases.view(now),
            recording=self._recording.view(),
        )

    # --- officers ---------------------------------------------------------------------------------

    def phrase(self, desk: bytes, n: int, now: Now) -> None:
        """The key of phrase ``n``; refused with ``phrase.*`` under the request "phrase"."""
        self._phrases.press(desk, n, now, link_down=self._link_down)
        self._record.settle(now)

    def declare(self, desk: bytes, words: tuple[str, str], eta_s: int, now: Now) -> None:
        """The officer declares.

        Args:
            desk: where.
            words: of recording and of the interpreter; empty where nothing changes.
            eta_s: seconds until the interpreter is there, with ``eta``.
            now: the time.
        """
        recording, interpreter = words
        try:
            if interpreter:
                self._declared.declare_interpreter(interpreter, eta_s, now)
            if recording and self._declared.declare_recording(recording, now):
                self._recording.declared(now)
        except OpenlineError as error:
            self._ctx.desk(desk, Refused(request="declare", code=error.code, facts=error.facts))
        self._declared.say(now)
        self._recording.tick(now)
        self._ctx.desks(ViewChanged())
        self._record.settle(now)

    def record_call(self, desk: bytes, now: Now, *, on: bool) -> None:
        """The officer begins or ends the recording of this call."""
        code = self._recording.press(on=on, now=now)
        if code:
            self._ctx.desk(desk, Refused(request="record", code=code))
        self._recording.tick(now)
        self._record.settle(now)

    # --- the keeping of files ---------------------------------------------------------------------

    def takes_part(self, call: bytes, number: int) -> str:
        """Whether a piece of that part of a recording may be kept now: "", else a code."""
        return self._recording.takes(call, number)

    def part_kept(self, recording: bodies.Recording, fault: str, now: Now) -> bool:
        """A part is finished and on disk; False when its entry must wait (call again)."""
        kept = self._recording.kept(recording, fault, now)
        self._recording.tick(now)
        self._record.settle(now)
        return kept

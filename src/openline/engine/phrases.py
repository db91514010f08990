"""The ten agreed phrases: one key each, heard on the far desk in its own language (spec/call, 11).

A phrase is an officer's act where its key was pressed and nobody's act where it is heard: it takes
no call and opens no microphone. Only its number crosses the line.
"""

from collections import deque
from typing import Final

from openline.engine.call_state import Call
from openline.engine.calls import Calls
from openline.engine.context import Context
from openline.engine.desk import Refused, ViewChanged
from openline.engine.desk_spoken import SpeakPhrase, SpokenView
from openline.engine.record_side import RecordSide
from openline.errors import PeerProtocolError
from openline.protocol import control
from openline.protocol.call import CallState, Manner
from openline.protocol.clock import Now
from openline.protocol.control import ControlOut
from openline.protocol.frames import FrameClass
from openline.protocol.spoken import (
    PHRASES,
    PHRASES_PER_MINUTE_MAX,
    PHRASES_TAKEN_PER_MINUTE_MAX,
    Phrase,
    parse_phrase,
    phrase_payload,
)
from openline.record.cbor import Value

MINUTE_MS: Final = 60_000
SHOWN_MS: Final = 30_000
WAITING_MS: Final = 2_000
"""A phrase may overtake the call that it belongs to."""

_REFUSED: Final = {
    "call.link_down": "phrase.no_contact",
    "call.talking_elsewhere": "phrase.talking_elsewhere",
    "call.held_elsewhere": "phrase.talking_elsewhere",
}
"""Why a press of the talk key would be refused; any other reason reads ``phrase.not_now``."""


class _Rate:
    """At most so many within a minute."""

    __slots__ = ("_limit", "_times")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._times: deque[int] = deque()

    def full(self, now: Now) -> bool:
        while self._times and now.mono_ms - self._times[0] >= MINUTE_MS:
            self._times.popleft()
        return len(self._times) >= self._limit

    def count(self, now: Now) -> None:
        self._times.append(now.mono_ms)


class Phrases:
    """Phrases of both sides."""

    def __init__(self, ctx: Context, out: ControlOut, record: RecordSide, calls: Calls) -> None:
        """None was spoken."""
        self._ctx = ctx
        self._out = out
        self._record = record
        self._calls = calls
        self._seq = 0
        self._peer_seq = 0
        self._given = _Rate(PHRASES_PER_MINUTE_MAX)
        self._taken = _Rate(PHRASES_TAKEN_PER_MINUTE_MAX)
        self._waiting: tuple[Phrase, int] | None = None
        self._shown: SpokenView | None = None
        self._shown_ms = 0

    def view(self, now: Now) -> SpokenView | None:
        """The phrase that was spoken last, for a while."""
        return self._shown if now.mono_ms - self._shown_ms < SHOWN_MS else None

    def press(self, desk: bytes, n: int, now: Now, *, link_down: bool) -> None:
        """The key of phrase ``n`` at ``desk``; refused with ``phrase.*``."""
        code = self._press(desk, n, now, link_down=link_down)
        if code:
            self._ctx.desk(desk, Refused(request="phrase", code=code))

    def _press(self, desk: bytes, n: int, now: Now, *, link_down: bool) -> str:
        if not 1 <= n <= PHRASES:
            return "phrase.unknown"
        if self._given.full(now):
            return "phrase.too_many"
        reason = self._calls.enter(desk, now, link_down=link_down)
        call = self._calls.current
        if reason or call is None:
            return _REFUSED.get(reason, "phrase.not_now")
        self._given.count(now)
        self._note(call, n, now)
        self._seq += 1
        # After the call itself, so that the peer hears of it in this order where frames keep order.
        frame = self._out.set(control.PHRASE, phrase_payload(Phrase(n, self._seq, call.tag)))
        if frame is not None:
            self._ctx.send(FrameClass.CONTROL, frame)
        self._show(SpokenView(
            whose="own", n=n, seq=self._seq, wall_ms=now.wall_ms, sounded=False
        ), now)  # fmt: skip
        return ""

    def _note(self, call: Call, n: int, now: Now) -> None:
        """Either side spoke in ``call``; it takes nothing: only speech does."""
        call.moved_ms = now.mono_ms
        call.phrases.append(n)
        self._calls.tell(call)

    # --- the peer's ----------------------------------------------------------------------------

    def peer_says(self, payload: Value, now: Now) -> None:
        """The CONTROL object ``phrase``; one sequence number is one phrase, however often told.

        Raises:
            OpenlineError: ``protocol.phrase`` or ``record.encoding``; nothing changed.
        """
        phrase = parse_phrase(payload)
        if phrase.seq <= self._peer_seq:
            return
        if self._taken.full(now):
            raise PeerProtocolError("protocol.phrase", "more than may be spoken in a minute")
        self._taken.count(now)
        self._peer_seq = phrase.seq
        self._waiting = phrase, now.mono_ms + WAITING_MS
        self.tick(now)

    def peer_restarted(self) -> None:
        """Another start of the peer counts from 1 again."""
        self._peer_seq = 0
        self._waiting = None

    def tick(self, now: Now) -> None:
        """A phrase sounds as soon as its call is known here; without a call it is none."""
        if self._waiting is None:
            return
        phrase, until_ms = self._waiting
        call = self._calls.current
        if call is not None and phrase.call in {call.tag, call.also}:
            self._waiting = None
            self._hear(phrase, call, now)
        elif now.mono_ms >= until_ms:
            self._waiting = None

    def _hear(self, phrase: Phrase, call: Call, now: Now) -> None:
        sounds = may_sound(call)
        self._note(call, phrase.n, now)
        if sounds:
            spoken = SpeakPhrase(n=phrase.n, seq=phrase.seq, call=call.tag.hex())
            self._ctx.desks(spoken)
        self._show(SpokenView(
            whose="peer", n=phrase.n, seq=phrase.seq, wall_ms=now.wall_ms, sounded=sounds
        ), now)  # fmt: skip

    def _show(self, spoken: SpokenView, now: Now) -> None:
        self._shown, self._shown_ms = spoken, now.mono_ms
        kind = f"phrase_{spoken.whose}"
        self._record.event(kind, now, n=spoken.n, sounded=spoken.sounded)
        self._ctx.desks(ViewChanged())


def may_sound(call: Call) -> bool:
    """A phrase of the peer may be played: an announce is in force, or the call is taken.

    At the caller that includes the time before anybody took the call: the phrase is the called
    side's own word, played from our own files; the far microphone is heard no sooner for it.
    """
    if call.closing_ms is not None or call.silenced == "own":
        return False
    return call.state is CallState.TAKEN or call.manner is not Manner.RING

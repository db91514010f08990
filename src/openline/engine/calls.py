"""The call between the two desks: who speaks, what sounds, how it ended (spec/call).

The engine never tells a desk to transmit: a microphone opens by its officer's act alone. It opens
and shuts loudspeakers (gates), stops a transmission, and writes at the end what this side saw.
"""

from collections import deque
from typing import Final

from openline.engine.accounts import META_CALL, Accounts, Call
from openline.engine.call_words import Teller, parse_said
from openline.engine.context import Context
from openline.engine.desk import CallView, Gate, StopTalking
from openline.engine.keeper import Keeper
from openline.engine.watch import Watch
from openline.protocol.call import (
    CALL_ID_SIZE,
    MANNERS,
    OUTCOMES,
    TAG_SIZE,
    TRANSITIONS,
    CallInput,
    CallState,
    Manner,
    Outcome,
    untaken,
)
from openline.protocol.clock import Now
from openline.protocol.control import ControlOut
from openline.protocol.delivery import DISCLOSURE_ATTENDED
from openline.record.cbor import Value

ENDED_TAGS_MAX: Final = 32
HOUR_MS: Final = 3_600_000
INCOMING_PER_HOUR_MAX: Final = 120
ENDED_SHOWN_MS: Final = 10_000
CLOSING_MS: Final = 500
"""A cell may tell of an end before the CONTROL frame tells its reason."""

FIRST_ROUND_TRIP_MS: Final = 2_000
"""The caller's link may be UP a moment before ours: its call has so long for our own round trip."""

_NO_TAG: Final = bytes(TAG_SIZE)
_TIMED: Final = {
    Outcome.UNTAKEN: CallInput.UNTAKEN_TOO_LONG,
    Outcome.SILENCED: CallInput.UNTAKEN_TOO_LONG,
    Outcome.UNATTENDED: CallInput.UNTAKEN_TOO_LONG,
    Outcome.QUIET: CallInput.QUIET_TOO_LONG,
    Outcome.LINK_DOWN: CallInput.LINK_DOWN,
    Outcome.RESTART: CallInput.RESTART,
}
"""What moves our call when the peer names this outcome; any other is its officer's act."""


class Calls:
    """The one call of the line, and the memory of those before it."""

    def __init__(
        self,
        ctx: Context,
        out: ControlOut,
        keeper: Keeper,
        watch: Watch,
        meta: dict[str, bytes],
        now: Now,
    ) -> None:
        """No call; one that was open when this post last stopped is accounted for."""
        self._ctx = ctx
        self._watch = watch
        self._accounts = Accounts(ctx, keeper)
        self._call: Call | None = None
        self._teller = Teller(ctx, out)
        self._talker: bytes | None = None
        self._ended: deque[bytes] = deque(maxlen=ENDED_TAGS_MAX)
        self._announced: deque[int] = deque()
        self._begun: deque[int] = deque()
        tag = self._accounts.of_restart(meta.get(META_CALL, b""), now)
        if tag:
            self._ended.append(tag)

    @property
    def open(self) -> bool:
        """A call stands between the desks."""
        return self._call is not None and self._call.open

    @property
    def peer_talking(self) -> bool:
        """An officer of the peer holds the talk key, by the peer's word."""
        return self._call is not None and self._call.open and self._call.peer_talking

    def view(self, now: Now) -> CallView | None:
        """The call, or the one that just ended."""
        call = self._call
        if call is None or (not call.open and now.mono_ms - call.ended_ms >= ENDED_SHOWN_MS):
            return None
        left = call.started_ms + self._ctx.settings.untaken_ms - now.mono_ms
        return CallView(
            call=call.tag.hex(),
            role=call.role,
            manner=call.manner.value,
            state=call.state.value,
            started_wall_ms=call.started_wall_ms,
            own_talking=call.own_talking,
            peer_talking=call.peer_talking,
            peer_sounded=call.peer_sounded,
            sounded_here=call.sounded,
            silenced=call.silenced,
            ends_in_ms=max(0, left) if call.state is CallState.ANNOUNCING else None,
            outcome=call.outcome,
        )

    # --- own desks -----------------------------------------------------------------------------

    def desk_opened(self, desk: bytes) -> None:
        """A desk that comes during a call hears it like the others."""
        call = self._call
        if call is not None and call.gate:
            self._ctx.desk(desk, Gate(open=True, call=call.tag.hex()))
        self._note_attended()

    def talk(self, desk: bytes, *, on: bool, now: Now, link_down: bool = False) -> None:
        """The talk key of ``desk``."""
        if not on:
            if self._talker == desk:
                self._talker = None
                self._set_talking(on=False, now=now)
            return
        if link_down:
            self._ctx.desk(desk, StopTalking(reason="call.link_down"))
            return
        if self._talker not in (None, desk):
            self._ctx.desk(desk, StopTalking(reason="call.talking_elsewhere"))
            return
        if self._call is None or not self._call.open:
            self._begin(self._ctx.random(CALL_ID_SIZE), now)
        self._talker = desk
        self._set_talking(on=True, now=now)

    def _begin(self, call_id: bytes, now: Now) -> None:
        self._call = Call(
            tag=call_id[:TAG_SIZE],
            role="caller",
            manner=Manner.ANNOUNCE,
            started_ms=now.mono_ms,
            started_wall_ms=now.wall_ms,
            moved_ms=now.mono_ms,
            call_id=call_id,
        )
        self._accounts.remember(self._call)

    def _set_talking(self, *, on: bool, now: Now) -> None:
        call = self._call
        if call is None or not call.open:
            return
        call.own_talking = on
        call.moved_ms = now.mono_ms
        if on and call.role == "called":
            self._move(CallInput.CALLED_TALKS, now)
        self._teller.tell(call)

    def sounded(self, desk: bytes, name: str) -> None:
        """The far voice was played at a desk of ours."""
        call = self._call
        if call is None or call.tag.hex() != name or call.sounded or not self._watch.has(desk):
            return
        call.sounded = True
        self._teller.tell(call)

    def end(self, now: Now) -> None:
        """Our officer ends the call."""
        call = self._call
        if call is not None and call.open:
            own = CallInput.CALLER_ENDS if call.role == "caller" else CallInput.CALLED_ENDS
            self._move(own, now)

    def silence(self) -> None:
        """Our officer silences the incoming announce; the caller will see it."""
        call = self._call
        if call is None or call.role != "called" or call.state is not CallState.ANNOUNCING:
            return
        call.silenced = "own"
        self._teller.tell(call)

    # --- the peer ------------------------------------------------------------------------------

    def caller_says(self, payload: Value, now: Now) -> None:
        """The CONTROL object ``call``: the peer is the caller.

        Raises:
            OpenlineError: as :func:`parse_said`; nothing changed.
        """
        said = parse_said(payload)
        call = self._find(said.call_id[:TAG_SIZE], now, opened=said.open)
        if call is None or call.role != "called":
            return
        if not call.call_id:
            call.call_id = said.call_id
            self._accounts.remember(call)
        call.peer_open = call.peer_open or said.open
        self._heard(call, said.seq, talking=said.talking, now=now)
        if not said.open:
            self._peer_ended(call, said.outcome, now)
        self._teller.tell(call)

    def called_says(self, payload: Value, now: Now) -> None:
        """The CONTROL object ``call-answer``: the peer is called by us.

        Raises:
            OpenlineError: as :func:`parse_said`; nothing changed.
        """
        said = parse_said(payload)
        call = self._call
        if call is None or call.role != "caller" or call.call_id != said.call_id or not call.open:
            return
        call.manner = said.manner
        if said.silenced:
            call.silenced = "peer"
        if self._ctx.genesis.disclosure >= DISCLOSURE_ATTENDED:
            call.peer_sounded = call.peer_sounded or said.sounded
            call.attended = call.attended or said.attended
        if said.taken:
            self._move(CallInput.CALLED_TALKS, now)
        call.peer_open = call.peer_open or said.open
        self._heard(call, said.seq, talking=said.talking, now=now)
        if not said.open:
            self._peer_ended(call, said.outcome, now)

    def cell_says(
        self, tag: bytes, *, call_open: bool, talking: bool, manner: int, seq: int, now: Now
    ) -> bool:
        """The control block of a media cell, first or again; True if it was news."""
        if tag == _NO_TAG or len(tag) != TAG_SIZE or manner not in MANNERS:
            return False
        call = self._find(tag, now, opened=call_open)
        if call is None or not call.open or seq <= call.peer_seq:
            return False
        self._heard(call, seq, talking=talking, now=now)
        if call_open:
            call.peer_open = True
        elif call.peer_open and call.closing_ms is None:
            call.closing_ms = now.mono_ms + CLOSING_MS
            self._teller.gate(call)
        self._teller.tell(call)
        return True

    def peer_restarted(self, now: Now) -> None:
        """Another start of the peer knows nothing of this call."""
        if self._call is not None and self._call.open:
            self._move(CallInput.RESTART, now)

    def tick(self, now: Now, *, link_down: bool) -> None:
        """Let time pass."""
        if self._talker is not None and not self._watch.has(self._talker):
            self._talker = None
            self._set_talking(on=False, now=now)
        call = self._call
        if call is None or not call.open:
            return
        self._note_attended()
        settings = self._ctx.settings
        if link_down and not self._newborn(call, now):
            self._move(CallInput.LINK_DOWN, now)
        elif call.closing_ms is not None and now.mono_ms >= call.closing_ms:
            self._peer_ended(call, "", now)
        elif call.state is CallState.ANNOUNCING:
            if now.mono_ms - call.started_ms >= settings.untaken_ms:
                self._move(CallInput.UNTAKEN_TOO_LONG, now)
        elif call.own_talking or call.peer_talking:
            call.moved_ms = now.mono_ms
        elif now.mono_ms - call.moved_ms >= settings.quiet_ms:
            self._move(CallInput.QUIET_TOO_LONG, now)

    # --- inside --------------------------------------------------------------------------------

    @staticmethod
    def _newborn(call: Call, now: Now) -> bool:
        return call.role == "called" and now.mono_ms - call.started_ms < FIRST_ROUND_TRIP_MS

    def _find(self, tag: bytes, now: Now, *, opened: bool) -> Call | None:
        """The call of that tag; a new one if the peer just opened it."""
        call = self._call
        if call is not None and call.tag == tag:
            return call if call.open else None
        if tag in self._ended or not opened or self._too_many(now):
            return None
        if call is not None and call.open:
            return self._both_called(call, tag, now)
        return self._incoming(tag, now)

    def _both_called(self, call: Call, tag: bytes, now: Now) -> Call | None:
        """Both officers pressed at once: one call, that of the lesser tag, taken by the other."""
        if call.role == "called":  # a caller has one call at a time: its first is over
            self._move(CallInput.CALLER_ENDS, now)
            return self._incoming(tag, now)
        if call.tag < tag:
            self._ended.append(tag)
            self._move(CallInput.CALLED_TALKS, now)
            return None
        self._ended.append(call.tag)
        taken = self._incoming(tag, now)
        taken.started_ms, taken.started_wall_ms = call.started_ms, call.started_wall_ms
        if self._talker is not None:
            taken.own_talking = True
        self._move(CallInput.CALLED_TALKS, now)
        return taken

    def _too_many(self, now: Now) -> bool:
        """Each call leaves an account in our log: a peer that only ever begins gets no more."""
        while self._begun and now.mono_ms - self._begun[0] >= HOUR_MS:
            self._begun.popleft()
        return len(self._begun) >= INCOMING_PER_HOUR_MAX

    def _incoming(self, tag: bytes, now: Now) -> Call:
        """The peer calls. Beyond the agreed number an hour it rings and does not sound."""
        while self._announced and now.mono_ms - self._announced[0] >= HOUR_MS:
            self._announced.popleft()
        self._begun.append(now.mono_ms)
        within = len(self._announced) < self._ctx.settings.announces_per_hour
        if within:
            self._announced.append(now.mono_ms)
        self._call = call = Call(
            tag=tag,
            role="called",
            manner=Manner.ANNOUNCE if within else Manner.RING,
            started_ms=now.mono_ms,
            started_wall_ms=now.wall_ms,
            moved_ms=now.mono_ms,
            attended=False,
        )
        self._note_attended()
        self._accounts.remember(call)
        self._teller.tell(call)
        return call

    def _note_attended(self) -> None:
        call = self._call
        if call is not None and call.role == "called" and call.open and self._watch.attended:
            changed = not call.attended
            call.attended = True
            if changed:
                self._teller.tell(call)

    def _heard(self, call: Call, seq: int, *, talking: bool, now: Now) -> None:
        if seq <= call.peer_seq or not call.open:
            return
        call.peer_seq = seq
        if call.peer_talking != talking:
            call.peer_talking = talking
            call.moved_ms = now.mono_ms
        if talking and call.role == "caller":
            self._move(CallInput.CALLED_TALKS, now)

    def _peer_ended(self, call: Call, outcome: str, now: Now) -> None:
        if not call.open:
            return
        timed = _TIMED.get(Outcome(outcome)) if outcome in set(Outcome) else None
        if timed is not None and TRANSITIONS[call.state, timed] is CallState.ENDED:
            self._move(timed, now)
            return
        peer = CallInput.CALLED_ENDS if call.role == "caller" else CallInput.CALLER_ENDS
        # Without the peer's word for it, nobody here knows whose act or clock ended it.
        self._move(peer, now, told=outcome == OUTCOMES[call.state, peer].value)

    def _move(self, given: CallInput, now: Now, *, told: bool = True) -> None:
        call = self._call
        if call is None:
            return
        before, call.state = call.state, TRANSITIONS[call.state, given]
        if call.state is before:
            return
        call.moved_ms = now.mono_ms
        if call.state is CallState.TAKEN:
            call.taken = True
        if call.state is CallState.ENDED:
            self._finish(call, OUTCOMES[before, given] if told else Outcome.ENDED, now)
        self._teller.tell(call)

    def _finish(self, call: Call, outcome: Outcome, now: Now) -> None:
        """The call ended: stop what transmits, write our account."""
        if outcome is Outcome.UNTAKEN:
            disclosed = self._ctx.genesis.disclosure >= DISCLOSURE_ATTENDED
            outcome = untaken(
                silenced=bool(call.silenced), attended=call.attended if disclosed else None
            )
        call.outcome = outcome.value
        call.ended_ms = now.mono_ms
        call.own_talking = call.peer_talking = False
        if self._talker is not None:
            self._ctx.desk(self._talker, StopTalking(reason=f"call.{outcome.value}"))
            self._talker = None
        self._ended.append(call.tag)
        self._accounts.write(call, now)

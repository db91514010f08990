"""The call between the desks: who speaks, what sounds, how it ended (spec/call).

The engine never tells a desk to transmit: a microphone opens by its officer's act alone. It opens
and shuts loudspeakers (gates), stops a transmission, and writes at the end what this side saw.
"""

from typing import Final, get_args

from openline.engine import alarms
from openline.engine.alarms import Alarms
from openline.engine.call_core import CallCore
from openline.engine.call_peer import PeerSide
from openline.engine.call_state import Call
from openline.engine.call_views import AnswerWord, CallView, PrecedenceWord
from openline.engine.context import Context
from openline.engine.desk import DeskView, Gate, Refused, Seat, StopTalking
from openline.engine.keeper import Keeper
from openline.engine.watch import Watch
from openline.protocol.call import (
    ANSWERS_MAX,
    CALL_ID_SIZE,
    DUE_S,
    Answer,
    CallInput,
    CallState,
    Manner,
    Precedence,
    due_fits,
    follows,
)
from openline.protocol.clock import Now
from openline.protocol.control import ControlOut
from openline.protocol.manners import accepts
from openline.record.cbor import Value

ENDED_SHOWN_MS: Final = 10_000
FIRST_ROUND_TRIP_MS: Final = 2_000
"""The caller's link may be UP a moment before ours: its call has so long for our own round trip."""

_PRECEDENCES: Final[dict[str, PrecedenceWord]] = {word: word for word in get_args(PrecedenceWord)}
_ANSWERS: Final[dict[str, AnswerWord]] = {word: word for word in get_args(AnswerWord)}


class Calls:
    """What our officers do in the one call of the line, and what time does to it."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a post that a call touches
        self,
        ctx: Context,
        out: ControlOut,
        keeper: Keeper,
        watch: Watch,
        alarms_: Alarms,
        meta: dict[str, bytes],
        now: Now,
    ) -> None:
        """No call; one that was open when this post last stopped is accounted for."""
        self._ctx = ctx
        self._watch = watch
        self._alarms = alarms_
        self._core = CallCore(ctx, out, keeper, watch, meta, now)
        self._floor = self._core.floor
        self._peer = PeerSide(self._core)

    @property
    def open(self) -> bool:
        """A call stands between the desks."""
        return self._core.open is not None

    @property
    def peer_talking(self) -> bool:
        """An officer of the peer holds the talk key, by the peer's word."""
        call = self._core.open
        return call is not None and call.peer_talking

    def view(self, now: Now) -> CallView | None:
        """The call, or the one that just ended."""
        call = self._core.call
        if call is None or (not call.open and now.mono_ms - call.ended_ms >= ENDED_SHOWN_MS):
            return None
        ends_ms = call.ends_ms(self._ctx.settings)
        held = call.state is CallState.HELD and call.due_ms is not None
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
            ends_in_ms=None if ends_ms is None else max(0, ends_ms - now.mono_ms),
            outcome=call.outcome,
            precedence=_PRECEDENCES[call.precedence.name],
            answer=_ANSWERS[call.answer],
            answer_due_ms=call.due_ms - now.mono_ms if held and call.due_ms is not None else None,
            two_way=call.two_way.word,
            holder=self._floor.holder.hex(),
            downgraded=call.downgraded,
        )

    def desk_views(self) -> tuple[DeskView, ...]:
        """Our own desks."""
        return self._watch.desk_views(tuple(self._floor.talkers))

    # --- own desks -----------------------------------------------------------------------------

    def desk_opened(self, desk: bytes) -> None:
        """A desk that comes during a call hears it like the others."""
        call = self._core.call
        if call is not None and call.gate:
            self._ctx.desk(desk, Gate(open=True, call=call.tag.hex()))
        self._core.note_attended()

    def desk_lost(self, desk: bytes, now: Now) -> None:
        """A desk is gone: what it transmitted, had and consented to is over; the call stays."""
        floor, call = self._floor, self._core.open
        if call is not None and floor.consented == desk:
            self._end_two_way(call, now)
        if floor.holder == desk:
            floor.holder = b""
        if floor.release(desk):
            self._core.set_talking(now)

    def seated(self, desk: bytes, seat: Seat, now: Now) -> None:
        """A desk's role changed: what the new one does not allow is over."""
        self._watch.reseat(desk, seat)
        if not self._floor.principal(desk):
            spoke = desk in self._floor.talkers
            self.desk_lost(desk, now)
            if spoke:
                self._floor.stop(desk, "call.role")

    def talk(
        self,
        desk: bytes,
        *,
        on: bool,
        now: Now,
        link_down: bool = False,
        manner: Manner = Manner.ANNOUNCE,
        precedence: Precedence = Precedence.ROUTINE,
    ) -> None:
        """The talk key of ``desk``."""
        core, floor = self._core, self._floor
        if not on:
            if floor.release(desk):
                core.set_talking(now)
            return
        if link_down:
            if floor.principal(desk):
                core.accounts.no_contact(manner, precedence, now)
            self._ctx.desk(desk, StopTalking(reason="call.link_down"))
            return
        call = core.open
        refusal = floor.refusal(desk, call, now)
        if call is not None and self._interrupts(call, desk, precedence, now):
            core.move(CallInput.INTERRUPTED, now)
            floor.cut = b""
            call, refusal = None, ""
        if not refusal and call is None and self._refuses_two_way(manner, now):
            refusal = "call.setting"
        if refusal:
            self._ctx.desk(desk, StopTalking(reason=refusal))
            return
        if call is None:
            self._begin(desk, manner, precedence, now)
        elif floor.principal(desk):
            floor.holder = desk
        floor.add(desk)
        core.set_talking(now)

    def enter(self, desk: bytes, now: Now, *, link_down: bool) -> str:
        """The key of a phrase: as a press of the talk key, but nothing is sent; why not, or ""."""
        core, floor = self._core, self._floor
        manner, precedence = Manner.ANNOUNCE, Precedence.ROUTINE
        if link_down:
            if floor.principal(desk):
                core.accounts.no_contact(manner, precedence, now)
            return "call.link_down"
        refusal = floor.refusal(desk, core.open, now)
        if not refusal and core.open is None:
            self._begin(desk, manner, precedence, now)
        return refusal

    @property
    def current(self) -> Call | None:
        """The call that stands now; None once it ended."""
        return self._core.open

    def tell(self, call: Call) -> None:
        """Something of it changed that the peer or our desks must know."""
        self._core.teller.tell(call)

    def _interrupts(self, call: Call, desk: bytes, precedence: Precedence, now: Now) -> bool:
        counts = self._core.limits.counts_as(precedence, now, own=True)
        higher = counts > call.precedence and precedence > call.asked
        return higher and self._floor.principal(desk)

    def _refuses_two_way(self, manner: Manner, now: Now) -> bool:
        rule = self._ctx.settings.accepts.two_way
        return manner is Manner.TWO_WAY and not accepts(rule, now.wall_ms)

    def _begin(self, desk: bytes, manner: Manner, precedence: Precedence, now: Now) -> None:
        call_id = self._ctx.random(CALL_ID_SIZE)
        call = self._core.begin(call_id, desk, manner, precedence, now)
        if manner is Manner.TWO_WAY:
            call.two_way.consent(now.mono_ms)
            self._floor.consented = desk

    def two_way(self, desk: bytes, *, on: bool, now: Now) -> None:
        """The officer at ``desk`` consents to be open both ways, or no longer does."""
        core, floor, call = self._core, self._floor, self._core.open
        if call is None:
            self._refuse(desk, "call.none")
        elif not floor.principal(desk):
            self._refuse(desk, "call.role")
        elif not on:
            self._end_two_way(call, now, desk)
        elif floor.elsewhere(desk):
            self._refuse(desk, "call.held_elsewhere")
        elif self._refuses_two_way(Manner.TWO_WAY, now):
            self._refuse(desk, "call.setting")
        elif call.two_way.consent(now.mono_ms):
            floor.holder = floor.consented = desk
            if call.role == "called":
                core.move(CallInput.CALLED_TAKES, now)
            core.two_way_moved(call, now)

    def _end_two_way(self, call: Call, now: Now, by: bytes = b"") -> None:
        was_open = call.two_way.open
        if call.two_way.withdraw():
            self._core.two_way_moved(call, now, was_open=was_open, by=by)

    def answer(self, desk: bytes, answer: Answer, due_s: int, now: Now) -> None:
        """An officer of the called side answers without taking the call."""
        core, call = self._core, self._core.open
        possible = (
            call is not None
            and call.role == "called"
            and (call.untaken or answer is Answer.REPLY)
            and follows(call.answer, answer)
            and call.answers < ANSWERS_MAX
        )
        if not self._floor.principal(desk):
            self._refuse(desk, "call.role")
        elif call is None or not possible:
            self._refuse(desk, "call.answer")
        elif not due_fits(answer, due_s):
            low, high = DUE_S[answer]
            self._refuse(desk, "call.due", low=low, high=high)
        else:
            core.answered(call, answer, due_s, now)
            if answer is Answer.FETCHING:
                core.move(CallInput.CALLED_FETCHES, now)
            elif answer is Answer.REPLY:
                core.move(CallInput.CALLED_PROMISES, now)
            elif answer is Answer.DECLINED:
                core.move(CallInput.CALLED_ENDS, now)
            core.teller.tell(call)

    def take_over(self, desk: bytes, now: Now) -> None:
        """The call goes from another desk of ours to this one, by hand."""
        core, floor, call = self._core, self._floor, self._core.open
        if not floor.principal(desk):
            self._refuse(desk, "call.role")
            return
        if call is None or (call.role == "called" and call.untaken):
            self._refuse(desk, "call.none")
            return
        before = floor.holder
        if before == desk:
            return
        floor.holder = desk
        if before in floor.talkers:
            floor.stop(before, "call.taken_over")
        if before and floor.consented == before:
            self._end_two_way(call, now)
        core.set_talking(now)

    def sounded(self, desk: bytes, name: str) -> None:
        """The far voice was played at a desk of ours."""
        call = self._core.call
        if call is None or call.role != "called" or call.tag.hex() != name:
            return  # a phrase that answers a caller sounds at the caller, and is no such fact
        if call.sounded or not self._watch.hears(desk):
            return
        call.sounded = True
        self._core.teller.tell(call)

    def end(self, desk: bytes, now: Now) -> None:
        """Our officer ends the call, or declines it."""
        core, call = self._core, self._core.open
        if call is None:
            return
        if not self._floor.principal(desk):
            self._refuse(desk, "call.role")
        elif call.role == "caller":
            core.move(CallInput.CALLER_ENDS, now)
        else:
            if call.untaken:
                core.answered(call, Answer.DECLINED, 0, now)
            core.move(CallInput.CALLED_ENDS, now)
        if self._floor.cut == desk:  # it knows: its own officer ended it
            self._floor.cut = b""

    def mismatch(self, desk: bytes, now: Now, *, by_officer: bool) -> None:
        """The certificates of the speech do not agree: the call ends at once, whoever holds it.

        Said by an officer who compared the digits, or by a desk's page whose handshake failed.
        """
        if self._core.open is None:
            return
        if by_officer and not self._floor.principal(desk):
            self._refuse(desk, "call.role")
        else:
            self._core.move(CallInput.MISMATCH, now)

    def silence(self, desk: bytes) -> None:
        """Our officer silences the incoming announce; the caller will see it."""
        call = self._core.open
        if call is None or call.role != "called" or not call.untaken:
            return
        if not self._floor.principal(desk):
            self._refuse(desk, "call.role")
            return
        call.silenced = "own"
        self._core.teller.tell(call)

    def _refuse(self, desk: bytes, code: str, **facts: str | int) -> None:
        self._ctx.desk(desk, Refused(request="", code=code, facts=facts))

    # --- the peer ------------------------------------------------------------------------------

    def caller_says(self, payload: Value, now: Now) -> None:
        """The CONTROL object ``call``; raises as :meth:`PeerSide.caller_says`."""
        self._peer.caller_says(payload, now)

    def called_says(self, payload: Value, now: Now) -> None:
        """The CONTROL object ``call-answer``; raises as :meth:`PeerSide.called_says`."""
        self._peer.called_says(payload, now)

    def cell_says(
        self, tag: bytes, *, call_open: bool, talking: bool, manner: int, seq: int, now: Now
    ) -> bool:
        """The control block of a media cell, first or again; True if it was news."""
        return self._peer.cell_says(
            tag, call_open=call_open, talking=talking, manner=manner, seq=seq, now=now
        )

    def peer_restarted(self, now: Now) -> None:
        """Another start of the peer knows nothing of this call."""
        if self._core.open is not None:
            self._core.move(CallInput.RESTART, now)

    # --- time ----------------------------------------------------------------------------------

    def tick(self, now: Now, *, link_down: bool) -> None:
        """Let time pass."""
        core = self._core
        for desk in self._floor.gone():
            self.desk_lost(desk, now)
        call = core.open
        if call is not None:
            core.note_attended()
            was_open = call.two_way.open
            if call.two_way.lapse(now.mono_ms):
                core.two_way_moved(call, now, was_open=was_open)
            self._clocks(call, now, link_down=link_down)
        if call is not None and call.overdue(now):
            self._alarms.raise_(alarms.ETA_OVERDUE, now, call=call.tag.hex())
        else:
            self._alarms.clear(alarms.ETA_OVERDUE)

    def _clocks(self, call: Call, now: Now, *, link_down: bool) -> None:
        core, settings = self._core, self._ctx.settings
        ends_ms = call.ends_ms(settings)
        if link_down and not self._newborn(call, now):
            core.move(CallInput.LINK_DOWN, now)
        elif call.closing_ms is not None and now.mono_ms >= call.closing_ms:
            self._peer.ended(call, "", now)
        elif ends_ms is not None:
            if now.mono_ms >= ends_ms:
                core.move(CallInput.UNTAKEN_TOO_LONG, now)
        elif call.own_talking or call.peer_talking:
            call.moved_ms = now.mono_ms
        elif now.mono_ms - call.moved_ms >= settings.quiet_ms:
            core.move(CallInput.QUIET_TOO_LONG, now)

    @staticmethod
    def _newborn(call: Call, now: Now) -> bool:
        return call.role == "called" and now.mono_ms - call.started_ms < FIRST_ROUND_TRIP_MS

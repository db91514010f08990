"""The one call of the line: how it begins, moves and ends, whoever moved it."""

from collections import deque
from typing import Final

from openline.engine.accounts import META_CALL, Accounts
from openline.engine.call_floor import CallFloor
from openline.engine.call_limits import CallLimits
from openline.engine.call_state import INTERRUPTED_MS, Call
from openline.engine.call_words import Teller
from openline.engine.context import Context
from openline.engine.keeper import Keeper
from openline.engine.watch import Watch
from openline.protocol.call import (
    OUTCOMES,
    TAG_SIZE,
    TRANSITIONS,
    Answer,
    CallInput,
    CallState,
    Manner,
    Outcome,
    Precedence,
    untaken,
)
from openline.protocol.clock import Now
from openline.protocol.control import ControlOut
from openline.protocol.delivery import DISCLOSURE_ATTENDED
from openline.protocol.manners import Reception

ENDED_TAGS_MAX: Final = 32


class CallCore:
    """The call, and the tags of those before it.

    Attributes:
        call: the open one, or the last. ended: tags that are never opened again.
    """

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
        self.ctx = ctx
        self.watch = watch
        self.accounts = Accounts(ctx, keeper)
        self.teller = Teller(ctx, out)
        self.floor = CallFloor(ctx, watch)
        self.limits = CallLimits(ctx.settings.announces_per_hour)
        self.call: Call | None = None
        self.ended: deque[bytes] = deque(maxlen=ENDED_TAGS_MAX)
        tag = self.accounts.of_restart(meta.get(META_CALL, b""), now)
        if tag:
            self.ended.append(tag)

    @property
    def open(self) -> Call | None:
        """The call, if one is open."""
        return self.call if self.call is not None and self.call.open else None

    def begin(
        self, call_id: bytes, desk: bytes, manner: Manner, asked: Precedence, now: Now
    ) -> Call:
        """Our officer calls."""
        precedence = self.limits.counts_as(asked, now, own=True)
        self.limits.began(precedence, now, own=True)
        self.call = call = Call(
            tag=call_id[:TAG_SIZE],
            role="caller",
            manner=manner,
            started_ms=now.mono_ms,
            started_wall_ms=now.wall_ms,
            moved_ms=now.mono_ms,
            call_id=call_id,
            precedence=precedence,
            asked=asked,
        )
        self.floor.holder = desk
        self.accounts.remember(call)
        return call

    def incoming(
        self, tag: bytes, reception: Reception, precedence: Precedence, now: Now, *, call_id: bytes
    ) -> Call:
        """The peer calls; ``call_id`` is empty if only a cell told.

        Precedence opens nothing here: what this side's people silenced stays silenced when another
        call takes its place.
        """
        before = self.call
        replaces = (
            before is not None
            and before.outcome in {Outcome.INTERRUPTED, Outcome.ENDED}
            and precedence > before.precedence
            and now.mono_ms - before.ended_ms < INTERRUPTED_MS
        )
        self.limits.began(precedence, now, own=False)
        if reception.manner is Manner.ANNOUNCE:
            self.limits.announced(now)
        self.call = call = Call(
            tag=tag,
            role="called",
            manner=reception.manner,
            downgraded=reception.downgraded,
            precedence=precedence,
            started_ms=now.mono_ms,
            started_wall_ms=now.wall_ms,
            moved_ms=now.mono_ms,
            call_id=call_id,
            attended=False,
        )
        if replaces and before is not None and before.stays_silenced:
            call.silenced = "own"
        self.note_attended()
        self.accounts.remember(call)
        self.teller.tell(call)
        return call

    def note_attended(self) -> None:
        """A desk of the called side is there."""
        call = self.open
        if call is None or call.role != "called" or not self.watch.attended or call.attended:
            return
        call.attended = True
        self.teller.tell(call)

    def set_talking(self, now: Now) -> None:
        """What our cells say follows who speaks at our desks."""
        call = self.open
        if call is None:
            return
        on = bool(self.floor.talkers)
        call.spoke = call.spoke or on
        if on != call.own_talking:
            call.own_talking = on
            call.moved_ms = now.mono_ms
        if on and call.role == "called":
            self.move(CallInput.CALLED_TAKES, now)
        self.teller.tell(call)

    def two_way_moved(
        self, call: Call, now: Now, *, was_open: bool = False, by: bytes = b""
    ) -> None:
        """A consent came, lapsed or was withdrawn; ``by`` is the own desk whose act it was."""
        if call.two_way.open:
            call.both_ways = True
            call.moved_ms = now.mono_ms
        elif was_open:
            self.floor.two_way_over(now, by=by)
            self.set_talking(now)
        if not call.two_way.own:
            self.floor.consented = b""
        self.teller.tell(call)

    def answered(self, call: Call, answer: Answer, due_s: int, now: Now) -> None:
        """An officer of the called side gave that answer; it has been found to be possible."""
        call.answer, call.due_s = answer.value, due_s
        call.answers += 1
        call.due_ms = now.mono_ms + 1000 * due_s if due_s else None
        call.held = call.held or answer is Answer.FETCHING

    def move(self, given: CallInput, now: Now, *, told: bool = True) -> None:
        """Move the call as the table says.

        Args:
            given: what happened.
            now: the time.
            told: whose act or clock it was is known; else an end is only an end.
        """
        call = self.call
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
        self.teller.tell(call)

    def _finish(self, call: Call, outcome: Outcome, now: Now) -> None:
        """The call ended: stop what transmits, write our account."""
        if outcome is Outcome.UNTAKEN:
            disclosed = self.ctx.genesis.disclosure >= DISCLOSURE_ATTENDED
            outcome = untaken(
                silenced=bool(call.silenced), attended=call.attended if disclosed else None
            )
        call.outcome = outcome.value
        call.ended_ms = now.mono_ms
        call.own_talking = call.peer_talking = False
        self.floor.over(f"call.{outcome.value}", now, two_way=call.two_way.open)
        call.two_way.withdraw()
        self.ended.append(call.tag)
        self.accounts.write(call, now)

"""What the peer says of a call, in CONTROL and in its cells (spec/call, section 4).

The peer's word moves the call as its own side's acts may, and no further: nothing here opens a
microphone, and an officer's act is named only on the word of that officer's post.
"""

from dataclasses import dataclass
from typing import Final

from openline.engine.call_core import CallCore
from openline.engine.call_state import Call
from openline.engine.call_words import Said, parse_block_number, parse_said
from openline.protocol.call import (
    INPUTS_OF,
    INPUTS_OF_CALLED,
    OUTCOMES,
    TAG_SIZE,
    TRANSITIONS,
    Answer,
    CallInput,
    CallState,
    Manner,
    Outcome,
    Precedence,
    follows,
)
from openline.protocol.clock import Now
from openline.protocol.delivery import DISCLOSURE_ATTENDED
from openline.protocol.manners import Reception, receive
from openline.record.cbor import Value

CLOSING_MS: Final = 500
"""A cell may tell of an end before the CONTROL frame tells its reason."""

_NO_TAG: Final = bytes(TAG_SIZE)


@dataclass(frozen=True, slots=True)
class _New:
    """A call of the peer that was not known; no id if only a cell told."""

    tag: bytes
    manner: Manner
    precedence: Precedence
    call_id: bytes
    talking: bool


class PeerSide:
    """Takes the peer's words."""

    __slots__ = ("_core",)

    def __init__(self, core: CallCore) -> None:
        """For the call of ``core``."""
        self._core = core

    def caller_says(self, payload: Value, now: Now) -> None:
        """The CONTROL object ``call``: the peer is the caller.

        Raises:
            OpenlineError: as :func:`parse_said`; nothing changed.
        """
        said = parse_said(payload)
        core, tag = self._core, said.call_id[:TAG_SIZE]
        self._late_id(said)
        new = _New(tag, said.manner, said.precedence, said.call_id, said.talking)
        call = self._find(new, now, opened=said.open)
        if call is None or call.role != "called" or not call.open:
            return
        if not call.call_id:
            call.call_id = said.call_id
            core.accounts.remember(call)
        call.peer_open = call.peer_open or said.open
        self._heard(call, said.seq, talking=said.talking, now=now)
        self._consents(call, said, now)
        if not said.open:
            self.ended(call, said.outcome, now)
        core.teller.tell(call)

    def _late_id(self, said: Said) -> None:
        """A call that ended before its id was told: now its caller can be told of the end."""
        call = self._core.call
        if call is None or call.open or call.role != "called" or call.call_id:
            return
        if call.tag == said.call_id[:TAG_SIZE]:
            call.call_id = said.call_id
            self._core.teller.tell(call)

    def called_says(self, payload: Value, now: Now) -> None:
        """The CONTROL object ``call-answer``: the peer is called by us.

        Raises:
            OpenlineError: as :func:`parse_said`; nothing changed.
        """
        said = parse_said(payload)
        core = self._core
        call = core.open
        if call is None or call.role != "caller" or call.call_id != said.call_id:
            return
        if call.manner is Manner.ANNOUNCE and said.manner is Manner.RING:
            call.manner, call.downgraded = said.manner, said.downgraded
        if said.silenced:
            call.silenced = "peer"
        if core.ctx.genesis.disclosure >= DISCLOSURE_ATTENDED:
            call.peer_sounded = call.peer_sounded or said.sounded
            call.attended = call.attended or said.attended
        self._answers(call, said, now)
        if said.taken:
            core.move(CallInput.CALLED_TAKES, now)
        call.peer_open = call.peer_open or said.open
        self._heard(call, said.seq, talking=said.talking, now=now)
        self._consents(call, said, now)
        if not said.open:
            self.ended(call, said.outcome, now)

    def _answers(self, call: Call, said: Said, now: Now) -> None:
        """The called officer's newest act; what was given once is never taken back."""
        if said.answers <= call.answers or not follows(call.answer, said.answer):
            return
        self._core.answered(call, said.answer, said.due_s, now)
        call.answers = said.answers
        if said.answer is Answer.FETCHING:
            self._core.move(CallInput.CALLED_FETCHES, now)

    def _consents(self, call: Call, said: Said, now: Now) -> None:
        was_open = call.two_way.open
        stands = call.open and said.open  # the end of the call is the end of this too
        if stands and call.two_way.peer_says(said.two_way, said.consents, now.mono_ms):
            self._core.two_way_moved(call, now, was_open=was_open)

    def cell_says(
        self, tag: bytes, *, call_open: bool, talking: bool, manner: int, seq: int, now: Now
    ) -> bool:
        """The control block of a media cell, first or again; True if it was news."""
        block = parse_block_number(manner)
        if tag == _NO_TAG or len(tag) != TAG_SIZE or block is None:
            return False
        call = self._find(_New(tag, *block, b"", talking), now, opened=call_open)
        if call is None or not call.open or seq <= call.peer_seq:
            return False
        self._heard(call, seq, talking=talking, now=now)
        if call_open:
            call.peer_open = True
        elif call.peer_open and call.closing_ms is None:
            call.closing_ms = now.mono_ms + CLOSING_MS
        self._core.teller.tell(call)
        return True

    def ended(self, call: Call, outcome: str, now: Now) -> None:
        """The peer says that it is over, perhaps why."""
        if not call.open:
            return
        given = self._input(call, outcome)
        if given is not None and TRANSITIONS[call.state, given] is CallState.ENDED:
            self._core.move(given, now)
            return
        peer = CallInput.CALLED_ENDS if call.role == "caller" else CallInput.CALLER_ENDS
        # Without the peer's word for it, nobody here knows whose act or clock ended it.
        self._core.move(peer, now, told=outcome == OUTCOMES[call.state, peer].value)

    @staticmethod
    def _input(call: Call, outcome: str) -> CallInput | None:
        if outcome not in set(Outcome):
            return None
        named = Outcome(outcome)
        if named is Outcome.REPLY_PROMISED and call.answer != Answer.REPLY:
            return None
        if call.role == "caller" and named in INPUTS_OF_CALLED:
            return INPUTS_OF_CALLED[named]
        return INPUTS_OF.get(named)

    # --- inside --------------------------------------------------------------------------------

    def _find(self, new: _New, now: Now, *, opened: bool) -> Call | None:
        """The call of that tag; a new one if the peer just opened it."""
        core = self._core
        call, tag = core.call, new.tag
        if call is not None and call.tag == tag:
            return call if call.open else None
        if tag in core.ended or not opened or core.limits.too_many(now):
            return None
        if call is None or not call.open or call.role == "called":
            return self._take_up(new, now)
        if (-call.precedence, call.tag) < (-new.precedence, tag):
            # Both officers pressed at once, and ours stands: the other side takes it.
            core.ended.append(tag)
            call.also = tag
            if new.talking:  # else its officer began it with a phrase, which takes nothing
                core.move(CallInput.CALLED_TAKES, now)
            return None
        # Had it heard of ours at once with its own, it would not have answered ours.
        return self._take_up(new, now) if call.peer_open else self._give_way(call, new, now)

    def _take_up(self, new: _New, now: Now) -> Call | None:
        """A call of the peer, in the place of one that stands: it has one call at a time."""
        core = self._core
        reception = self._reception(new.manner, now)
        if reception.refused and not new.call_id:
            return None  # CONTROL brings the id under which the refusal is told
        if core.open is not None:  # why it ended nobody told: it may have been a clock's doing
            core.move(CallInput.INTERRUPTED, now, told=False)
        call = core.incoming(
            new.tag, reception, self._counts(new, now), now, call_id=new.call_id
        )  # fmt: skip
        if reception.refused:
            core.move(CallInput.REFUSED, now)
        return call

    def _reception(self, manner: Manner, now: Now) -> Reception:
        core = self._core
        within = core.limits.may_announce(now)
        return receive(manner, core.ctx.settings.accepts, now.wall_ms, within_limit=within)

    def _counts(self, new: _New, now: Now) -> Precedence:
        """As shown and recorded here; which call stands, both sides judge by what was said."""
        return self._core.limits.counts_as(new.precedence, now, own=False)

    def _give_way(self, call: Call, new: _New, now: Now) -> Call:
        """Both officers pressed at once, and the peer's call stands: ours never was."""
        core = self._core
        core.ended.append(call.tag)
        core.teller.never_was(call)
        reception = self._reception(new.manner, now)
        taken = core.incoming(
            new.tag, reception, self._counts(new, now), now, call_id=new.call_id
        )  # fmt: skip
        taken.started_ms, taken.started_wall_ms = call.started_ms, call.started_wall_ms
        taken.own_talking = bool(core.floor.talkers)
        taken.phrases = call.phrases
        core.floor.consented = b""
        if call.spoke:
            core.move(CallInput.CALLED_TAKES, now)
        core.teller.tell(taken)
        return taken

    def _heard(self, call: Call, seq: int, *, talking: bool, now: Now) -> None:
        if seq <= call.peer_seq or not call.open:
            return
        call.peer_seq = seq
        if call.peer_talking != talking:
            call.peer_talking = talking
            call.moved_ms = now.mono_ms
        if talking and call.role == "caller":
            self._core.move(CallInput.CALLED_TAKES, now)

"""A call as this side sees it: the facts from which everything about it is told."""

from dataclasses import dataclass, field
from typing import Final, Literal

from openline.engine.ports import PostSettings
from openline.protocol.call import CallState, Manner, Outcome, Precedence
from openline.protocol.clock import Now
from openline.protocol.manners import Downgraded
from openline.protocol.two_way import TwoWay

INTERRUPTED_MS: Final = 10_000
"""A call that takes the place of a silenced one stays silenced, also if its end came first."""


@dataclass(slots=True)
class Call:
    """One call as this side sees it.

    Attributes:
        tag: first bytes of its id, and the name that desks use. call_id: empty until CONTROL told.
        precedence: as it counts; asked: as its caller's officer pressed it, here.
        own_seq, peer_seq: order of what was said in cells and CONTROL. peer_open: a cell said so.
        taken: an officer of the called side took it. sounded: at our desk; peer_sounded: at theirs,
            by their word. attended: the called side had a desk; None if not disclosed.
        answer, answers, due_s: the called officer's newest act, how many there were, and by when.
        due_ms: ``due_s`` on this side's monotonic clock. held: a principal was being found.
        both_ways: it was open both ways.
        spoke: our officer held the talk key in it. also: tag of the peer's own call that became
            this one when both began at once.
        phrases: numbers of the agreed phrases spoken in it by either side.
        closing_ms: the peer's cells say that it is over; the reason is awaited until then.
    """

    tag: bytes
    role: Literal["caller", "called"]
    manner: Manner
    started_ms: int
    started_wall_ms: int
    moved_ms: int
    call_id: bytes = b""
    precedence: Precedence = Precedence.ROUTINE
    asked: Precedence = Precedence.ROUTINE
    downgraded: Downgraded = ""
    state: CallState = CallState.ANNOUNCING
    own_seq: int = 0
    peer_seq: int = 0
    peer_open: bool = False
    own_talking: bool = False
    peer_talking: bool = False
    taken: bool = False
    sounded: bool = False
    peer_sounded: bool = False
    silenced: Literal["", "own", "peer"] = ""
    attended: bool | None = None
    answer: str = ""
    answers: int = 0
    due_s: int = 0
    due_ms: int | None = None
    held: bool = False
    two_way: TwoWay = field(default_factory=TwoWay)
    both_ways: bool = False
    gate: bool = False
    outcome: str = ""
    ended_ms: int = 0
    closing_ms: int | None = None
    spoke: bool = False
    also: bytes = b""
    phrases: list[int] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """It has not ended."""
        return self.state is not CallState.ENDED

    @property
    def untaken(self) -> bool:
        """It is open and nobody took it."""
        return self.state in {CallState.ANNOUNCING, CallState.HELD}

    @property
    def pressed(self) -> bool:
        """An officer of the called side acted in it; a machine's sounding is no such act."""
        declined = self.outcome == Outcome.DECLINED
        return self.taken or bool(self.silenced) or bool(self.answer) or declined

    @property
    def stays_silenced(self) -> bool:
        """Our people shut their loudspeakers to it."""
        return self.role == "called" and self.silenced == "own"

    def ends_ms(self, settings: PostSettings) -> int | None:
        """When it ends if nobody takes it, on the monotonic clock; None once it is taken."""
        if self.state is CallState.ANNOUNCING:
            return self.started_ms + settings.untaken_ms
        if self.state is CallState.HELD and self.due_ms is not None:
            return self.due_ms + settings.eta_grace_ms
        return None

    def overdue(self, now: Now) -> bool:
        """The principal was announced for a time that has passed, and the call still waits."""
        held = self.state is CallState.HELD
        return held and self.due_ms is not None and now.mono_ms >= self.due_ms

"""The call, and what was promised in calls, as a post shows it to its desks."""

from dataclasses import dataclass
from typing import Literal

CallStateWord = Literal["announcing", "held", "taken", "ended"]
MannerWord = Literal["announce", "ring", "two_way"]
PrecedenceWord = Literal["ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH"]
AnswerWord = Literal["", "heard", "fetching", "reply", "declined"]
TwoWayWord = Literal["none", "asked_here", "asked_there", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """The call in progress.

    Attributes:
        call: hex id. role: whether this side called. peer_sounded: the peer's post says that it
            sounded at an attended desk (no officer's act). silenced: which side silenced it.
        ends_in_ms: a call that nobody takes ends then; None otherwise.
        outcome: code of the end once ``state`` is ``ended``.
        answer: the newest act of the called officer; ``heard`` says that an officer pressed and
            nothing more. answer_due_ms: left of what ``fetching`` announced; negative: overdue.
        two_way: ``open`` only while both officers consent. holder: own desk that has the call.
        downgraded: why an announce became a ring.
    """

    call: str
    role: Literal["caller", "called"]
    manner: MannerWord
    state: CallStateWord
    started_wall_ms: int
    own_talking: bool
    peer_talking: bool
    peer_sounded: bool
    sounded_here: bool
    silenced: Literal["", "own", "peer"] = ""
    ends_in_ms: int | None = None
    outcome: str = ""
    precedence: PrecedenceWord = "ROUTINE"
    answer: AnswerWord = ""
    answer_due_ms: int | None = None
    two_way: TwoWayWord = "none"
    holder: str = ""
    downgraded: Literal["", "limit", "setting"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseView:
    """A reply in text that was promised and has not come.

    Attributes:
        item: timeline id of the account that says so. whose: who promised. due_wall_ms: a label.
        label: the post restarted since: only the label says when it is due.
    """

    item: str
    whose: Literal["own", "peer"]
    due_wall_ms: int
    overdue: bool
    label: bool = False

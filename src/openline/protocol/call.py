"""A call as both sides see it (spec/call).

The inputs name roles (caller, called), never "we" and "they": the same table moves the call at both
posts, and what one side writes of it mirrors what the other does.
"""

from enum import IntEnum, StrEnum
from typing import Final

CALL_ID_SIZE: Final = 8
TAG_SIZE: Final = 4


class CallState(StrEnum):
    """Where a call stands; ``held``: the called side's principal is being found."""

    ANNOUNCING = "announcing"
    HELD = "held"
    TAKEN = "taken"
    ENDED = "ended"


class CallInput(StrEnum):
    """What moves a call."""

    CALLED_TAKES = "called officer takes"
    CALLED_FETCHES = "called officer fetches"
    CALLED_PROMISES = "called officer promises a reply"
    CALLER_ENDS = "caller ends"
    CALLED_ENDS = "called ends"
    UNTAKEN_TOO_LONG = "untaken too long"
    QUIET_TOO_LONG = "quiet too long"
    REFUSED = "a setting refuses"
    INTERRUPTED = "a higher call interrupts"
    LINK_DOWN = "link down"
    RESTART = "post restarted"
    MISMATCH = "the speech is not authentic"


class Outcome(StrEnum):
    """How a call ended, as a code; a side writes the one that it saw."""

    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    REPLY_PROMISED = "reply_promised"
    UNTAKEN = "untaken"
    SILENCED = "silenced"
    UNATTENDED = "unattended"
    QUIET = "quiet"
    REFUSED_BY_SETTING = "refused_by_setting"
    INTERRUPTED = "interrupted"
    LINK_DOWN = "link_down"
    RESTART = "restart"
    MISMATCH = "mismatch"
    """An officer said that the digits differ, or a desk met another certificate."""
    NO_CONTACT = "no_contact"
    """Pressed with the link DOWN: no call came about, and nobody here knows why."""


class Manner(StrEnum):
    """How a call reaches the called desk."""

    ANNOUNCE = "announce"
    RING = "ring"
    TWO_WAY = "two_way"


class Precedence(IntEnum):
    """How urgent its caller says that it is; the words are its names."""

    ROUTINE = 0
    PRIORITY = 1
    IMMEDIATE = 2
    FLASH = 3


class Answer(StrEnum):
    """What an officer of the called side pressed instead of taking the call."""

    NONE = ""
    HEARD = "heard"
    FETCHING = "fetching"
    REPLY = "reply"
    DECLINED = "declined"


MANNER_NUMBERS: Final = {Manner.ANNOUNCE: 1, Manner.RING: 2, Manner.TWO_WAY: 3}
MANNERS: Final = {number: manner for manner, number in MANNER_NUMBERS.items()}

ANSWER_RANKS: Final = {
    Answer.NONE: 0,
    Answer.HEARD: 1,
    Answer.FETCHING: 2,
    Answer.REPLY: 3,
    Answer.DECLINED: 3,
}
"""An answer gives way to a higher one only; ``fetching`` may be given again with another ETA."""

DUE_S: Final = {
    Answer.NONE: (0, 0),
    Answer.HEARD: (0, 0),
    Answer.FETCHING: (60, 7_200),
    Answer.REPLY: (60, 86_400),
    Answer.DECLINED: (0, 0),
}
"""Least and greatest ``due_s`` of each answer."""

ANSWERS_MAX: Final = 255
URGENT: Final = Precedence.IMMEDIATE
URGENT_PER_HOUR: Final = 6
"""IMMEDIATE and FLASH calls beyond it count as ROUTINE."""

_UNTAKEN: Final = (CallState.ANNOUNCING, CallState.HELD)
_OPEN: Final = (*_UNTAKEN, CallState.TAKEN)

TRANSITIONS: Final = (
    {
        (CallState.ANNOUNCING, CallInput.CALLED_TAKES): CallState.TAKEN,
        (CallState.ANNOUNCING, CallInput.CALLED_FETCHES): CallState.HELD,
        (CallState.ANNOUNCING, CallInput.CALLED_PROMISES): CallState.ENDED,
        (CallState.ANNOUNCING, CallInput.CALLER_ENDS): CallState.ENDED,
        (CallState.ANNOUNCING, CallInput.CALLED_ENDS): CallState.ENDED,
        (CallState.ANNOUNCING, CallInput.UNTAKEN_TOO_LONG): CallState.ENDED,
        (CallState.ANNOUNCING, CallInput.QUIET_TOO_LONG): CallState.ANNOUNCING,
        (CallState.ANNOUNCING, CallInput.REFUSED): CallState.ENDED,
        (CallState.HELD, CallInput.CALLED_TAKES): CallState.TAKEN,
        (CallState.HELD, CallInput.CALLED_FETCHES): CallState.HELD,
        (CallState.HELD, CallInput.CALLED_PROMISES): CallState.ENDED,
        (CallState.HELD, CallInput.CALLER_ENDS): CallState.ENDED,
        (CallState.HELD, CallInput.CALLED_ENDS): CallState.ENDED,
        (CallState.HELD, CallInput.UNTAKEN_TOO_LONG): CallState.ENDED,
        (CallState.HELD, CallInput.QUIET_TOO_LONG): CallState.HELD,
        (CallState.HELD, CallInput.REFUSED): CallState.HELD,
        (CallState.TAKEN, CallInput.CALLED_TAKES): CallState.TAKEN,
        (CallState.TAKEN, CallInput.CALLED_FETCHES): CallState.TAKEN,
        (CallState.TAKEN, CallInput.CALLED_PROMISES): CallState.ENDED,
        (CallState.TAKEN, CallInput.CALLER_ENDS): CallState.ENDED,
        (CallState.TAKEN, CallInput.CALLED_ENDS): CallState.ENDED,
        (CallState.TAKEN, CallInput.UNTAKEN_TOO_LONG): CallState.TAKEN,
        (CallState.TAKEN, CallInput.QUIET_TOO_LONG): CallState.ENDED,
        (CallState.TAKEN, CallInput.REFUSED): CallState.TAKEN,
    }
    | {
        (state, given): CallState.ENDED
        for state in _OPEN
        for given in (
            CallInput.INTERRUPTED,
            CallInput.LINK_DOWN,
            CallInput.RESTART,
            CallInput.MISMATCH,
        )
    }
    | {(CallState.ENDED, given): CallState.ENDED for given in CallInput}
)

OUTCOMES: Final = (
    {
        (state, given): outcome
        for state in _UNTAKEN
        for given, outcome in (
            (CallInput.CALLED_PROMISES, Outcome.REPLY_PROMISED),
            (CallInput.CALLER_ENDS, Outcome.WITHDRAWN),
            (CallInput.CALLED_ENDS, Outcome.DECLINED),
            (CallInput.UNTAKEN_TOO_LONG, Outcome.UNTAKEN),
        )
    }
    | {
        (CallState.ANNOUNCING, CallInput.REFUSED): Outcome.REFUSED_BY_SETTING,
        (CallState.TAKEN, CallInput.CALLED_PROMISES): Outcome.REPLY_PROMISED,
        (CallState.TAKEN, CallInput.CALLER_ENDS): Outcome.ENDED,
        (CallState.TAKEN, CallInput.CALLED_ENDS): Outcome.ENDED,
        (CallState.TAKEN, CallInput.QUIET_TOO_LONG): Outcome.QUIET,
    }
    | {
        (state, given): outcome
        for state in _OPEN
        for given, outcome in (
            (CallInput.INTERRUPTED, Outcome.INTERRUPTED),
            (CallInput.LINK_DOWN, Outcome.LINK_DOWN),
            (CallInput.RESTART, Outcome.RESTART),
            (CallInput.MISMATCH, Outcome.MISMATCH),
        )
    }
)
"""The outcome of each transition into ``ended``; ``untaken`` is told apart by :func:`untaken`."""

INPUTS_OF: Final = {
    Outcome.UNTAKEN: CallInput.UNTAKEN_TOO_LONG,
    Outcome.SILENCED: CallInput.UNTAKEN_TOO_LONG,
    Outcome.UNATTENDED: CallInput.UNTAKEN_TOO_LONG,
    Outcome.QUIET: CallInput.QUIET_TOO_LONG,
    Outcome.INTERRUPTED: CallInput.INTERRUPTED,
    Outcome.LINK_DOWN: CallInput.LINK_DOWN,
    Outcome.RESTART: CallInput.RESTART,
    Outcome.MISMATCH: CallInput.MISMATCH,
}
"""What moves our call when the peer, in either role, names this outcome."""

INPUTS_OF_CALLED: Final = {
    Outcome.REPLY_PROMISED: CallInput.CALLED_PROMISES,
    Outcome.REFUSED_BY_SETTING: CallInput.REFUSED,
}
"""What only the called side can say for itself."""


def untaken(*, silenced: bool, attended: bool | None) -> Outcome:
    """How an announce that nobody took is named.

    Args:
        silenced: the called desk silenced it.
        attended: whether a desk of the called side was attended; None when that is not disclosed.
    """
    if silenced:
        return Outcome.SILENCED
    return Outcome.UNATTENDED if attended is False else Outcome.UNTAKEN


def follows(before: str, after: str) -> bool:
    """Whether answer ``after`` may be given once ``before`` was: answers never go back."""
    old, new = ANSWER_RANKS[Answer(before)], ANSWER_RANKS[Answer(after)]
    return new > old or (new == old and after == Answer.FETCHING)


def due_fits(answer: str, due_s: int) -> bool:
    """Whether ``due_s`` is within what that answer allows."""
    low, high = DUE_S[Answer(answer)]
    return low <= due_s <= high

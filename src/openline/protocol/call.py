"""A call as both sides see it (spec/call).

The inputs name roles (caller, called), never "we" and "they": the same table moves the call at both
posts, and what one side writes of it mirrors what the other does.
"""

from enum import StrEnum
from typing import Final

CALL_ID_SIZE: Final = 8
TAG_SIZE: Final = 4


class CallState(StrEnum):
    """Where a call stands."""

    ANNOUNCING = "announcing"
    TAKEN = "taken"
    ENDED = "ended"


class CallInput(StrEnum):
    """What moves a call."""

    CALLED_TALKS = "called officer talks"
    CALLER_ENDS = "caller ends"
    CALLED_ENDS = "called ends"
    UNTAKEN_TOO_LONG = "untaken too long"
    QUIET_TOO_LONG = "quiet too long"
    LINK_DOWN = "link down"
    RESTART = "post restarted"


class Outcome(StrEnum):
    """How a call ended, as a code; a side writes the one that it saw."""

    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    UNTAKEN = "untaken"
    SILENCED = "silenced"
    UNATTENDED = "unattended"
    QUIET = "quiet"
    LINK_DOWN = "link_down"
    RESTART = "restart"


class Manner(StrEnum):
    """How a call reaches the called desk."""

    ANNOUNCE = "announce"
    RING = "ring"


MANNER_NUMBERS: Final = {Manner.ANNOUNCE: 1, Manner.RING: 2}
MANNERS: Final = {number: manner for manner, number in MANNER_NUMBERS.items()}

_OPEN: Final = (CallState.ANNOUNCING, CallState.TAKEN)

TRANSITIONS: Final = (
    {
        (CallState.ANNOUNCING, CallInput.CALLED_TALKS): CallState.TAKEN,
        (CallState.TAKEN, CallInput.CALLED_TALKS): CallState.TAKEN,
        (CallState.ANNOUNCING, CallInput.UNTAKEN_TOO_LONG): CallState.ENDED,
        (CallState.TAKEN, CallInput.UNTAKEN_TOO_LONG): CallState.TAKEN,
        (CallState.ANNOUNCING, CallInput.QUIET_TOO_LONG): CallState.ANNOUNCING,
        (CallState.TAKEN, CallInput.QUIET_TOO_LONG): CallState.ENDED,
    }
    | {
        (state, given): CallState.ENDED
        for state in _OPEN
        for given in (
            CallInput.CALLER_ENDS,
            CallInput.CALLED_ENDS,
            CallInput.LINK_DOWN,
            CallInput.RESTART,
        )
    }
    | {(CallState.ENDED, given): CallState.ENDED for given in CallInput}
)

OUTCOMES: Final = {
    (CallState.ANNOUNCING, CallInput.CALLER_ENDS): Outcome.WITHDRAWN,
    (CallState.ANNOUNCING, CallInput.CALLED_ENDS): Outcome.DECLINED,
    (CallState.ANNOUNCING, CallInput.UNTAKEN_TOO_LONG): Outcome.UNTAKEN,
    (CallState.ANNOUNCING, CallInput.LINK_DOWN): Outcome.LINK_DOWN,
    (CallState.ANNOUNCING, CallInput.RESTART): Outcome.RESTART,
    (CallState.TAKEN, CallInput.CALLER_ENDS): Outcome.ENDED,
    (CallState.TAKEN, CallInput.CALLED_ENDS): Outcome.ENDED,
    (CallState.TAKEN, CallInput.QUIET_TOO_LONG): Outcome.QUIET,
    (CallState.TAKEN, CallInput.LINK_DOWN): Outcome.LINK_DOWN,
    (CallState.TAKEN, CallInput.RESTART): Outcome.RESTART,
}
"""The outcome of each transition into ``ended``; ``untaken`` is told apart by :func:`untaken`."""


def untaken(*, silenced: bool, attended: bool | None) -> Outcome:
    """How an announce that nobody took is named.

    Args:
        silenced: the called desk silenced it.
        attended: whether a desk of the called side was attended; None when that is not disclosed.
    """
    if silenced:
        return Outcome.SILENCED
    return Outcome.UNATTENDED if attended is False else Outcome.UNTAKEN

"""When a post may write into the record, and how far a text has come (spec/delivery).

The record of a post that just started waits: until the peer has answered its HELLO, what is written
goes to the outbox. A post that was restored from an old backup first gets its own entries back.
"""

from enum import StrEnum
from typing import Final


class RecordState(StrEnum):
    """Whether this post writes into the record."""

    WAITING = "waiting"
    RESTORING = "restoring"
    LIVE = "live"
    HALTED = "halted"


class RecordInput(StrEnum):
    """What moves the record."""

    LEVEL = "HELLO answered, both logs level"
    PEER_LOG_BEHIND = "HELLO answered, entries of the peer lacking"
    OWN_LOG_BEHIND = "HELLO answered, own entries lacking"
    BREACH = "breach or fork proved"


TRANSITIONS: Final = {
    (RecordState.WAITING, RecordInput.LEVEL): RecordState.LIVE,
    (RecordState.WAITING, RecordInput.PEER_LOG_BEHIND): RecordState.WAITING,
    (RecordState.WAITING, RecordInput.OWN_LOG_BEHIND): RecordState.RESTORING,
    (RecordState.WAITING, RecordInput.BREACH): RecordState.HALTED,
    (RecordState.RESTORING, RecordInput.LEVEL): RecordState.LIVE,
    (RecordState.RESTORING, RecordInput.PEER_LOG_BEHIND): RecordState.RESTORING,
    (RecordState.RESTORING, RecordInput.OWN_LOG_BEHIND): RecordState.RESTORING,
    (RecordState.RESTORING, RecordInput.BREACH): RecordState.HALTED,
    # Once live, a post that restarts or lags does not silence this one.
    (RecordState.LIVE, RecordInput.LEVEL): RecordState.LIVE,
    (RecordState.LIVE, RecordInput.PEER_LOG_BEHIND): RecordState.LIVE,
    (RecordState.LIVE, RecordInput.OWN_LOG_BEHIND): RecordState.LIVE,
    (RecordState.LIVE, RecordInput.BREACH): RecordState.HALTED,
    (RecordState.HALTED, RecordInput.LEVEL): RecordState.HALTED,
    (RecordState.HALTED, RecordInput.PEER_LOG_BEHIND): RecordState.HALTED,
    (RecordState.HALTED, RecordInput.OWN_LOG_BEHIND): RecordState.HALTED,
    (RecordState.HALTED, RecordInput.BREACH): RecordState.HALTED,
}


class RungName(StrEnum):
    """The ladder of a text, in order."""

    WRITTEN = "written"
    RECEIPTED = "receipted"
    SEALED = "sealed"
    SHOWN = "shown"
    OPENED = "opened"


DISCLOSURE_NONE: Final = 0
DISCLOSURE_ATTENDED: Final = 1
DISCLOSURE_CODE: Final = 2
DISCLOSURE_NAME: Final = 3

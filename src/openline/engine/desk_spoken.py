"""What a desk shows and is told of phrases, declarations and recordings (see engine.desk)."""

from dataclasses import dataclass
from typing import Final, Literal

from openline.protocol.spoken import InterpreterWord, RecordingWord


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredView:
    """What a side declares of itself.

    Attributes:
        recording: ``never``, ``per_call``, ``always``; empty when it is not known.
        now: that side says that it records at this moment.
        interpreter: ``none``, ``eta``, ``present``; empty when nothing is known of it.
        eta_ms: with ``eta``: until the interpreter is due; negative when overdue.
    """

    recording: RecordingWord | Literal[""]
    now: bool = False
    interpreter: InterpreterWord = ""
    eta_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenView:
    """The phrase that was spoken last, for as long as it matters.

    Attributes:
        whose: who pressed its key. n: which phrase. seq: tells two presses of one phrase apart.
        sounded: a phrase of the peer was given to our desks to be played.
    """

    whose: Literal["own", "peer"]
    n: int
    seq: int
    wall_ms: int
    sounded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingView:
    """The recording of the call at one of our desks.

    Attributes:
        state: ``off``; ``waiting`` (wanted, and no desk has begun); ``on``; ``ending``.
        desk: hex of the desk that records. fault: why the last one was ended, a code, or "".
    """

    state: Literal["off", "waiting", "on", "ending"]
    desk: str = ""
    fault: str = ""


UNDECLARED: Final = DeclaredView(recording="")
NOT_RECORDING: Final = RecordingView(state="off")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakPhrase:
    """Play agreed phrase ``n`` of the peer on this desk's loudspeaker, in the desk's language.

    Nothing of it is sent to anybody. ``call`` is the hex tag of its call.
    """

    n: int
    seq: int
    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCall:
    """Begin or end to record the call at this desk; what is recorded goes to its own post."""

    on: bool
    call: str
    part: int

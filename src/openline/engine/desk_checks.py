"""What the post and its desks say to one another of line checks and live figures (spec/check).

All of it is a part of :mod:`openline.engine.desk`, which is where others import it from.
"""

from dataclasses import dataclass
from typing import Literal

LevelWord = Literal["unknown", "good", "fair", "warn", "alarm"]
CompareWord = Literal["match", "differ", "missing"]
ChirpPart = Literal["begin", "answer", "hear_call", "hear_answer", "stop"]
CheckStateWord = Literal["armed", "heard", "held", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """One line check, the two sides' results side by side.

    Attributes:
        check: hex id. began: which side. own_*, peer_*: each side's signed words and figures, "" or
            None where it has written none (yet). voice_ms: one way, from desk to desk, without
            microphone and loudspeaker. differs: in what the results differ.
    """

    check: str
    wall_ms: int
    began: Literal["own", "peer"]
    full: bool
    compare: CompareWord
    differs: tuple[str, ...] = ()
    own_text: str = ""
    own_text_ms: int | None = None
    own_voice: str = ""
    own_voice_ms: int | None = None
    own_desks: int | None = None
    peer_text: str = ""
    peer_text_ms: int | None = None
    peer_voice: str = ""
    peer_voice_ms: int | None = None
    peer_desks: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksView:
    """The line checks, from the record as far as it tells.

    Attributes:
        last_full_wall_ms, days: the newest check that both sides signed as full, and whole days
            since; None if none is known. running: hex id of the check that runs, "" if none.
        clocks_apart_ms: how far the two clocks seemed apart at the last check, delay included; it
            says nothing of which one is right. words: name of our list of challenge words.
    """

    every_minutes: int = 0
    last_full_wall_ms: int | None = None
    days: int | None = None
    next_due_wall_ms: int | None = None
    running: str = ""
    last: CheckView | None = None
    clocks_apart_ms: int | None = None
    words: str = ""
    words_wall_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityView:
    """The live figures of all desks as one; None reads "not known": no sample younger than 10 s.

    Attributes:
        to_us_ms: mouth to ear, as our desk hears. to_them_ms: as their desk hears, by its word.
        r, mos: quality of what we hear, by G.107. own_act_wall_ms, peer_act_wall_ms: the last act
            of an officer here; the last there that was signed or spoken.
    """

    to_us_ms: float | None = None
    to_them_ms: float | None = None
    loss: float | None = None
    to_them_loss: float | None = None
    jitter_ms: float | None = None
    concealed: float | None = None
    r: float | None = None
    mos: float | None = None
    delay_level: LevelWord = "unknown"
    to_them_level: LevelWord = "unknown"
    quality_level: LevelWord = "unknown"
    own_act_wall_ms: int | None = None
    peer_act_wall_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What a desk's audio page says of a chirp (spec/check, section 5).

    Attributes:
        check: hex id. state: ``armed`` (it listens), ``heard`` (a chirp), ``held`` (sound passed
            both ways), ``failed``. delay_ms: one way, when held.
    """

    check: str
    state: CheckStateWord
    delay_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chirp:
    """A line check's sound, never from a microphone: what this desk does of it.

    Attributes:
        id: hex id of the check. hold_ms: an answer begins so long after what it answers ended.
        part: ``begin`` and ``answer`` sound and listen, ``hear_call`` and ``hear_answer`` listen.
    """

    id: str
    hold_ms: int
    part: ChirpPart

"""The two sides' accounts of one call, laid side by side (spec/call, sections 9 and 10).

Each side signs what it saw. Nobody merges the two: this says only where they agree. ``sounded`` (a
machine played the voice) and ``pressed`` (an officer acted) are fields of their own.
"""

from dataclasses import dataclass
from typing import Final, Literal

from openline.errors import RecordError
from openline.protocol.call import (
    DUE_S,
    TAG_SIZE,
    Answer,
    Manner,
    Outcome,
    Precedence,
)
from openline.record.cbor import Value, as_bool, as_bytes, as_text, as_uint
from openline.record.entry import decode_body
from openline.record.limits import UINT_MAX

CompareWord = Literal["match", "differ", "missing"]
ROLES: Final = ("caller", "called")

_ID_SIZES: Final = (4, 8)
_WORD_MAX: Final = 24
_DUE_MAX: Final = max(high for _, high in DUE_S.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one side says of one call. What it does not say is None and is not compared."""

    id: bytes
    role: str
    manner: str
    outcome: str
    start_ms: int
    end_ms: int
    precedence: str | None = None
    downgraded: str | None = None
    taken: bool | None = None
    silenced: bool | None = None
    pressed: bool | None = None
    answer: str | None = None
    due_s: int | None = None
    held: bool | None = None
    two_way: bool | None = None
    sounded: bool | None = None
    attended: bool | None = None

    @property
    def tag(self) -> bytes:
        """What both sides know of its id."""
        return self.id[:TAG_SIZE]

    @property
    def promises(self) -> bool:
        """The called side promised a reply in text, so this account says."""
        return self.outcome == Outcome.REPLY_PROMISED and bool(self.due_s)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two accounts stand to each other; ``differs`` names the fields that do."""

    word: CompareWord
    differs: tuple[str, ...] = ()


KNOWS_LESS: Final = frozenset({Outcome.ENDED, Outcome.LINK_DOWN, Outcome.RESTART})
"""Outcomes of a side that knows that the call is over and claims no act of the other."""

_UNTAKEN: Final = frozenset({Outcome.UNTAKEN, Outcome.SILENCED, Outcome.UNATTENDED})
"""Names of one end; what tells them apart are fields that are compared by themselves."""

COMPATIBLE: Final = frozenset(
    (one, other)
    for one in Outcome
    for other in Outcome
    if Outcome.NO_CONTACT not in {one, other}
    and (one is other or {one, other} & KNOWS_LESS or {one, other} <= _UNTAKEN)
)
"""Pairs of outcomes that can both be true of one call."""

_EQUAL: Final = (
    "manner",
    "precedence",
    "downgraded",
    "taken",
    "silenced",
    "pressed",
    "answer",
    "due_s",
    "held",
    "two_way",
    "sounded",
    "attended",
)
"""Compared where both say it. Times are labels of two clocks and are never compared."""


def compare(one: Account, other: Account | None) -> Comparison:
    """Lay two accounts of one call side by side; None for one that is not there."""
    if other is None:
        return Comparison("missing")
    differs = [] if {one.role, other.role} == set(ROLES) else ["role"]
    if (Outcome(one.outcome), Outcome(other.outcome)) not in COMPATIBLE:
        differs.append("outcome")
    for name in _EQUAL:
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine is not None and theirs is not None and mine != theirs:
            differs.append(name)
    return Comparison("differ", tuple(differs)) if differs else Comparison("match")


def parse_account(body: bytes) -> Account:
    """The account in a body of kind ``call``; members that it does not know are left aside.

    Raises:
        RecordError: ``record.content``, or as :func:`decode_body`.
    """
    said = decode_body(body)
    name = as_bytes(said.get("id"))
    if len(name) not in _ID_SIZES:
        raise RecordError("record.content", "no id of a call")
    return Account(
        id=name,
        role=_one_of(said, "role", ROLES),
        manner=_one_of(said, "manner", tuple(Manner)),
        outcome=_one_of(said, "outcome", tuple(Outcome)),
        start_ms=as_uint(said.get("start_ms"), UINT_MAX),
        end_ms=as_uint(said.get("end_ms"), UINT_MAX),
        precedence=_word(said, "precedence", tuple(Precedence.__members__)),
        downgraded=_word(said, "downgraded", ("", "limit", "setting")),
        answer=_word(said, "answer", tuple(Answer)),
        due_s=as_uint(said["due_s"], _DUE_MAX) if "due_s" in said else None,
        **{flag: _flag(said, flag) for flag in _FLAGS},
    )


_FLAGS: Final = ("taken", "silenced", "pressed", "held", "two_way", "sounded", "attended")


def _one_of(said: dict[str, Value], name: str, words: tuple[str, ...]) -> str:
    found = as_text(said.get(name), _WORD_MAX)
    if found not in words:
        raise RecordError("record.content", f"no such {name}")
    return found


def _word(said: dict[str, Value], name: str, words: tuple[str, ...]) -> str | None:
    return _one_of(said, name, words) if name in said else None


def _flag(said: dict[str, Value], name: str) -> bool | None:
    return as_bool(said[name]) if name in said else None

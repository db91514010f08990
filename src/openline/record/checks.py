"""Bodies of ``check`` entries: what each side wrote of a line check (spec/check, section 4).

Three parts share the kind: the beginner's text, the answer to it, and what a side measured.
Results name roles (beginner, answerer), never "we" and "they": two can be laid side by side.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from openline.errors import OpenlineError, RecordError
from openline.record.cbor import Value, as_bytes, as_text, as_uint
from openline.record.entry import decode_body, encode_body
from openline.record.limits import UINT_MAX

CHECK_ID_SIZE: Final = 8
TEXTS: Final = 10
"""Prepared texts, numbered from 1 (spec/check, section 3)."""

LIST_CHARACTERS: Final = 4
Role = Literal["beginner", "answerer"]
_DELAY_MS_MAX: Final = 600_000
_DESKS_MAX: Final = 255


class TextWord(StrEnum):
    """How the text part ended."""

    HELD = "held"
    NOT_ANSWERED = "not_answered"
    NOT_ASKED = "not_asked"
    INTERRUPTED = "interrupted"
    LINK_DOWN = "link_down"
    LIMIT = "limit"


class VoiceWord(StrEnum):
    """How the voice part ended. ``held``: sound was proved both ways."""

    HELD = "held"
    ONE_WAY = "one_way"
    NOT_HEARD = "not_heard"
    NOT_ANSWERED = "not_answered"
    NO_DESK_BEGINNER = "no_desk_beginner"
    NO_DESK_ANSWERER = "no_desk_answerer"
    BY_AGREEMENT = "by_agreement"
    NOT_ASKED = "not_asked"
    INTERRUPTED = "interrupted"
    LINK_DOWN = "link_down"
    LIMIT = "limit"


FAILED: Final = frozenset({"not_answered", "not_heard", "one_way"})
"""Words of a part that was tried and did not hold; a desk that is not there is no failure."""

BROKEN_OFF: Final = frozenset({"interrupted", "link_down", "limit"})
"""Words of a check that was not carried through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """The beginner's text: number ``text`` of the list. ``slot``: 0 for a check by hand."""

    check: bytes
    slot: int
    text: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer: ``of`` is the index of the beginner's entry in its log."""

    check: bytes
    of: int
    text: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one side saw and measured, each by its own clock.

    Attributes:
        text_ms: written to answered and receipted. voice_ms: one way from desk to desk, half of a
            measured round trip. desks: own desks that heard; None if not disclosed. words: name of
            the list of challenge words that this side holds, "" if none.
    """

    check: bytes
    slot: int
    role: Role
    text: TextWord
    voice: VoiceWord
    text_ms: int | None = None
    voice_ms: int | None = None
    desks: int | None = None
    words: str = ""

    @property
    def full(self) -> bool:
        """Text and voice both ways held."""
        return self.text is TextWord.HELD and self.voice is VoiceWord.HELD

    @property
    def failed(self) -> bool:
        """A part was tried and did not hold."""
        return self.text.value in FAILED or self.voice.value in FAILED

    @property
    def carried_through(self) -> bool:
        """Nothing broke it off."""
        return self.text.value not in BROKEN_OFF and self.voice.value not in BROKEN_OFF

    @property
    def whole(self) -> bool:
        """It was carried through, and both parts were asked for."""
        asked = self.text is not TextWord.NOT_ASKED and self.voice is not VoiceWord.NOT_ASKED
        return asked and self.carried_through


CheckPart = Began | Answered | Result


def began_body(part: Began) -> bytes:
    """Body of the entry that begins a check."""
    return encode_body({"part": "began", "id": part.check, "slot": part.slot, "text": part.text})


def answered_body(part: Answered) -> bytes:
    """Body of the entry that answers it."""
    return encode_body({"part": "answered", "id": part.check, "of": part.of, "text": part.text})


def result_body(part: Result) -> bytes:
    """Body of an entry that says what one side measured."""
    body: dict[str, Value] = {
        "part": "result",
        "id": part.check,
        "slot": part.slot,
        "role": part.role,
        "text": part.text.value,
        "voice": part.voice.value,
    }
    for name in ("text_ms", "voice_ms", "desks"):
        value: int | None = getattr(part, name)
        if value is not None:
            body[name] = value
    if part.words:
        body["words"] = part.words
    return encode_body(body)


def parse_check(body: bytes) -> CheckPart:
    """What a ``check`` body says.

    Raises:
        RecordError: ``record.content``, or that of its encoding.
    """
    content = decode_body(body)
    check = as_bytes(content.pop("id", None), CHECK_ID_SIZE)
    match content.pop("part", None):
        case "began":
            _only(content, {"slot", "text"})
            slot = as_uint(content.get("slot"), UINT_MAX)
            return Began(check=check, slot=slot, text=_number(content))
        case "answered":
            _only(content, {"of", "text"})
            of = as_uint(content.get("of"), UINT_MAX)
            return Answered(check=check, of=of, text=_number(content))
        case "result":
            return _result(check, content)
        case _:
            raise RecordError("record.content", "no part of a check")


def _result(check: bytes, content: dict[str, Value]) -> Result:
    needed = {"slot", "role", "text", "voice"}
    _only(content, needed | {"text_ms", "voice_ms", "desks", "words"}, needed)
    role = as_text(content["role"], 8)
    words = as_text(content.get("words", ""), LIST_CHARACTERS)
    try:
        text = TextWord(as_text(content["text"], 32))
        voice = VoiceWord(as_text(content["voice"], 32))
    except ValueError as error:
        raise RecordError("record.content", "unknown word of a result") from error
    if role not in ("beginner", "answerer"):
        raise RecordError("record.content", "unknown role in a check")
    return Result(
        check=check,
        slot=as_uint(content["slot"], UINT_MAX),
        role="beginner" if role == "beginner" else "answerer",
        text=text,
        voice=voice,
        text_ms=_optional(content, "text_ms", _DELAY_MS_MAX),
        voice_ms=_optional(content, "voice_ms", _DELAY_MS_MAX),
        desks=_optional(content, "desks", _DESKS_MAX),
        words=words,
    )


def _number(content: dict[str, Value]) -> int:
    number = as_uint(content.get("text"), TEXTS)
    if number == 0:
        raise RecordError("record.content", "texts are numbered from 1")
    return number


def _optional(content: dict[str, Value], name: str, most: int) -> int | None:
    return as_uint(content[name], most) if name in content else None


def _only(content: dict[str, Value], known: set[str], needed: set[str] | None = None) -> None:
    if content.keys() - known or (needed or known) - content.keys():
        raise RecordError("record.content", "not the fields of a check")


def check_part(kind: str, body: bytes | None) -> CheckPart | None:
    """What an entry says of a check, or None if it says nothing that can be read."""
    if kind != "check" or body is None:
        return None
    try:
        return parse_check(body)
    except OpenlineError:
        return None  # a body that does not fit its kind stands in the record and says nothing


def compare(own: Result | None, peer: Result | None) -> tuple[str, tuple[str, ...]]:
    """Two results of one check side by side: ``match``, ``differ`` or ``missing``, and in what.

    Measured times are each side's own and are not compared.
    """
    if own is None or peer is None:
        return "missing", ()
    differs = tuple(
        name
        for name in ("slot", "text", "voice", "words")
        if getattr(own, name) != getattr(peer, name)
    )
    if own.role == peer.role:
        differs = ("role", *differs)
    return ("differ", differs) if differs else ("match", ())

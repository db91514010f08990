"""Marks: entries that say something about an entry before them (spec/record, section 5.1).

A mark changes nothing of what it names: that stays in the record, receipted as it is. One that
names what its author cannot have seen, or whose body does not fit its kind, says nothing.
"""

from dataclasses import dataclass, field
from typing import Final

from openline.errors import OpenlineError, RecordError
from openline.record import bodies
from openline.record.cbor import Value, as_text, as_uint
from openline.record.entry import EntryClaims, encode_body
from openline.record.limits import UINT_MAX

MARKS: Final = (
    bodies.KIND_IN_ERROR,
    bodies.KIND_PROTEST,
    bodies.KIND_PASSED,
    bodies.KIND_DECLINED,
)
WORDS_MAX: Final = 2_000
OFFICE_MAX: Final = 64
_MARKED_MAX: Final = 4_096
_PROTESTS_MAX: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What an officer says of an entry.

    Attributes:
        kind: one of ``MARKS``. index: of the entry that it names, in the author's own log for
            ``sent-in-error``, in the other log for the others. words: the reason of an error or "",
            the words of a protest, the office that it was passed to; "" for ``declined``. language:
            of the words of a protest.
    """

    kind: str
    index: int
    words: str = ""
    language: str = ""


def mark_body(mark: Mark) -> bytes:
    """The body of the entry. Raises RecordError as :func:`parse_mark`."""
    content: dict[str, Value] = {"index": mark.index}
    if mark.kind == bodies.KIND_IN_ERROR:
        content["reason"] = mark.words
    elif mark.kind == bodies.KIND_PROTEST:
        content |= {"lang": mark.language, "text": mark.words}
    elif mark.kind == bodies.KIND_PASSED:
        content["office"] = mark.words
    body = encode_body(content)
    parse_mark(mark.kind, body)
    return body


def parse_mark(kind: str, body: bytes) -> Mark:
    """What a mark says.

    Raises:
        RecordError: ``record.content`` or ``record.encoding``.
    """
    words, language = "", ""
    if kind == bodies.KIND_IN_ERROR:
        content = bodies.exactly(body, "record.content", "index", "reason")
        words = as_text(content["reason"], WORDS_MAX)
    elif kind == bodies.KIND_PROTEST:
        content = bodies.exactly(body, "record.content", "index", "lang", "text")
        said = bodies.check_text(content["lang"], content["text"], WORDS_MAX)
        words, language = said.text, said.language
    elif kind == bodies.KIND_PASSED:
        content = bodies.exactly(body, "record.content", "index", "office")
        words = as_text(content["office"], OFFICE_MAX)
        if not words.strip():
            raise RecordError("record.content", "passed to nobody")
    elif kind == bodies.KIND_DECLINED:
        content = bodies.exactly(body, "record.content", "index")
    else:
        raise RecordError("record.content", f"{kind} marks nothing")
    return Mark(
        kind=kind, index=as_uint(content["index"], UINT_MAX), words=words, language=language
    )


def marks_own(kind: str) -> bool:
    """Whether a mark of that kind names an entry of its own author."""
    return kind == bodies.KIND_IN_ERROR


@dataclass(slots=True)
class Marked:
    """What was said of one entry so far; nothing of it is ever taken back.

    Attributes:
        error: the reason why it was sent in error, "" without one; None: it was not. protests,
            answers: indices of the entries, in the other log. passed: to which office, the last;
            "": to none. declined: an answer was declined.
    """

    error: str | None = None
    protests: list[int] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    passed: str = ""
    declined: bool = False


class Marks:
    """What the entries of both logs say of entries before them."""

    __slots__ = ("_found", "_most")

    def __init__(self, most: int = _MARKED_MAX) -> None:
        """Nothing is marked. Of more than ``most`` marked entries the first marked is forgotten."""
        self._found: dict[tuple[int, int], Marked] = {}
        self._most = most

    def of(self, log: int, index: int) -> Marked | None:
        """What was said of that entry."""
        return self._found.get((log, index))

    def take(self, claims: EntryClaims, body: bytes | None) -> tuple[int, int] | None:
        """The next entry of a log; gives log and index of the entry that it says something of."""
        if body is None or (claims.kind not in MARKS and claims.kind != bodies.KIND_TEXT):
            return None
        try:
            if claims.kind == bodies.KIND_TEXT:
                mark = Mark(kind=claims.kind, index=bodies.parse_text(body).answers)
            else:
                mark = parse_mark(claims.kind, body)
        except OpenlineError:
            return None
        own = marks_own(mark.kind)
        if not 0 < mark.index < (claims.index if own else claims.seen_n):
            return None
        place = (claims.author if own else 1 - claims.author, mark.index)
        self._note(place, mark, claims.index)
        return place

    def _note(self, place: tuple[int, int], mark: Mark, index: int) -> None:
        found = self._found.setdefault(place, Marked())
        if len(self._found) > self._most:
            del self._found[next(iter(self._found))]
        match mark.kind:
            case bodies.KIND_IN_ERROR if found.error is None:
                found.error = mark.words
            case bodies.KIND_PROTEST if len(found.protests) < _PROTESTS_MAX:
                found.protests.append(index)
            case bodies.KIND_TEXT if len(found.answers) < _PROTESTS_MAX:
                found.answers.append(index)
            case bodies.KIND_PASSED:
                found.passed = mark.words
            case bodies.KIND_DECLINED:
                found.declined = True
            case _:
                pass

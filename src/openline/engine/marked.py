"""What officers say of entries: as they ask for it, and as a desk shows it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from openline.engine.desk import RungWord
from openline.engine.sentences import Facts
from openline.errors import AccessError, LocalProtocolError, OpenlineError
from openline.protocol.delivery import DISCLOSURE_ATTENDED
from openline.record import bodies
from openline.record.marks import MARKS, WORDS_MAX, Mark, Marked, mark_body, marks_own, parse_mark

SAID: Final[tuple[RungWord, ...]] = ("passed", "answered", "declined")
"""Rungs that stand in a ladder only once they are reached: nobody owes them."""

KINDS: Final = {
    "error": bodies.KIND_IN_ERROR,
    "protest": bodies.KIND_PROTEST,
    "pass": bodies.KIND_PASSED,
    "decline": bodies.KIND_DECLINED,
    "answer": bodies.KIND_TEXT,
}
"""By what a page and the command line call the act."""

_ITEM_CHARACTERS_MAX: Final = 32
_LANGUAGE_CHARACTERS_MAX: Final = 35
_TEXT_CHARACTERS_MAX: Final = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkWish:
    """What an officer wants to say of an item of the timeline.

    Attributes:
        act: one of ``KINDS``. item: ``a-12``. words, lang: of the reason, protest, office, answer.
    """

    act: str
    item: str
    words: str = ""
    lang: str = ""


def mark_of(asked: Mapping[str, Any], fault: Callable[[str], AccessError]) -> MarkWish:
    """What a request of the control socket, or a frame of the page, asks for; untrusted.

    Raises:
        AccessError: as ``fault`` makes it, for the field that does not fit.
    """

    def text(name: str, limit: int) -> str:
        value = asked.get(name, "")
        if not isinstance(value, str) or len(value) > limit:
            raise fault(name)
        return value

    act = text("act", _ITEM_CHARACTERS_MAX)
    if act not in KINDS:
        raise fault("act")
    return MarkWish(
        act=act,
        item=text("item", _ITEM_CHARACTERS_MAX),
        words=text("words", _TEXT_CHARACTERS_MAX if act == "answer" else WORDS_MAX),
        lang=text("lang", _LANGUAGE_CHARACTERS_MAX),
    )


def entry_for(
    wish: MarkWish, place: tuple[int, int], own: int, disclosure: int
) -> tuple[str, bytes]:
    """Kind and body of the entry that says it.

    Args:
        wish: what is asked for.
        place: log and index of its item.
        own: our log.
        disclosure: of the genesis.

    Raises:
        LocalProtocolError: ``engine.mark_own``, ``engine.mark_peer``, ``engine.mark_undisclosed``.
        RecordError: the words do not fit.
    """
    log, index = place
    kind = KINDS[wish.act]
    if marks_own(kind) and log != own:
        raise LocalProtocolError("engine.mark_own", wish.item, item=wish.item)
    if not marks_own(kind) and log == own:
        raise LocalProtocolError("engine.mark_peer", wish.item, item=wish.item)
    if kind == bodies.KIND_PASSED and disclosure < DISCLOSURE_ATTENDED:
        raise LocalProtocolError("engine.mark_undisclosed", wish.item)
    if kind == bodies.KIND_TEXT:
        return kind, bodies.text_body(wish.lang, wish.words, index)
    language = wish.lang if kind == bodies.KIND_PROTEST else ""
    words = "" if kind == bodies.KIND_DECLINED else wish.words.strip()
    return kind, mark_body(Mark(kind=kind, index=index, words=words, language=language))


def item_name(log: int, index: int) -> str:
    """How people call an entry."""
    return f"{'ab'[log]}-{index}"


def facts_of_mark(kind: str, log: int, body: bytes | None) -> Facts | None:
    """What the sentence for a mark may name; None for what is none, or does not fit its kind."""
    if kind not in MARKS or body is None:
        return None
    try:
        mark = parse_mark(kind, body)
    except OpenlineError:
        return None
    about = item_name(log if marks_own(kind) else 1 - log, mark.index)
    return {"about": about, "words": mark.words, "lang": mark.language}


def facts_of_marked(marked: Marked, log: int) -> Facts:
    """What was said of an entry of ``log``."""
    facts: Facts = {}
    if marked.error is not None:
        facts |= {"sent_in_error": True, "error_reason": marked.error}
    if marked.protests:
        facts |= {"protests": " ".join(item_name(1 - log, each) for each in marked.protests)}
    if marked.passed:
        facts |= {"passed": marked.passed}
    if marked.answers:
        facts |= {"answered": " ".join(item_name(1 - log, each) for each in marked.answers)}
    if marked.declined:
        facts |= {"declined": True}
    return facts


def rungs_of(marked: Marked) -> list[RungWord]:
    """The further rungs that its marks reach."""
    reached = (bool(marked.passed), bool(marked.answers), marked.declined)
    return [name for name, is_reached in zip(SAID, reached, strict=True) if is_reached]

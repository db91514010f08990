"""Acts in sealed exchanges, out of what a page or the command line asks for."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from openline.engine.desk_exchange import CommitTo, ExchangeAct, Reveal
from openline.errors import AccessError
from openline.record.exchange import DEFAULT_CHARACTERS_MAX, SIZE_MAX, TITLE_CHARACTERS_MAX, Terms

UNTIL_MAX: Final = 2**40
"""Seconds since 1970; far beyond any deadline."""

_ITEM_CHARACTERS_MAX: Final = 32
_LANGUAGE_CHARACTERS_MAX: Final = 35

Asked = Mapping[str, Any]


def act_of(asked: Asked, fault: Callable[[str], AccessError]) -> ExchangeAct:
    """What a request of the control socket, or a frame of the page, asks for.

    Args:
        asked: ``act`` (``open``, ``commit``, ``reveal``) and its fields; untrusted.
        fault: makes the error for a field that does not fit.

    Raises:
        AccessError: as ``fault`` makes it.
    """

    def text(name: str, limit: int) -> str:
        value = asked.get(name, "")
        if not isinstance(value, str) or len(value) > limit:
            raise fault(name)
        return value

    def number(name: str, limit: int) -> int:
        value = asked.get(name)
        if type(value) is not int or not 0 <= value <= limit:
            raise fault(name)
        return value

    match asked.get("act"):
        case "open":
            return Terms(
                language=text("lang", _LANGUAGE_CHARACTERS_MAX),
                title=text("title", TITLE_CHARACTERS_MAX),
                size=number("size", SIZE_MAX),
                until_s=number("until_s", UNTIL_MAX),
                default=text("default", DEFAULT_CHARACTERS_MAX),
            )
        case "commit":
            return CommitTo(
                item=text("item", _ITEM_CHARACTERS_MAX),
                lang=text("lang", _LANGUAGE_CHARACTERS_MAX),
                text=text("text", SIZE_MAX),
            )
        case "reveal":
            return Reveal(item=text("item", _ITEM_CHARACTERS_MAX))
        case _:
            raise fault("act")

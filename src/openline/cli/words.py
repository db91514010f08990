"""The words of the command line: the program's one catalogue, in one language per run.

The language is chosen once, before the commands are built: ``--lang`` in front
of the command, else ``LC_ALL``, ``LC_MESSAGES`` or ``LANG``.
"""

import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from openline.web.catalogue import catalogue

_FACT: Final = re.compile(r"\{(\w+)\}")
_ACTING: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Kinds of characters that move a cursor, end a line, turn a direction or cannot be seen."""

_NEEDED: Final = frozenset("\u200c\u200d\u200e\u200f\u061c")
"""Of those, what words of some scripts are written with; it acts on the word alone."""


def one_line(value: object) -> str:
    """A value as text that cannot act on a terminal: others chose it, or may have."""
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        "".join(f"\\u{unit:04x}" for unit in _utf16(sign))
        if unicodedata.category(sign) in _ACTING and sign not in _NEEDED
        else sign
        for sign in text
    )


def _utf16(sign: str) -> tuple[int, ...]:
    """The units of a character as JSON names them: the escape is right there too."""
    data = sign.encode("utf-16-be", "surrogatepass")
    return tuple(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))


class Words:
    """The catalogue of one language; a word that is missing there is said in English."""

    def __init__(self, language: str) -> None:
        """``language`` is one of the catalogue's."""
        self.language = language

    def __call__(self, key: str, /, **facts: object) -> str:
        """The words of a key with its facts filled in; a fact that is missing stays visible."""
        text = catalogue(self.language).get(key) or catalogue("en").get(key) or key
        return _FACT.sub(
            lambda found: one_line(facts[found[1]]) if found[1] in facts else found[0], text
        )

    def error(self, code: str, facts: Mapping[str, object]) -> str:
        """The sentence of an error code."""
        key = f"error.{code}"
        if key in catalogue("en"):
            return self(key, **facts)
        return self("cli.error.other", code=code)


def chosen_language(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> str:
    """The language for this run.

    Args:
        arguments: of the command line, without the program's name.
        environment: for ``LC_ALL``, ``LC_MESSAGES`` and ``LANG``.
    """
    for place, argument in enumerate(arguments):
        if argument == "--lang" and place + 1 < len(arguments):
            return _known(arguments[place + 1])
        if argument.startswith("--lang="):
            return _known(argument.removeprefix("--lang="))
        if not argument.startswith("-"):
            break
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return _known(environment[name])
    return "en"


def _known(wanted: str) -> str:
    return "zh-Hans" if wanted.lower().startswith("zh") else "en"

"""The words of the command line: the program's one catalogue, in one language per run.

The language is chosen once, before the commands are built: ``--lang`` in front
of the command, else ``LC_ALL``, ``LC_MESSAGES`` or ``LANG``.
"""

import os
from collections.abc import Mapping, Sequence

from openline.web.catalogue import catalogue


class Words:
    """The catalogue of one language; a word that is missing there is said in English."""

    def __init__(self, language: str) -> None:
        """``language`` is one of the catalogue's."""
        self.language = language

    def __call__(self, key: str, /, **facts: object) -> str:
        """The words of a key with its facts filled in; a fact that is missing stays visible."""
        text = catalogue(self.language).get(key) or catalogue("en").get(key) or key
        for name, value in facts.items():
            text = text.replace("{" + name + "}", str(value))
        return text

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

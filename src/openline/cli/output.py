"""How the command line speaks: plain lines, JSON, refusals, exit status.

Answers go to stdout, everything else to stderr. A refusal is one sentence and
the stable code; the exit status tells its family. No stack trace is shown for
anything that has a code.
"""

import json
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import typer

from openline.cli.words import Words, one_line
from openline.errors import OpenlineError

EXIT_FAILED: Final = 1
_EXIT_BY_FAMILY: Final = {
    "config": 3,
    "folder": 3,
    "file": 3,
    "card": 3,
    "conformance": 2,
    "keys": 3,
    "words": 3,
    "access": 4,
    "control": 4,
    "desk": 4,
    "officer": 4,
    "web": 4,
    "store": 5,
    "record": 6,
    "bundle": 6,
    "link": 7,
    "voice": 8,
    "headless": 8,
    "protocol": 9,
    "handshake": 9,
    "engine": 9,
}

P = ParamSpec("P")
R = TypeVar("R")


def exit_status(code: str) -> int:
    """The exit status of an error code: its family's, else 1 (docs/reference/error-codes.md)."""
    if code == "folder.locked":
        return _EXIT_BY_FAMILY["access"]
    return _EXIT_BY_FAMILY.get(code.partition(".")[0], EXIT_FAILED)


class Output:
    """Where one run of the program speaks to."""

    def __init__(self, words: Words) -> None:
        """Speak in these words."""
        self.words = words

    def say(self, key: str, /, **facts: object) -> None:
        """One sentence of the catalogue to stdout."""
        typer.echo(self.words(key, **facts))

    def framed(self, key: str, /, **facts: object) -> None:
        """One sentence to stdout, framed where a person looks."""
        if not is_terminal():
            self.say(key, **facts)
            return
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
        from rich.panel import Panel  # noqa: PLC0415 - only a terminal needs it
        from rich.text import Text  # noqa: PLC0415 - only a terminal needs it

        Console(soft_wrap=True).print(Panel.fit(Text(self.words(key, **facts), overflow="fold")))

    def note(self, key: str, /, **facts: object) -> None:
        """One sentence to stderr: it is no answer, only a word on the way."""
        typer.echo(self.words(key, **facts), err=True)

    def plain(self, text: str) -> None:
        """A line that is data, not words."""
        typer.echo(text)

    def json(self, value: Any) -> None:  # noqa: ANN401 - whatever JSON can say
        """One JSON document to stdout."""
        document = json.dumps(value, ensure_ascii=False, indent=2)
        typer.echo("\n".join(one_line(line) for line in document.split("\n")))

    def refuse(self, fault: OpenlineError) -> int:
        """Say a refusal; returns the exit status."""
        sentence = self.words.error(fault.code, fault.facts)
        typer.echo(self.words("cli.error", sentence=sentence, code=fault.code), err=True)
        return exit_status(fault.code)

    def guarded(self, command: Callable[P, R]) -> Callable[P, R]:
        """The command with coded errors turned into a sentence and an exit status."""

        @wraps(command)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return command(*args, **kwargs)
            except OpenlineError as fault:
                raise typer.Exit(self.refuse(fault)) from fault
            except KeyboardInterrupt:
                raise typer.Exit(130) from None

        return run


def is_terminal() -> bool:
    """Whether stdout is looked at by a person."""
    return sys.stdout.isatty()

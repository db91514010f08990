"""The program ``openline``: command groups put together in the chosen language."""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Final

import typer

from openline import __version__
from openline.cli.output import Output
from openline.cli.words import Words, chosen_language

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "init": ("init",),
    "card": ("card",),
    "post": ("run", "status", "text", "desk-url"),
    "officer": ("officer",),
    "check": ("check", "words", "metrics"),
    "conformance": ("conformance",),
    "exchange": ("exchange",),
    "mark": ("mark",),
    "record": ("record",),
    "phrases": ("phrases",),
    "recording": ("recording",),
    "verify": ("verify",),
    "desk": ("desk",),
    "demo": ("demo",),
    "sim": ("sim",),
}
"""Modules of this folder and the commands that they register."""


def build(words: Words, command: str = "") -> typer.Typer:
    """The program, its help in the given language.

    Args:
        words: of one language.
        command: the one that will run; its module alone is imported, which makes it start in a
            third of the time. Empty or unknown: all.
    """
    output = Output(words)
    app = typer.Typer(
        name="openline",
        help=words("cli.help"),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )

    def print_version(*, wanted: bool) -> None:
        if wanted:
            output.plain(f"openline {__version__}")
            raise typer.Exit

    @app.callback()
    def options(
        *,
        version: Annotated[
            bool,
            typer.Option(
                "--version",
                help=words("cli.help.version"),
                is_eager=True,
                callback=lambda value: print_version(wanted=value),
            ),
        ] = False,
        lang: Annotated[str, typer.Option("--lang", help=words("cli.help.lang"))] = "",
    ) -> None:
        """Options in front of the command; ``--lang`` was read before (see words)."""
        del lang, version

    wanted = [name for name, commands in GROUPS.items() if command in commands]
    for name in wanted or GROUPS:
        if find_spec(f"openline.cli.{name}") is not None:
            import_module(f"openline.cli.{name}").register(app, output)
    return app


def main() -> None:
    """Run the program."""
    arguments = sys.argv[1:]
    build(Words(chosen_language(arguments)), chosen_command(arguments))()


def chosen_command(arguments: Sequence[str]) -> str:
    """The command among the arguments: the first that is neither an option nor its value."""
    rest = iter(arguments)
    for argument in rest:
        if argument == "--lang":
            next(rest, None)
        elif not argument.startswith("-"):
            return argument
    return ""

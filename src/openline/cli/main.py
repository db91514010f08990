"""The program ``openline``: command groups put together in the chosen language."""

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

from openline import __version__
from openline.cli import card, post, record, verify
from openline.cli.output import Output
from openline.cli.words import Words, chosen_language

_FURTHER_GROUPS = ("demo", "sim")


def build(words: Words) -> typer.Typer:
    """The whole program, its help in the given language."""
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

    post.register(app, output)
    card.register(app, output)
    record.register(app, output)
    verify.register(app, output)
    for name in _FURTHER_GROUPS:
        if find_spec(f"openline.cli.{name}") is not None:
            import_module(f"openline.cli.{name}").register(app, output)
    return app


def main() -> None:
    """Run the program."""
    build(Words(chosen_language(sys.argv[1:])))()

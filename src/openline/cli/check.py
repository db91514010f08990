"""``openline check``, ``words``, ``metrics``: the line, the telephone's words, live figures."""

import base64
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.cells import set_cell_size

from openline.app.control import ask
from openline.app.folder import Folder
from openline.app.pairing import own_card, peer_card
from openline.app.words import WordsFile, rows
from openline.cli.output import EXIT_FAILED, Output
from openline.cli.post import ask_post
from openline.cli.status import pick_name, utc
from openline.cli.words import one_line
from openline.errors import ConfigError
from openline.record.genesis import make_genesis

ANSWER_SECONDS: Final = 120.0
_CELL: Final = 26


def register(app: typer.Typer, output: Output) -> None:
    """Add the commands to the program."""
    for add in (_add_check, _add_words, _add_metrics):
        add(app, output)


def _add_check(app: typer.Typer, output: Output) -> None:
    words = output.words

    @app.command("check", help=words("cli.help.check"))
    @output.guarded
    def check(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        *,
        text: Annotated[bool, typer.Option("--text", help=words("cli.help.check.text"))] = False,
        voice: Annotated[bool, typer.Option("--voice", help=words("cli.help.check.voice"))] = False,
        renew: Annotated[bool, typer.Option("--words", help=words("cli.help.check.words"))] = False,
        json: Annotated[bool, typer.Option("--json", help=words("cli.help.json"))] = False,
    ) -> None:
        asked = {"text": text, "voice": voice} if text or voice else {"text": True, "voice": True}
        post = Folder(folder)
        post.require()
        found: dict[str, Any] = {}
        request = {"do": "check", "words": renew, **asked}
        for answer in ask(post.root, request, ANSWER_SECONDS):
            if "result" in answer:
                found = answer
            elif not json:
                output.say("cli.check.begun", check=answer["check"])
        if json:
            output.json(found)
        else:
            _show_check(output, found)
        if not found.get("held"):
            raise typer.Exit(EXIT_FAILED)


def _show_check(output: Output, found: dict[str, Any]) -> None:
    words, result = output.words, found["result"]
    for part in ("text", "voice"):
        for side in ("own", "peer"):
            word, took = result[f"{side}_{part}"], result[f"{side}_{part}_ms"]
            shown = words(f"check.{part}.{word}" if word else "check.missing")
            if took is not None:
                shown = words(f"cli.check.{part}_took", word=shown, ms=took)
            output.say(f"cli.check.{side}.{part}", word=shown)
    output.say(f"cli.check.{result['compare']}")
    output.say("cli.check.full" if found["full"] else "cli.check.not_full")
    if found["words"]:
        output.say("cli.check.words", name=found["words"])


def _add_words(app: typer.Typer, output: Output) -> None:
    words = output.words

    @app.command("words", help=words("cli.help.words"))
    @output.guarded
    def challenge_words(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        *,
        before: Annotated[
            bool, typer.Option("--before", help=words("cli.help.words.before"))
        ] = False,
        json: Annotated[bool, typer.Option("--json", help=words("cli.help.json"))] = False,
    ) -> None:
        post = Folder(folder)
        post.require()
        lists = WordsFile(post).read()
        if len(lists) <= int(before):
            raise ConfigError("words.none", "no list", folder=str(folder))
        shown = lists[int(before)]
        if json:
            output.json({"list": shown.name, "agreed_ms": shown.agreed_ms, "words": rows(shown)})
            return
        names = _names(post, words.language)
        output.say("cli.words.head", name=shown.name, agreed=utc(shown.agreed_ms))
        heads = [words("cli.words.answers", party=name) for name in names]
        output.plain(_columns("", *heads))
        for row in rows(shown):
            cells = [" / ".join(row[party].values()) for party in ("a", "b")]
            output.plain(_columns(f"{row['number']:>3}", *cells))
        output.say("cli.words.foot", name=shown.name)


def _columns(*cells: str) -> str:
    widths = (6, _CELL, _CELL)
    shown = [
        set_cell_size(one_line(text), width) for text, width in zip(cells, widths, strict=True)
    ]
    return "".join(shown).rstrip()


def _names(post: Folder, language: str) -> tuple[str, str]:
    """Both parties' names in the order of the line: the two sides print the same.

    Raises:
        ConfigError: ``card.unpaired``.
    """
    own, peer = own_card(post), peer_card(post)
    if peer is None:
        raise ConfigError("card.unpaired", "no confirmed card", folder=str(post.root))
    cards = make_genesis(own, peer).cards
    first, second = (pick_name(dict(card.fields.names), language) for card in cards)
    return first, second


def _add_metrics(app: typer.Typer, output: Output) -> None:
    words = output.words

    @app.command("metrics", help=words("cli.help.metrics"))
    @output.guarded
    def metrics(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
    ) -> None:
        parts = ask_post(Folder(folder), {"do": "metrics"})
        data = b"".join(base64.b64decode(part["part"]) for part in parts)
        output.plain(data.decode().rstrip("\n"))

"""``openline exchange DIR open|commit|reveal|status``: both sides say something at once."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from openline.app.clock import read_now
from openline.app.folder import Folder, read_bounded
from openline.cli.output import Output
from openline.cli.post import ask_post, only
from openline.errors import ConfigError

ACTIONS: Final = ("open", "commit", "reveal", "status")
_SECONDS: Final = 40.0
_TEXT_BYTES_MAX: Final = 11_264
_STDIN: Final = "-"


def register(app: typer.Typer, output: Output) -> None:
    """Add the command to the program."""
    words = output.words

    @app.command("exchange", help=words("cli.help.exchange"))
    @output.guarded
    def exchange(  # noqa: PLR0913 - each is an argument or option of the command
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        action: Annotated[
            str, typer.Argument(metavar="|".join(ACTIONS), help=words("cli.help.exchange.action"))
        ] = "status",
        item: Annotated[
            str, typer.Argument(metavar="[ITEM]", help=words("cli.help.exchange.item"))
        ] = "",
        *,
        title: Annotated[str, typer.Option(help=words("cli.help.exchange.title"))] = "",
        default: Annotated[str, typer.Option(help=words("cli.help.exchange.default"))] = "",
        minutes: Annotated[
            int, typer.Option(min=1, max=525_600, help=words("cli.help.exchange.minutes"))
        ] = 60,
        size: Annotated[int, typer.Option(help=words("cli.help.exchange.size"))] = 1024,
        file: Annotated[
            Path | None, typer.Option("--file", help=words("cli.help.exchange.file"))
        ] = None,
        lang: Annotated[str, typer.Option(help=words("cli.help.text.lang"))] = "",
        officer: Annotated[
            str, typer.Option(metavar="CODE", help=words("cli.help.text.officer"))
        ] = "",
        json: Annotated[bool, typer.Option("--json", help=words("cli.help.json"))] = False,
    ) -> None:
        post = Folder(folder)
        post.require()
        if action not in ACTIONS:
            raise ConfigError("config.action_of", action, value=action, known=", ".join(ACTIONS))
        asked: dict[str, Any] = {"do": "exchange", "act": action, "officer": officer, "item": item}
        asked["lang"] = lang or words.language.partition("-")[0]
        if action == "open":
            until_s = read_now().wall_ms // 1000 + 60 * minutes
            asked |= {"title": title, "default": default, "size": size, "until_s": until_s}
        if action == "commit":
            asked["text"] = _text(file)
        found = only(ask_post(post, asked, _SECONDS))
        if json:
            output.json(found)
        elif action == "status":
            _show(output, found["exchanges"])
        else:
            output.say(f"cli.exchange.{action}", item=found["item"])


def _text(file: Path | None) -> str:
    """From a file or standard input: a command can be read by every user of the machine."""
    if file is None or str(file) == _STDIN:
        data = sys.stdin.buffer.read(_TEXT_BYTES_MAX + 1)
    else:
        data = read_bounded(file, _TEXT_BYTES_MAX)
    if len(data) > _TEXT_BYTES_MAX:
        raise ConfigError("exchange.too_long", "input", size=len(data), most=_TEXT_BYTES_MAX)
    try:
        return data.decode("utf-8").strip()
    except UnicodeDecodeError as fault:
        raise ConfigError("exchange.content", str(fault)) from fault


def _show(output: Output, exchanges: list[dict[str, Any]]) -> None:
    words = output.words
    if not exchanges:
        output.say("exchange.nothing")
    for found in exchanges:
        until = datetime.fromtimestamp(found["until_s"], tz=UTC).strftime("%Y-%m-%d %H:%M:%S")
        output.say(
            "cli.exchange.head",
            item=found["item"],
            title=found["title"],
            until=until,
            size=found["size"],
        )
        output.plain("  " + words(f"exchange.state.{found['state']}"))
        for whose in ("own", "peer"):
            half = found[whose]
            said = words(f"exchange.{whose}.{half['state']}", text=half["text"])
            output.plain("  " + said)
            if half["late"]:
                output.plain("  " + words(f"exchange.{whose}.late"))
            if half["defaulted"]:
                output.plain("  " + words(f"exchange.{whose}.default", text=found["default"]))
        if found["why"]:
            output.plain("  " + words.error(found["why"], {}))
        if found["may_reveal"]:
            output.plain("  " + words("exchange.may_reveal"))

"""``openline desk``: a desk without a browser, at the desk of a running post."""

import importlib.util
from pathlib import Path
from typing import Annotated, Any

import typer

from openline.app.folder import Folder
from openline.cli.output import Output
from openline.cli.post import ask_post, only
from openline.errors import VoiceError

EXTRA = ("aiortc", "numpy")


def register(app: typer.Typer, output: Output) -> None:
    """Add the command to the program."""
    words = output.words

    @app.command("desk", help=words("cli.help.desk"))
    @output.guarded
    def desk(  # noqa: PLR0913 - each is an option of the command
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        *,
        play: Annotated[Path | None, typer.Option(help=words("cli.help.desk.play"))] = None,
        record: Annotated[Path | None, typer.Option(help=words("cli.help.desk.record"))] = None,
        seconds: Annotated[
            float | None, typer.Option(min=0.1, help=words("cli.help.desk.seconds"))
        ] = None,
        loop: Annotated[bool, typer.Option("--loop", help=words("cli.help.desk.loop"))] = False,
        wait_heard: Annotated[
            bool, typer.Option("--wait-heard", help=words("cli.help.desk.wait_heard"))
        ] = False,
        ungated: Annotated[
            bool, typer.Option("--ungated", help=words("cli.help.desk.ungated"))
        ] = False,
        json: Annotated[bool, typer.Option("--json", help=words("cli.help.json"))] = False,
    ) -> None:
        if any(importlib.util.find_spec(name) is None for name in EXTRA):
            raise VoiceError("headless.extra", "aiortc or numpy is missing")
        from openline.app.desk_command import DeskWish, run_desk  # noqa: PLC0415 - needs the extra

        address = str(only(ask_post(Folder(folder), {"do": "desk-url"}))["url"])
        wish = DeskWish(
            play=play,
            record=record,
            seconds=seconds,
            loop=loop,
            wait_heard=wait_heard,
            ungated=ungated,
        )
        result = run_desk(address, wish, lambda what, facts: _tell(output, what, facts))
        found = {name: getattr(result, name) for name in result.__slots__}
        if json:
            output.json(found | {"file": None if record is None else str(record)})
            return
        output.say("cli.desk.result", **found)
        if record is not None:
            output.say("cli.desk.recorded", **found, file=record)


def _tell(output: Output, what: str, facts: dict[str, Any]) -> None:
    """What happens on the way: a word for whoever watches, on stderr."""
    if what == "stopped":
        key = f"stop.{facts['reason']}"
        sentence = output.words(key, code=facts["reason"])
        output.note("stop.unknown" if sentence == key else key, code=facts["reason"])
    else:
        output.note(f"cli.desk.{what}", **facts)

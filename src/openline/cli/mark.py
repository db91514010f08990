"""``openline mark DIR error|protest|pass|decline|answer ITEM [WORDS]``: a word on an entry."""

from pathlib import Path
from typing import Annotated, Final

import typer

from openline.app.folder import Folder
from openline.cli.output import Output
from openline.cli.post import ask_post, only
from openline.errors import ConfigError

ACTIONS: Final = ("error", "protest", "pass", "decline", "answer")
_WORDLESS: Final = ("error", "decline")
_SECONDS: Final = 40.0


def register(app: typer.Typer, output: Output) -> None:
    """Add the command to the program."""
    words = output.words

    @app.command("mark", help=words("cli.help.mark"))
    @output.guarded
    def mark(  # noqa: PLR0913 - each is an argument or option of the command
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        action: Annotated[
            str, typer.Argument(metavar="|".join(ACTIONS), help=words("cli.help.mark.action"))
        ],
        item: Annotated[str, typer.Argument(metavar="ITEM", help=words("cli.help.mark.item"))],
        said: Annotated[
            str, typer.Argument(metavar="[WORDS]", help=words("cli.help.mark.words"))
        ] = "",
        *,
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
        if not said.strip() and action not in _WORDLESS:
            raise ConfigError("config.words_missing", action, value=action)
        request = {
            "do": "mark",
            "act": action,
            "item": item.lower(),
            "words": said,
            "lang": lang or words.language.partition("-")[0],
            "officer": officer,
        }
        found = only(ask_post(post, request, _SECONDS))
        if json:
            output.json(found)
        else:
            output.say(f"cli.mark.{action}", item=item.lower(), entry=found["item"])

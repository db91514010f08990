"""``openline officer``: who may sign for this side."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from openline.app.control import ask
from openline.app.folder import Folder
from openline.cli.output import Output
from openline.cli.passphrase import new_passphrase, passphrase
from openline.errors import AccessError, OpenlineError

SECONDS: Final = 40.0
Fields = dict[str, str]


def register(app: typer.Typer, output: Output) -> None:
    """Add the group to the program."""
    words = output.words
    group = typer.Typer(help=words("cli.help.officer"), no_args_is_help=True, rich_markup_mode=None)
    _add_changes(group, output)

    @group.command("passphrase", help=words("cli.help.officer.passphrase"))
    @output.guarded
    def change(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        code: Annotated[str, typer.Argument(metavar="CODE", help=words("cli.help.officer.code"))],
        *,
        name: Annotated[str, typer.Option(help=words("cli.help.officer.name"))] = "",
        passphrase_file: Annotated[
            Path | None, typer.Option(help=words("cli.help.officer.file"))
        ] = None,
        old_passphrase_file: Annotated[
            Path | None, typer.Option(help=words("cli.help.officer.old_file"))
        ] = None,
    ) -> None:
        def old() -> Fields:
            return {"old": passphrase(output, old_passphrase_file, code)}

        given = old() if old_passphrase_file is not None else {}
        given |= {"code": code, "name": name}
        given["passphrase"] = new_passphrase(output, passphrase_file, code)
        _do(Folder(folder), "officer-passphrase", given, old)
        output.say("cli.officer.passphrase_set", officer=code)

    @group.command("list", help=words("cli.help.officer.list"))
    @output.guarded
    def show(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        *,
        json: Annotated[bool, typer.Option("--json", help=words("cli.help.json"))] = False,
    ) -> None:
        found = _list(Folder(folder))
        if json:
            output.json(found)
            return
        for officer in found:
            signed_in = officer["signed_in"] and officer["key"] == "wrapped"
            output.say(
                "cli.officer.line",
                officer=officer["code"],
                name=officer["name"] or "-",
                standing=words(f"cli.officer.standing.{officer['standing']}"),
                key=words(f"cli.officer.key.{'signed_in' if signed_in else officer['key']}"),
            )

    app.add_typer(group, name="officer")


def _add_changes(group: typer.Typer, output: Output) -> None:
    words = output.words

    @group.command("add", help=words("cli.help.officer.add"))
    @output.guarded
    def add(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        code: Annotated[str, typer.Argument(metavar="CODE", help=words("cli.help.officer.code"))],
        *,
        name: Annotated[str, typer.Option(help=words("cli.help.officer.name"))] = "",
        by: Annotated[str, typer.Option(metavar="CODE", help=words("cli.help.officer.by"))] = "",
        passphrase_file: Annotated[
            Path | None, typer.Option(help=words("cli.help.officer.file"))
        ] = None,
        by_passphrase_file: Annotated[
            Path | None, typer.Option(help=words("cli.help.officer.by_file"))
        ] = None,
    ) -> None:
        given = {"code": code, "name": name, "by": by}
        given["passphrase"] = new_passphrase(output, passphrase_file, code)
        item = _do(Folder(folder), "officer-add", given, _by(output, by_passphrase_file))
        output.say("cli.officer.added", officer=code)
        _say_where(output, item)

    @group.command("revoke", help=words("cli.help.officer.revoke"))
    @output.guarded
    def revoke(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        code: Annotated[str, typer.Argument(metavar="CODE", help=words("cli.help.officer.code"))],
        *,
        by: Annotated[str, typer.Option(metavar="CODE", help=words("cli.help.officer.by"))] = "",
        by_passphrase_file: Annotated[
            Path | None, typer.Option(help=words("cli.help.officer.by_file"))
        ] = None,
    ) -> None:
        given = {"code": code, "by": by}
        item = _do(Folder(folder), "officer-revoke", given, _by(output, by_passphrase_file))
        output.say("cli.officer.revoked", officer=code)
        _say_where(output, item)


class _by:  # noqa: N801 - a function with a memory of whom it asks for
    """The passphrase of the officer who states it, asked for only if it is needed."""

    def __init__(self, output: Output, file: Path | None) -> None:
        self._output = output
        self._file = file
        self.code = ""

    def __call__(self) -> Fields:
        return {"by_passphrase": passphrase(self._output, self._file, self.code)}


def _say_where(output: Output, item: str) -> None:
    from openline.app.officers import OUTBOX  # noqa: PLC0415 - the help starts faster

    if item.startswith(OUTBOX):
        output.say("cli.officer.outbox")
    else:
        output.say("cli.officer.recorded", item=item)


def _do(folder: Folder, what: str, given: Fields, more: Callable[[], Fields]) -> str:
    """Ask the running post, or do it in the folder; ask a person only for what is missing."""
    try:
        return _once(folder, what, given)
    except OpenlineError as fault:
        if fault.code != "officer.locked":
            raise
        if isinstance(more, _by):
            more.code = str(fault.facts.get("officer", ""))
        return _once(folder, what, given | more())


def _once(folder: Folder, what: str, given: Fields) -> str:
    folder.require()
    try:
        answers = list(ask(folder.root, {"do": what, **given}, SECONDS))
    except AccessError as fault:
        if fault.code != "control.not_running":
            raise
        return _offline(folder, what, given)
    return str(answers[0]["item"]) if answers else ""


def _offline(folder: Folder, what: str, given: Fields) -> str:
    from openline.app.officers import Ask, Officers, offline  # noqa: PLC0415 - the help starts faster

    wanted = Ask(**given)

    async def act(officers: Officers, request: str) -> None:
        match what:
            case "officer-add":
                await officers.add(wanted, request)
            case "officer-revoke":
                await officers.revoke(wanted, request)
            case _:
                await officers.passphrase(wanted)

    return offline(folder, act)[0]


def _list(folder: Folder) -> list[dict[str, Any]]:
    from openline.app.officers import offline  # noqa: PLC0415 - the help starts faster

    folder.require()
    try:
        answers = list(ask(folder.root, {"do": "officers"}))
        return [officer for answer in answers for officer in answer["officers"]]
    except AccessError as fault:
        if fault.code != "control.not_running":
            raise
    return list(offline(folder)[1])

"""``openline officer``: who may sign for this side."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from openline.app.control import ask
from openline.app.folder import Folder
from openline.cli.output import Output
from openline.cli.passphrase import new_passphrase, passphrase
from openline.errors import AccessError, ConfigError, OpenlineError

SECONDS: Final = 40.0
LOCKED_MAX: Final = 2
"""So many officers state something, and each may be asked for a passphrase."""

Fields = dict[str, Any]


def register(app: typer.Typer, output: Output) -> None:
    """Add the group to the program."""
    words = output.words
    group = typer.Typer(help=words("cli.help.officer"), no_args_is_help=True, rich_markup_mode=None)
    _add_changes(group, output)
    _add_rule(group, output)

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
        def old(_code: str) -> Fields:
            return {"old": passphrase(output, old_passphrase_file, code)}

        given = old(code) if old_passphrase_file is not None else {}
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
        found, two = _found(Folder(folder))
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
        if two:
            output.say("cli.officer.rule.stands", two=", ".join(two))

    app.add_typer(group, name="officer")


def _add_changes(group: typer.Typer, output: Output) -> None:
    words = output.words

    @group.command("add", help=words("cli.help.officer.add"))
    @output.guarded
    def add(  # noqa: PLR0913 - each is an option of the command
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
        second: Annotated[
            str, typer.Option(metavar="CODE", help=words("cli.help.officer.second"))
        ] = "",
        second_passphrase_file: Annotated[
            Path | None, typer.Option(help=words("cli.help.officer.second_file"))
        ] = None,
    ) -> None:
        given: Fields = {"code": code, "name": name, "by": by, "second": second}
        given["passphrase"] = new_passphrase(output, passphrase_file, code)
        more = _stating(output, second, (by_passphrase_file, second_passphrase_file))
        item = _do(Folder(folder), "officer-add", given, more)
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
        second: Annotated[
            str, typer.Option(metavar="CODE", help=words("cli.help.officer.second"))
        ] = "",
        second_passphrase_file: Annotated[
            Path | None, typer.Option(help=words("cli.help.officer.second_file"))
        ] = None,
    ) -> None:
        given: Fields = {"code": code, "by": by, "second": second}
        more = _stating(output, second, (by_passphrase_file, second_passphrase_file))
        item = _do(Folder(folder), "officer-revoke", given, more)
        output.say("cli.officer.revoked", officer=code)
        _say_where(output, item)


def _add_rule(group: typer.Typer, output: Output) -> None:
    words = output.words

    @group.command("rule", help=words("cli.help.officer.rule"))
    @output.guarded
    def rule(  # noqa: PLR0913 - each is an option of the command
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        kinds: Annotated[
            list[str] | None,
            typer.Argument(metavar="[KIND]...", help=words("cli.help.officer.rule.kinds")),
        ] = None,
        *,
        lift: Annotated[bool, typer.Option("--lift", help=words("cli.help.officer.lift"))] = False,
        by: Annotated[str, typer.Option(metavar="CODE", help=words("cli.help.officer.by"))] = "",
        by_passphrase_file: Annotated[
            Path | None, typer.Option(help=words("cli.help.officer.by_file"))
        ] = None,
        second: Annotated[
            str, typer.Option(metavar="CODE", help=words("cli.help.officer.second"))
        ] = "",
        second_passphrase_file: Annotated[
            Path | None, typer.Option(help=words("cli.help.officer.second_file"))
        ] = None,
    ) -> None:
        if kinds and lift:
            raise ConfigError("officer.rule_and_lift", "kinds and --lift")
        if not kinds and not lift:
            two = _found(Folder(folder))[1]
            output.say(f"cli.officer.rule.{'stands' if two else 'none'}", two=", ".join(two))
            return
        given: Fields = {"code": "", "by": by, "second": second, "two": list(kinds or [])}
        more = _stating(output, second, (by_passphrase_file, second_passphrase_file))
        item = _do(Folder(folder), "officer-rule", given, more)
        named = ", ".join(sorted(set(kinds or [])))
        output.say(f"cli.officer.rule.{'stands' if named else 'none'}", two=named)
        _say_where(output, item)


def _stating(
    output: Output, second: str, files: tuple[Path | None, Path | None]
) -> Callable[[str], Fields]:
    """The passphrases of those who state it, each asked for only if it is needed."""

    def more(code: str) -> Fields:
        last = bool(second) and code == second
        word = "second_passphrase" if last else "by_passphrase"
        return {word: passphrase(output, files[1 if last else 0], code)}

    return more


def _say_where(output: Output, item: str) -> None:
    from openline.app.officers import OUTBOX  # noqa: PLC0415 - the help starts faster

    if item.startswith(OUTBOX):
        output.say("cli.officer.outbox")
    else:
        output.say("cli.officer.recorded", item=item)


def _do(folder: Folder, what: str, given: Fields, more: Callable[[str], Fields]) -> str:
    """Ask the running post, or do it in the folder; ask a person only for what is missing."""
    for _ in range(LOCKED_MAX):
        try:
            return _once(folder, what, given)
        except OpenlineError as fault:
            if fault.code != "officer.locked":
                raise
            given |= more(str(fault.facts.get("officer", "")))
    return _once(folder, what, given)


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

    two = given.get("two", [])
    wanted = Ask(**{word: value for word, value in given.items() if word != "two"})

    async def act(officers: Officers, request: str) -> None:
        match what:
            case "officer-add":
                await officers.add(wanted, request)
            case "officer-revoke":
                await officers.revoke(wanted, request)
            case "officer-rule":
                await officers.rule(wanted, two, request)
            case _:
                await officers.passphrase(wanted)

    return offline(folder, act).item


def _found(folder: Folder) -> tuple[list[dict[str, Any]], list[str]]:
    """All officers of this side, and the kinds that need two of them."""
    from openline.app.officers import offline  # noqa: PLC0415 - the help starts faster

    folder.require()
    try:
        (answer,) = ask(folder.root, {"do": "officers"})
        return list(answer["officers"]), list(answer["two"])
    except AccessError as fault:
        if fault.code != "control.not_running":
            raise
    outcome = offline(folder)
    return list(outcome.officers), list(outcome.two)

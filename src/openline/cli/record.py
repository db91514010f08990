"""``openline record DIR list|show|export|fork|rebuild``: the common record of this post."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.cells import set_cell_size

from openline.app.control import ask
from openline.app.folder import Folder, reason_of
from openline.app.pairing import rebuild
from openline.app.reading import describe_offline, export_offline, fork_offline
from openline.cli.output import Output
from openline.cli.words import one_line
from openline.errors import AccessError, ConfigError
from openline.protocol.accounts import ROLES
from openline.protocol.call import Outcome

ACTIONS: Final = ("list", "show", "export", "fork", "rebuild")
MARKED: Final = ("sent_in_error", "passed", "answered", "declined", "protests")
_EXPORT_SECONDS: Final = 600.0

_STATE_CELLS: Final = 13


def register(app: typer.Typer, output: Output) -> None:
    """Add the command to the program."""
    words = output.words

    @app.command("record", help=words("cli.help.record"))
    @output.guarded
    def record(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        action: Annotated[
            str,
            typer.Argument(metavar="|".join(ACTIONS), help=words("cli.help.record.action")),
        ],
        what: Annotated[
            str, typer.Argument(metavar="[ITEM|FILE]", help=words("cli.help.record.what"))
        ] = "",
        *,
        whole: Annotated[
            bool, typer.Option("--whole", help=words("cli.help.record.whole"))
        ] = False,
        no_bodies: Annotated[
            bool, typer.Option("--no-bodies", help=words("cli.help.record.no_bodies"))
        ] = False,
        json: Annotated[bool, typer.Option("--json", help=words("cli.help.json"))] = False,
    ) -> None:
        post = Folder(folder)
        post.require()
        if action not in ACTIONS:
            raise ConfigError("config.action", action, value=action)
        if action == "show" and not what:
            raise ConfigError("config.item_missing", action)
        if action in ("export", "fork") and not what:
            raise ConfigError("config.file_missing", action)
        if action == "rebuild":
            rebuild(post)
            output.say("cli.record.rebuilt", folder=folder)
        elif action == "export":
            _export(output, post, Path(what), whole=whole, bodies=not no_bodies)
        elif action == "fork":
            _write(Path(what), _parts(post, {"do": "fork"}, lambda: fork_offline(post)))
            output.say("cli.record.fork", file=what)
        else:
            _list(output, _items(post, what), json=json, whole=action == "show")


def _items(post: Folder, item: str) -> list[dict[str, Any]]:
    try:
        found = [
            entry
            for answer in ask(post.root, {"do": "record"}, _EXPORT_SECONDS)
            for entry in answer["entries"]
        ]
    except AccessError as fault:
        if fault.code != "control.not_running":
            raise
        found = describe_offline(post)
    chosen = [entry for entry in found if not item or entry["item"] == item.lower()]
    if item and not chosen:
        raise ConfigError("config.no_such_item", item, item=item)
    return chosen


def _list(output: Output, items: list[dict[str, Any]], *, json: bool, whole: bool) -> None:
    if json:
        output.json(items[0] if whole else items)
        return
    for entry in items:
        state = set_cell_size(output.words(f"cli.rung.{entry['rung']}"), _STATE_CELLS)
        text = one_line(entry["text"]) or _account(output, entry["account"])
        text = text or _mark(output, entry) or output.words(f"cli.kind.{entry['kind']}")
        text += "".join(f" [{said}]" for said in _marks(output, entry["marks"]))
        output.plain(f"{entry['item']:>8}  {entry['claimed']}  {state} {text}")
        if whole:
            for name, value in entry.items():
                parts = value if isinstance(value, dict) else {"": value}
                for part, each in parts.items():
                    output.plain(f"          {name}{part and '.'}{part}: {one_line(each)}")


def _mark(output: Output, entry: dict[str, Any]) -> str:
    """What an entry says of another one."""
    said = entry["says"]
    if not said:
        return ""
    return output.words(
        f"cli.says.{entry['kind']}", about=said["about"], words=one_line(said["words"])
    )


def _marks(output: Output, marks: dict[str, Any]) -> list[str]:
    """What was said of an entry."""
    return [
        output.words(f"mark.{name}", said=one_line(marks[name])) for name in MARKED if name in marks
    ]


def _account(output: Output, account: dict[str, Any] | None) -> str:
    """What an account of a call says, and how it stands to the other side's."""
    role, outcome = str((account or {}).get("role")), (account or {}).get("outcome")
    if account is None or role not in ROLES or outcome not in set(Outcome):
        return ""
    words = output.words
    compare = account.get("compare")
    said = words(f"cli.account.{compare}", differs=account.get("differs", "")) if compare else ""
    return words(f"cli.account.{role}", outcome=words(f"outcome.{outcome}"), compare=said)


def _export(output: Output, post: Folder, to: Path, *, whole: bool, bodies: bool) -> None:
    request = {"do": "export", "whole": whole, "bodies": bodies}
    data = _parts(post, request, lambda: export_offline(post, whole=whole, bodies=bodies))
    _write(to, data)
    output.say("cli.record.exported", file=to, size=len(data))


def _parts(post: Folder, request: dict[str, Any], offline: Callable[[], bytes]) -> bytes:
    """A file that the running post gives in parts, or its folder if it does not run."""
    try:
        answers = ask(post.root, request, _EXPORT_SECONDS)
        return b"".join(base64.b64decode(answer["part"]) for answer in answers)
    except AccessError as fault:
        if fault.code != "control.not_running":
            raise
        return offline()


def _write(to: Path, data: bytes) -> None:
    try:
        to.write_bytes(data)
    except OSError as fault:
        where, reason = str(to.parent), reason_of(fault)
        raise ConfigError("folder.unwritable", str(fault), folder=where, reason=reason) from fault

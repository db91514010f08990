"""``openline recording DIR list|export``: the recordings of calls that this post keeps."""

import hashlib
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from openline.app.control import ask
from openline.app.folder import Folder, reason_of
from openline.app.reading import describe_offline
from openline.app.recordings import FINISHED
from openline.app.webm import duration_ms
from openline.cli.output import Output
from openline.errors import AccessError, ConfigError

ACTIONS: Final = ("list", "export")
_SECONDS: Final = 600.0


def register(app: typer.Typer, output: Output) -> None:
    """Add the command to the program."""
    words = output.words

    @app.command("recording", help=words("cli.help.recording"))
    @output.guarded
    def recording(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        action: Annotated[
            str, typer.Argument(metavar="list|export", help=words("cli.help.recording.action"))
        ] = "list",
        name: Annotated[
            str, typer.Argument(metavar="[NAME]", help=words("cli.help.recording.name"))
        ] = "",
        file: Annotated[
            Path | None, typer.Argument(metavar="[FILE]", help=words("cli.help.recording.file"))
        ] = None,
        *,
        json: Annotated[bool, typer.Option("--json", help=words("cli.help.json"))] = False,
    ) -> None:
        post = Folder(folder)
        post.require()
        if action not in ACTIONS:
            raise ConfigError("config.action_of", action, value=action, known=", ".join(ACTIONS))
        if action == "export":
            if file is None:
                raise ConfigError("config.file_missing", action)
            _export(output, post, name, file)
            return
        found = _found(post)
        if json:
            output.json(found)
        elif not found:
            output.say("cli.recording.none")
        for item in [] if json else found:
            said = output.words(f"cli.recording.{item['state']}", item=item["item"])
            seconds = item["duration_ms"] / 1000
            output.plain(f"{item['name']:<20} {seconds:>8.1f} s {item['size']:>10}  {said}")


def _found(post: Folder) -> list[dict[str, Any]]:
    """Each file, and each entry of our own log whose file is not here."""
    entries = _entries(post)
    left, found = dict(entries), []
    for path in sorted(post.recordings.glob("*.webm")):
        match = FINISHED.fullmatch(path.name)
        if match is None:
            continue
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        call, part = match[1], int(match[2] or 1)
        same = next((item for item, said in entries.items() if said["sha256"] == digest), "")
        other = next(
            (item for item, said in left.items() if (said["call"], said["part"]) == (call, part)),
            "",
        )
        left.pop(same or other, None)
        found.append({
            "name": path.stem,
            "state": "holds" if same else "differs" if other else "unrecorded",
            "item": same or other,
            "size": len(data),
            "duration_ms": duration_ms(data),
            "sha256": digest,
        })  # fmt: skip
    for item, said in left.items():
        found.append({
            "name": said["call"],
            "state": "missing",
            "item": item,
            "size": said["size"],
            "duration_ms": said["duration_ms"],
            "sha256": said["sha256"],
        })  # fmt: skip
    return found


def _entries(post: Folder) -> dict[str, dict[str, Any]]:
    """What our own log says of recordings, by entry."""
    try:
        answers = ask(post.root, {"do": "record"}, _SECONDS)
        entries = [entry for answer in answers for entry in answer["entries"]]
    except AccessError as fault:
        if fault.code != "control.not_running":
            raise
        entries = describe_offline(post)
    return {
        entry["item"]: entry["recording"]
        for entry in entries
        if entry["own"] and entry["recording"]
    }


def _export(output: Output, post: Folder, name: str, to: Path) -> None:
    source = post.recordings / f"{name}.webm"
    if not FINISHED.fullmatch(source.name) or not source.is_file():
        raise ConfigError("recording.name", name, name=name)
    try:
        data = source.read_bytes()
        to.write_bytes(data)
    except OSError as fault:
        where, reason = str(to.parent), reason_of(fault)
        raise ConfigError("folder.unwritable", str(fault), folder=where, reason=reason) from fault
    digest = hashlib.sha256(data).hexdigest()
    output.say("cli.recording.exported", file=to, size=len(data), sha256=digest)

"""``openline desk ca``: what a machine must trust before it can have a desk of this post."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from openline.app.clock import read_now
from openline.app.config import load_config
from openline.app.folder import Folder, reason_of
from openline.cli.output import Output
from openline.errors import ConfigError


def add_ca(group: typer.Typer, output: Output) -> None:
    """Add the command to the group of desks."""
    words = output.words

    @group.command("ca", help=words("cli.help.desk.ca"))
    @output.guarded
    def certificate(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        *,
        to: Annotated[
            Path | None, typer.Option("--output", "-o", help=words("cli.help.desk.ca.output"))
        ] = None,
    ) -> None:
        _write(output, Folder(folder), to)


def _write(output: Output, folder: Folder, to: Path | None) -> None:
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - only here

    from openline.app.desk_ca import authority  # noqa: PLC0415 - the help starts faster

    folder.require()
    https = load_config(folder.config).desk.https
    if https is None:
        raise ConfigError("web.no_https", "no [desk.https]")
    found = authority(folder, (https.console, https.audio), read_now().wall_ms)
    shown = found.certificate.fingerprint(SHA256()).hex(":").upper()
    if to is None:
        sys.stdout.write(found.pem.decode("ascii"))
        output.note("cli.desk.ca.fingerprint", hex=shown)
        return
    try:
        to.write_bytes(found.pem)
    except OSError as fault:
        where, reason = str(to.parent), reason_of(fault)
        raise ConfigError("folder.unwritable", str(fault), folder=where, reason=reason) from fault
    output.say("cli.desk.ca.written", file=to, console=https.console, audio=https.audio)
    output.say("cli.desk.ca.fingerprint", hex=shown)

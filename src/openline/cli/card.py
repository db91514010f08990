"""``openline card``: give out the own card, take the peer's."""

import sys
from pathlib import Path
from typing import Annotated

import segno
import typer

from openline.app.folder import Folder, read_bounded
from openline.app.pairing import Comparison, compare, own_card, pair, peer_card
from openline.cli.output import Output, is_terminal
from openline.cli.passphrase import passphrase
from openline.errors import AccessError, ConfigError
from openline.record.card import Card
from openline.record.limits import CARD_BYTES_MAX


def register(app: typer.Typer, output: Output) -> None:
    """Add the group to the program."""
    words = output.words
    group = typer.Typer(help=words("cli.help.card"), no_args_is_help=True, rich_markup_mode=None)

    @group.command("export", help=words("cli.help.card.export"))
    @output.guarded
    def export(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        to: Annotated[
            Path | None, typer.Option("--output", "-o", help=words("cli.help.card.output"))
        ] = None,
    ) -> None:
        _export(output, Folder(folder), to)

    @group.command("import", help=words("cli.help.card.import"))
    @output.guarded
    def import_(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        file: Annotated[Path, typer.Argument(metavar="FILE", help=words("cli.help.card.file"))],
        confirm: Annotated[
            str | None, typer.Option("--confirm", help=words("cli.help.card.confirm"))
        ] = None,
        passphrase_file: Annotated[
            Path | None, typer.Option(help=words("cli.help.officer.file"))
        ] = None,
    ) -> None:
        _import(output, Folder(folder), file, confirm, passphrase_file)

    app.add_typer(group, name="card")


def fingerprint_digits(card: Card) -> str:
    """A card's fingerprint as its 30 digits of the comparison string."""
    digits = f"{int.from_bytes(card.fingerprint, 'big') % 10**30:030d}"
    return " ".join(digits[at : at + 5] for at in range(0, 30, 5))


def describe(output: Output, card: Card) -> None:
    """The names and paths that a card says."""
    for language, name in card.fields.names.items():
        output.say("cli.card.name", lang=language, name=name)
    for path, addresses in card.fields.paths.items():
        where = ", ".join(addresses) or output.words("cli.card.dial_only")
        output.say("cli.card.path", name=path, addresses=where)


def _export(output: Output, folder: Folder, to: Path | None) -> None:
    card = own_card(folder)
    if to is None:
        if is_terminal():
            raise ConfigError("card.no_output", "bytes to a terminal")
        sys.stdout.buffer.write(card.raw)
        sys.stdout.buffer.flush()
        output.note("cli.card.fingerprint", digits=fingerprint_digits(card))
        return
    try:
        to.write_bytes(card.raw)
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise ConfigError(
            "folder.unwritable", str(fault), folder=str(to.parent), reason=reason
        ) from fault
    output.say("cli.card.exported", file=to, size=len(card.raw))
    output.say("cli.card.fingerprint", digits=fingerprint_digits(card))
    output.say("cli.card.sha256", hex=card.fingerprint.hex())
    if is_terminal():
        segno.make(card.fingerprint.hex().upper(), error="m").terminal(compact=True)
    output.say("cli.card.export.next")


def _import(
    output: Output, folder: Folder, file: Path, confirm: str | None, passphrase_file: Path | None
) -> None:
    data = read_bounded(file, CARD_BYTES_MAX)
    comparison = compare(folder, data)
    known = peer_card(folder)
    if known is not None:
        output.say("cli.card.known")
        return
    _show(output, comparison)
    typed = comparison.digits if confirm is None and _asked(output) else confirm
    if typed is None:
        raise ConfigError("card.unconfirmed", "nobody compared the digits")
    peer = _paired(output, folder, (data, typed), passphrase_file)
    output.say("cli.card.paired", name=_any_name(peer))
    output.say("cli.card.paired.next", folder=folder.root)


def _paired(
    output: Output, folder: Folder, card: tuple[bytes, str], passphrase_file: Path | None
) -> Card:
    """Found the line; the first officer signs it, by passphrase where the key is wrapped."""
    try:
        return pair(folder, *card)
    except AccessError as fault:
        if fault.code != "officer.locked":
            raise
        phrase = passphrase(output, passphrase_file, str(fault.facts["officer"]))
        return pair(folder, *card, phrase)


def _show(output: Output, comparison: Comparison) -> None:
    output.say("cli.card.theirs")
    describe(output, comparison.peer)
    for warning in warnings_of(comparison):
        output.say(warning)
    output.plain("")
    output.say("cli.card.compare")
    output.plain("")
    groups = comparison.digits.split()
    for half in (groups[:6], groups[6:]):
        output.plain("    " + " ".join(half))
    output.plain("")


def warnings_of(comparison: Comparison) -> list[str]:
    """Keys of what a person should know about this pair of cards."""
    own, peer = comparison.own.fields.paths.keys(), comparison.peer.fields.paths.keys()
    return ["cli.card.paths_differ"] if own ^ peer else []


def _asked(output: Output) -> bool:
    """Ask a person; without one, nothing is confirmed."""
    if not _at_terminal():
        return False
    answer = typer.prompt(output.words("cli.card.ask"), default="", show_default=False)
    return str(answer).strip().lower() in {"yes", "是"}


def _at_terminal() -> bool:
    return sys.stdin.isatty()


def _any_name(card: Card) -> str:
    return next(iter(card.fields.names.values()))

"""``openline verify``: an evidence bundle, checked with nothing but its bytes and two pins."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.cells import set_cell_size

from openline.app.folder import read_bounded, reason_of
from openline.cli.output import EXIT_FAILED, Output
from openline.cli.rendering import render
from openline.errors import ConfigError
from openline.record.audit import Report, Step, audit
from openline.record.fork import FILE_MARK, ForkFile, read_fork_file
from openline.record.limits import BUNDLE_BYTES_MAX

_TITLE_CELLS: Final = 58
_PINS: Final = 2
_PIN_SIZE: Final = 32
_LETTERS: Final = "ab"


def register(app: typer.Typer, output: Output) -> None:
    """Add the command to the program."""
    words = output.words

    @app.command("verify", help=words("cli.help.verify"))
    @output.guarded
    def verify(
        file: Annotated[Path, typer.Argument(metavar="FILE", help=words("cli.help.verify.file"))],
        pin: Annotated[list[str], typer.Option(metavar="HEX", help=words("cli.help.verify.pin"))],
        *,
        allow_unreceipted: Annotated[
            bool, typer.Option("--allow-unreceipted", help=words("cli.help.verify.allow"))
        ] = False,
        html: Annotated[
            Path | None, typer.Option("--html", help=words("cli.help.verify.html"))
        ] = None,
        first: Annotated[str, typer.Option(help=words("cli.help.verify.first"))] = "a",
        json: Annotated[bool, typer.Option("--json", help=words("cli.help.json"))] = False,
    ) -> None:
        pins = _pins(pin)
        if first not in tuple(_LETTERS):
            raise ConfigError("config.first", first, value=first)
        data = read_bounded(file, BUNDLE_BYTES_MAX)
        if data.startswith(FILE_MARK):
            _show_fork(output, read_fork_file(data, pins), json=json)
            return
        report = audit(data, pins, allow_unreceipted=allow_unreceipted)
        if json:
            output.json(_as_json(output, report))
        else:
            _show(output, report)
        if not report.verified:
            raise typer.Exit(EXIT_FAILED)
        if html is not None:
            pieces = render(data, report, words, _LETTERS.index(first))
            digest = _write(html, pieces)
            if not json:
                output.say("cli.verify.rendered", file=html, digest=digest)


def _show_fork(output: Output, found: ForkFile, *, json: bool) -> None:
    """The proof holds: who signed two histories."""
    names = found.genesis.cards[found.party].fields.names
    name = names.get(output.words.language) or next(iter(names.values()))
    letter, line = _LETTERS[found.party], found.genesis.line.hex()
    if json:
        output.json({"fork": letter, "name": name, "line": line})
    else:
        output.say("cli.verify.fork", letter=letter, name=name, line=line)


def _write(to: Path, pieces: Iterator[str]) -> str:
    """Write a page; its SHA-256."""
    digest = hashlib.sha256()
    try:
        with to.open("wb") as file:
            for piece in pieces:
                data = piece.encode("utf-8", "replace")
                digest.update(data)
                file.write(data)
    except OSError as fault:
        where, reason = str(to.parent), reason_of(fault)
        raise ConfigError("folder.unwritable", str(fault), folder=where, reason=reason) from fault
    return digest.hexdigest()


def _pins(given: list[str]) -> tuple[bytes, bytes]:
    found: list[bytes] = []
    for text in given:
        try:
            pin = bytes.fromhex(text)
        except ValueError:
            pin = b""
        if len(pin) != _PIN_SIZE:
            raise ConfigError("config.pin", text, value=text[:80])
        found.append(pin)
    if len(found) != _PINS or found[0] == found[1]:
        raise ConfigError("config.pins", f"{len(found)} pins")
    return found[0], found[1]


def _show(output: Output, report: Report) -> None:
    words = output.words
    for step in report.steps:
        result = words(f"cli.verify.{step.result}")
        title = set_cell_size(words(f"audit.step.{step.name}"), _TITLE_CELLS)
        output.plain(f"{step.number:>2}. {title} {result}")
        if step.result == "failed":
            output.plain(f"    {words.error(step.code, dict(step.facts))} [{step.code}]")
    if report.entries:
        output.plain("")
        for log in (0, 1):
            size = sum(1 for entry in report.entries if entry.log == log)
            output.say(
                "cli.verify.log",
                letter=_LETTERS[log],
                entries=size,
                receipted=max(0, report.receipted[log] - 1),
                sealed=max(0, report.sealed[log] - 1),
            )
    _show_exchanges(output, report)
    output.plain("")
    output.say("cli.verify.holds" if report.verified else "cli.verify.fails")
    output.say(report.closing)


def _show_exchanges(output: Output, report: Report) -> None:
    for found in report.exchanges:
        item = f"{_LETTERS[found.log]}-{found.index}"
        output.say("cli.verify.exchange", item=item, title=found.title)
        for party, half in enumerate(found.halves):
            word = half.time if half.commit is not None else "not_committed"
            text = found.default if half.reveal is None else half.text
            output.say(f"cli.verify.exchange.{word}", letter=_LETTERS[party], text=text)
    for void in report.voids:
        item = f"{_LETTERS[void.log]}-{void.index}"
        output.say("cli.verify.void", item=item, reason=output.words.error(void.code, {}))


def _as_json(output: Output, report: Report) -> dict[str, Any]:
    return {
        "verified": report.verified,
        "line": None if report.line is None else report.line.hex(),
        "steps": [_step(output, step) for step in report.steps],
        "receipted": list(report.receipted),
        "sealed": list(report.sealed),
        "allow_unreceipted": report.allow_unreceipted,
        "entries": [
            {
                "item": f"{_LETTERS[entry.log]}-{entry.index}",
                "kind": entry.kind,
                "drill": entry.drill,
                "officers": list(entry.officers),
                "claimed_ms": entry.claimed_ms,
                "lamport": entry.lamport,
                "receipted": entry.receipted,
                "sealed": entry.sealed,
                "not_before_s": entry.not_before_s,
                "not_after_s": entry.not_after_s,
                "body": entry.body,
                "final": entry.final,
            }
            for entry in report.entries
        ],
        "exchanges": [asdict(found) for found in report.exchanges],
        "voids": [asdict(void) for void in report.voids],
        "closing": output.words(report.closing),
    }


def _step(output: Output, step: Step) -> dict[str, Any]:
    shown: dict[str, Any] = {"number": step.number, "name": step.name, "result": step.result}
    if step.code:
        facts = dict(step.facts)
        shown |= {
            "code": step.code,
            "facts": facts,
            "sentence": output.words.error(step.code, facts),
        }
    return shown

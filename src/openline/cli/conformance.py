"""``openline conformance``: play a peer against a post and report clause by clause."""

from pathlib import Path
from typing import Annotated, Final

import typer

from openline.app.conformance.clauses import CLAUSES
from openline.app.conformance.run import (
    BROKEN,
    HOLDS,
    NOT_SEEN,
    Finding,
    conformance,
    not_tested,
)
from openline.app.folder import Folder
from openline.cli.output import EXIT_FAILED, Output
from openline.errors import OpenlineError

EXIT_NO_RUN: Final = 2
"""Nothing was found out: the kit is not ready, or the post cannot be reached."""


def register(app: typer.Typer, output: Output) -> None:
    """Add the command to the program."""
    words = output.words

    @app.command("conformance", help=words("cli.help.conformance"))
    def command(
        folder: Annotated[
            Path, typer.Option("--dir", metavar="DIR", help=words("cli.help.conformance.dir"))
        ],
        *,
        only: Annotated[
            list[str] | None,
            typer.Option(metavar="CHECK", help=words("cli.help.conformance.only")),
        ] = None,
        json: Annotated[bool, typer.Option("--json", help=words("cli.help.json"))] = False,
    ) -> None:
        found: list[Finding] = []
        try:
            for finding in conformance(Folder(folder), tuple(only or ())):
                found.append(finding)
                if not json:
                    _say(output, finding)
        except OpenlineError as fault:
            output.refuse(fault)
            raise typer.Exit(EXIT_NO_RUN) from fault
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        broken = {item.clause for item in found if item.result == BROKEN}
        if json:
            output.json(_document(found))
        else:
            _end(output, found, broken)
        if broken:
            raise typer.Exit(EXIT_FAILED)


def _say(output: Output, finding: Finding) -> None:
    output.say(
        f"cli.conformance.{finding.result}",
        check=finding.check,
        clauses=", ".join(finding.clauses),
        clause=finding.clause,
        detail=finding.detail,
    )


def _end(output: Output, found: list[Finding], broken: set[str]) -> None:
    rest = not_tested()
    held = sum(item.result == HOLDS for item in found)
    unseen = sum(item.result == NOT_SEEN for item in found)
    output.say("cli.conformance.untested", count=len(rest), total=len(CLAUSES))
    output.plain("  " + ", ".join(rest))
    output.say("cli.conformance.sum", held=held, broken=len(found) - held - unseen, unseen=unseen)
    if broken:
        output.say("cli.conformance.clauses", clauses=", ".join(sorted(broken)))


def _document(found: list[Finding]) -> dict[str, object]:
    return {
        "conforms": all(item.result != BROKEN for item in found),
        "checks": [
            {
                "check": item.check,
                "result": item.result,
                "clauses": list(item.clauses),
                "clause": item.clause,
                "heading": CLAUSES[item.clause],
                "detail": item.detail,
            }
            for item in found
        ],
        "not_tested": list(not_tested()),
    }

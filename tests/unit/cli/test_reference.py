"""The reference documents say what the program says.

``OPENLINE_WRITE_REFERENCE=1`` writes cli.md and error-codes.md anew instead.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from openline.app.config import (
    AlarmSettings,
    CallSettings,
    ChecksSettings,
    DeskHttpsSettings,
    DeskSettings,
    DiagnosticsSettings,
    MetricsSettings,
    PathSettings,
    PostConfig,
    RecordingSettings,
)
from openline.cli.main import build
from openline.cli.output import exit_status
from openline.cli.words import Words
from openline.web.catalogue import catalogue

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
WRITE = os.environ.get("OPENLINE_WRITE_REFERENCE") == "1"
COMMANDS: tuple[tuple[str, ...], ...] = (
    (),
    ("init",),
    ("card", "export"),
    ("card", "import"),
    ("run",),
    ("status",),
    ("text",),
    ("desk-url",),
    ("officer", "add"),
    ("officer", "passphrase"),
    ("officer", "list"),
    ("officer", "revoke"),
    ("desk", "ca"),
    ("desk", "headless"),
    ("check",),
    ("words",),
    ("metrics",),
    ("record",),
    ("phrases",),
    ("recording",),
    ("conformance",),
    ("verify",),
    ("demo",),
    ("sim",),
)

CLI_HEAD = """# Commands

Generated from the program's own help; a test compares them. `--lang zh-Hans` in front of a command
gives Chinese words.

Exit status: 0 done; 1 refused for a reason of its own (a bundle that does not hold, a text that did
not get as far as `--wait` asked); 2 wrong use; others by family of [error code](error-codes.md).
Answers go to standard output, refusals to standard error: one sentence and the stable code in
brackets.
"""
CODES_HEAD = """# Error codes

Generated from the catalogue; a test compares them. A code is stable; the sentence is in the
reader's language. The same code stands in the link's closing frame, in the desk's API and behind a
refusal of the command line, whose exit status it picks.

| code | exit | sentence |
|---|---|---|
"""


def helps() -> Iterator[str]:
    app = build(Words("en"))
    for command in COMMANDS:
        ran = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "80"})
        assert ran.exit_code == 0
        rows = [line.rstrip() for line in ran.stdout.strip().splitlines()]
        shown = "\n".join(row for row in rows if not row.lstrip().startswith("--help "))
        yield f"## openline {' '.join(command)}".rstrip() + f"\n\n```\n{shown}\n```\n"


def codes() -> Iterator[str]:
    for key, sentence in sorted(catalogue("en").items()):
        if key.startswith("error."):
            code = key.removeprefix("error.")
            shown = sentence.replace("|", "\\|").replace("\n", " ")
            yield f"| `{code}` | {exit_status(code)} | {shown} |\n"


def same(name: str, wanted: str) -> None:
    path = REFERENCE / name
    if WRITE:
        path.write_text(wanted, encoding="utf-8")
    if path.read_text(encoding="utf-8") != wanted:
        pytest.fail(f"docs/reference/{name} is old: OPENLINE_WRITE_REFERENCE=1", pytrace=False)


def test_commands() -> None:
    same("cli.md", "\n".join([CLI_HEAD, *helps()]))


def test_error_codes() -> None:
    same("error-codes.md", CODES_HEAD + "".join(codes()))


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name in model.model_fields:
        yield f"`{prefix}{name}`"


def test_every_setting_is_in_the_reference() -> None:
    text = (REFERENCE / "config.md").read_text(encoding="utf-8")
    wanted = [
        *(key for key in keys(PostConfig) if key == "`officer`"),
        *keys(PathSettings, "paths.NAME."),
        *(key for key in keys(DeskSettings, "desk.") if key != "`desk.https`"),
        *keys(DeskHttpsSettings, "desk.https."),
        *keys(CallSettings, "calls."),
        *keys(DiagnosticsSettings, "diagnostics."),
        *keys(ChecksSettings, "checks."),
        *keys(MetricsSettings, "metrics."),
        *keys(AlarmSettings, "alarms."),
        *keys(RecordingSettings, "recording."),
    ]
    assert len(wanted) == 25
    assert [key for key in wanted if f"| {key} |" not in text] == []

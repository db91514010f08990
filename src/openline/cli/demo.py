"""``openline demo``: two posts and two desks on this machine; with ``--check``, without anybody."""

import os
import sys
import webbrowser
from typing import Annotated, Any

import typer

from openline.app.demo.progress import Progress, ShownProgress
from openline.app.demo.run import WANTED, choose_desks, run_check, run_page
from openline.cli.output import EXIT_FAILED, Output
from openline.errors import ConfigError, OpenlineError
from openline.web.catalogue import LANGUAGES


def register(app: typer.Typer, output: Output) -> None:
    """Add the command to the program."""
    words = output.words

    @app.command("demo", help=words("cli.help.demo"))
    @output.guarded
    def demo(
        *,
        port: Annotated[
            int | None, typer.Option(min=1024, max=65000, help=words("cli.help.demo.port"))
        ] = None,
        browser: Annotated[
            bool, typer.Option("--browser/--no-browser", help=words("cli.help.demo.browser"))
        ] = True,
        lang: Annotated[str, typer.Option(help=words("cli.help.demo.lang"))] = "",
        check: Annotated[bool, typer.Option("--check", help=words("cli.help.demo.check"))] = False,
        desks: Annotated[
            str, typer.Option(metavar="|".join(WANTED), help=words("cli.help.demo.desks"))
        ] = "auto",
        json: Annotated[bool, typer.Option("--json", help=words("cli.help.json"))] = False,
    ) -> None:

        progress = ShownProgress(words)
        if check:
            _check(output, progress, port, desks, json=json)
        else:
            language = lang if lang in LANGUAGES else words.language
            run_page(progress, port, language, lambda url: _opened(output, url, browser=browser))


def _opened(output: Output, url: str, *, browser: bool) -> None:
    output.say("demo.open", url=url)
    output.say("demo.stop")
    if browser and has_display():
        webbrowser.open(url)


def has_display() -> bool:
    """Whether a browser opened here would be seen."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _check(output: Output, progress: Progress, port: int | None, desks: str, *, json: bool) -> None:
    wanted = next((kind for kind in WANTED if kind == desks), None)
    if wanted is None:
        raise ConfigError("demo.desks", desks, value=desks)
    try:
        findings = run_check(progress, port, choose_desks(wanted))
    except OpenlineError as fault:
        if json:
            reason = {"part": "setup", "code": fault.code, "facts": fault.facts}
            output.json({"ok": False, "desks": desks, "failed": [reason]})
        raise
    if json:
        output.json(findings.as_map())
    else:
        _show(output, findings.as_map())
    if not findings.ok:
        raise typer.Exit(EXIT_FAILED)


def _show(output: Output, found: dict[str, Any]) -> None:
    """The findings for people, and what they do not prove."""
    for key in ("pickup_to_heard_ms", "text_receipted_ms"):
        found |= {f"{key}_{name}": value for name, value in found[key].items()}
    for key in ("path_cut", "restart", "record", "machine"):
        found |= {f"{key}_{name}": value for name, value in found[key].items()}
    for floor in ("fsync_ms", "rtt_ms"):
        found[f"floor_{floor}"] = found["machine"].get(floor, {}).get("median")
    for line in ("desks", "link", "voice", "texts", "cut", "restart", "record", "machine"):
        output.say(f"demo.result.{line}", **found)
    for fault in found["failed"]:
        sentence = output.words.error(fault["code"], fault["facts"])
        output.say("demo.result.fault", part=fault["part"], sentence=sentence)
    output.say("demo.result.held" if found["ok"] else "demo.result.not_held")
    output.say("demo.result.limits")

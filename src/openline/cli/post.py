"""``openline run``, ``status``, ``text``, ``desk-url``: one post that is founded."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from openline.app.control import ask
from openline.app.folder import Folder
from openline.cli.output import EXIT_FAILED, Output
from openline.cli.passphrase import passphrase
from openline.cli.status import pick_name, show_status
from openline.errors import AccessError, ConfigError, OpenlineError

RUNGS: Final = ("written", "receipted", "sealed", "shown", "opened")
TEXT_BYTES_MAX: Final = 15_000
OFFICERS_MAX: Final = 2
_ADVICE: Final = {"link.bind": "cli.run.path_taken", "web.port_taken": "cli.run.desk_taken"}


def register(app: typer.Typer, output: Output) -> None:
    """Add the commands to the program."""
    for add in (_add_run, _add_status, _add_text, _add_desk_url):
        add(app, output)


def _add_run(app: typer.Typer, output: Output) -> None:
    words = output.words

    @app.command("run", help=words("cli.help.run"))
    @output.guarded
    def run(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
    ) -> None:
        from openline.app.runner import run_post  # noqa: PLC0415 - the other commands start faster

        language = output.words.language
        run_post(Folder(folder), lambda started: _announce(output, started), language=language)
        output.say("cli.run.stopped")


def _announce(output: Output, started: dict[str, Any]) -> None:
    """What ``run`` prints once the post stands."""
    language = output.words.language
    own, peer = pick_name(started["own"], language), pick_name(started["peer"], language)
    output.say("cli.run.started", name=own, peer=peer, pid=started["pid"])
    for problem in started["problems"]:
        advice = _ADVICE.get(problem["code"])
        sentence = output.words.error(problem["code"], problem["facts"])
        if advice is not None:
            sentence = output.words(advice, **problem["facts"])
        output.note("cli.run.problem", sentence=sentence, code=problem["code"])
    if started["url"]:
        output.framed("cli.run.desk", url=started["url"])
    output.say("cli.run.stop")


def _add_status(app: typer.Typer, output: Output) -> None:
    words = output.words

    @app.command("status", help=words("cli.help.status"))
    @output.guarded
    def status(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        *,
        json: Annotated[bool, typer.Option("--json", help=words("cli.help.json"))] = False,
    ) -> None:
        found = only(ask_post(Folder(folder), {"do": "status"}))
        if json:
            output.json(found)
        else:
            show_status(output, found)


def _add_text(app: typer.Typer, output: Output) -> None:
    words = output.words

    @app.command("text", help=words("cli.help.text"))
    @output.guarded
    def text(  # noqa: PLR0913 - each is an option of the command
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        text: Annotated[str, typer.Argument(metavar="TEXT", help=words("cli.help.text.text"))],
        *,
        lang: Annotated[str, typer.Option(help=words("cli.help.text.lang"))] = "",
        officer: Annotated[
            list[str] | None, typer.Option(metavar="CODE", help=words("cli.help.text.officer"))
        ] = None,
        passphrase_file: Annotated[
            list[Path] | None, typer.Option(help=words("cli.help.text.passphrase_file"))
        ] = None,
        wait: Annotated[str, typer.Option(help=words("cli.help.text.wait"))] = "written",
        timeout: Annotated[float, typer.Option(help=words("cli.help.text.timeout"))] = 30.0,
        json: Annotated[bool, typer.Option("--json", help=words("cli.help.json"))] = False,
    ) -> None:
        if wait not in RUNGS:
            raise ConfigError("config.rung", wait, value=wait)
        size = len(text.encode("utf-8", "surrogatepass"))
        if not text.strip() or size > TEXT_BYTES_MAX:
            raise ConfigError("config.text", f"{size} bytes", size=size, most=TEXT_BYTES_MAX)
        spoken = lang or words.language.partition("-")[0]
        request = {"do": "text", "text": text, "lang": spoken, "wait": wait, "timeout": timeout}
        officers = _officers(officer or [])
        request |= dict(zip(("officer", "second"), officers, strict=True))
        reached = ""
        said: dict[str, Any] = {}
        more = _Passphrases(output, officers, passphrase_file or [])
        for answer in more.ask(Folder(folder), request, timeout + 10):
            said = answer
            reached = str(answer["rung"])
            if not json:
                output.say(f"cli.text.{reached}", item=answer["item"])
        if json:
            output.json(said)
        if reached != wait:
            output.note("cli.text.not_reached", rung=output.words(f"cli.rung.{wait}"))
            raise typer.Exit(EXIT_FAILED)


def _officers(named: list[str]) -> tuple[str, str]:
    """In whose name; two where the own rule asks for two."""
    if len(named) > OFFICERS_MAX:
        raise ConfigError("officer.three", f"{len(named)} officers", most=OFFICERS_MAX)
    first, second = (*named, "", "")[:2]
    return first, second


class _Passphrases:
    """Those of two officers who sign together, each asked for only if the post needs it."""

    def __init__(self, output: Output, officers: tuple[str, str], files: list[Path]) -> None:
        self._output = output
        self._officers = officers
        self._files = dict(zip(officers, files, strict=False))

    def ask(
        self, folder: Folder, request: dict[str, Any], timeout_seconds: float
    ) -> list[dict[str, Any]]:
        """The answers of the post."""
        for _ in filter(None, self._officers):
            try:
                return ask_post(folder, request, timeout_seconds)
            except OpenlineError as fault:
                if fault.code != "officer.locked":
                    raise
                code = str(fault.facts.get("officer", ""))
                word = "second_passphrase" if code == self._officers[1] else "by_passphrase"
                request[word] = passphrase(self._output, self._files.get(code), code)
        return ask_post(folder, request, timeout_seconds)


def _add_desk_url(app: typer.Typer, output: Output) -> None:
    words = output.words

    @app.command("desk-url", help=words("cli.help.desk_url"))
    @output.guarded
    def desk_url(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        *,
        https: Annotated[
            bool, typer.Option("--https", help=words("cli.help.desk_url.https"))
        ] = False,
    ) -> None:
        request = {"do": "desk-url", "https": https}
        output.plain(str(only(ask_post(Folder(folder), request))["url"]))


def ask_post(
    folder: Folder, request: dict[str, Any], timeout_seconds: float = 10.0
) -> list[dict[str, Any]]:
    """All answers of the running post; :mod:`openline.app.control` says how it may fail."""
    folder.require()
    return list(ask(folder.root, request, timeout_seconds))


def only(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """The one answer.

    Raises:
        AccessError: ``control.silent`` when there is not exactly one.
    """
    if len(answers) != 1:
        raise AccessError("control.silent", f"{len(answers)} answers")
    return answers[0]

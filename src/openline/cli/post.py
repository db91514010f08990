"""``openline init``, ``run``, ``status``, ``text``, ``desk-url``: one post, from folder to text."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from openline.app.control import ask
from openline.app.folder import Folder
from openline.app.pairing import DISCLOSURES, PathWish, PostWish, init_post
from openline.cli.card import describe, fingerprint_digits
from openline.cli.output import EXIT_FAILED, Output
from openline.cli.status import pick_name, show_status
from openline.errors import AccessError, ConfigError

RUNGS: Final = ("written", "receipted", "sealed", "shown", "opened")
TEXT_BYTES_MAX: Final = 15_000
_ADVICE: Final = {"link.bind": "cli.run.path_taken", "web.port_taken": "cli.run.desk_taken"}
_WILDCARDS: Final = ("0.0.0.0:", "[::]:")


def register(app: typer.Typer, output: Output) -> None:
    """Add the commands to the program."""
    for add in (_add_init, _add_run, _add_status, _add_text, _add_desk_url):
        add(app, output)


def _add_init(app: typer.Typer, output: Output) -> None:
    words = output.words

    @app.command("init", help=words("cli.help.init"))
    @output.guarded
    def init(  # noqa: PLR0913 - each is an option of the command
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.init.dir"))],
        name: Annotated[
            list[str], typer.Option(metavar="LANG=NAME", help=words("cli.help.init.name"))
        ],
        path: Annotated[
            list[str],
            typer.Option(metavar="NAME=BIND[,ADVERTISED...]", help=words("cli.help.init.path")),
        ],
        *,
        dial_only: Annotated[
            list[str] | None, typer.Option(metavar="NAME", help=words("cli.help.init.dial_only"))
        ] = None,
        desk_port: Annotated[
            int, typer.Option(min=0, max=65535, help=words("cli.help.init.desk_port"))
        ] = 8440,
        disclosure: Annotated[str, typer.Option(help=words("cli.help.init.disclosure"))] = "code",
        off_record: Annotated[
            bool, typer.Option("--allow-off-record", help=words("cli.help.init.off_record"))
        ] = False,
    ) -> None:
        if disclosure not in DISCLOSURES:
            raise ConfigError("config.disclosure", disclosure, value=disclosure)
        wish = PostWish(
            names=_pairs(name, "config.name"),
            paths=_paths(path, tuple(dial_only or ())),
            disclosure=DISCLOSURES.index(disclosure),
            off_record=off_record,
            desk_port=desk_port,
        )
        card = init_post(Folder(folder), wish)
        output.say("cli.init.done", folder=folder)
        describe(output, card)
        output.say("cli.card.fingerprint", digits=fingerprint_digits(card))
        output.say("cli.init.next", folder=folder)


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
    def text(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        text: Annotated[str, typer.Argument(metavar="TEXT", help=words("cli.help.text.text"))],
        *,
        lang: Annotated[str, typer.Option(help=words("cli.help.text.lang"))] = "",
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
        reached = ""
        said: dict[str, Any] = {}
        for answer in ask_post(Folder(folder), request, timeout + 10):
            said = answer
            reached = str(answer["rung"])
            if not json:
                output.say(f"cli.text.{reached}", item=answer["item"])
        if json:
            output.json(said)
        if reached != wait:
            output.note("cli.text.not_reached", rung=output.words(f"cli.rung.{wait}"))
            raise typer.Exit(EXIT_FAILED)


def _add_desk_url(app: typer.Typer, output: Output) -> None:
    words = output.words

    @app.command("desk-url", help=words("cli.help.desk_url"))
    @output.guarded
    def desk_url(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
    ) -> None:
        output.plain(str(only(ask_post(Folder(folder), {"do": "desk-url"}))["url"]))


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


def _pairs(given: list[str], code: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in given:
        key, equals, value = item.partition("=")
        if not equals or not key.strip() or not value.strip() or key.strip() in found:
            raise ConfigError(code, item, value=item)
        found[key.strip()] = value.strip()
    return found


def _paths(given: list[str], dial_only: tuple[str, ...]) -> dict[str, PathWish]:
    found: dict[str, PathWish] = {}
    for name, value in _pairs(given, "config.path").items():
        bind, *advertised = [part.strip() for part in value.split(",")]
        listen = name not in dial_only
        if listen and not advertised:
            if bind.startswith(_WILDCARDS):
                raise ConfigError("config.advertised", value, name=name, value=bind)
            advertised = [bind]
        if not listen and advertised:
            raise ConfigError("config.dial_only", value, name=name)
        found[name] = PathWish(bind=bind, advertised=tuple(advertised), listen=listen)
    for name in dial_only:
        if name not in found:
            raise ConfigError("config.dial_only_unknown", name, name=name)
    return found

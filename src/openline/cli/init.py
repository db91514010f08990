"""``openline init``: a new post in a folder."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from openline.app.folder import Folder
from openline.app.pairing import DISCLOSURES, PathWish, PostWish, init_post
from openline.app.wrapping import check_passphrase
from openline.cli.card import describe, fingerprint_digits
from openline.cli.output import Output
from openline.cli.passphrase import new_passphrase
from openline.errors import ConfigError

_WILDCARDS: Final = ("0.0.0.0:", "[::]:")


def register(app: typer.Typer, output: Output) -> None:
    """Add the command to the program."""
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
        passphrase: Annotated[
            bool, typer.Option("--passphrase", help=words("cli.help.init.passphrase"))
        ] = False,
        passphrase_file: Annotated[
            Path | None, typer.Option(help=words("cli.help.officer.file"))
        ] = None,
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
        if passphrase or passphrase_file is not None:
            phrase = new_passphrase(output, passphrase_file, wish.officer)
            wish = replace(wish, passphrase=check_passphrase(phrase))
        card = init_post(Folder(folder), wish)
        output.say("cli.init.done", folder=folder)
        describe(output, card)
        output.say("cli.card.fingerprint", digits=fingerprint_digits(card))
        output.say("cli.init.next", folder=folder)


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

"""``openline phrases DIR list|record|reset``: the sounds of the agreed phrases at this post."""

from pathlib import Path
from typing import Annotated, Final

import typer

from openline.app.folder import PRIVATE_FOLDER, Folder, reason_of, write_new
from openline.cli.output import Output
from openline.errors import ConfigError
from openline.protocol.spoken import PHRASES
from openline.web.catalogue import LANGUAGES
from openline.web.phrases import SUFFIXES, PhraseBook, phrase_words, read_sound, sound_type

ACTIONS: Final = ("list", "record", "reset")


def register(app: typer.Typer, output: Output) -> None:
    """Add the command to the program."""
    words = output.words

    @app.command("phrases", help=words("cli.help.phrases"))
    @output.guarded
    def phrases(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help=words("cli.help.dir"))],
        action: Annotated[
            str,
            typer.Argument(metavar="list|record|reset", help=words("cli.help.phrases.action")),
        ] = "list",
        n: Annotated[int, typer.Argument(metavar="[N]", help=words("cli.help.phrases.n"))] = 0,
        lang: Annotated[
            str, typer.Argument(metavar="[LANG]", help=words("cli.help.phrases.lang"))
        ] = "",
        file: Annotated[
            Path | None, typer.Argument(metavar="[FILE]", help=words("cli.help.phrases.file"))
        ] = None,
        *,
        json: Annotated[bool, typer.Option("--json", help=words("cli.help.json"))] = False,
    ) -> None:
        post = Folder(folder)
        post.require()
        if action not in ACTIONS:
            raise ConfigError("config.action_of", action, value=action, known=", ".join(ACTIONS))
        if not (1 <= n <= PHRASES or (n == 0 and action != "record")):
            raise ConfigError("phrase.unknown", str(n))
        if lang not in LANGUAGES and (lang or action == "record"):
            raise ConfigError("config.value", lang, key="LANG", reason=lang, file=str(folder))
        if action == "record":
            if file is None:
                raise ConfigError("config.file_missing", action)
            size = _record(post, n, lang, file)
            output.say("cli.phrases.recorded", n=n, lang=lang, size=size)
        elif action == "reset":
            output.say("cli.phrases.reset", count=_reset(post, n, lang))
        else:
            _list(output, PhraseBook(post.phrases), json=json)


def _record(post: Folder, n: int, lang: str, file: Path) -> int:
    data = read_sound(file)
    try:
        post.phrases.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    except OSError as fault:
        where, reason = str(post.root), reason_of(fault)
        raise ConfigError("folder.unwritable", str(fault), folder=where, reason=reason) from fault
    kind = SUFFIXES[sound_type(data)]
    write_new(post.phrases / f"{lang}-{n}.{kind}", data, replace=True)
    for other in SUFFIXES.values():
        if other != kind:
            (post.phrases / f"{lang}-{n}.{other}").unlink(missing_ok=True)
    return len(data)


def _reset(post: Folder, n: int, lang: str) -> int:
    book, count = PhraseBook(post.phrases), 0
    for language in [lang] if lang else LANGUAGES:
        for number in [n] if n else range(1, PHRASES + 1):
            while path := book.own_file(language, number):
                path.unlink()
                count += 1
    return count


def _list(output: Output, book: PhraseBook, *, json: bool) -> None:
    found = [
        {
            "n": n,
            "lang": language,
            "words": phrase_words(n, language),
            "synthetic": book.own_file(language, n) is None,
        }
        for n in range(1, PHRASES + 1)
        for language in LANGUAGES
    ]
    if json:
        output.json(found)
        return
    for phrase in found:
        kind = output.words("cli.phrases.synthetic" if phrase["synthetic"] else "cli.phrases.own")
        output.plain(f"{phrase['n']:>2}  {phrase['lang']:<8} {phrase['words']}  ({kind})")

"""The challenge words as the folder keeps them: ``words.json``, mode 0600, outside of the record.

Present and previous list stand in it: if the last step of an exchange was lost, the two sides find
a list that both have by its name. The file is read without the post: a telephone is for when the
line is down.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

import structlog

from openline.app.folder import Folder, read_private, write_new
from openline.errors import ConfigError, OpenlineError
from openline.protocol.wordlists import LISTS
from openline.protocol.words import CHALLENGES, WORDS, WordList

VERSION: Final = 1
_diagnostics = structlog.get_logger("openline.post")


class WordsFile:
    """The file of one folder."""

    def __init__(self, folder: Folder) -> None:
        """Nothing is read yet."""
        self._folder = folder

    def read(self) -> tuple[WordList, ...]:
        """The present list and the one before, as far as there are any.

        Raises:
            ConfigError: ``words.file`` when it is not such a file; ``file.readable_by_others``.
        """
        path = self._folder.words
        if not path.exists():
            return ()
        try:
            found = json.loads(read_private(path))
            return tuple(_list(item) for item in found["lists"][:2])
        except (ValueError, KeyError, TypeError, IndexError) as fault:
            raise ConfigError("words.file", str(fault), file=str(path)) from fault

    def keep(self, words: WordList) -> None:
        """Put a list in front of the one that was present.

        Raises:
            ConfigError: ``folder.unwritable``.
        """
        before: tuple[WordList, ...] = ()
        with contextlib.suppress(OpenlineError):
            before = tuple(item for item in self.read() if item.name != words.name)
        lists = [asdict(item) for item in (words, *before)[:2]]
        data = json.dumps({"version": VERSION, "lists": lists}, indent=1).encode()
        write_new(self._folder.words, data + b"\n", replace=True)


def keeper(
    file: WordsFile, loop: asyncio.AbstractEventLoop
) -> Callable[[WordList, Callable[[], None]], None]:
    """Keeps lists in a thread of its own: the loop carries speech and waits for no disk."""

    def keep(words: WordList, done: Callable[[], None]) -> None:
        def finished(future: "asyncio.Future[None]") -> None:
            fault = future.exception()
            if fault is None:
                done()
            else:
                code = fault.code if isinstance(fault, OpenlineError) else repr(fault)
                _diagnostics.error("words not kept", code=code)

        loop.run_in_executor(None, file.keep, words).add_done_callback(finished)

    return keep


def rows(words: WordList) -> list[dict[str, Any]]:
    """The list as it is printed: for each number what either party answers, in all languages."""
    return [
        {
            "number": number + 1,
            "a": {lang: shown[words.words[number]] for lang, shown in LISTS.items()},
            "b": {lang: shown[words.words[CHALLENGES + number]] for lang, shown in LISTS.items()},
        }
        for number in range(CHALLENGES)
    ]


def _list(found: dict[str, Any]) -> WordList:
    words = tuple(int(word) for word in found["words"])
    if len(words) != WORDS or not all(0 <= word < len(LISTS["en"]) for word in words):
        reason = "not the words of a list"
        raise ValueError(reason)
    return WordList(
        name=str(found["name"])[:4],
        words=words,
        renewed_ms=int(found["renewed_ms"]),
        agreed_ms=int(found["agreed_ms"]),
    )

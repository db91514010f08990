"""The file of the challenge words: private, whole or absent, the list before kept."""

import asyncio
import json
import stat
from pathlib import Path

import pytest

from openline.app.folder import Folder
from openline.app.words import WordsFile, keeper, rows
from openline.errors import OpenlineError
from openline.protocol.wordlists import LISTS
from openline.protocol.words import WordList


def made(name: str, first: int = 0) -> WordList:
    return WordList(name=name, words=tuple(range(first, first + 20)), renewed_ms=5, agreed_ms=4)


def test_two_lists_are_kept_in_a_private_file(tmp_path: Path) -> None:
    file = WordsFile(Folder(tmp_path))
    assert file.read() == ()
    for number, name in enumerate(("AAAA", "BBBB", "CCCC")):
        file.keep(made(name, number))
    assert file.read() == (made("CCCC", 2), made("BBBB", 1))
    file.keep(made("CCCC", 2))
    assert file.read() == (made("CCCC", 2), made("BBBB", 1))
    assert stat.S_IMODE((tmp_path / "words.json").stat().st_mode) == 0o600


def code_of(file: WordsFile) -> str:
    with pytest.raises(OpenlineError) as caught:
        file.read()
    return caught.value.code


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"lists": [1]}', '{"lists": [{"name": "A", "words": [300]}]}', "\x00"],
)
def test_what_is_no_such_file_is_refused_and_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "words.json"
    path.write_text(text)
    path.chmod(0o600)
    file = WordsFile(Folder(tmp_path))
    assert code_of(file) == "words.file"
    file.keep(made("DDDD"))
    assert file.read() == (made("DDDD"),)


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = WordsFile(Folder(tmp_path))
    file.keep(made("AAAA"))
    (tmp_path / "words.json").chmod(0o644)
    assert code_of(file) == "file.readable_by_others"


def test_rows_name_every_number_in_every_language() -> None:
    shown = rows(made("AAAA"))
    assert [row["number"] for row in shown] == list(range(1, 11))
    first = {"en": "acorn", "zh-Hans": "苹果"}
    eleventh = {"en": LISTS["en"][10], "zh-Hans": LISTS["zh-Hans"][10]}
    assert shown[0] == {"number": 1, "a": first, "b": eleventh}
    words = [row[side]["en"] for row in shown for side in ("a", "b")]
    assert len(set(words)) == 20
    assert json.dumps(shown)


def test_it_is_kept_off_the_loop_and_said_only_once_it_is_there(tmp_path: Path) -> None:
    async def run() -> tuple[list[bool], list[bool]]:
        kept: list[bool] = []
        loop = asyncio.get_running_loop()
        file = WordsFile(Folder(tmp_path))
        done = asyncio.Event()

        def there() -> None:
            kept.append(bool(file.read()))
            done.set()

        keeper(file, loop)(made("AAAA"), there)
        await asyncio.wait_for(done.wait(), 20)
        failed: list[bool] = []
        keeper(WordsFile(Folder(tmp_path / "gone")), loop)(
            made("BBBB"), lambda: failed.append(True)
        )
        await loop.shutdown_default_executor()
        await asyncio.sleep(0)
        return kept, failed

    assert asyncio.run(run()) == ([True], [])

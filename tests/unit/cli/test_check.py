"""``openline check``, ``words``, ``status``: what a person reads, in both languages."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from openline.app.folder import Folder
from openline.app.pairing import PathWish, PostWish, compare, init_post, pair
from openline.app.words import WordsFile
from openline.cli.main import build
from openline.cli.output import EXIT_FAILED
from openline.cli.words import Words
from openline.engine.desk import ChecksView, CheckView, QualityView
from openline.protocol.words import WordList

HELD = CheckView(
    check="0011223344556677",
    wall_ms=1_795_000_000_000,
    began="own",
    full=True,
    compare="match",
    own_text="held",
    own_text_ms=142,
    own_voice="held",
    own_voice_ms=61,
    own_desks=1,
    peer_text="held",
    peer_text_ms=80,
    peer_voice="held",
    peer_voice_ms=62,
    peer_desks=1,
)


def run(*arguments: object, language: str = "en") -> tuple[int, str]:
    ran = CliRunner().invoke(build(Words(language)), [str(item) for item in arguments])
    return ran.exit_code, ran.output


def answering(monkeypatch: pytest.MonkeyPatch, folder: Path, found: dict[str, Any]) -> list[Any]:
    """A post that answers a check with ``found``; what it was asked."""
    asked: list[Any] = []

    def ask(_root: Path, request: dict[str, Any], _timeout: float) -> Iterator[dict[str, Any]]:
        asked.append(request)
        yield {"check": "0011223344556677"}
        yield found

    monkeypatch.setattr("openline.cli.check.ask", ask)
    (folder / "post.toml").write_text("")
    return asked


def answer(view: CheckView, *, held: bool) -> dict[str, Any]:
    return {
        "check": view.check,
        "full": view.full,
        "held": held,
        "result": asdict(view),
        "days": 0,
        "words": "3F2A",
        "clocks_apart_ms": 12,
    }


def test_a_full_check_is_told_side_by_side(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = answering(monkeypatch, tmp_path, answer(HELD, held=True))
    status, said = run("check", tmp_path)
    assert status == 0
    assert asked == [{"do": "check", "words": False, "text": True, "voice": True}]
    for part in ("held both ways, 61 ms one way", "142 ms from written", "A full check", "3F2A"):
        assert part in said, said
    assert "{" not in said
    status, said = run("check", tmp_path, "--voice", "--words", language="zh-Hans")
    assert asked[-1] == {"do": "check", "words": True, "text": False, "voice": True}
    assert "双向通过" in said
    assert "{" not in said


def test_what_did_not_hold_fails_and_says_no_cause(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = CheckView(
        check=HELD.check,
        wall_ms=1,
        began="own",
        full=False,
        compare="missing",
        own_text="not_answered",
        own_voice="not_heard",
    )
    answering(monkeypatch, tmp_path, answer(found, held=False))
    status, said = run("check", tmp_path)
    assert status == EXIT_FAILED
    assert "Not a full check" in said
    assert "nothing written (yet)" in said
    assert "cause unknown" in said


@pytest.fixture
def posts(tmp_path: Path) -> tuple[Folder, Folder]:
    """Two folders of one line."""
    made = []
    for name, port in (("north", 24_000), ("south", 24_001)):
        address = f"127.0.0.1:{port}"
        path = PathWish(bind=address, advertised=(address,), listen=True)
        folder = Folder(tmp_path / name)
        init_post(folder, PostWish(names={"en": name}, paths={"main": path}, desk_port=0))
        made.append(folder)
    for folder, other in (made, made[::-1]):
        data = other.card.read_bytes()
        pair(folder, data, compare(folder, data).digits)
    return made[0], made[1]


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_two_posts_print_the_same_words(posts: tuple[Folder, Folder], language: str) -> None:
    for before in (False, True):
        status, said = run("words", posts[0].root, *(["--before"] if before else []))
        assert status == 3
        assert "words.none" in said
    for number, folder in enumerate(posts):
        for name, first in (("1A2B", 0), ("3F2A", 100)):
            words = tuple(range(first, first + 20))
            WordsFile(folder).keep(
                WordList(name=name, words=words, renewed_ms=number, agreed_ms=1_795_000_000_000)
            )
    shown = [run("words", folder.root, language=language) for folder in posts]
    assert shown[0] == shown[1]
    status, said = shown[0]
    assert status == 0
    assert said.count("3F2A") == 2
    rows = [line for line in said.splitlines() if line.strip()[:2].strip().isdigit()]
    assert len(rows) == 10
    assert "north" in said
    assert "south" in said
    assert "2026-11-18" in said
    old = [run("words", folder.root, "--before", language=language) for folder in posts]
    assert old[0] == old[1]
    assert "1A2B" in old[0][1]


def test_status_says_what_is_known_and_what_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    from openline.cli import status as shown  # noqa: PLC0415 - its parts are looked at alone
    from openline.cli.output import Output  # noqa: PLC0415 - likewise

    said: list[str] = []
    monkeypatch.setattr("openline.cli.output.typer.echo", lambda text, **_: said.append(text))
    for language in ("en", "zh-Hans"):
        output = Output(Words(language))
        shown._show_checks(output, asdict(ChecksView()))
        shown._show_checks(
            output, asdict(ChecksView(days=3, last=HELD, next_due_wall_ms=1_795_000_000_000))
        )
        shown._show_quality(output, asdict(QualityView()))
        figures = QualityView(
            to_us_ms=151.2,
            to_them_ms=160,
            loss=0.01,
            jitter_ms=40,
            r=90.2,
            quality_level="good",
            own_act_wall_ms=1_795_000_000_000,
        )
        shown._show_quality(output, asdict(figures))
    text = "\n".join(said)
    assert "{" not in text
    for part in ("no full check is known", "full check: 3", "151 ms", "R 90 (good)", "not known"):
        assert part in text, text

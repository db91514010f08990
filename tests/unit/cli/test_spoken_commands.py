"""``openline phrases`` and ``openline recording``: what they show, take and refuse."""

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from openline.app.folder import Folder
from openline.app.pairing import PathWish, PostWish, compare, init_post, pair
from openline.cli.main import build
from openline.cli.words import Words
from openline.web.phrases import PhraseBook

WAV = b"RIFF\x24\0\0\0WAVEfmt sound"


@pytest.fixture
def post(tmp_path: Path) -> Folder:
    folders = [Folder(tmp_path / name) for name in ("north", "south")]
    for number, folder in enumerate(folders):
        address = f"127.0.0.1:{24_990 + number}"
        path = PathWish(bind=address, advertised=(address,), listen=True)
        init_post(folder, PostWish(names={"en": "P"}, paths={"main": path}, desk_port=0))
    card = folders[1].card.read_bytes()
    pair(folders[0], card, compare(folders[0], card).digits)
    return folders[0]


def run(*arguments: object, language: str = "en") -> Result:
    app = build(Words(language))
    return CliRunner().invoke(app, [str(item) for item in arguments], env={"COLUMNS": "200"})


def test_an_own_recording_is_taken_listed_and_taken_away(post: Folder, tmp_path: Path) -> None:
    sound = tmp_path / "mine.wav"
    sound.write_bytes(WAV)
    assert run("phrases", post.root, "record", 3, "zh-Hans", sound).exit_code == 0
    assert PhraseBook(post.phrases).sound("zh-Hans", 3) == (WAV, "audio/wav")
    assert (post.phrases / "zh-Hans-3.wav").stat().st_mode & 0o077 == 0
    sound.write_bytes(b"OggS sound")
    assert run("phrases", post.root, "record", 3, "zh-Hans", sound).exit_code == 0
    assert [path.name for path in post.phrases.iterdir()] == ["zh-Hans-3.ogg"]
    listed = json.loads(run("phrases", post.root, "list", "--json").stdout)
    assert [(item["n"], item["lang"]) for item in listed if not item["synthetic"]] == [
        (3, "zh-Hans")
    ]
    assert "请在线等候" in run("phrases", post.root, language="zh-Hans").stdout
    assert run("phrases", post.root, "reset", 3).exit_code == 0
    assert list(post.phrases.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("record", 0, "en", "SOUND"), "phrase.unknown"),
        (("record", 11, "en", "SOUND"), "phrase.unknown"),
        (("record", 1, "fr", "SOUND"), "config.value"),
        (("record", 1, "en"), "config.file_missing"),
        (("record", 1, "en", "TEXT"), "phrase.not_sound"),
        (("record", 1, "en", "absent"), "file.missing"),
        (("sing",), "config.action_of"),
    ],
)
def test_what_is_no_phrase_is_refused(
    post: Folder, tmp_path: Path, arguments: tuple[object, ...], code: str
) -> None:
    given = {"SOUND": tmp_path / "sound.wav", "TEXT": tmp_path / "text"}
    given["SOUND"].write_bytes(WAV)
    given["TEXT"].write_bytes(b"no sound")
    ran = run("phrases", post.root, *(given.get(str(item), item) for item in arguments))
    assert ran.exit_code != 0
    assert f"[{code}]" in ran.output
    assert not post.phrases.exists() or list(post.phrases.iterdir()) == []


def test_recordings_are_listed_with_what_the_record_says(post: Folder, tmp_path: Path) -> None:
    assert run("recording", post.root).exit_code == 0
    post.recordings.mkdir()
    (post.recordings / "0a0b0c0d.webm").write_bytes(b"\x1a\x45\xdf\xa3sound")
    (post.recordings / "notes.txt").write_bytes(b"not ours")
    (found,) = json.loads(run("recording", post.root, "list", "--json").stdout)
    assert (found["name"], found["state"]) == ("0a0b0c0d", "unrecorded")
    out = tmp_path / "out.webm"
    ran = run("recording", post.root, "export", "0a0b0c0d", out)
    assert hashlib.sha256(out.read_bytes()).hexdigest() in ran.stdout
    for name in ("absent", "../post", "notes"):
        assert "[recording.name]" in run("recording", post.root, "export", name, out).output
    assert "[config.file_missing]" in run("recording", post.root, "export", "0a0b0c0d").output

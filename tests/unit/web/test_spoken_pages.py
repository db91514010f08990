"""Phrases and recordings over HTTP: who may, what is served, what is refused and in which words."""

import json
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from openline.errors import AccessError, ConfigError
from openline.protocol.spoken import PHRASES
from openline.web.catalogue import LANGUAGES
from openline.web.frames import act, parse_frame
from openline.web.phrases import PhraseBook, read_sound, sound_type
from openline.web.recordings import PIECE_BYTES_MAX
from tests.unit.web.fake_desk_api import FakeDeskApi
from tests.unit.web.rig import AUDIO, CONSOLE, Rig

SHIPPED_BYTES_MAX = 40_000


def test_every_phrase_has_a_small_sound_in_every_language() -> None:
    book = PhraseBook(None)
    for language in LANGUAGES:
        for n in range(1, PHRASES + 1):
            found = book.sound(language, n)
            assert found is not None
            data, kind = found
            assert kind == sound_type(data) == "audio/ogg"
            assert 1_000 < len(data) <= SHIPPED_BYTES_MAX
    assert book.sound("fr", 1) is None
    assert book.sound("en", 0) is None
    assert book.sound("en", 11) is None


def test_an_own_recording_takes_the_place_of_the_synthetic_one(tmp_path: Path) -> None:
    book = PhraseBook(tmp_path)
    shipped = book.sound("en", 3)
    (tmp_path / "en-3.wav").write_bytes(b"RIFF\0\0\0\0WAVEown")
    assert book.sound("en", 3) == (b"RIFF\0\0\0\0WAVEown", "audio/wav")
    assert book.listing()["own"] == {"en": [3], "zh-Hans": []}
    (tmp_path / "en-3.wav").write_bytes(b"no sound")
    assert book.sound("en", 3) == shipped


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"ID3 an mp3", "phrase.not_sound"), (b"", "phrase.not_sound"),
     (b"OggS" + bytes(1_000_000), "phrase.too_large")],
)  # fmt: skip
def test_what_is_no_sound_or_too_large_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "given"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as refusal:
        read_sound(path)
    assert refusal.value.code == code
    with pytest.raises(ConfigError) as refusal:
        read_sound(tmp_path / "absent")
    assert refusal.value.code == "file.missing"


class Sink:
    """Takes what it is told to."""

    def __init__(self) -> None:
        self.code = ""
        self.taken: list[tuple[Any, ...]] = []

    async def take(self, call: bytes, part: int, seq: int, data: bytes, *, last: bool) -> str:
        self.taken.append((call.hex(), part, seq, data, last))
        return self.code


PIECE = "/recording/0a0b0c0d?part=1&seq=0&last=1"


def post(client: TestClient, url: str = PIECE, body: bytes = b"piece", **headers: str) -> Response:
    return client.post(url, content=body, headers={"origin": CONSOLE} | headers)


def test_a_piece_goes_to_the_post_and_its_refusal_comes_back_in_words() -> None:
    sink = Sink()
    client = Rig(settings={"recordings": sink}).signed_in()
    assert post(client).status_code == 204
    assert sink.taken == [("0a0b0c0d", 1, 0, b"piece", True)]
    for code, status in (("recording.over", 409), ("recording.disk_full", 507)):
        sink.code = code
        answer = post(client)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["title"] not in {"", code}


def test_only_the_signed_in_console_may_bring_pieces() -> None:
    sink = Sink()
    rig = Rig(settings={"recordings": sink})
    client = rig.signed_in()
    for origin in (AUDIO, "http://elsewhere.example", "null"):
        assert post(client, origin=origin).json()["code"] == "web.origin"
    assert post(rig.client()).json()["code"] == "web.signin"
    audio = rig.client(AUDIO)
    assert post(audio, origin=AUDIO).json()["code"] == "web.origin"
    assert sink.taken == []


@pytest.mark.parametrize(
    "url",
    [
        "/recording/..%2f..%2fpost.toml?part=1&seq=0",
        "/recording/0A0B0C0D?part=1&seq=0",
        "/recording/0a0b0c?part=1&seq=0",
        "/recording/0a0b0c0d?part=-1&seq=0",
        "/recording/0a0b0c0d?part=1",
        "/recording/0a0b0c0d?part=1&seq=9999999",
        "/recording/0a0b0c0d?part=%D9%A1&seq=0",
    ],
)
def test_a_piece_of_nothing_goes_nowhere(url: str) -> None:
    sink = Sink()
    client = Rig(settings={"recordings": sink}).signed_in()
    assert post(client, url).status_code in {404, 405}
    assert sink.taken == []


def test_a_long_piece_is_not_read_to_its_end() -> None:
    sink = Sink()
    client = Rig(settings={"recordings": sink}).signed_in()
    answer = post(client, body=bytes(PIECE_BYTES_MAX + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "web.body")
    assert sink.taken == []


def test_a_post_without_a_shelf_takes_none() -> None:
    assert post(Rig().signed_in()).status_code == 404


def test_sounds_are_on_the_media_pages_origin_and_words_behind_the_sign_in(tmp_path: Path) -> None:
    (tmp_path / "zh-Hans-2.ogg").write_bytes(b"OggS own")
    rig = Rig(settings={"phrases": tmp_path})
    audio = rig.client(AUDIO)
    answer = audio.get("/phrase/zh-Hans/2")
    assert (answer.content, answer.headers["content-type"]) == (b"OggS own", "audio/ogg")
    assert audio.get("/phrase/en/2").status_code == 200
    for missing in ("/phrase/en/0", "/phrase/en/11", "/phrase/fr/1", "/phrase/..%2f/1"):
        assert audio.get(missing).status_code == 404
    assert rig.client().get("/phrases.json").json()["code"] == "web.signin"
    listing = rig.signed_in().get("/phrases.json").json()
    assert [phrase["n"] for phrase in listing["phrases"]] == list(range(1, PHRASES + 1))
    assert listing["own"] == {"en": [], "zh-Hans": [2]}


@pytest.mark.parametrize(
    ("frame", "done"),
    [
        ({"t": "phrase", "n": 10}, ("phrase", 10)),
        ({"t": "declare", "recording": "never"}, ("declare", "never", "", 0)),
        ({"t": "declare", "interpreter": "eta", "eta_s": 60}, ("declare", "", "eta", 60)),
        ({"t": "record", "on": True}, ("record", True)),
    ],
)
def test_frames_of_the_page(frame: dict[str, Any], done: tuple[Any, ...]) -> None:
    api = FakeDeskApi()
    act(api, b"desk", parse_frame(json.dumps(frame)))
    assert api.acts == [done]


@pytest.mark.parametrize(
    "frame",
    [
        {"t": "phrase"},
        {"t": "phrase", "n": 0},
        {"t": "phrase", "n": 11},
        {"t": "phrase", "n": True},
        {"t": "phrase", "n": "3"},
        {"t": "declare", "recording": 2},
        {"t": "declare", "interpreter": "eta", "eta_s": 86_401},
        {"t": "declare", "eta_s": -1},
        {"t": "record", "on": 1},
    ],
)
def test_frames_that_are_none(frame: dict[str, Any]) -> None:
    with pytest.raises(AccessError):
        act(FakeDeskApi(), b"desk", parse_frame(json.dumps(frame)))

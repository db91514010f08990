# small files of the test's own folder
"""The shelf of recordings: in order, bounded, whole or finished as it is, never unallowed."""

import errno
import hashlib
import os
import time
from pathlib import Path

import pytest

from openline.app import recordings
from openline.app.recordings import RecordingShelf
from openline.app.webm import MAGIC, duration_ms
from openline.record.bodies import Recording

CALL = bytes.fromhex("0a0b0c0d")
HEAD = MAGIC + b"\x84webm"

pytestmark = pytest.mark.asyncio


class Engine:
    """What the post says and is told."""

    def __init__(self, folder: Path, *, bytes_max: int = 10_000) -> None:
        self.refusal = ""
        self.takes_it = True
        self.kept: list[tuple[Recording, str]] = []
        self.shelf = RecordingShelf(folder, bytes_max, lambda _call, _part: self.refusal, self.keep)

    def keep(self, recording: Recording, fault: str) -> bool:
        if self.takes_it:
            self.kept.append((recording, fault))
        return self.takes_it

    async def take(self, seq: int, data: bytes, *, part: int = 1, last: bool = False) -> str:
        return await self.shelf.take(CALL, part, seq, data, last=last)


async def test_pieces_in_order_become_a_file_whose_hash_is_told_once_it_is_on_disk(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "recordings"
    engine = Engine(folder)
    assert await engine.take(0, HEAD) == ""
    assert await engine.take(1, b"one") == ""
    assert await engine.take(1, b"one") == ""  # the same again
    assert await engine.take(3, b"three") == "recording.order"
    assert engine.kept == []
    assert await engine.take(2, b"two", last=True) == ""
    ((said, fault),) = engine.kept
    data = (folder / "0a0b0c0d.webm").read_bytes()
    assert data == HEAD + b"one" + b"two"
    assert (said.sha256, said.size, fault) == (hashlib.sha256(data).digest(), len(data), "")
    assert (folder / "0a0b0c0d.webm").stat().st_mode & 0o077 == 0
    assert list(folder.iterdir()) == [folder / "0a0b0c0d.webm"]


async def test_nothing_is_kept_that_the_engine_does_not_allow(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "recordings")
    engine.refusal = "recording.over"
    assert await engine.take(0, HEAD) == "recording.over"
    assert not (tmp_path / "recordings").exists()


async def test_what_is_no_sound_file_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "recordings")
    assert await engine.take(0, b"<script>") == "recording.not_sound"
    ((said, fault),) = engine.kept
    assert (said.size, fault) == (0, "recording.not_sound")
    assert not (tmp_path / "recordings").exists()


async def test_all_together_are_bounded_and_what_was_kept_stands(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    engine = Engine(folder, bytes_max=100)
    assert await engine.take(0, HEAD + bytes(50)) == ""
    assert await engine.take(1, bytes(60)) == "recording.full"
    ((said, fault),) = engine.kept
    assert (said.size, fault) == (len(HEAD) + 50, "recording.full")
    assert await engine.take(0, HEAD + bytes(60), part=2) == "recording.full"
    assert engine.kept[-1][0].size == 0


async def test_one_call_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "CALL_BYTES_MAX", 60)
    engine = Engine(tmp_path / "recordings")
    assert await engine.take(0, HEAD + bytes(40)) == ""
    assert await engine.take(1, bytes(40)) == "recording.call_full"


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, "recording.disk_full"), (errno.EDQUOT, "recording.disk_full"),
     (errno.EIO, "recording.disk")],
)  # fmt: skip
async def test_a_full_or_failing_disk_is_said_and_what_stood_before_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    folder = tmp_path / "recordings"
    engine = Engine(folder)
    assert await engine.take(0, HEAD + b"good") == ""
    write, calls = os.write, 0

    def torn(descriptor: int, data: bytes) -> int:
        """Half of it is written, then there is no room."""
        nonlocal calls
        calls += 1
        if calls > 1:
            raise OSError(number, "no")
        return write(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", torn)
    assert await engine.take(1, b"lost lost") == code
    monkeypatch.undo()
    ((said, fault),) = engine.kept
    assert fault == code
    assert (folder / "0a0b0c0d.webm").read_bytes() == HEAD + b"good"
    assert said.size == len(HEAD) + 4


async def test_a_page_that_brings_nothing_more_leaves_its_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(tmp_path / "recordings")
    assert await engine.take(0, HEAD) == ""
    await engine.shelf.sweep()
    assert engine.kept == []
    later = time.monotonic() + 6
    monkeypatch.setattr(time, "monotonic", lambda: later)
    await engine.shelf.sweep()
    assert [said.size for said, _fault in engine.kept] == [len(HEAD)]
    assert await engine.take(1, b"late") == "recording.order"


async def test_a_stopped_post_finishes_at_its_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    first = Engine(folder)
    assert await first.take(0, HEAD + b"half") == ""
    second = Engine(folder)
    await second.shelf._recover()
    ((said, _fault),) = second.kept
    assert (said.call, said.part, said.size) == (CALL, 1, len(HEAD) + 4)
    await second.shelf._recover()
    assert len(second.kept) == 1
    # A post that was killed between the file and its entry: the file is known by no entry.
    third = Engine(folder)
    await third.shelf._recover()
    assert [item.sha256 for item, _ in third.kept] == [said.sha256]
    fourth = Engine(folder)
    fourth.shelf._known.add((said.call, said.part, said.size))
    await fourth.shelf._recover()
    assert fourth.kept == []


async def test_an_entry_that_must_wait_is_given_in_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "recordings")
    engine.takes_it = False
    assert await engine.take(0, HEAD, last=True) == ""
    assert engine.kept == []
    engine.takes_it = True
    await engine.shelf.sweep()
    await engine.shelf.sweep()
    assert len(engine.kept) == 1


async def test_a_name_that_is_taken_is_never_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    engine = Engine(folder)
    for text in (b"first", b"other"):
        assert await engine.take(0, HEAD + text, last=True) == ""
    assert (folder / "0a0b0c0d.webm").read_bytes() == HEAD + b"first"
    assert (folder / "0a0b0c0d.2.webm").read_bytes() == HEAD + b"other"


def _element(name: str, content: bytes) -> bytes:
    return bytes.fromhex(name) + bytes([0x80 | len(content)]) + content


async def test_the_time_of_the_last_block_is_the_duration() -> None:
    block = b"\x81" + (120).to_bytes(2) + b"\x80opus"
    head = _element("1a45dfa3", b"")
    unknown = "01ffffffffffffff"
    body = bytes.fromhex("18538067" + unknown + "1f43b675" + unknown)
    body += _element("e7", (5_000).to_bytes(2)) + _element("a3", block)
    assert duration_ms(head + body) == 5_120
    for end in range(len(head + body)):
        duration_ms((head + body)[:end])  # a torn file ends the reading, and nothing else
    assert duration_ms(b"OggS") == 0
    assert duration_ms(MAGIC + b"\x00" * 50) == 0

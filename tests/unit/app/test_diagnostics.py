"""Diagnostics: lines of JSON in a private file, bounded, and never in the way."""

import errno
import gc
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typing_extensions import override

from openline.app.config import DiagnosticsSettings
from openline.app.diagnostics import (
    FILE_BYTES_MAX,
    LINES_PER_MINUTE,
    _Sparing,
    _Unfailing,
    start_diagnostics,
)
from openline.app.folder import Folder

# The process keeps its diagnostics file to its end; here it is closed by the collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored:pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)


@pytest.fixture(autouse=True)
def _afterwards() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    gc.collect()


def test_lines_of_json_from_the_level_on_in_a_private_file(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    start_diagnostics(DiagnosticsSettings(level="warning"), folder, post="x")
    structlog.get_logger().info("too little")
    structlog.get_logger().warning("enough", number=1)
    (line,) = [json.loads(row) for row in folder.diagnostics.read_text().splitlines()]
    assert (line["event"], line["number"], line["post"]) == ("enough", 1, "x")
    assert folder.diagnostics.stat().st_mode & 0o777 == 0o600


def test_a_flood_of_one_event_writes_little_and_hides_no_other(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    start_diagnostics(DiagnosticsSettings(), folder)
    for number in range(10_000):
        structlog.get_logger().warning("leg refused", number=number)
    structlog.get_logger().error("defect")
    lines = [json.loads(row) for row in folder.diagnostics.read_text().splitlines()]
    assert len(lines) == LINES_PER_MINUTE + 1
    assert lines[-1]["event"] == "defect"


def test_what_was_left_out_is_said_a_minute_later() -> None:
    seconds = [100.0]
    spare = _Sparing(lambda: seconds[0])
    for _ in range(LINES_PER_MINUTE):
        spare(None, "", {"event": "x"})
    for _ in range(5):
        with pytest.raises(structlog.DropEvent):
            spare(None, "", {"event": "x"})
    seconds[0] += 60
    assert spare(None, "", {"event": "y"})["left_out"] == {"x": 5}
    assert "left_out" not in spare(None, "", {"event": "x"})


def test_a_file_gives_way_while_the_post_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openline.app.diagnostics.FILE_BYTES_MAX", 4_000)
    folder = Folder(tmp_path)
    start_diagnostics(DiagnosticsSettings(), folder)
    for number in range(200):
        structlog.get_logger().info(f"event {number}", filler="x" * 40)
    sizes = [path.stat().st_size for path in tmp_path.glob("diagnostics.jsonl*")]
    assert len(sizes) == 2
    assert max(sizes) < 5_000


def test_none_writes_nothing(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    start_diagnostics(DiagnosticsSettings(to="none"), folder)
    structlog.get_logger().error("unheard")
    assert not folder.diagnostics.exists()


def test_a_large_file_gives_way_at_the_start(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.diagnostics.write_bytes(b"x" * (FILE_BYTES_MAX + 1))
    start_diagnostics(DiagnosticsSettings(), folder)
    structlog.get_logger().info("new")
    assert folder.diagnostics.stat().st_size < 1000
    assert (tmp_path / "diagnostics.jsonl.1").stat().st_size == FILE_BYTES_MAX + 1


def test_what_cannot_be_written_stops_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Folder(tmp_path)
    folder.diagnostics.mkdir()
    start_diagnostics(DiagnosticsSettings(), folder)
    structlog.get_logger().error("said on stderr")
    assert "said on stderr" in capsys.readouterr().err


class FullDisk(io.StringIO):
    @override
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    @override
    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_stops_nobody() -> None:
    sink = _Unfailing(FullDisk())
    assert sink.write("lost\n") == 0
    sink.flush()


def test_a_link_in_its_place_is_not_followed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Folder(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    folder.diagnostics.symlink_to(elsewhere)
    start_diagnostics(DiagnosticsSettings(), folder)
    structlog.get_logger().error("said on stderr")
    assert "said on stderr" in capsys.readouterr().err
    assert not elsewhere.exists()

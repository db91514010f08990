"""A demo's folder goes away, even of a demo that was killed, and never of one that lives."""

from pathlib import Path

import pytest

from openline.app.demo.folder import LOCK, PREFIX, scratch_folder, sweep


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_it_is_there_and_then_not() -> None:
    with scratch_folder() as folder:
        (folder / "left").mkdir()
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


def test_one_that_lives_is_left_alone(tmp_path: Path) -> None:
    with scratch_folder() as folder:
        assert sweep(tmp_path) == []
        with scratch_folder() as other:
            assert other != folder
        assert folder.exists()


def test_one_of_a_killed_demo_is_swept_up(tmp_path: Path) -> None:
    dead = tmp_path / f"{PREFIX}dead"
    (dead / "left" / "keys").mkdir(parents=True)
    (dead / LOCK).touch(mode=0o600)
    half = tmp_path / f"{PREFIX}half"
    half.mkdir()
    other = tmp_path / "something-else"
    other.mkdir()
    (other / LOCK).touch()
    with scratch_folder():
        assert not dead.exists()
    assert half.exists()
    assert other.exists()

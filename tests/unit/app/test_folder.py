"""The post's folder: one owner, private files, all of a file or none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from openline.app.folder import Folder, FolderLock, read_private, write_new
from openline.app.keys import make_keys, read_keys, write_keys
from openline.errors import AccessError, ConfigError, OpenlineError


def code_of(caught: pytest.ExceptionInfo[OpenlineError]) -> str:
    return str(caught.value.code)


def test_a_second_owner_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with FolderLock.take(folder):
        script = (
            "import sys; from pathlib import Path\n"
            "from openline.app.folder import Folder, FolderLock\n"
            "from openline.errors import AccessError\n"
            "try: FolderLock.take(Folder(Path(sys.argv[1])))\n"
            "except AccessError as fault: print(fault.code, fault.facts['pid'])\n"
        )
        command = [sys.executable, "-c", script, str(tmp_path)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        assert ran.stdout.split() == ["folder.locked", str(os.getpid())]
        with pytest.raises(AccessError):
            FolderLock.take(folder)
    FolderLock.take(folder).release()


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        FolderLock.take(Folder(tmp_path / "nowhere"))
    assert code_of(caught) == "folder.unwritable"
    with pytest.raises(ConfigError) as caught:
        Folder(tmp_path).require()
    assert code_of(caught) == "folder.missing"


def test_files_are_private_whole_and_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "x.key"
    write_new(path, b"one")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError) as caught:
        write_new(path, b"two")
    assert code_of(caught) == "file.exists"
    assert path.read_bytes() == b"one"
    write_new(path, b"two", replace=True)
    assert read_private(path) == b"two"
    assert [item.name for item in tmp_path.iterdir()] == ["x.key"]


def test_writing_into_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        write_new(tmp_path / "nowhere" / "x", b"")
    assert code_of(caught) == "folder.unwritable"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o620])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    folder = Folder(tmp_path)
    write_keys(folder, make_keys("W-1"))
    path = folder.keys / "log.key"
    path.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        read_keys(folder, "W-1")
    assert code_of(caught) == "file.readable_by_others"
    assert caught.value.facts == {"file": str(path), "mode": f"{mode:04o}"}


def test_keys_come_back_as_they_were_written_once(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    keys = make_keys("W-1")
    write_keys(folder, keys)
    again = read_keys(folder, "W-1")
    for role in ("link", "log", "log_pq", "cosign", "cosign_pq"):
        written, read = getattr(keys, role), getattr(again, role)
        assert written.private_bytes_raw() == read.private_bytes_raw()
    assert again.local_secret == keys.local_secret
    assert again.certificate == keys.certificate
    assert repr(again) == "PrivateKeys()"
    with pytest.raises(ConfigError) as caught:
        write_keys(folder, make_keys("W-1"))
    assert code_of(caught) == "file.exists"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("log.key", b"not a key", "keys.unreadable"),
        ("log_pq.key", None, "file.missing"),
        ("local.secret", b"short", "keys.unreadable"),
    ],
)
def test_a_broken_key_file_is_said(
    tmp_path: Path, name: str, content: bytes | None, code: str
) -> None:
    folder = Folder(tmp_path)
    write_keys(folder, make_keys("W-1"))
    path = folder.keys / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_keys(folder, "W-1")
    assert code_of(caught) == code
    assert caught.value.facts["file"] == str(path)


def test_a_key_of_the_wrong_kind_and_a_link_to_a_key_are_refused(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    write_keys(folder, make_keys("W-1"))
    (folder.keys / "log_pq.key").write_bytes((folder.keys / "log.key").read_bytes())
    with pytest.raises(ConfigError) as caught:
        read_keys(folder, "W-1")
    assert code_of(caught) == "keys.unreadable"
    (folder.keys / "log_pq.key").unlink()
    (folder.keys / "log_pq.key").symlink_to(folder.keys / "cosign_pq.key")
    with pytest.raises(ConfigError) as caught:
        read_keys(folder, "W-1")
    assert code_of(caught) == "file.missing"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(ConfigError) as caught:
        FolderLock.take(Folder(tmp_path))
    assert code_of(caught) == "folder.unwritable"
    assert caught.value.facts["reason"]

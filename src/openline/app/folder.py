"""A post's folder: what lies where, and the lock that makes one process its owner.

The lock is taken before any key is read, so that two programs can never sign
with the same keys; it is the kernel's (``flock``) and dies with its holder.
"""

import fcntl
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from openline.errors import AccessError, ConfigError

PRIVATE_FOLDER: Final = 0o700
PRIVATE_FILE: Final = 0o600
_PID_CHARACTERS: Final = 20


@dataclass(frozen=True, slots=True)
class Folder:
    """The paths of one post."""

    root: Path

    @property
    def config(self) -> Path:
        """The settings, TOML."""
        return self.root / "post.toml"

    @property
    def keys(self) -> Path:
        """The folder of the private keys."""
        return self.root / "keys"

    @property
    def card(self) -> Path:
        """Our own line card."""
        return self.root / "card.cbor"

    @property
    def peer_card(self) -> Path:
        """The peer's line card; there only once it was confirmed."""
        return self.root / "peer-card.cbor"

    @property
    def record(self) -> Path:
        """The record, SQLite."""
        return self.root / "record.sqlite"

    @property
    def words(self) -> Path:
        """The challenge words for the public telephone."""
        return self.root / "words.json"

    @property
    def phrases(self) -> Path:
        """This side's own recordings of the agreed phrases."""
        return self.root / "phrases"

    @property
    def recordings(self) -> Path:
        """The recordings of calls, one file each."""
        return self.root / "recordings"

    @property
    def lock(self) -> Path:
        """The lock file; it holds the PID of the owner for people to read."""
        return self.root / "lock"

    @property
    def diagnostics(self) -> Path:
        """The program's own diagnostics, JSON lines."""
        return self.root / "diagnostics.jsonl"

    def require(self) -> None:
        """Refuse a folder that is no post.

        Raises:
            ConfigError: ``folder.missing``.
        """
        if not self.config.is_file():
            raise ConfigError("folder.missing", "no post.toml", folder=str(self.root))


class FolderLock:
    """The exclusive lock of a folder, held until :meth:`release` or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        """Prefer :meth:`take`."""
        self._descriptor = descriptor

    @classmethod
    def take(cls, folder: Folder) -> Self:
        """Take the lock or refuse in words.

        Raises:
            AccessError: ``folder.locked`` with the holder's ``pid``.
            ConfigError: ``folder.unwritable``.
        """
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(folder.lock, flags, PRIVATE_FILE)
        except OSError as fault:
            where = str(folder.root)
            reason = reason_of(fault)
            raise ConfigError(
                "folder.unwritable", str(fault), folder=where, reason=reason
            ) from fault
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            pid = _holder(descriptor)
            os.close(descriptor)
            where = str(folder.root)
            raise AccessError("folder.locked", str(fault), folder=where, pid=pid) from fault
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Give the folder up."""
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        """Hold it for a block."""
        return self

    def __exit__(self, *_fault: object) -> None:
        """Give it up at the end of the block."""
        self.release()


def _holder(descriptor: int) -> str:
    said = os.pread(descriptor, _PID_CHARACTERS, 0).decode("ascii", "replace").strip()
    return said if said.isdigit() else "?"


def write_new(path: Path, data: bytes, *, replace: bool = False) -> None:
    """Write a file that only its owner may read, all of it or none.

    The bytes and then the name are synced: after a power cut the file is whole or absent.

    Raises:
        ConfigError: ``file.exists``, or ``folder.unwritable`` with the reason of the system.
    """
    if path.exists() and not replace:
        raise ConfigError("file.exists", str(path), file=str(path))
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(scratch, flags, PRIVATE_FILE)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(path)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as fault:
        where = str(path.parent)
        raise ConfigError(
            "folder.unwritable", str(fault), folder=where, reason=reason_of(fault)
        ) from fault


def read_private(path: Path) -> bytes:
    """Read a file that nobody but its owner may be able to read.

    Raises:
        ConfigError: ``file.missing``, or ``file.readable_by_others`` with its mode.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as fault:
        raise ConfigError("file.missing", str(fault), file=str(path)) from fault
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(file.fileno())
        mode = stat.S_IMODE(facts.st_mode)
        if not stat.S_ISREG(facts.st_mode):
            raise ConfigError("file.missing", "not a plain file", file=str(path))
        if mode & 0o077 or facts.st_uid not in {os.geteuid(), 0}:
            shown = f"{mode:04o}"
            raise ConfigError("file.readable_by_others", shown, file=str(path), mode=shown)
        return file.read(65_536)


def read_bounded(path: Path, bytes_max: int) -> bytes:
    """Read a file that somebody gave us, one byte more than allowed at most.

    Raises:
        ConfigError: ``file.missing``.
    """
    try:
        with path.open("rb") as file:
            return file.read(bytes_max + 1)
    except OSError as fault:
        raise ConfigError("file.missing", str(fault), file=str(path)) from fault


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def reason_of(fault: OSError) -> str:
    """The system's own words for a fault of the disk."""
    return fault.strerror or str(fault)

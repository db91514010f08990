"""A disk that can be slow, full, broken, lose its power at any step, or be put back to a backup.

Under it works the real store. What a crash leaves is copied away at that very step, so that the
next start finds exactly those bytes; nothing that the dying process does afterwards reaches them.
"""

import shutil
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy.exc import OperationalError

from openline.engine.ports import ReadEntries, StoredEntry, StoredState, Writes
from openline.errors import StoreError
from openline.sim.chance import Chance
from openline.store import Store, read_offline

CRASH_STEPS: Final = ("begin", "entries", "notes", "rest", "commit", "torn", "done")
"""Where the power can go: before each step, in the midst of the write, and after it."""

FAULTS: Final = ("store.full", "store.unwritable", "store.io", "store.fsync", "store.fsync-late")
"""What a commit can fail with; the last one is durable, and nobody knows."""

_NAME: Final = "record.sqlite"


class PowerCut(Exception):  # noqa: N818 not an error of the program
    """The post dies at this step of a transaction."""


@dataclass(slots=True)
class Held:
    """What is durable, as the simulation knows it.

    Attributes:
        leaves: of both logs from index 0. proofs: every checkpoint, receipt and seal on disk.
    """

    leaves: tuple[list[bytes], list[bytes]] = field(default_factory=lambda: ([], []))
    proofs: set[bytes] = field(default_factory=set)

    def take(self, writes: Writes) -> None:
        """A transaction became durable."""
        for entry in writes.entries:
            self.leaves[entry.log].append(entry.leaf)
        for note in writes.notes:
            found = (note.note, note.receipt, note.seal_author, note.seal_holder)
            self.proofs.update(part for part in found if part)


def held_in(state: StoredState) -> Held:
    """The same of a state as loaded."""
    held = Held()
    entries = (*state.entries[0], *state.entries[1])
    held.take(Writes(expect=(0, 0), entries=entries, notes=state.notes))
    return held


class Disk:
    """The disk of one post."""

    def __init__(self, folder: Path, founded: bytes, chance: Chance) -> None:
        """A disk that holds a founded record."""
        self._folder = folder
        self._chance = chance
        self._generation = 0
        self._here().mkdir(parents=True)
        self.path.write_bytes(founded)
        self._store: Store | None = None
        self._step = ""
        self._fault = ""
        self.unconfirmed = False
        self.held = Held()
        self.backup: Path | None = None

    def _here(self) -> Path:
        return self._folder / str(self._generation)

    @property
    def path(self) -> Path:
        """The record file as it stands."""
        return self._here() / _NAME

    @property
    def running(self) -> bool:
        """A post has it open."""
        return self._store is not None

    # --- start and end -----------------------------------------------------------------------

    def start(self) -> StoredState:
        """Open the record.

        Raises:
            StoreError: it cannot be opened or read: a finding.
        """
        self._store = Store.open(self.path, steps=self._at)
        self.unconfirmed = False
        state = self._store.load()
        if state is None:
            raise StoreError("store.empty", "no line in this file")
        self.held = held_in(state)
        return state

    def crash(self) -> None:
        """The power goes between two steps."""
        if self._store is not None:
            self._freeze()
            self._close()

    def stop(self) -> None:
        """Close the record in order."""
        self._close()

    def left(self) -> StoredState:
        """What a start would find; the disk is left as it is."""
        return read_offline(self.path)

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def _freeze(self) -> None:
        """Copy what is on disk at this very moment; from now on that is the disk."""
        before = self._here()
        self._generation += 1
        shutil.copytree(before, self._here())

    def tidy(self) -> None:
        """Remove the disks of earlier starts."""
        for old in self._folder.iterdir():
            if old.name.isdigit() and int(old.name) < self._generation:
                shutil.rmtree(old)

    def back_up(self) -> None:
        """Copy the record as it is now, to be put back later."""
        self.backup = self._folder / "backup"
        shutil.copytree(self._here(), self.backup)

    def restore(self) -> None:
        """Put the backup back in place of the record of a post that is not running."""
        if self.backup is None or self.running:
            return
        self._generation += 1
        shutil.copytree(self.backup, self._here())

    # --- work --------------------------------------------------------------------------------

    def commit(self, writes: Writes, *, fault: str = "", crash: str = "") -> str:
        """Carry out a transaction.

        Args:
            writes: the transaction.
            fault: one of :data:`FAULTS` to fail with, or "".
            crash: one of :data:`CRASH_STEPS` at which the post dies, or "".

        Returns:
            "" once it is durable, else the code of the fault.

        Raises:
            PowerCut: the post died; :meth:`left` says what of it stands.
        """
        store = self._store
        if store is None:
            return "store.closed"
        if self.unconfirmed:
            return "store.fsync"
        self._fault, self._step = fault, crash
        before = self._sizes()
        try:
            store.commit(writes)
        except PowerCut:
            self._close()
            raise
        except StoreError as error:
            self.unconfirmed = error.code == "store.fsync"
            return error.code
        finally:
            self._fault = self._step = ""
        self.held.take(writes)
        if crash == "torn":
            self._freeze()
            self._tear(before)
            self._close()
            raise PowerCut(crash)
        if fault == "store.fsync-late":
            self.unconfirmed = True
            return "store.fsync"
        return ""

    def read(self, command: ReadEntries) -> tuple[StoredEntry, ...]:
        """What a read finds: as many entries as fit its bytes, however slow this machine is.

        Raises:
            StoreError: the disk's fault.
        """
        store = self._store
        found: list[StoredEntry] = []
        size = 0
        while store is not None and command.start + len(found) < command.stop:
            start = command.start + len(found)
            part = store.read_entries(command.log, start, command.stop, command.bytes_max)
            for entry in part:
                size += len(entry.leaf) + len(entry.salt) + len(entry.body or b"")
                if found and size > command.bytes_max:
                    return tuple(found)
                found.append(entry)
            if not part:
                break
        return tuple(found)

    # --- inside ------------------------------------------------------------------------------

    def _at(self, step: str) -> None:
        """The store is about to take ``step``."""
        if self._step == step:
            self._freeze()
            raise PowerCut(step)
        if step == "rest" and self._fault in {"store.full", "store.unwritable", "store.io"}:
            raise StoreError(self._fault, "as the simulation wants it")
        if step == "commit" and self._fault == "store.fsync":
            driver = sqlite3.OperationalError("disk I/O error")
            driver.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            driver.sqlite_errorname = "SQLITE_IOERR_FSYNC"
            raise OperationalError("COMMIT", {}, driver)

    def _sizes(self) -> tuple[int, int]:
        """Time of the last change of the main file, size of the write-ahead file."""
        wal = self.path.with_name(_NAME + "-wal")
        return self.path.stat().st_mtime_ns, wal.stat().st_size if wal.exists() else 0

    def _tear(self, before: tuple[int, int]) -> None:
        """Leave only a part of the last write in the write-ahead file, as a power cut can."""
        wal = self.path.with_name(_NAME + "-wal")
        touched, size = before
        # copytree keeps times: a main file that changed too was written from a confirmed log.
        if self.path.stat().st_mtime_ns != touched or not wal.exists():
            return
        now = wal.stat().st_size
        if now > size:
            with wal.open("r+b") as file:
                file.truncate(self._chance.between(size, now))

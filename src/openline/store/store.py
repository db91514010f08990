"""The store of one post: its record on one disk, written by one hand.

``commit`` writes one transaction: when it returns, all of it is durable; when
it raises, none of it is, and the same or another transaction may be tried
again. The one exception is ``store.fsync``: after it nobody knows what is
durable, so the store refuses every later write until the post is started again.

All calls block and belong to one thread (:mod:`openline.store.writer` in a
post; the simulation calls them directly).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

import sqlalchemy as sa
from sqlalchemy import Executable
from sqlalchemy.exc import SQLAlchemyError

from openline.engine.ports import StoredEntry, StoredNote, StoredState, Writes
from openline.errors import StoreError
from openline.store import rows
from openline.store import tables as t
from openline.store.database import WRITING, connect
from openline.store.faults import store_error

SLICE_SECONDS: Final = 0.005
"""A read gives way to waiting commits after this time."""

EVIDENCE_PER_CODE_MAX: Final = 64
EVIDENCE_BYTES_MAX: Final = 131_072 + 64
"""Evidence kept per code, and bytes kept of each: the largest frame of the link fits."""

Steps = Callable[[str], None]
"""Called before each step of a transaction; what it raises undoes the transaction."""


def _no_step(_name: str) -> None:
    return None


class Store:
    """One open record file."""

    def __init__(
        self, path: Path, *, pages_max: int | None = None, steps: Steps = _no_step
    ) -> None:
        """Open ``path``, making or migrating its tables; prefer :meth:`open`.

        Args:
            path: the file.
            pages_max: largest size in pages of 4096 bytes, or None.
            steps: called before "begin", "entries", "notes", "rest", "commit" and after "done";
                the simulation raises from it to stand for a crash or a faulty disk.

        Raises:
            StoreError: see :func:`openline.store.database.connect`.
        """
        self._path = path
        self._steps = steps
        self._engine, self._connection = connect(path, pages_max=pages_max)
        self._inode = self._identity()
        self._dead: str | None = None

    @classmethod
    def open(cls, path: Path, *, pages_max: int | None = None, steps: Steps = _no_step) -> Self:
        """Open ``path``; see the constructor."""
        return cls(path, pages_max=pages_max, steps=steps)

    # --- start ---------------------------------------------------------------------------

    def found(self, state: StoredState) -> None:
        """Write the first state of a line into an empty file.

        Raises:
            StoreError: ``store.founded`` when the file already holds a line.
        """
        a, b = state.genesis_signatures
        with self._transaction(write=True):
            if self._connection.execute(sa.select(t.genesis.c.id)).first() is not None:
                raise StoreError("store.founded", "the file already holds a line")
            self._connection.execute(
                t.genesis.insert(),
                {"id": 1, "leaf": state.genesis, "signature_a": a, "signature_b": b},
            )
            writes = Writes(
                expect=(0, 0),
                entries=(*state.entries[0], *state.entries[1]),
                notes=state.notes,
                outbox_add=state.outbox,
                meta=state.meta,
            )
            self._write(writes)

    def load(self) -> StoredState | None:
        """All that the engine needs at its start, or None for a file without a line.

        Raises:
            StoreError: ``store.corrupt`` when the sizes and the entries disagree.
        """
        with self._transaction():
            return rows.load(self._connection)

    # --- transactions --------------------------------------------------------------------

    def commit(self, writes: Writes) -> None:
        """Write one transaction; durable when this returns.

        Raises:
            StoreError: nothing of it stands; ``store.conflict`` when the sizes on disk are not
                those that it was made for.
        """
        if self._identity() != self._inode:
            raise StoreError("store.gone", "the record file was moved or deleted", path=self.name)
        self._steps("begin")
        with self._transaction(write=True):
            self._write(writes)
            self._steps("commit")
        self._steps("done")

    def read_entries(
        self, log: int, start: int, stop: int, bytes_max: int
    ) -> tuple[StoredEntry, ...]:
        """Entries ``start`` to ``stop`` of a log, as many as fit the bytes and one time slice.

        Never none when the first exists; the caller asks again for the rest.
        """
        wanted = (t.entries.c.log == log, t.entries.c.index >= start, t.entries.c.index < stop)
        query = sa.select(t.entries).where(*wanted).order_by(t.entries.c.index)
        found: list[StoredEntry] = []
        size = 0
        with self._transaction(), self._connection.execute(query) as found_rows:
            end = time.monotonic() + SLICE_SECONDS
            for row in found_rows:
                entry = rows.entry(row)
                size += len(entry.leaf) + len(entry.salt) + len(entry.body or b"")
                if found and size > bytes_max:
                    break
                found.append(entry)
                if time.monotonic() > end:
                    break
        return tuple(found)

    def notes(self) -> tuple[StoredNote, ...]:
        """All checkpoints with what stands on them, by log and size."""
        with self._transaction():
            return rows.notes(self._connection)

    def signatures(self) -> tuple[bytes | None, bytes | None]:
        """Both signatures of the genesis, as far as they are here."""
        with self._transaction():
            return rows.signatures(self._connection)

    def evidence(self) -> tuple[bytes, ...]:
        """What was kept of breaches, oldest first."""
        with self._transaction():
            query = sa.select(t.evidence.c.data).order_by(t.evidence.c.place)
            return tuple(bytes(data) for (data,) in self._connection.execute(query))

    def close(self) -> None:
        """Give the file up; an open transaction is undone."""
        self._connection.close()
        self._engine.dispose()

    @property
    def name(self) -> str:
        """The path of the file, for people."""
        return str(self._path)

    # --- inside --------------------------------------------------------------------------

    def _identity(self) -> tuple[int, int] | None:
        try:
            facts = self._path.stat()
        except OSError:
            return None
        return facts.st_dev, facts.st_ino

    @contextmanager
    def _transaction(self, *, write: bool = False) -> Iterator[None]:
        """BEGIN to COMMIT; every fault comes out coded, with nothing half done."""
        if write and self._dead is not None:
            raise StoreError(self._dead, "an earlier write was never confirmed; start again")
        self._connection.info[WRITING] = write
        try:
            with self._connection.begin():
                yield
        except SQLAlchemyError as fault:
            error = store_error(fault)
            if error.code == "store.fsync":
                self._dead = error.code
            raise error from fault

    def _write(self, writes: Writes) -> None:
        self._grow(writes)
        self._steps("entries")
        self._many(rows.PUT_ENTRY, [rows.of_entry(entry) for entry in writes.entries])
        self._steps("notes")
        self._many(rows.MERGE_NOTE, [rows.of_note(note) for note in writes.notes])
        self._steps("rest")
        if writes.outbox_remove:
            gone = t.outbox.c.item.in_(writes.outbox_remove)
            self._connection.execute(t.outbox.delete().where(gone))
        self._many(rows.PUT_OUTBOX, [rows.of_outbox(item) for item in writes.outbox_add])
        meta = [{"name": name, "value": value} for name, value in writes.meta.items()]
        self._many(rows.PUT_META, meta)
        for code, data, wall_ms in writes.evidence:
            self._keep_evidence(code, data, wall_ms)

    def _grow(self, writes: Writes) -> None:
        """Compare and set the sizes; the entries must continue each log without a gap."""
        for log in (0, 1):
            expected = writes.expect[log]
            mine = [entry.index for entry in writes.entries if entry.log == log]
            if mine != list(range(expected, expected + len(mine))):
                raise StoreError("store.conflict", f"entries of log {log} do not follow {expected}")
            cell = {"of": log, "expected": expected, "grown": expected + len(mine)}
            if self._connection.execute(rows.GROW, cell).rowcount != 1:
                raise StoreError("store.conflict", f"log {log} is not of size {expected} on disk")

    def _many(self, statement: Executable, values: list[rows.Row]) -> None:
        if values:
            self._connection.execute(statement, values)

    def _keep_evidence(self, code: str, data: bytes, wall_ms: int) -> None:
        """Keep the first of each code: those tell how it began."""
        same = sa.select(sa.func.count()).where(t.evidence.c.code == code)
        if int(self._connection.execute(same).scalar_one()) >= EVIDENCE_PER_CODE_MAX:
            return
        kept = {"code": code, "data": data[:EVIDENCE_BYTES_MAX], "wall_ms": wall_ms}
        self._connection.execute(t.evidence.insert(), kept)

"""The one thread that owns an open store, and its door to an asyncio loop.

Commits go before reads. A read is done in slices of a few milliseconds, one
slice per turn, so that a long export never makes a text wait. Results come
back as calls in the loop's own thread, in the order of the commits.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol, TypeVar

from openline.engine.ports import StoredEntry, StoredNote, Writes
from openline.errors import StoreError
from openline.store.store import Store

T = TypeVar("T")

_SLICE_BYTES: Final = 1 << 20


class StoreEvents(Protocol):
    """Where results arrive, in the loop's thread."""

    def committed(self, ticket: int) -> None:
        """The transaction of this ticket is durable."""

    def commit_failed(self, ticket: int, code: str) -> None:
        """Nothing of this ticket's transaction stands; or its read failed."""

    def entries_read(self, ticket: int, entries: tuple[StoredEntry, ...]) -> None:
        """What one slice of the read of this ticket found."""


Job = Callable[[], Callable[[], None]]
"""Runs in the store's thread; what it returns runs in the loop's."""


def _settle(answer: "asyncio.Future[T]", found: T) -> None:
    if not answer.done():
        answer.set_result(found)


def _refuse(answer: "asyncio.Future[T]", fault: StoreError) -> None:
    if not answer.done():
        answer.set_exception(fault)


class StoreWriter:
    """Runs one store in one thread for one loop."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop, events: StoreEvents) -> None:
        """Nothing runs until :meth:`start`."""
        self._store = store
        self._loop = loop
        self._events = events
        self._wake = threading.Condition()
        self._commits: deque[Job] = deque()
        self._reads: deque[Job] = deque()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="openline-store", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def commit(self, ticket: int, writes: Writes) -> None:
        """Write a transaction; answered by ``committed`` or ``commit_failed``."""

        def job() -> Callable[[], None]:
            try:
                self._store.commit(writes)
            except StoreError as fault:
                code = fault.code
                return lambda: self._events.commit_failed(ticket, code)
            return lambda: self._events.committed(ticket)

        self._add(self._commits, job)

    def read(self, ticket: int, log: int, start: int, stop: int, bytes_max: int) -> None:
        """Read one slice; answered by ``entries_read``, or ``commit_failed`` on a fault."""

        def job() -> Callable[[], None]:
            try:
                found = self._store.read_entries(log, start, stop, bytes_max)
            except StoreError as fault:
                code = fault.code
                return lambda: self._events.commit_failed(ticket, code)
            return lambda: self._events.entries_read(ticket, found)

        self._add(self._reads, job)

    async def entries(self, log: int, stop: int) -> tuple[StoredEntry, ...]:
        """All entries of a log below ``stop``, read slice by slice between commits.

        Raises:
            StoreError: the disk's fault.
        """
        found: list[StoredEntry] = []
        while len(found) < stop:
            slice_ = partial(self._store.read_entries, log, len(found), stop, _SLICE_BYTES)
            part = await self._ask(slice_)
            if not part:
                break
            found.extend(part)
        return tuple(found)

    async def notes(self) -> tuple[StoredNote, ...]:
        """All notes with what stands on them."""
        return await self._ask(self._store.notes)

    async def signatures(self) -> tuple[bytes | None, bytes | None]:
        """Both signatures of the genesis, as far as they are here."""
        return await self._ask(self._store.signatures)

    async def evidence(self) -> tuple[bytes, ...]:
        """What was kept of breaches, oldest first."""
        return await self._ask(self._store.evidence)

    def stop(self) -> None:
        """Finish what is queued, close the store, end the thread. Blocks; results are dropped."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()
        self._store.close()

    # --- inside --------------------------------------------------------------------------

    async def _ask(self, question: Callable[[], T]) -> T:
        answer: asyncio.Future[T] = self._loop.create_future()

        def job() -> Callable[[], None]:
            try:
                found = question()
            except StoreError as fault:
                return partial(_refuse, answer, fault)
            return partial(_settle, answer, found)

        self._add(self._reads, job)
        return await answer

    def _add(self, queue: deque[Job], job: Job) -> None:
        with self._wake:
            queue.append(job)
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not (self._commits or self._reads or self._stopping):
                    self._wake.wait()
                if self._commits:
                    job = self._commits.popleft()
                elif self._reads and not self._stopping:
                    job = self._reads.popleft()
                else:
                    return
            answer = job()
            try:
                self._loop.call_soon_threadsafe(answer)
            except RuntimeError:
                # The loop is closed: nobody is left to be told; what is queued is still written.
                continue

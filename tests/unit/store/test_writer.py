"""The store's thread: order of results, commits before reads, faults as codes."""

import asyncio
import threading
from pathlib import Path

import pytest

from openline.engine.ports import StoredEntry, StoredState, Writes
from openline.errors import StoreError
from openline.store import Store, StoreWriter, read_offline

pytestmark = pytest.mark.asyncio


def entry(log: int, index: int) -> StoredEntry:
    return StoredEntry(log, index, b"leaf %d" % index, b"salt", b"x" * 500, 0)


class Seen:
    def __init__(self) -> None:
        self.events: list[tuple[str, int, object]] = []
        self.thread = threading.get_ident()

    def committed(self, ticket: int) -> None:
        assert threading.get_ident() == self.thread
        self.events.append(("committed", ticket, None))

    def commit_failed(self, ticket: int, code: str) -> None:
        assert threading.get_ident() == self.thread
        self.events.append(("failed", ticket, code))

    def entries_read(self, ticket: int, entries: tuple[StoredEntry, ...]) -> None:
        assert threading.get_ident() == self.thread
        self.events.append(("read", ticket, tuple(e.index for e in entries)))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = Store.open(tmp_path / "record.sqlite")
    first = ((entry(0, 0),), (entry(1, 0),))
    opened.found(
        StoredState(
            genesis=b"g",
            genesis_signatures=(None, None),
            entries=first,
            notes=(),
            outbox=(),
            meta={},
        )
    )
    return opened


async def until(seen: Seen, count: int) -> None:
    async with asyncio.timeout(10):
        while len(seen.events) < count:  # noqa: ASYNC110 - the store knows nothing of events
            await asyncio.sleep(0.001)


async def test_commits_answer_in_order_and_go_before_reads(store: Store, tmp_path: Path) -> None:
    seen = Seen()
    writer = StoreWriter(store, asyncio.get_running_loop(), seen)
    writer.read(9, 0, 0, 3, 1 << 20)
    writer.commit(1, Writes(expect=(1, 1), entries=(entry(0, 1),)))
    writer.commit(2, Writes(expect=(1, 1), entries=(entry(0, 1),)))
    writer.commit(3, Writes(expect=(2, 1), entries=(entry(0, 2),)))
    writer.start()
    await until(seen, 4)
    writer.stop()
    assert seen.events[:3] == [
        ("committed", 1, None),
        ("failed", 2, "store.conflict"),
        ("committed", 3, None),
    ]
    # How much one slice of time holds is the machine's affair; that it is not empty is ours.
    assert seen.events[3] in [("read", 9, (0, 1, 2)[:count]) for count in (1, 2, 3)]
    assert len(read_offline(tmp_path / "record.sqlite").entries[0]) == 3


async def test_all_entries_are_gathered_slice_by_slice(store: Store) -> None:
    seen = Seen()
    store.commit(Writes(expect=(1, 1), entries=tuple(entry(0, i) for i in range(1, 5000))))
    writer = StoreWriter(store, asyncio.get_running_loop(), seen)
    writer.start()
    found = await writer.entries(0, 5000)
    assert [e.index for e in found] == list(range(5000))
    writer.stop()


async def test_stop_writes_what_was_queued(store: Store, tmp_path: Path) -> None:
    writer = StoreWriter(store, asyncio.get_running_loop(), Seen())
    for index in range(1, 20):
        writer.commit(index, Writes(expect=(index, 1), entries=(entry(0, index),)))
    writer.start()
    writer.stop()
    assert len(read_offline(tmp_path / "record.sqlite").entries[0]) == 20


async def test_a_fault_of_a_read_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> tuple[StoredEntry, ...]:
        raise StoreError("store.io")

    seen = Seen()
    writer = StoreWriter(store, asyncio.get_running_loop(), seen)
    monkeypatch.setattr(store, "read_entries", broken)
    monkeypatch.setattr(store, "notes", broken)
    writer.start()
    with pytest.raises(StoreError, match=r"store\.io"):
        await writer.notes()
    writer.read(4, 0, 0, 1, 1)
    await until(seen, 1)
    assert seen.events == [("failed", 4, "store.io")]
    writer.stop()

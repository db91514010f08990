"""The store on a real disk: all of a transaction or none of it."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from openline.engine.ports import OutboxItem, StoredEntry, StoredNote, StoredState, Writes
from openline.errors import StoreError
from openline.store import GENESIS_SIGNATURE_META, Store, read_offline
from openline.store.store import EVIDENCE_PER_CODE_MAX

DRILL = True


def entry(log: int, index: int, body: bytes = b"body") -> StoredEntry:
    return StoredEntry(log, index, b"leaf %d %d" % (log, index), b"s" * 16, body, 1_000 + index)


def founding() -> StoredState:
    return StoredState(
        genesis=b"genesis",
        genesis_signatures=(b"sig-a", None),
        entries=((entry(0, 0), entry(0, 1)), (entry(1, 0),)),
        notes=(StoredNote(0, 2, b"note"),),
        outbox=(),
        meta={"boot": b"\x01"},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store.open(path)
    opened.found(founding())
    yield opened
    opened.close()


def loaded(store: Store) -> StoredState:
    state = store.load()
    assert state is not None
    return state


def test_a_new_file_holds_no_line(path: Path) -> None:
    store = Store.open(path)
    assert store.load() is None
    store.close()
    with pytest.raises(StoreError, match=r"store\.empty"):
        read_offline(path)


def test_what_was_founded_is_loaded_and_only_once(store: Store) -> None:
    assert loaded(store) == founding()
    with pytest.raises(StoreError, match=r"store\.founded"):
        store.found(founding())


def test_every_field_survives_close_and_open(store: Store, path: Path) -> None:
    item = OutboxItem("ab" * 16, "text", DRILL, b"t" * 16, b"text", None, 77)
    signed = OutboxItem("cd" * 16, "text", not DRILL, b"u" * 16, b"text", b"cose", 78)
    writes = Writes(
        expect=(2, 1),
        entries=(entry(0, 2), entry(1, 1)),
        notes=(StoredNote(1, 2, b"n", b"r", b"sa", b"sh"),),
        outbox_add=(item, signed),
        meta={"boot": b"\x02", "x": b""},
    )
    store.commit(writes)
    store.close()
    again = Store.open(path)
    state = loaded(again)
    again.close()
    assert state.entries == ((entry(0, 0), entry(0, 1), entry(0, 2)), (entry(1, 0), entry(1, 1)))
    assert state.notes == (StoredNote(0, 2, b"note"), StoredNote(1, 2, b"n", b"r", b"sa", b"sh"))
    assert state.outbox == (item, signed)
    assert state.meta == {"boot": b"\x02", "x": b""}


def test_notes_merge_field_by_field(store: Store) -> None:
    store.commit(Writes(expect=(2, 1), notes=(StoredNote(0, 2, b"", receipt=b"r"),)))
    store.commit(Writes(expect=(2, 1), notes=(StoredNote(0, 2, b"note", seal_author=b"s"),)))
    store.commit(Writes(expect=(2, 1), notes=(StoredNote(0, 2, b"", seal_holder=b"h"),)))
    assert store.notes() == (StoredNote(0, 2, b"note", b"r", b"s", b"h"),)


def test_an_enrolment_waits_with_the_statements_of_both_officers(store: Store) -> None:
    real = b"\x84" + b"c" * 300  # a COSE_Sign1 begins so
    item = OutboxItem("11" * 16, "enrol", not DRILL, b"s" * 16, b"body", real, 5, real[::-1])
    store.commit(Writes(expect=(2, 1), outbox_add=(item,)))
    assert loaded(store).outbox == (item,)
    assert loaded(store).outbox[0].statements == (real, real[::-1])


def test_outbox_leaves_in_the_transaction_of_its_entry(store: Store) -> None:
    item = OutboxItem("ab" * 16, "text", not DRILL, b"t" * 16, b"text", b"cose", 77)
    store.commit(Writes(expect=(2, 1), outbox_add=(item,)))
    store.commit(Writes(expect=(2, 1), entries=(entry(0, 2),), outbox_remove=(item.item,)))
    state = loaded(store)
    assert state.outbox == ()
    assert len(state.entries[0]) == 3


def test_a_late_genesis_signature_is_shown_with_the_first(store: Store) -> None:
    store.commit(Writes(expect=(2, 1), meta={GENESIS_SIGNATURE_META[1]: b"sig-b"}))
    assert loaded(store).genesis_signatures == (b"sig-a", b"sig-b")


@pytest.mark.parametrize(
    "writes",
    [
        Writes(expect=(1, 1), entries=(entry(0, 1),)),
        Writes(expect=(2, 2), entries=(entry(0, 2),)),
        Writes(expect=(2, 1), entries=(entry(0, 3),)),
        Writes(expect=(2, 1), entries=(entry(0, 2), entry(0, 2))),
        Writes(expect=(2, 1), entries=(entry(1, 1), entry(0, 4))),
        Writes(expect=(3, 1), meta={"x": b"x"}),
    ],
)
def test_other_sizes_than_expected_refuse_the_whole(store: Store, writes: Writes) -> None:
    with pytest.raises(StoreError, match=r"store\.conflict"):
        store.commit(writes)
    assert loaded(store) == founding()
    store.commit(Writes(expect=(2, 1), entries=(entry(0, 2),)))


@pytest.mark.parametrize("step", ["begin", "entries", "notes", "rest", "commit"])
def test_a_crash_before_the_commit_leaves_nothing(path: Path, step: str) -> None:
    class CrashError(Exception):
        pass

    armed = ""

    def steps(name: str) -> None:
        if name == armed:
            raise CrashError

    store = Store.open(path, steps=steps)
    store.found(founding())
    armed = step
    writes = Writes(
        expect=(2, 1),
        entries=(entry(0, 2),),
        notes=(StoredNote(0, 3, b"n"),),
        meta={"boot": b"\x09"},
        evidence=(("record.fork", b"x", 1),),
    )
    with pytest.raises(CrashError):
        store.commit(writes)
    armed = ""
    assert loaded(store) == founding()
    store.commit(writes)
    assert len(loaded(store).entries[0]) == 3
    store.close()


def test_a_crash_after_the_commit_leaves_all(path: Path) -> None:
    class CrashError(Exception):
        pass

    def steps(name: str) -> None:
        if name == "done":
            raise CrashError

    store = Store.open(path, steps=steps)
    store.found(founding())
    with pytest.raises(CrashError):
        store.commit(Writes(expect=(2, 1), entries=(entry(0, 2),)))
    store.close()
    assert len(read_offline(path).entries[0]) == 3


def test_a_full_disk_is_said_and_leaves_nothing_and_may_be_tried_again(path: Path) -> None:
    store = Store.open(path, pages_max=40)
    store.found(founding())
    large = Writes(expect=(2, 1), entries=(entry(0, 2, b"x" * 200_000),), meta={"boot": b"\x05"})
    with pytest.raises(StoreError) as caught:
        store.commit(large)
    assert caught.value.code == "store.full"
    assert loaded(store) == founding()
    store.commit(Writes(expect=(2, 1), entries=(entry(0, 2, b"small"),)))
    assert len(loaded(store).entries[0]) == 3
    store.close()


_WRITE_UNDER_A_LIMIT = """
import resource, signal, sys
from pathlib import Path
from openline.engine.ports import StoredEntry, StoredState, Writes
from openline.errors import StoreError
from openline.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
first = StoredEntry(0, 0, b"g", b"", b"", 0), StoredEntry(1, 0, b"g", b"", b"", 0)
store = Store.open(Path(sys.argv[1]))
store.found(StoredState(genesis=b"g", genesis_signatures=(None, None),
    entries=((first[0],), (first[1],)), notes=(), outbox=(), meta={}))
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
good = 1
code = ""
try:
    while True:
        more = StoredEntry(0, good, b"leaf", b"salt", b"x" * 10_000, 0)
        store.commit(Writes(expect=(good, 1), entries=(more,)))
        good += 1
except StoreError as fault:
    code = fault.code
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
more = StoredEntry(0, good, b"leaf", b"salt", b"retried", 0)
store.commit(Writes(expect=(good, 1), entries=(more,)))
print(good, code, flush=True)
import os; os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_device_refuses_in_the_middle_of_a_write(path: Path) -> None:
    command = [sys.executable, "-c", _WRITE_UNDER_A_LIMIT, str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == -9, ran.stderr
    good, code = ran.stdout.split()
    assert code in {"store.full", "store.io"}
    state = read_offline(path)
    assert len(state.entries[0]) == int(good) + 1 > 10
    assert state.entries[0][-1].body == b"retried"


def test_a_second_program_is_refused(store: Store, path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        Store.open(path)
    assert caught.value.code == "store.busy"
    assert loaded(store) == founding()


def test_a_file_that_is_no_record_is_refused(path: Path) -> None:
    path.write_bytes(b"this is not a database, it is a letter" * 200)
    with pytest.raises(StoreError) as caught:
        Store.open(path)
    assert caught.value.code == "store.corrupt"


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        Store.open(tmp_path / "nowhere" / "record.sqlite")
    assert caught.value.code == "store.unwritable"


def test_tables_of_a_later_version_are_refused(store: Store, path: Path) -> None:
    store.close()
    with sqlite3.connect(path) as other:
        other.execute("UPDATE alembic_version SET version_num='9999'")
    other.close()
    with pytest.raises(StoreError) as caught:
        Store.open(path)
    assert caught.value.code == "store.newer"


def test_a_size_cell_that_disagrees_is_corrupt(store: Store, path: Path) -> None:
    store.close()
    with sqlite3.connect(path) as other:
        other.execute('DELETE FROM entries WHERE log=0 AND "index"=1')
    other.close()
    with pytest.raises(StoreError) as caught:
        read_offline(path)
    assert caught.value.code == "store.corrupt"


def test_a_deleted_file_is_not_written_to(store: Store, path: Path) -> None:
    path.unlink()
    with pytest.raises(StoreError) as caught:
        store.commit(Writes(expect=(2, 1), entries=(entry(0, 2),)))
    assert caught.value.code == "store.gone"


def fault_at_commit(name: str) -> Callable[[str], None]:
    def steps(step: str) -> None:
        if step == "commit" and name in armed:
            fault = sqlite3.OperationalError("disk I/O error")
            fault.sqlite_errorcode = getattr(sqlite3, name)
            fault.sqlite_errorname = name
            from sqlalchemy.exc import OperationalError  # noqa: PLC0415 - only this fault needs it

            raise OperationalError("COMMIT", None, fault)

    armed: set[str] = set()
    steps.armed = armed  # type: ignore[attr-defined]
    return steps


def test_after_an_unconfirmed_write_every_later_one_is_refused(path: Path) -> None:
    steps = fault_at_commit("SQLITE_IOERR_FSYNC")
    store = Store.open(path, steps=steps)
    store.found(founding())
    steps.armed.add("SQLITE_IOERR_FSYNC")  # type: ignore[attr-defined]
    writes = Writes(expect=(2, 1), entries=(entry(0, 2),))
    for _ in range(2):
        with pytest.raises(StoreError) as caught:
            store.commit(writes)
        assert caught.value.code == "store.fsync"
        steps.armed.clear()  # type: ignore[attr-defined]
    assert [e.index for e in store.read_entries(0, 0, 2, 1000)] == [0, 1]
    store.close()
    assert len(read_offline(path).entries[0]) == 2


def test_reads_come_in_slices_and_never_empty(store: Store) -> None:
    more = tuple(entry(0, index, b"x" * 1000) for index in range(2, 50))
    store.commit(Writes(expect=(2, 1), entries=more))
    assert [e.index for e in store.read_entries(0, 2, 50, 1)] == [2]
    part = store.read_entries(0, 2, 50, 10_000)
    assert 1 <= len(part) <= 9
    assert [e.index for e in part] == list(range(2, 2 + len(part)))
    assert store.read_entries(0, 50, 60, 10_000) == ()


def test_evidence_is_bounded_and_the_first_is_kept(store: Store, path: Path) -> None:
    for number in range(EVIDENCE_PER_CODE_MAX + 5):
        kept = (("link.frame", b"%d" % number, number), ("record.fork", b"y" * 300_000, 1))
        store.commit(Writes(expect=(2, 1), evidence=kept))
    store.close()
    with sqlite3.connect(path) as other:
        rows = other.execute("SELECT code, data FROM evidence ORDER BY place").fetchall()
    other.close()
    frames = [data for code, data in rows if code == "link.frame"]
    assert len(frames) == EVIDENCE_PER_CODE_MAX
    assert frames[0] == b"0"
    assert max(len(data) for _, data in rows) < 140_000


def test_reading_offline_changes_nothing(store: Store, path: Path) -> None:
    store.commit(Writes(expect=(2, 1), entries=(entry(0, 2),)))
    before = {item.name: item.read_bytes() for item in path.parent.iterdir()}
    assert len(read_offline(path).entries[0]) == 3
    assert {item.name: item.read_bytes() for item in path.parent.iterdir()} == before


def test_signatures_are_read_without_a_load(store: Store) -> None:
    assert store.signatures() == (b"sig-a", None)
    store.commit(Writes(expect=(2, 1), meta={GENESIS_SIGNATURE_META[1]: b"sig-b"}))
    assert store.signatures() == (b"sig-a", b"sig-b")


def test_the_settings_that_the_promises_rest_on(store: Store) -> None:
    ask = store._connection.exec_driver_sql
    assert ask("PRAGMA journal_mode").scalar() == "wal"
    assert ask("PRAGMA synchronous").scalar() == 2
    assert ask("PRAGMA locking_mode").scalar() == "exclusive"

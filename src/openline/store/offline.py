"""Reading a post's disk while no post runs on it, without touching it.

Opening a SQLite file replays its write-ahead file and so changes the folder.
Whoever judges what a killed post left behind must not do that: the files are
copied away first and the copy is read.
"""

import shutil
import tempfile
from pathlib import Path

from openline.engine.ports import StoredState
from openline.errors import StoreError
from openline.store.store import Store


def read_offline(path: Path) -> StoredState:
    """The state that a start on this file would find.

    Args:
        path: the record file of a post that is not running; it is left as it is.

    Raises:
        StoreError: ``store.unwritable`` when it cannot be read, ``store.empty`` without a line.
    """
    with tempfile.TemporaryDirectory(prefix="openline-read-") as folder:
        copy = Path(folder) / path.name
        try:
            for suffix in ("", "-wal"):
                source = path.with_name(path.name + suffix)
                if suffix == "" or source.exists():
                    shutil.copyfile(source, copy.with_name(copy.name + suffix))
        except OSError as fault:
            raise StoreError("store.unwritable", str(fault), path=str(path)) from fault
        store = Store.open(copy)
        try:
            state = store.load()
        finally:
            store.close()
    if state is None:
        raise StoreError("store.empty", "no line in this file", path=str(path))
    return state

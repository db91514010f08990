"""The demo's folder: keys lie in it, so it goes away, at the latest when the next demo starts.

Its lock is the kernel's and dies with the demo, however that ended; a folder
whose lock can be taken belongs to nobody.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PREFIX: Final = "openline-demo-"
LOCK: Final = "demo.lock"


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for one demo, removed at the end of the block; sweeps up what a killed demo left."""
    sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    # The lock is taken before the file has its name: a sweep never finds it there and free.
    unnamed = folder / ".lock"
    descriptor = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        unnamed.rename(folder / LOCK)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def sweep(parent: Path) -> list[Path]:
    """Remove the folders of demos that are no more.

    Returns:
        What was removed.
    """
    removed = []
    for lock in parent.glob(f"{PREFIX}*/{LOCK}"):
        with contextlib.suppress(OSError):
            if lock.lstat().st_uid == os.geteuid() and _is_free(lock):
                shutil.rmtree(lock.parent, ignore_errors=True)
                removed.append(lock.parent)
    return removed


def _is_free(lock: Path) -> bool:
    descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)

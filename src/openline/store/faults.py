"""Names for what a disk can do to us: driver errors become coded store errors.

Rule: a caller never sees a driver's exception. Codes:

=================== =====================================================================
``store.full``      no space left; nothing of the transaction stands; may be tried again
``store.unwritable`` the file or folder cannot be written or opened
``store.busy``      another program holds the file
``store.corrupt``   the file is damaged or is not a record
``store.fsync``     the disk did not confirm; what is durable is unknown until a restart
``store.io``        any other fault of the device
``store.failed``    anything else that the database refused
=================== =====================================================================
"""

import sqlite3
from typing import Final

from openline.errors import StoreError

_BY_PRIMARY: Final[dict[int, str]] = {
    sqlite3.SQLITE_FULL: "store.full",
    sqlite3.SQLITE_READONLY: "store.unwritable",
    sqlite3.SQLITE_CANTOPEN: "store.unwritable",
    sqlite3.SQLITE_PERM: "store.unwritable",
    sqlite3.SQLITE_AUTH: "store.unwritable",
    sqlite3.SQLITE_BUSY: "store.busy",
    sqlite3.SQLITE_LOCKED: "store.busy",
    sqlite3.SQLITE_CORRUPT: "store.corrupt",
    sqlite3.SQLITE_NOTADB: "store.corrupt",
    sqlite3.SQLITE_IOERR: "store.io",
}
_FSYNC: Final = frozenset({sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC})


def store_error(fault: BaseException) -> StoreError:
    """The coded error for a driver's exception.

    Args:
        fault: an exception of SQLAlchemy or of the driver.
    """
    original = getattr(fault, "orig", None) or fault
    number = getattr(original, "sqlite_errorcode", None)
    name = str(getattr(original, "sqlite_errorname", type(original).__name__))
    if not isinstance(number, int):
        return StoreError("store.failed", f"{name}: {original}")
    code = "store.fsync" if number in _FSYNC else _BY_PRIMARY.get(number & 0xFF, "store.failed")
    return StoreError(code, f"{name}: {original}", name=name)

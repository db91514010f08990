"""One SQLite file, one connection: how it is opened, set up and brought up to date.

SQLite before 3.51.3 can lose a committed page when two connections meet in a
WAL reset, so there is exactly one connection per file: the pool holds one and
never a second, the lock is exclusive, and migrations run on that connection.
``synchronous=FULL`` because a receipt is a promise that outlives a power cut.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from openline.errors import StoreError
from openline.store import tables
from openline.store.faults import store_error

if TYPE_CHECKING:
    import sqlite3

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_CHECKPOINT_PAGES: Final = 1000
WRITING: Final = "openline-writing"
"""Whether the next transaction writes, in ``Connection.info``."""


def connect(path: Path, *, pages_max: int | None = None) -> tuple[sa.Engine, sa.Connection]:
    """Open the file with the one connection that it will ever have.

    Args:
        path: the database file; it is made when absent, its folder is not.
        pages_max: largest size in pages of 4096 bytes, or None for no limit.

    Raises:
        StoreError: ``store.busy`` when another program holds it, ``store.unwritable``,
            ``store.corrupt``, ``store.newer`` for tables of a later version.
    """
    engine = sa.create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=1,
        connect_args={"check_same_thread": False, "timeout": 0.5},
    )
    sa.event.listen(engine, "connect", _settings(pages_max))
    sa.event.listen(engine, "begin", _begin)
    connection: sa.Connection | None = None
    try:
        connection = engine.connect()
        _migrate(connection)
    except (SQLAlchemyError, StoreError) as fault:
        if connection is not None:
            connection.close()
        engine.dispose()
        raise (fault if isinstance(fault, StoreError) else store_error(fault)) from fault
    return engine, connection


def _settings(pages_max: int | None) -> Callable[[DBAPIConnection, object], None]:
    def apply(dbapi: DBAPIConnection, _record: object) -> None:
        # The driver must not open transactions by itself: "begin" below does.
        driver = cast("sqlite3.Connection", dbapi)
        driver.isolation_level = None
        cursor = driver.cursor()
        # Exclusive before WAL: then no shared memory file is made and no second reader can come.
        cursor.execute("PRAGMA locking_mode=EXCLUSIVE")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        if pages_max is not None:
            cursor.execute(f"PRAGMA max_page_count={int(pages_max)}")
        cursor.close()

    return apply


def _begin(connection: sa.Connection) -> None:
    # IMMEDIATE: a writer that cannot write must learn it before it has done half of its work.
    writing = connection.info.get(WRITING, True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _migrate(connection: sa.Connection) -> None:
    with connection.begin():
        present = sa.inspect(connection).has_table("alembic_version")
        found = None
        if present:
            found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        if found == tables.REVISION:
            return
        if found is not None and str(found) > tables.REVISION:
            detail = f"tables of version {found}, this program knows {tables.REVISION}"
            raise StoreError("store.newer", detail, found=str(found))
        # Needed once in a file's life; the import costs as much as all the rest of a start.
        from alembic import command  # noqa: PLC0415 - see above
        from alembic.config import Config  # noqa: PLC0415 - see above

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

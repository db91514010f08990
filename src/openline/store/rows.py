"""Rows and the engine's stored types, one into the other; bytes are never re-encoded."""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from openline.engine.ports import OutboxItem, StoredEntry, StoredNote, StoredState
from openline.errors import StoreError
from openline.record.cbor import as_bytes, decode_list, encode
from openline.record.limits import STATEMENT_BYTES_MAX
from openline.store import tables as t

Row = dict[str, Any]

_TWO: Final = b"\x82"
"""First byte of an array of two. A statement is a COSE_Sign1 and begins otherwise."""
_PACKED_MAX: Final = 2 * STATEMENT_BYTES_MAX + 16

GENESIS_SIGNATURE_META: Final = ("genesis-signature-a", "genesis-signature-b")
"""Names in ``Writes.meta`` under which a genesis signature that arrives later is kept."""

# Built once: making a statement costs more than running it.
PUT_ENTRY: Final = t.entries.insert()
PUT_OUTBOX: Final = t.outbox.insert()
GROW: Final = (
    t.logs.update()
    .where(t.logs.c.log == sa.bindparam("of"), t.logs.c.size == sa.bindparam("expected"))
    .values(size=sa.bindparam("grown"))
)
"""Compare and set: one row changes if the log has the expected size, else none."""

_NOTE = insert(t.notes)
MERGE_NOTE: Final = _NOTE.on_conflict_do_update(
    index_elements=["log", "size"],
    set_={
        # An empty note means "only what stands on it is new"; else the newest word replaces.
        "note": sa.case(
            (sa.func.length(_NOTE.excluded.note) > 0, _NOTE.excluded.note), else_=t.notes.c.note
        ),
        "receipt": sa.func.coalesce(_NOTE.excluded.receipt, t.notes.c.receipt),
        "seal_author": sa.func.coalesce(_NOTE.excluded.seal_author, t.notes.c.seal_author),
        "seal_holder": sa.func.coalesce(_NOTE.excluded.seal_holder, t.notes.c.seal_holder),
    },
)
"""Insert a note, or merge it field by field into the one of that log and size."""

_META = insert(t.meta)
PUT_META: Final = _META.on_conflict_do_update(
    index_elements=["name"], set_={"value": _META.excluded.value}
)
"""Set a small named value."""


def of_entry(entry: StoredEntry) -> Row:
    """The row of an entry."""
    return {
        "log": entry.log,
        "index": entry.index,
        "leaf": entry.leaf,
        "salt": entry.salt,
        "body": entry.body,
        "first_wall_ms": entry.first_wall_ms,
    }


def of_note(note: StoredNote) -> Row:
    """The row of a note."""
    return {
        "log": note.log,
        "size": note.size,
        "note": note.note,
        "receipt": note.receipt,
        "seal_author": note.seal_author,
        "seal_holder": note.seal_holder,
    }


def of_outbox(item: OutboxItem) -> Row:
    """The row of a statement that is not yet in the record."""
    return {
        "item": item.item,
        "kind": item.kind,
        "drill": item.drill,
        "salt": item.salt,
        "body": item.body,
        "statement": _packed(item),
        "written_wall_ms": item.written_wall_ms,
    }


def entry(row: sa.Row[Any]) -> StoredEntry:
    """The entry of a row in the order of the table's columns."""
    log, index, leaf, salt, body, first_wall_ms = tuple(row)
    return StoredEntry(log, index, leaf, salt, body, first_wall_ms)


def notes(connection: sa.Connection) -> tuple[StoredNote, ...]:
    """All notes by log and size."""
    query = sa.select(t.notes).order_by(t.notes.c.log, t.notes.c.size)
    return tuple(StoredNote(*row) for row in connection.execute(query))


def load(connection: sa.Connection) -> StoredState | None:
    """The whole state, or None for a file without a line.

    Raises:
        StoreError: ``store.corrupt`` when sizes and entries disagree.
    """
    line = connection.execute(sa.select(t.genesis)).first()
    if line is None:
        return None
    halves = tuple(_half(connection, log) for log in (0, 1))
    meta = {str(name): bytes(value) for name, value in connection.execute(sa.select(t.meta))}
    return StoredState(
        genesis=line.leaf,
        genesis_signatures=signatures(connection),
        entries=(halves[0], halves[1]),
        notes=notes(connection),
        outbox=_outbox(connection),
        meta=meta,
    )


def signatures(connection: sa.Connection) -> tuple[bytes | None, bytes | None]:
    """Both signatures of the genesis; one that came later stands among the named values."""
    line = connection.execute(sa.select(t.genesis)).first()
    if line is None:
        return None, None
    query = sa.select(t.meta).where(t.meta.c.name.in_(GENESIS_SIGNATURE_META))
    later = {str(name): bytes(value) for name, value in connection.execute(query)}
    return (
        line.signature_a or later.get(GENESIS_SIGNATURE_META[0]),
        line.signature_b or later.get(GENESIS_SIGNATURE_META[1]),
    )


def _half(connection: sa.Connection, log: int) -> tuple[StoredEntry, ...]:
    query = sa.select(t.entries).where(t.entries.c.log == log).order_by(t.entries.c.index)
    found = tuple(entry(row) for row in connection.execute(query))
    size = connection.execute(sa.select(t.logs.c.size).where(t.logs.c.log == log)).scalar()
    if size != len(found) or any(item.index != place for place, item in enumerate(found)):
        raise StoreError("store.corrupt", f"log {log}: {len(found)} entries, size cell {size}")
    return found


def _outbox(connection: sa.Connection) -> tuple[OutboxItem, ...]:
    columns = [column for column in t.outbox.c if column.name != "place"]
    query = sa.select(*columns).order_by(t.outbox.c.place)
    return tuple(_outbox_item(row) for row in connection.execute(query))


def _packed(item: OutboxItem) -> bytes | None:
    """The statements as one value: one as it is, two as a CBOR array of their bytes."""
    if item.statement is None or item.second is None:
        return item.statement
    return encode([item.statement, item.second])


def _outbox_item(row: sa.Row[Any]) -> OutboxItem:
    name, kind, drill, salt, body, statement, written_wall_ms = tuple(row)
    second = None
    if statement is not None and statement[:1] == _TWO:
        statement, second = (as_bytes(said) for said in decode_list(statement, _PACKED_MAX, 2))
    return OutboxItem(name, kind, drill, salt, body, statement, written_wall_ms, second)

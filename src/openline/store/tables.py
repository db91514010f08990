"""The tables of one post's record, as they stand after the newest migration.

``logs.size`` is the compare-and-set cell: a transaction names the sizes that it
was made for, and a difference on disk refuses the whole of it.
"""

from typing import Final

import sqlalchemy as sa

REVISION: Final = "0001"
"""The newest migration."""

_schema = sa.MetaData()

genesis = sa.Table(
    "genesis",
    _schema,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("leaf", sa.LargeBinary, nullable=False),
    sa.Column("signature_a", sa.LargeBinary),
    sa.Column("signature_b", sa.LargeBinary),
)

logs = sa.Table(
    "logs",
    _schema,
    sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.Integer, nullable=False),
)

entries = sa.Table(
    "entries",
    _schema,
    sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("index", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("leaf", sa.LargeBinary, nullable=False),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("body", sa.LargeBinary),
    sa.Column("first_wall_ms", sa.BigInteger, nullable=False),
)

notes = sa.Table(
    "notes",
    _schema,
    sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
    sa.Column("receipt", sa.LargeBinary),
    sa.Column("seal_author", sa.LargeBinary),
    sa.Column("seal_holder", sa.LargeBinary),
)

outbox = sa.Table(
    "outbox",
    _schema,
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("item", sa.String(64), nullable=False, unique=True),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("drill", sa.Boolean, nullable=False),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("statement", sa.LargeBinary),
    sa.Column("written_wall_ms", sa.BigInteger, nullable=False),
)

evidence = sa.Table(
    "evidence",
    _schema,
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("code", sa.String(64), nullable=False, index=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("wall_ms", sa.BigInteger, nullable=False),
)

meta = sa.Table(
    "meta",
    _schema,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)

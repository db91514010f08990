"""The record's first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "genesis",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("signature_a", sa.LargeBinary),
        sa.Column("signature_b", sa.LargeBinary),
    )
    op.create_table(
        "logs",
        sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.Integer, nullable=False),
    )
    op.create_table(
        "entries",
        sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("index", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary),
        sa.Column("first_wall_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "notes",
        sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
        sa.Column("receipt", sa.LargeBinary),
        sa.Column("seal_author", sa.LargeBinary),
        sa.Column("seal_holder", sa.LargeBinary),
    )
    op.create_table(
        "outbox",
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("item", sa.String(64), nullable=False, unique=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("statement", sa.LargeBinary),
        sa.Column("written_wall_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "evidence",
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("wall_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_evidence_code", "evidence", ["code"])
    op.create_table(
        "meta",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    logs = sa.table("logs", sa.column("log", sa.Integer), sa.column("size", sa.Integer))
    op.bulk_insert(logs, [{"log": 0, "size": 0}, {"log": 1, "size": 0}])

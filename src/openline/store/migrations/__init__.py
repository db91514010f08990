"""Alembic's folder: run on the store's own and only connection."""

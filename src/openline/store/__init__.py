"""The store: one writer on SQLite."""

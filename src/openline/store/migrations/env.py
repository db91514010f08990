"""Alembic's entry: it finds the store's connection in ``config.attributes``."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()

"""Alembic's environment: it runs on the connection it is given, inside that one's transaction."""

from __future__ import annotations

from alembic import context

from migrate.errors import RunError
from migrate.store.base import VERSION_TABLE, Base

_connection = context.config.attributes.get("connection")
if _connection is None:
    raise RunError(
        "migrations run on a connection that is handed to them",
        fix="Call migrate.store.engine.open_store",
    )
context.configure(
    connection=_connection,
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    # SQLite can: a kill in the middle leaves the schema as it was
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

"""Rows into a table by the thousand: COPY on PostgreSQL, an insert of many rows elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert
from sqlalchemy.exc import DBAPIError

from migrate.store.base import Base


def insert_rows(
    connection: Connection, table: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows in the transaction that ``connection`` is in; triggers and constraints hold.

    :param rows: values by column name, the same names in each.
    :raises sqlalchemy.exc.DBAPIError: as any insert of SQLAlchemy does.
    """
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), list(rows))
        return
    import psycopg
    from psycopg import sql

    names = list(rows[0])
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.__tablename__), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])
    except psycopg.Error as error:
        # what every other statement's errors come as
        raise DBAPIError.instance(
            f"COPY {table.__tablename__}", None, error, psycopg.Error, hide_parameters=True
        ) from error

"""The two columns of a registry's table that codes are written by, or why they cannot be."""

from __future__ import annotations

import uuid
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect
from sqlalchemy import types as sqltypes
from sqlalchemy.engine.interfaces import ReflectedColumn

from migrate.codes.numbers import LENGTH
from migrate.persian import letters

KEY, CODE = "degree_id", "validity_code"


class RefusedError(Exception):
    """The database, or its table, does not allow codes to be written; its text says why."""


def find_columns(connection: Connection, table: str | None) -> Table:
    """The table with its columns ``KEY`` and ``CODE``, under these keys and of their own types.

    :param connection: the registry's database.
    :param table: a name, or ``schema.name``.
    :raises RefusedError: when there is no such table or column, when it is a view, and when a code
        would not fit as text.
    """
    name, within, found = columns_of(connection, table)
    for wanted in (KEY, CODE):
        if letters.key(wanted) not in found:
            raise RefusedError(f"{table} has no column {wanted}")
    key, code = (found[letters.key(wanted)] for wanted in (KEY, CODE))
    _check_type(code["type"])
    # SQLite compares text with a number as numbers, by itself, and gives back what is stored
    key_type = String() if connection.dialect.name == "sqlite" else key["type"]
    return Table(
        name,
        MetaData(),
        Column(key["name"], key_type, key=KEY),
        Column(code["name"], code["type"], key=CODE),
        schema=within,
    )


def columns_of(
    connection: Connection, table: str | None
) -> tuple[str, str | None, dict[str, ReflectedColumn]]:
    """Name and schema of a table, and what the database says of its columns, by ``letters.key``.

    :raises RefusedError: when there is no such table, and when it is a view.
    """
    if not table:
        raise RefusedError("no table of the registry is named")
    look = inspect(connection)
    # a dot may be part of a name, and intake takes it so first
    schema, _, name = ("", "", table) if look.has_table(table) else table.rpartition(".")
    within = schema or None
    if not look.has_table(name, schema=within):
        raise RefusedError(f"there is no table {table}")
    views = set(look.get_view_names(schema=within))
    if connection.dialect.name == "postgresql":
        views |= set(look.get_materialized_view_names(schema=within))
    if name in views:
        raise RefusedError(f"{table} is a view: only a table can be written to")
    # as intake maps headings: by letters alone
    columns = {letters.key(column["name"]): column for column in look.get_columns(name, within)}
    return name, within, columns


def _check_type(type_: Any) -> None:
    # a domain stands for the type beneath it
    base = getattr(type_, "data_type", type_)
    # an SQLite column of no type keeps text as it is
    if isinstance(base, sqltypes.NullType):
        return
    if not isinstance(base, String):
        raise RefusedError(f"{CODE} is {base!s}: a code is text, and a number would spoil it")
    if base.length is not None and base.length < LENGTH:
        raise RefusedError(f"{CODE} holds {base.length} characters: a code has {LENGTH}")


def key_of(degrees: Table, degree_id: str) -> Any:
    """A degree_id as the column's own type has it, or None where it cannot be one.

    :param degrees: as :func:`find_columns` gives it.
    :param degree_id: the text that the batch has for it.
    """
    return value_of(degrees.c[KEY], degree_id)


def value_of(column: Column[Any], text: str) -> Any:
    """A text as a column's own type has it, or None where it cannot be one."""
    base = getattr(column.type, "data_type", column.type)
    try:
        if isinstance(base, sqltypes.Integer):
            return int(text) if str(int(text)) == text else None
        if isinstance(base, sqltypes.Uuid):
            return uuid.UUID(text)
        if isinstance(base, (sqltypes.Numeric, sqltypes.Float)):
            return Decimal(text)
    except (ValueError, InvalidOperation):
        return None
    return text

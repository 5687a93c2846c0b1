"""The two columns of a registry's table that codes are written by, or why they cannot be."""

from __future__ import annotations

import uuid
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect
from sqlalchemy import types as sqltypes

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
        raise RefusedError(f"{table} is a view: codes are written to tables only")
    # as intake maps headings: by letters alone
    found = {letters.key(column["name"]): column for column in look.get_columns(name, within)}
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
    column = degrees.c[KEY].type
    base = getattr(column, "data_type", column)
    try:
        if isinstance(base, sqltypes.Integer):
            return int(degree_id) if str(int(degree_id)) == degree_id else None
        if isinstance(base, sqltypes.Uuid):
            return uuid.UUID(degree_id)
        if isinstance(base, (sqltypes.Numeric, sqltypes.Float)):
            return Decimal(degree_id)
    except (ValueError, InvalidOperation):
        return None
    return degree_id

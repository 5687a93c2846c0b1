"""A registry's table as it is changed: its columns, how a text goes into each, and new ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, MetaData, String, Table, func, select, text
from sqlalchemy import types as sqltypes
from sqlalchemy.engine.interfaces import ReflectedColumn

from migrate.diplomas.schema import REGISTRY
from migrate.intake.readers import cells
from migrate.persian import letters
from migrate.store.columns import KEY, RefusedError, columns_of, value_of

PERSON = "person_id"
# seconds to wait for another session's rows
_LOCK_TIMEOUT = 30


@dataclass(frozen=True)
class RegistryTable:
    """``table`` has the columns of ``REGISTRY`` that the registry has, by field. ``generated`` are those
    that the database fills by itself, ``filled`` those that may not be null."""

    table: Table
    generated: frozenset[str]
    filled: frozenset[str]

    def rows(self, connection: Connection, name: str, value: str) -> list[dict[str, Any]]:
        """The rows whose field ``name`` is a text, as the driver gives them, by field."""
        typed = value_of(self._column(name), value)
        if typed is None:
            return []
        asked = select(*self.table.c).where(self.table.c[name] == typed).with_for_update()
        return [
            dict(zip(self.table.c.keys(), row, strict=True)) for row in connection.execute(asked)
        ]

    def value(self, name: str, value: str) -> Any:
        """A text as it goes into a column. Raises RefusedError where it would not come back as it is."""
        column = self._column(name)
        base = getattr(column.type, "data_type", column.type)
        if isinstance(base, _Foreign):
            raise RefusedError(f"{name} is {base.name}: only texts and whole numbers are written")
        if isinstance(base, String) and base.length is not None and base.length < len(value):
            raise RefusedError(f"{name} holds {base.length} characters, and {value} has more")
        typed = value_of(column, value)
        if typed is None:
            raise RefusedError(f"{name} is {base!s} and cannot hold {value}")
        return typed

    def next_id(
        self, connection: Connection, name: str, prefix: str, last: str | None = None
    ) -> str:
        """The id after the last one that is ``prefix`` and digits, as long as that; the first is 1.

        :param last: what this gave the last time in the same transaction, None for the first time.
        :raises RefusedError: for a column that does not hold such an id.
        """
        column = self._column(name)
        base = getattr(column.type, "data_type", column.type)
        if isinstance(base, sqltypes.Integer) and not prefix:
            highest = connection.execute(select(func.max(column))).scalar_one() or 0
            return str(highest + 1)
        if not isinstance(base, String) or not prefix:
            raise RefusedError(f"{name} is {base!s}: no id of it can begin with '{prefix}'")
        if last is None:
            last = self._last(connection, column, prefix)
        number = last.removeprefix(prefix)
        return prefix + str(int(number) + 1).zfill(len(number))

    def _last(self, connection: Connection, column: Column[Any], prefix: str) -> str:
        wanted = re.compile(re.escape(prefix) + r"[0-9]+")
        # the longest number is the highest: '9' comes after '10' as a text
        held = connection.execute(
            select(column)
            .where(column.startswith(prefix, autoescape=True))
            .order_by(func.length(column).desc(), column.desc())
            .execution_options(stream_results=True, max_row_buffer=1000)
        )
        with held:
            for (value,) in held:
                found = (cells.text(value) or "").strip()
                if wanted.fullmatch(found):
                    return found
        return f"{prefix}0"

    def _column(self, name: str) -> Column[Any]:
        if name not in self.table.c:
            raise RefusedError(f"{self.table.name} has no column {name}")
        return self.table.c[name]


def open_table(connection: Connection, table: str | None) -> RegistryTable:
    """Look at a registry's table, in a transaction that is going to change it.

    :param table: a name, or ``schema.name``.
    :raises RefusedError: as ``columns_of``, and for a table without the required columns.
    """
    name, within, found = columns_of(connection, table)
    columns, generated, filled = [], set(), set()
    sqlite = connection.dialect.name == "sqlite"
    for field in REGISTRY.fields:
        column = found.get(letters.key(field.name))
        if column is None:
            if field.required:
                raise RefusedError(f"{table} has no column {field.name}")
            continue
        columns.append(
            Column(column["name"], _type(column["type"], field.name, sqlite), key=field.name)
        )
        if _is_generated(column, found, sqlite):
            generated.add(field.name)
        if not column.get("nullable", True) and column.get("default") is None:
            filled.add(field.name)
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}s'"))
    held = Table(name, MetaData(), *columns, schema=within)
    return RegistryTable(held, frozenset(generated), frozenset(filled))


def hold_new_rows(connection: Connection, registry: RegistryTable) -> None:
    """Let nobody else add rows to the registry until the transaction ends: ids are made by its rows."""
    if connection.dialect.name == "postgresql":
        named = connection.dialect.identifier_preparer.format_table(registry.table)
        connection.execute(text(f"LOCK TABLE {named} IN SHARE ROW EXCLUSIVE MODE"))


def texts(row: Mapping[str, Any]) -> dict[str, str | None]:
    """The cells of a row as intake reads them; a CHAR comes back padded, and is not so here."""
    return {name: (cells.text(value) or "").strip() or None for name, value in row.items()}


def _type(type_: Any, name: str, sqlite: bool) -> Any:
    base = getattr(type_, "data_type", type_)
    if isinstance(base, (String, sqltypes.Integer, sqltypes.Uuid)) and not (
        # SQLite compares text with a number as numbers, by itself, and gives back what is stored
        sqlite and name in (KEY, PERSON)
    ):
        return type_
    if sqlite and (name in (KEY, PERSON) or isinstance(base, sqltypes.NullType)):
        return base if isinstance(base, sqltypes.Integer) else String()
    # a type that this program would read its own way: as the driver gives it
    return _Foreign(str(base)) if not isinstance(base, sqltypes.Numeric) else type_


class _Foreign(sqltypes.UserDefinedType[Any]):
    """A column that is read and left as it is."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


def _is_generated(column: ReflectedColumn, all_columns: Mapping[str, Any], sqlite: bool) -> bool:
    if column.get("default") is not None or column.get("identity"):
        return True
    keys = [one for one in all_columns.values() if one.get("primary_key")]
    return bool(
        sqlite
        and column.get("primary_key")
        and len(keys) == 1
        and str(column["type"]).upper() == "INTEGER"
    )

"""The rows of a database as a source: of a table, a view, or a query that a source profile holds.

Only read: SQLite files are opened so that they cannot be written, PostgreSQL is told that the
transaction is read-only, and a query stands inside a SELECT of ours, where nothing else can.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from migrate.errors import InputError
from migrate.intake.profiles import Profile
from migrate.intake.readers import database
from migrate.intake.readers.rows import SIZE, Progress, Rows, Shape, chunked

VARIABLE = "MIGRATE_SOURCE_PASSWORD"
# orders text by its code points, whatever the language of the server
_COLLATIONS = {"postgresql": "C", "sqlite": "BINARY"}
# what SQLAlchemy would take for a bound parameter
_PARAMETER = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")


def look(address: str, profile: Profile, known: Mapping[str, str | None]) -> Shape:
    """The columns of a table, view or query. Its rows count from 1 in the order of their values.

    :param address: an SQLAlchemy URL; with ``#table`` or ``#schema.table`` after it where the
        profile holds no query. A URL without a password takes it from ``MIGRATE_SOURCE_PASSWORD``.
    :param known: not used: a database says itself where its headings are.
    :raises InputError: it is not reached, there is no such table, the query is wrong, or no rows.
    """
    with _opened(address, profile.query) as (connection, rows, kind):
        found = connection.execute(sa.select(sa.literal(1)).select_from(rows).limit(1)).first()
        if found is None:
            fix = "Correct the query in the profile" if profile.query else "Name another"
            raise InputError(f"this {kind} has no rows", file=database.shown(address), fix=fix)
        count = 0
        if profile.query is None:
            counted = sa.select(sa.func.count()).select_from(rows)
            count = int(connection.execute(counted).scalar_one())
        return Shape(
            kind=kind,
            headings=tuple(column.name for column in rows.columns),
            heading_row=0,
            lines=count,
            query=profile.query,
            why="the address is a database; rows are in the order of their values",
        )


def batches(
    address: str,
    shape: Shape,
    columns: Sequence[int],
    *,
    key: int | None = None,
    size: int = SIZE,
    progress: Progress | None = None,
) -> Iterator[Rows]:
    """The rows as text, see ``cells.text``, by a cursor that stays in the database.

    They are ordered by the key, then by every column, so that the same content gives the same
    numbers however the database stores it. The last batch has the SHA-256 of all columns of all
    rows: a line of JSON for the names of the columns and for each row.

    :param columns: places of the columns wanted, from 0.
    :param key: the place of the column that identifies a row.
    """
    digest = hashlib.sha256(_line(shape.headings))
    done = 0
    with _opened(address, shape.query) as (connection, rows, _):
        if tuple(column.name for column in rows.columns) != shape.headings:
            raise InputError("the columns changed while it was read", file=database.shown(address))
        streamed = connection.execution_options(stream_results=True, max_row_buffer=size)
        with streamed.execute(_ordered(connection, rows, key)) as result:
            for batch in result.partitions(size):
                cells = [database.texts(values) for values in zip(*batch, strict=True)]
                for row in zip(*(column.to_pylist() for column in cells), strict=True):
                    digest.update(_line(row))
                numbers = pa.array(range(done + 1, done + 1 + len(batch)), pa.int64())
                done += len(batch)
                yield Rows(
                    row=chunked([numbers], pa.int64()),
                    columns=tuple(chunked([cells[place]], pa.string()) for place in columns),
                )
                if progress:
                    progress(done, max(shape.lines, done), "rows read")
    nothing = chunked([], pa.string())
    yield Rows(
        row=chunked([], pa.int64()),
        columns=tuple(nothing for _ in columns),
        sha256=digest.hexdigest(),
    )


@contextmanager
def _opened(address: str, query: str | None) -> Iterator[tuple[sa.Connection, sa.FromClause, str]]:
    """A connection, what the rows are selected from, and what that is, for people."""
    if query is None:
        with database.opened(address, VARIABLE) as (connection, table):
            yield connection, table, database.kind(connection, table)
        return
    if "#" in address:
        raise InputError(
            "the address names a table, and the source profile holds a query",
            file=database.shown(address),
            fix="Leave out one of them",
        )
    with database.connected(address, VARIABLE) as connection:
        text = sa.text(_PARAMETER.sub(r"\\:\1", query.strip().rstrip(";")))
        unnamed = text.columns().subquery("source")
        whole: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(unnamed)
        try:
            names = list(connection.execute(whole.where(sa.false())).keys())
        except sa.exc.SQLAlchemyError as error:
            said = database.first_line(error, connection.engine.url)
            raise InputError(
                f"the query of the source profile cannot be run: {said}",
                file=database.shown(address),
                found=query,
                fix="It must be one SELECT, which changes nothing",
            ) from error
        _refuse_twice(address, names)
        columns = [sa.column(name, sa.types.NullType()) for name in names]
        yield (
            connection,
            text.columns(*columns).subquery("source"),
            (f"{connection.dialect.name} query"),
        )


def _refuse_twice(address: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"two columns of the query are called {name}",
                file=database.shown(address),
                fix="Name one of them anew in the query, with AS",
            )


def _ordered(connection: sa.Connection, rows: sa.FromClause, key: int | None) -> sa.Select[Any]:
    columns = list(rows.columns)
    first = [] if key is None else [columns[key]]
    collation = _COLLATIONS.get(connection.dialect.name)
    order: list[Any] = []
    for column in first + [column for column in columns if column not in first]:
        text = sa.cast(column, sa.Text())
        order.append(sa.collate(text, collation).nulls_first() if collation else text)
    return sa.select(*columns).order_by(*order)


def _line(values: Sequence[object]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

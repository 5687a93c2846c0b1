"""Codes written back to the registry: into empty places only, where the database allows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    String,
    Table,
    case,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
)

from migrate.errors import InputError, RunError
from migrate.intake.readers import cells
from migrate.store.address import (
    check_sqlite_file,
    engine_for,
    is_sqlite,
    read_address,
    reason,
    shown,
    writable,
)
from migrate.store.columns import CODE, KEY, RefusedError, find_columns, key_of

Progress = Callable[[int, int, str], None]
PASSWORD = "MIGRATE_REGISTRY_PASSWORD"  # noqa: S105 (its name, not itself)
# degrees in one statement: three parameters each, and a table without an index is read once for all
_CHUNK = 500
# seconds to wait for another session's rows
_LOCK_TIMEOUT = 30
# what SQLite says of a file, a trigger or a column that forbids it, and not of a disk that is full
_SQLITE_REFUSALS = (
    "SQLITE_READONLY",
    "SQLITE_PERM",
    "SQLITE_AUTH",
    "SQLITE_CANTOPEN",
    "SQLITE_CONSTRAINT",
    "SQLITE_ERROR",
)
# SQLSTATE classes: what the statement may not do, what its data may not be, what a trigger raised
_SQL_REFUSALS = ("42", "25", "22", "23", "0A", "0L", "27", "44", "P0", "45")


@dataclass(frozen=True)
class WriteBack:
    """What came of writing codes back.

    ``written`` degrees got their code now; ``kept`` held this very code before. ``conflicts`` are
    (degree_id, what it holds instead), left as they were; ``missing`` are degrees that the table
    does not hold. ``refused`` says in words why the database allows no writing, else None; then
    nothing was written.
    """

    written: int = 0
    kept: int = 0
    conflicts: tuple[tuple[str, str], ...] = ()
    refused: str | None = None
    missing: tuple[str, ...] = ()


def write_back(
    address: str,
    table: str | None,
    codes: Mapping[str, str],
    *,
    progress: Progress | None = None,
) -> WriteBack:
    """Fill the empty ``validity_code`` of degrees, in one transaction; never write over a value.

    Empty is NULL or nothing but spaces. A view, a read-only file or server, a missing table or
    column, a column that is not text or too short, a permission that is lacking: each is refused
    in words, and the registry stays as it was.

    :param address: an SQLAlchemy URL without ``#table``. A password that is not in it comes from
        the environment, ``MIGRATE_REGISTRY_PASSWORD``.
    :param table: the registry's table, ``schema.table`` where needed.
    :param codes: the code of each degree, by degree_id.
    :param progress: told (done, total, "registry").
    :raises InputError: for an address that is not one, an unknown dialect, a missing driver, a
        server that does not answer.
    :raises RunError: when the database fails while it is written to, or stays locked.
    """
    url = read_address(address, PASSWORD)
    try:
        engine = registry_engine(url)
    except RefusedError as error:
        return WriteBack(refused=str(error))
    try:
        _check_connection(engine, url)
        with engine.begin() as connection:
            degrees = find_columns(connection, table)
            if url.get_backend_name() == "postgresql":
                connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}s'"))
            return _fill(connection, degrees, codes, progress)
    except RefusedError as error:
        return WriteBack(refused=str(error))
    except SQLAlchemyError as error:
        if is_refusal(error):
            return WriteBack(refused=f"the database refused: {reason(error, url)}")
        raise RunError(
            "the registry failed while codes were written back; it stays as it was",
            file=shown(url),
            found=reason(error, url),
            fix="The codes are issued: mend the cause and run `migrate issue` again",
        ) from None
    finally:
        engine.dispose()


def registry_engine(url: URL) -> Engine:
    """An engine over a registry that may be written to. Raises RefusedError, in words, where not."""
    if not is_sqlite(url):
        return engine_for(url)
    if (url.database or "").startswith("file:"):
        raise RefusedError("the registry is a file: address, which may be read-only")
    path = check_sqlite_file(url, may_create=False)
    if not writable(path):
        raise RefusedError("the registry's file is read-only")
    if not writable(path.absolute().parent):
        raise RefusedError("the folder of the registry's file is read-only")
    return engine_for(url)


def _check_connection(engine: Engine, url: URL) -> None:
    """One connection made and closed, so that an unreachable server is told from a refusal."""
    try:
        engine.connect().close()
    except (SQLAlchemyError, UnicodeError, OSError) as error:
        raise InputError(
            "the registry cannot be reached to write codes back",
            file=shown(url),
            found=reason(error, url),
            fix=f"The codes are issued: check the server, and the password in {PASSWORD}, and run "
            "`migrate issue` again",
        ) from None


def _fill(
    connection: Connection, degrees: Table, codes: Mapping[str, str], progress: Progress | None
) -> WriteBack:
    written = kept = done = 0
    conflicts: list[tuple[str, str]] = []
    missing: list[str] = []
    for chunk in _chunks(codes):
        keyed = {key: name for name in chunk if (key := key_of(degrees, name)) is not None}
        before = _held(connection, degrees, keyed)
        empty = {
            key: chunk[keyed[key]]
            for key, values in before.items()
            if len(values) == 1 and not (values[0] or "").strip(" ")
        }
        if empty:
            connection.execute(_update(degrees, empty))
        after = _held(connection, degrees, {key: keyed[key] for key in empty})
        names = {name: key for key, name in keyed.items()}
        for name, code in chunk.items():
            key = names.get(name)
            values = after.get(key) or before.get(key) or []
            if not values:
                missing.append(name)
            elif len(values) > 1:
                conflicts.append((name, f"{len(values)} rows hold this degree_id"))
            elif (values[0] or "").strip(" ") != code:
                conflicts.append((name, values[0] or ""))
            elif key in empty:
                written += 1
            else:
                kept += 1
        done += len(chunk)
        if progress is not None:
            progress(done, len(codes), "registry")
    return WriteBack(written, kept, tuple(conflicts), None, tuple(missing))


def _chunks(codes: Mapping[str, str]) -> Iterator[dict[str, str]]:
    # sorted: two processes then lock rows in one order
    names = sorted(codes)
    for start in range(0, len(names), _CHUNK):
        yield {name: codes[name] for name in names[start : start + _CHUNK]}


def _held(
    connection: Connection, degrees: Table, keyed: Mapping[Any, str]
) -> dict[Any, list[str | None]]:
    held: dict[Any, list[str | None]] = {}
    if keyed:
        rows = connection.execute(
            select(degrees.c[KEY], degrees.c[CODE]).where(degrees.c[KEY].in_(list(keyed)))
        )
        for key, value in rows:
            # a number of SQLite for the text that was asked for, and a CHAR that comes back padded
            known = key if key in keyed else (cells.text(key) or "").strip()
            if known in keyed:
                held.setdefault(known, []).append(None if value is None else str(value))
    return held


def _update(degrees: Table, empty: Mapping[Any, str]) -> Any:
    key, code = degrees.c[KEY], degrees.c[CODE]
    filled: ColumnElement[Any] = case(
        *[(key == name, literal(value, String)) for name, value in empty.items()], else_=code
    )
    return (
        update(degrees)
        .values({code: filled})
        .where(key.in_(list(empty)), or_(code.is_(None), func.trim(code) == ""))
    )


def is_refusal(error: SQLAlchemyError) -> bool:
    """Whether a database said no to what was asked, and did not fail itself."""
    if not isinstance(error, DBAPIError) or error.connection_invalidated:
        return False
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(state, str):
        return state[:2] in _SQL_REFUSALS
    name = getattr(error.orig, "sqlite_errorname", None)
    if isinstance(name, str):
        return name.startswith(_SQLITE_REFUSALS)
    return isinstance(error, (ProgrammingError, IntegrityError, DataError, NotSupportedError))

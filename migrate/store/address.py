"""Addresses of databases: read from a URL, shown without a password, opened or refused in words."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from migrate.errors import InputError

# seconds until a server that does not answer is given up; a name may stand for two hosts
CONNECT_TIMEOUT = 5
# seconds that a process waits for another one's transaction on SQLite
BUSY_TIMEOUT = 60
# execution option of connections that only read
READS = "migrate_reads"
_SMALLEST_PAGE = 512
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "sqlite": "sqlite+pysqlite",
}


def read_address(address: str, variable: str) -> URL:
    """An SQLAlchemy URL, with its driver named and its password filled in.

    :param address: as SQLAlchemy writes it; ``postgresql://`` means psycopg 3.
    :param variable: the environment variable that holds the password when ``address`` has none;
        not looked at for SQLite, which knows no passwords.
    :raises InputError: when it is not an address of a database.
    """
    try:
        if "://" not in address:
            raise ArgumentError("no scheme")
        url = make_url(address)
    except (ArgumentError, ValueError):
        # from None: SQLAlchemy's own words quote the address, password and all
        raise InputError(
            "this is not an address of a database",
            # no password stands between the last @ and the first ?
            found=address.rpartition("@")[2].partition("?")[0],
            fix="Write it as sqlite:///file.sqlite or postgresql://user@host/database",
        ) from None
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    given = os.environ.get(variable)
    if given and url.password is None and "password" not in url.query and not is_sqlite(url):
        url = url.set(password=given)
    return url


def is_sqlite(url: URL) -> bool:
    """Whether the database is a file of SQLite."""
    return url.drivername.partition("+")[0] == "sqlite"


def shown(url: URL) -> str:
    """The address as people may see it: no password, and an SQLite file as its bare path."""
    if is_sqlite(url) and url.database:
        return url.database
    return url.difference_update_query(("password", "sslpassword")).render_as_string()


def engine_for(url: URL) -> Engine:
    """An engine that keeps values out of its errors and gives up a silent server in time.

    On SQLite a transaction takes the right to write when it begins, unless the execution option
    ``READS`` is set.

    :param url: as :func:`read_address` gives it.
    :raises InputError: for a database or a driver that is not installed here.
    """
    arguments: dict[str, int] = {}
    if url.drivername == "postgresql+psycopg":
        if "connect_timeout" not in url.query:
            arguments["connect_timeout"] = CONNECT_TIMEOUT
    elif is_sqlite(url):
        arguments["timeout"] = BUSY_TIMEOUT
    try:
        engine = create_engine(url, connect_args=arguments, hide_parameters=True)
    except NoSuchModuleError:
        raise InputError(
            f"no database of the kind {url.drivername} is known here",
            file=shown(url),
            fix="Use sqlite:///… or postgresql://…, or install the SQLAlchemy dialect",
        ) from None
    except ImportError as error:
        raise InputError(
            f"the driver for {url.drivername} is not installed",
            file=shown(url),
            found=error.name,
            fix=f"Install the Python package {error.name}, or name another driver",
        ) from None
    except (ArgumentError, TypeError, ValueError) as error:
        raise InputError(
            "the address cannot be used", file=shown(url), found=reason(error, url)
        ) from None
    if is_sqlite(url):
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_connect(connection: Any, _record: object) -> None:
    # the driver's own BEGIN comes too late: _sqlite_begin says when a transaction begins
    connection.isolation_level = None


def _sqlite_begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get(READS, False)
    # a writer waits for its turn at the start: later, SQLite could only refuse
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def reason(error: Exception, url: URL) -> str:
    """What a driver said, in one line and without the password."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    line = " ".join(str(said).split())
    secrets = [url.password, *(url.query.get(name) for name in ("password", "sslpassword"))]
    for secret in (secret for secret in secrets if isinstance(secret, str) and secret):
        for written in {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}:
            line = line.replace(written, "***")
    return line


def check_sqlite_file(url: URL, *, may_create: bool) -> Path:
    """The path of an SQLite database, after a look at the file that changes nothing.

    :param url: an address of SQLite.
    :param may_create: whether a file that is not there is well, since it will be made; its folder
        must then be there and writable, or be the one thing missing in a writable folder.
    :raises InputError: for a database in memory, a folder that is missing or not writable, and a
        file that is not a database or may not be read.
    """
    if not url.database or url.database == ":memory:" or "mode=memory" in url.database:
        raise InputError(
            "a database in memory is gone when the program ends",
            fix="Give it a file: sqlite:///store.sqlite",
        )
    if url.database.startswith("file:"):
        raise InputError(
            "give SQLite a plain path here, not a file: address",
            found=url.database,
            fix="Write sqlite:///path/to/file.sqlite",
        )
    path = Path(url.database)
    if path.is_dir():
        raise InputError("this is a folder, not a database", file=path, fix="Name a file in it")
    if path.exists():
        _check_content(path)
    elif not may_create:
        raise InputError("there is no such file", file=path, fix="Check the address")
    else:
        _check_folder(path.absolute().parent)
    return path


def _check_content(path: Path) -> None:
    """Refuse a file that is not SQLite's. SQLite itself looks: to open and close the file here would
    drop the locks that connections of this process hold on it (sqlite.org/howtocorrupt.html, 2.2).
    """
    if not os.access(path, os.R_OK):
        raise InputError("the file cannot be read", file=path, fix="Ask for access")
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        # what is shorter than the smallest page SQLite takes for a database not written yet
        if 0 < path.stat().st_size < _SMALLEST_PAGE:
            raise sqlite3.DatabaseError("too short")
        with closing(sqlite3.connect(address, uri=True)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        raise InputError("the file cannot be read", file=path, found=error) from None
    except sqlite3.DatabaseError:
        raise InputError(
            "the file is not an SQLite database", file=path, fix="Name another file, or move it"
        ) from None


def _check_folder(folder: Path) -> None:
    nearest = folder if folder.exists() else folder.parent
    if not nearest.is_dir():
        raise InputError("the folder does not exist", file=folder, fix="Create it first")
    if not writable(nearest):
        raise InputError(
            "the folder may not be written to",
            file=nearest,
            fix="Choose another, or ask for access",
        )


def writable(path: Path) -> bool:
    """Whether a file or folder may be written to; one marked read-only may not, even by root."""
    return os.access(path, os.W_OK) and bool(path.stat().st_mode & 0o222)

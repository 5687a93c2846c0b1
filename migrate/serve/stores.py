"""The store as a service opens it: codes to read only, look-ups and limits to write, no more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from migrate.errors import InputError, RunError
from migrate.store.address import (
    CONNECT_TIMEOUT,
    READS,
    check_sqlite_file,
    engine_for,
    is_sqlite,
    read_address,
    reason,
    shown,
)
from migrate.store.engine import PASSWORD, open_store
from migrate.store.schema import is_newest

# milliseconds: a look-up takes one or two, so what takes this long will not end well
_STATEMENT = 3_000
_LOCK = 1_000
# a request for a code waits for its turn among issuers, which may hold theirs for long
_REQUEST = 10_000
POOL = 8


@dataclass(frozen=True)
class Stores:
    """Engines over one store, each with the least that it needs.

    :ivar codes: reads codes and verifiers; on PostgreSQL its sessions are read-only.
    :ivar journal: writes look-ups and limits, and takes no lock that an issuer could hold. A crash
        of the server may lose what it wrote in the last fraction of a second.
    :ivar requests: reads and writes graduates' requests.
    :ivar review: reads and writes what the review desk does; None where there is no desk.
    """

    codes: Engine
    journal: Engine
    requests: Engine
    review: Engine | None = None

    def close(self) -> None:
        """Close all connections."""
        for engine in (self.codes, self.journal, self.requests, self.review):
            if engine is not None:
                engine.dispose()


def open_for_serving(address: str, *, pool: int = POOL, desk: bool = False) -> Stores:
    """Open a store to serve from. It is never created or migrated here.

    On SQLite, look-ups and limits are kept in a store of their own beside it, made when missing:
    ``store-inquiries.sqlite`` for ``store.sqlite``, since a bulk issue holds the one write lock of
    a file for as long as it takes.

    :param address: as for :func:`migrate.store.engine.open_store`; its user needs the rights that
        docs/inquiry.md lists, and no more.
    :param pool: connections that each engine may hold.
    :param desk: whether the review desk is served too; it needs the rights that docs/desk.md lists.
    :raises InputError: as ``check_store`` does; also when there is no store yet, or an older one.
    """
    url = read_address(address, PASSWORD)
    if url.drivername.partition("+")[0] not in {"sqlite", "postgresql"}:
        raise InputError(
            f"the store cannot be a database of the kind {url.drivername}",
            file=shown(url),
            fix="Use sqlite:///store.sqlite or postgresql://user@host/database",
        )
    stores = _sqlite(url) if is_sqlite(url) else _postgresql(url, pool)
    try:
        _check(stores.codes, url)
        if desk:
            stores = replace(stores, review=_review(url, pool))
    except BaseException:
        stores.close()
        raise
    return stores


def inquiries_file(store: Path) -> Path:
    """Where look-ups and limits are kept for a store on SQLite."""
    return store.with_name(f"{store.stem}-inquiries.sqlite")


def _sqlite(url: URL) -> Stores:
    path = check_sqlite_file(url, may_create=False)
    codes = engine_for(url).execution_options(**{READS: True})
    event.listen(codes, "connect", _pragmas("query_only = ON"))
    # a store that is not fit to be served must not get a file beside it
    try:
        _check(codes, url)
    finally:
        codes.dispose()
    beside = URL.create("sqlite", database=str(inquiries_file(path)))
    open_store(beside.render_as_string()).dispose()
    journal = engine_for(read_address(beside.render_as_string(), PASSWORD))
    event.listen(journal, "connect", _pragmas("synchronous = NORMAL"))
    requests = engine_for(url)
    event.listen(requests, "connect", _pragmas("foreign_keys = ON", "synchronous = FULL"))
    return Stores(codes, journal, requests)


def _review(url: URL, pool: int) -> Engine:
    """The desk's engine: who decides waits for another who does, as an applicant does."""
    if is_sqlite(url):
        engine = engine_for(url)
        event.listen(engine, "connect", _pragmas("foreign_keys = ON", "synchronous = FULL"))
        return engine
    waits = {"statement_timeout": _REQUEST, "lock_timeout": _REQUEST}
    return _engine(url, pool, "READ COMMITTED", waits)


def _pragmas(*settings: str) -> Any:
    def connect(connection: Any, _record: object) -> None:
        # a service says that it is busy rather than let everybody wait a minute
        for setting in (f"busy_timeout = {_STATEMENT}", *settings):
            connection.execute(f"PRAGMA {setting}")

    return connect


def _postgresql(url: URL, pool: int) -> Stores:
    common = {"statement_timeout": _STATEMENT, "lock_timeout": _LOCK}
    # a look-up and a charge are one statement each: there is nothing to begin or to commit
    alone = "AUTOCOMMIT"
    codes = _engine(url, pool, alone, common | {"default_transaction_read_only": "on"})
    journal = _engine(url, pool, alone, common | {"synchronous_commit": "off"})
    waits = {"statement_timeout": _REQUEST, "lock_timeout": _REQUEST}
    requests = _engine(url, 4, "READ COMMITTED", waits)
    return Stores(codes, journal, requests)


def _engine(url: URL, pool: int, isolation: str, settings: dict[str, Any]) -> Engine:
    arguments: dict[str, int] = {}
    if "connect_timeout" not in url.query:
        arguments["connect_timeout"] = CONNECT_TIMEOUT
    # LIFO lets connections that are not needed grow old and be closed by the server
    engine = create_engine(
        url,
        connect_args=arguments,
        hide_parameters=True,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=3,
        pool_use_lifo=True,
        pool_reset_on_return=None if isolation == "AUTOCOMMIT" else "rollback",
        isolation_level=isolation,
    )

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        held, connection.autocommit = connection.autocommit, True
        with connection.cursor() as cursor:
            for name, value in settings.items():
                cursor.execute("SELECT set_config(%s, %s, false)", (name, str(value)))
        connection.autocommit = held

    return engine


def _check(codes: Engine, url: URL) -> None:
    try:
        with codes.connect() as connection:
            if is_newest(connection, shown(url)):
                return
    except RunError as error:
        raise InputError("the store cannot be opened", file=shown(url), found=error.found) from None
    except (SQLAlchemyError, OSError, UnicodeError) as error:
        raise InputError(
            "the store cannot be opened",
            file=shown(url),
            found=reason(error, url),
            fix=f"Check the address, that its server is up, the password in {PASSWORD}, and "
            "the user's rights (docs/inquiry.md)",
        ) from None
    raise InputError(
        "the store is older than this program, or there is none yet: a service never changes it",
        file=shown(url),
        fix="Let its owner run `migrate verifier list --store …` once, which brings it up to date",
    )

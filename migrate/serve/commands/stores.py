"""The options of the service's commands, and the store that they name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from migrate.options import AsJson, Reports, Store

if TYPE_CHECKING:
    from sqlalchemy import Engine

__all__ = ["AsJson", "Reports", "Store", "opened", "store_address"]


def store_address(store: str, reports: Path) -> str:
    """The address of the store that the options name, without a password.

    A password that stands in it is put where it is looked for, unless there is one. A path is made
    absolute: worker processes may stand elsewhere.

    :param store: as given; '' is ``store.sqlite`` in the reports folder.
    :raises InputError: for an address that cannot be read.
    """
    from sqlalchemy import URL

    from migrate.store.address import is_sqlite, read_address
    from migrate.store.engine import PASSWORD

    if not store:
        path = str((reports / "store.sqlite").resolve())
        return URL.create("sqlite", database=path).render_as_string()
    url = read_address(store, PASSWORD)
    if is_sqlite(url):
        if url.database and url.database != ":memory:":
            url = url.set(database=str(Path(url.database).expanduser().resolve()))
        return url.render_as_string()
    if url.password is not None:
        os.environ[PASSWORD] = str(url.password)
        url = URL.create(
            url.drivername, url.username, None, url.host, url.port, url.database, url.query
        )
    return url.render_as_string(hide_password=False)


@contextmanager
def opened(store: str, reports: Path) -> Iterator[Engine]:
    """The store that the options name, opened to write; one that is not there is refused.

    :raises InputError: as ``open_store`` does.
    """
    from migrate.errors import InputError
    from migrate.store.address import is_sqlite, read_address
    from migrate.store.engine import PASSWORD, open_store

    address = store_address(store, reports)
    url = read_address(address, PASSWORD)
    if is_sqlite(url) and url.database and not Path(url.database).exists():
        raise InputError(
            "there is no store here", file=url.database, fix="Name one with --store or --reports"
        )
    engine = open_store(address)
    try:
        yield engine
    finally:
        engine.dispose()

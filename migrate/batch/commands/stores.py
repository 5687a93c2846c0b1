"""The options of commands that work on a store, and the store that they name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from migrate.errors import InputError
from migrate.options import AsJson, Reports, Store

if TYPE_CHECKING:
    from sqlalchemy import Engine

__all__ = ["AsJson", "Reports", "Store", "opened", "store_address"]


def store_address(store: str, reports: Path) -> str:
    """The address of the store that the options name, its password put where it is looked for.

    :param store: as given; '' is ``store.sqlite`` in the reports folder.
    :raises InputError: for an address that cannot be read.
    """
    from migrate.batch import secrets
    from migrate.batch.settings import absolute_address, sqlite_address, without_password

    address, password = without_password(
        absolute_address(store or sqlite_address(reports.resolve() / "store.sqlite"))
    )
    secrets.keep_in_environment(secrets.STORE_PASSWORD, password)
    return address


@contextmanager
def opened(store: str, reports: Path, *, must_exist: bool) -> Iterator[Engine]:
    """The store that the options name, opened.

    :param must_exist: whether a file that is not there is refused, rather than made.
    :raises InputError: as ``open_store`` does.
    """
    from migrate.store.address import is_sqlite, read_address
    from migrate.store.engine import PASSWORD, open_store

    address = store_address(store, reports)
    url = read_address(address, PASSWORD)
    if must_exist and is_sqlite(url) and url.database and not Path(url.database).exists():
        raise InputError(
            "there is no store here", file=url.database, fix="Name one with --store or --reports"
        )
    engine = open_store(address)
    try:
        yield engine
    finally:
        engine.dispose()

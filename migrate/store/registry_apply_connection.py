"""A connection to a registry that is going to be changed, and what may go wrong with it in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection
from sqlalchemy.exc import SQLAlchemyError

from migrate.errors import InputError, MigrateError, RunError
from migrate.store.address import reason, shown
from migrate.store.columns import RefusedError
from migrate.store.registry import PASSWORD, is_refusal, registry_engine


@contextmanager
def registry_connection(url: URL) -> Iterator[Connection]:
    """A connection to the registry; what goes wrong with it is told in one line.

    :raises InputError: for one that cannot be reached, or that refuses. RunError: where it fails.
    """
    try:
        engine = registry_engine(url)
    except RefusedError as error:
        raise InputError(f"the registry cannot be changed: {error}", file=shown(url)) from None
    begun = False
    try:
        with engine.connect() as connection:
            begun = True
            yield connection
    except MigrateError:
        raise
    except RefusedError as error:
        raise InputError(f"the registry cannot be changed: {error}", file=shown(url)) from None
    except (SQLAlchemyError, UnicodeError, OSError) as error:
        file, found = shown(url), reason(error, url)
        if not begun:
            raise InputError(
                "the registry cannot be reached",
                file=file,
                found=found,
                fix=f"Check the server, and the password in {PASSWORD}",
            ) from None
        if isinstance(error, SQLAlchemyError) and is_refusal(error):
            raise InputError(
                "the registry cannot be changed: it refuses", file=file, found=found
            ) from None
        raise RunError(
            "the registry failed while it was changed",
            file=file,
            found=found,
            fix="Mend the cause and apply the same file again: nothing is done twice",
        ) from None
    finally:
        engine.dispose()

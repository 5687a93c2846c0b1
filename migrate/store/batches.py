"""Batches in the store: a name belongs to one source, whoever runs it and wherever its folder is."""

from __future__ import annotations

from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError

from migrate.errors import InputError, RunError
from migrate.store.engine import now, reading, writing
from migrate.store.tables import BatchRow


def begin(engine: Engine, batch: str, source_sha256: str) -> tuple[str, ...]:
    """Enter a batch, and give the names of other batches that had the very same source.

    A batch that is there with the same source is left as it is: it is being run again.

    :param engine: the store, as ``open_store`` gives it.
    :param batch: the batch's name.
    :param source_sha256: SHA-256 of the source's content, as 64 hexadecimal digits.
    :raises InputError: when the name is taken by a batch of another source: its codes would be taken
        for this one's.
    :raises RunError: when the database fails.
    """
    with reading(engine) as connection:
        held = connection.execute(
            select(BatchRow.source_sha256).where(BatchRow.batch == batch)
        ).scalar_one_or_none()
    if held is None:
        try:
            with writing(engine) as connection:
                entry = {
                    "batch": batch,
                    "source_sha256": source_sha256,
                    "begun_at": now(connection),
                }
                connection.execute(insert(BatchRow), [entry])
        except RunError as error:
            if not isinstance(error.__cause__, IntegrityError):
                raise
            # another process entered it in between: look at what it is
            return begin(engine, batch, source_sha256)
    elif held != source_sha256:
        raise InputError(
            f"the store knows batch {batch} as a batch of another source",
            found=f"SHA-256 {source_sha256[:16]}…, not {held[:16]}…",
            fix="Choose another name for --batch, or another --store",
        )
    with reading(engine) as connection:
        others = connection.execute(
            select(BatchRow.batch)
            .where(BatchRow.source_sha256 == source_sha256, BatchRow.batch != batch)
            .order_by(BatchRow.begun_at, BatchRow.batch)
        )
        return tuple(others.scalars())

"""Batches in the store: a name belongs to one source, whoever runs it and wherever its folder is."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.exc import IntegrityError

from migrate.errors import InputError, RunError
from migrate.store.engine import now, reading, writing
from migrate.store.tables import AliasRow, BatchRow


@dataclass(frozen=True)
class Corrects:
    """The batch whose quarantined rows a batch takes up, and the content of the corrections."""

    batch: str
    sha256: str


def begin(
    engine: Engine, batch: str, source_sha256: str, *, corrects: Corrects | None = None
) -> tuple[str, ...]:
    """Enter a batch, and give the names of other batches that had the very same source.

    A batch that is there with the same source is left as it is: it is being run again. A new one
    keeps to the aliases that stand now, see ``migrate.store.aliases.of_batch``.

    :param engine: the store, as ``open_store`` gives it.
    :param batch: the batch's name.
    :param source_sha256: SHA-256 of the source's content, as 64 hexadecimal digits.
    :param corrects: what the batch takes up again, None where it is of a whole source.
    :raises InputError: when the name is taken by a batch of another source, or of other corrections
        of it: its codes would be taken for this one's.
    :raises RunError: when the database fails.
    """
    with reading(engine) as connection:
        held = connection.execute(
            select(BatchRow.source_sha256, BatchRow.corrects, BatchRow.corrections_sha256).where(
                BatchRow.batch == batch
            )
        ).one_or_none()
    if held is None:
        try:
            with writing(engine) as connection:
                entry = {
                    "batch": batch,
                    "source_sha256": source_sha256,
                    "begun_at": now(connection),
                    "aliases_seq": connection.execute(
                        select(func.coalesce(func.max(AliasRow.seq), 0))
                    ).scalar_one(),
                    "corrects": corrects.batch if corrects else None,
                    "corrections_sha256": corrects.sha256 if corrects else None,
                }
                connection.execute(insert(BatchRow), [entry])
        except RunError as error:
            if not isinstance(error.__cause__, IntegrityError):
                raise
            # another process entered it in between: look at what it is
            return begin(engine, batch, source_sha256, corrects=corrects)
    elif held.source_sha256 != source_sha256:
        raise InputError(
            f"the store knows batch {batch} as a batch of another source",
            found=f"SHA-256 {source_sha256[:16]}…, not {held.source_sha256[:16]}…",
            fix="Choose another name for --batch, or another --store",
        )
    elif (held.corrects, held.corrections_sha256) != (
        (corrects.batch, corrects.sha256) if corrects else (None, None)
    ):
        known = f"corrections of batch {held.corrects}" if held.corrects else "the whole source"
        raise InputError(
            f"the store knows batch {batch} with other rows of the same source",
            found=f"{known}, SHA-256 {held.corrections_sha256[:16]}…" if held.corrects else known,
            fix="Choose another name for --batch",
        )
    with reading(engine) as connection:
        others = connection.execute(
            select(BatchRow.batch)
            .where(BatchRow.source_sha256 == source_sha256, BatchRow.batch != batch)
            .order_by(BatchRow.begun_at, BatchRow.batch)
        )
        return tuple(others.scalars())

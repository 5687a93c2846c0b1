"""Corrected rows in the store: each source row is corrected and settled once, in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Engine, insert, select

from migrate.codes.ledger import ACTIVE
from migrate.errors import InputError, RunError
from migrate.store.code_tables import CodeRow
from migrate.store.engine import now, reading, writing
from migrate.store.tables import BatchRow, CorrectionRow

_CHUNK = 500


@dataclass(frozen=True)
class SettledRow:
    """A corrected row that a batch has settled: it is not in quarantine any more.

    ``row``, ``sheet`` and ``sheet_row`` say where it stands in the source; ``changes`` is canonical
    JSON of what was corrected.
    """

    row: int
    sheet: str | None
    sheet_row: int | None
    legacy_id: str | None
    changes: str


def refuse_settled(
    engine: Engine, batch: str, source_sha256: str, legacy_ids: dict[int, str | None]
) -> None:
    """Refuse corrections of rows that are settled already, by another batch of the same source.

    :param engine: the store, as ``open_store`` gives it.
    :param batch: the batch that asks; what itself has settled does not count.
    :param legacy_ids: the identifier of each row that is to be corrected, as corrected.
    :raises InputError: a row was corrected in another batch, or its record has a code from one.
    """
    with reading(engine) as connection:
        for row, other in _others(connection, batch, source_sha256, list(legacy_ids)).items():
            raise InputError(
                f"this row was corrected and settled in batch {other}",
                row=row,
                fix="Take its lines out of the corrections",
            )
        rows = {legacy_id: row for row, legacy_id in legacy_ids.items() if legacy_id}
        for legacy_id, other in _coded(connection, batch, source_sha256, list(rows)).items():
            raise InputError(
                f"record {legacy_id} has a code already, from batch {other} of the same source",
                row=rows[legacy_id],
                column="legacy_id",
                fix="Take its lines out of the corrections, or correct its identifier",
            )


def settle(
    engine: Engine, batch: str, source_sha256: str, corrects: str, rows: Sequence[SettledRow]
) -> None:
    """Remember rows that a batch of corrections has settled, in one transaction: all or none.

    Rows that this very batch has settled before are left as they are.

    :param corrects: the batch in whose quarantine they were.
    :raises RunError: another batch has settled one of them meanwhile; or the database fails.
    """
    with writing(engine) as connection:
        places = [row.row for row in rows]
        others = _others(connection, batch, source_sha256, places)
        if others:
            row, other = next(iter(others.items()))
            raise RunError(
                f"this row was corrected and settled in batch {other} meanwhile",
                row=row,
                fix="Take its lines out of the corrections and begin another batch with the rest",
            )
        own = set(_rows(connection, source_sha256, places))
        at = now(connection)
        new = [
            asdict(row)
            | {"source_sha256": source_sha256, "batch": batch, "corrects": corrects, "at": at}
            for row in rows
            if row.row not in own
        ]
        for start in range(0, len(new), _CHUNK):
            connection.execute(insert(CorrectionRow), new[start : start + _CHUNK])


def settled_ids(engine: Engine, source_sha256: str) -> dict[int, str | None]:
    """The identifier of each corrected row of a source that is settled, as it was corrected."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(CorrectionRow.row, CorrectionRow.legacy_id)
            .where(CorrectionRow.source_sha256 == source_sha256)
            .order_by(CorrectionRow.row)
        )
        return {row.row: row.legacy_id for row in rows}


def settled_rows(engine: Engine, batch: str) -> list[SettledRow]:
    """The corrected rows that a batch has settled, in the order of the source."""
    columns = (
        CorrectionRow.row,
        CorrectionRow.sheet,
        CorrectionRow.sheet_row,
        CorrectionRow.legacy_id,
        CorrectionRow.changes,
    )
    with reading(engine) as connection:
        rows = connection.execute(
            select(*columns).where(CorrectionRow.batch == batch).order_by(CorrectionRow.row)
        )
        return [SettledRow(**row._mapping) for row in rows]


def _rows(connection: Connection, source_sha256: str, rows: list[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for start in range(0, len(rows), _CHUNK):
        held = connection.execute(
            select(CorrectionRow.row, CorrectionRow.batch)
            .where(
                CorrectionRow.source_sha256 == source_sha256,
                CorrectionRow.row.in_(rows[start : start + _CHUNK]),
            )
            .order_by(CorrectionRow.row)
        )
        found.update({row.row: row.batch for row in held})
    return found


def _others(
    connection: Connection, batch: str, source_sha256: str, rows: list[int]
) -> dict[int, str]:
    held = _rows(connection, source_sha256, rows)
    return {row: other for row, other in held.items() if other != batch}


def _coded(
    connection: Connection, batch: str, source_sha256: str, legacy_ids: list[str]
) -> dict[str, str]:
    """The batch of the active code of each record that has one from another batch of the source."""
    found: dict[str, str] = {}
    for start in range(0, len(legacy_ids), _CHUNK):
        held = connection.execute(
            select(CodeRow.legacy_id, CodeRow.batch)
            .join(BatchRow, BatchRow.batch == CodeRow.batch)
            .where(
                BatchRow.source_sha256 == source_sha256,
                CodeRow.batch != batch,
                CodeRow.state == ACTIVE,
                CodeRow.legacy_id.in_(legacy_ids[start : start + _CHUNK]),
            )
            .order_by(CodeRow.event_seq)
        )
        found.update({row.legacy_id: row.batch for row in held})
    return found

"""The rows of a source that people corrected: read again, each with what it held beside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from migrate.errors import InputError
from migrate.intake.corrections import Correction
from migrate.intake.quarantine import Problem
from migrate.intake.readers.rows import SIZE, Progress
from migrate.intake.schema import Schema
from migrate.intake.sources import Findings, OpenSource, RawBatch


@dataclass(frozen=True)
class Change:
    """A correction applied: what the cell held in the source, and what it is taken to hold."""

    row: int
    column: str
    original: str | None
    corrected: str
    corrected_by: str | None


@dataclass
class CorrectedSource:
    """The corrected rows of a source, and only these, in place of the source itself.

    A row keeps its ``row``, ``sheet`` and ``sheet_row``. Its raw values are the corrected ones where
    there are any, and ``original_<field>`` keeps, for each field, what the source itself has. A row
    that could not be read has nothing but what was corrected. ``changes`` lists what was applied.
    Use it as an :class:`OpenSource`: ``rows``, ``notes`` and ``changes`` are whole at the end.
    """

    source: OpenSource
    corrections: Sequence[Correction]
    rows: int = 0
    changes: tuple[Change, ...] = ()

    @property
    def path(self) -> Path | str:
        """The file of the source."""
        return self.source.path

    @property
    def schema(self) -> Schema:
        """The fields of the source."""
        return self.source.schema

    @property
    def findings(self) -> Findings:
        """The findings of the source."""
        return self.source.findings

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes of the source."""
        return self.source.notes

    def batches(self, *, size: int = SIZE, progress: Progress | None = None) -> Iterator[RawBatch]:
        """The corrected rows in the order of the source.

        :raises InputError: the source has not all of the rows: it is another one, or is read
            otherwise.
        """
        wanted: dict[int, dict[str, Correction]] = {}
        for one in self.corrections:
            wanted.setdefault(one.row, {})[one.column] = one
        self.rows, self.changes = 0, ()
        left = set(wanted)
        for batch in self.source.batches(size=size, progress=progress):
            table, changes = _corrected(batch, wanted, self.schema)
            if not table.num_rows:
                continue
            left -= set(table.column("row").to_pylist())
            self.rows += table.num_rows
            self.changes += changes
            yield RawBatch(table, ())
        if left:
            raise InputError(
                "the source has no such row: it is not read as the batch read it",
                file=self.path,
                row=min(left),
                fix="Give the same source, and the profile that the batch was run with",
            )


def original_names(schema: Schema) -> tuple[str, ...]:
    """The columns that keep, for each field, what stood in the source."""
    return tuple(f"original_{name}" for name in schema.names)


def _corrected(
    batch: RawBatch, wanted: Mapping[int, Mapping[str, Correction]], schema: Schema
) -> tuple[pa.Table, tuple[Change, ...]]:
    table = batch.table
    places = table.filter(pc.is_in(table.column("row"), pa.array(sorted(wanted), pa.int64())))
    rows: list[dict[str, Any]] = places.to_pylist()
    rows += _unread(batch.unreadable, wanted, {row["row"] for row in rows})
    rows.sort(key=lambda row: int(row["row"]))
    changes = []
    for row in rows:
        for name in schema.names:
            original = row.get(f"raw_{name}")
            row[f"original_{name}"] = original
            correction = wanted[row["row"]].get(name)
            if correction is not None:
                row[f"raw_{name}"] = correction.corrected
                by = correction.corrected_by
                changes.append(Change(row["row"], name, original, correction.corrected, by))
    # the metadata of a raw column says how its values are read, a corrected one's too
    fields = [table.schema.field(name) for name in table.column_names]
    fields += [pa.field(name, pa.string()) for name in original_names(schema)]
    return pa.Table.from_pylist(rows, pa.schema(fields)), tuple(changes)


def _unread(
    problems: Iterable[Problem], wanted: Mapping[int, object], read: set[int]
) -> list[dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for problem in problems:
        row = problem.row
        if row is not None and row in wanted and row not in read:
            place = row if problem.sheet_row is None else problem.sheet_row
            found.setdefault(row, {"row": row, "sheet": problem.sheet, "sheet_row": place})
    return list(found.values())

"""Rows that go back to their source: one problem a line, in a file that Excel opens intact."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from migrate.errors import InputError
from migrate.intake.files import write_atomically

COLUMNS = ("row", "legacy_id", "column", "found", "rule", "reason", "sheet", "sheet_row")
# what a person fills in who has looked at the paper, and the batch that the file is of
CORRECTED = ("corrected", "corrected_by", "batch")
# a spreadsheet takes a cell that begins so for a formula; the apostrophe itself marks such a cell
_GUARDED = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


@dataclass(frozen=True)
class Problem:
    """Why a row, or one cell of it, cannot be used.

    ``row`` is the number a person sees in the file (the heading is row 1), or None where the whole
    file is meant. ``found`` is what stood there. ``rule`` is a short, stable name; ``reason`` says
    it in words. In a source of several tables ``row`` counts through all of them; ``sheet`` and
    ``sheet_row`` say where a person finds the row. Both are None where there is one table.
    """

    row: int | None
    legacy_id: str | None
    column: str | None
    found: str | None
    rule: str
    reason: str
    sheet: str | None = None
    sheet_row: int | None = None


def write_quarantine(
    path: Path,
    problems: Iterable[Problem],
    raw: pa.Table | None = None,
    *,
    batch: str | None = None,
) -> None:
    """Write problems as a UTF-8 CSV with a byte-order mark, whole or not at all.

    A cell that a spreadsheet would run as a formula (= + - @ first) gets an apostrophe before it,
    which :func:`read_quarantine` takes away. None and '' are both written as an empty cell.

    :param path: the file to write.
    :param problems: one line each, in the order given.
    :param raw: a table with the column ``row`` and ``raw_…`` columns; where given, these stand
        after the others, so that a person sees the whole row beside its problem.
    :param batch: where given, the file can be corrected and fed back: ``CORRECTED`` stands after
        the eight columns, empty but for the name of the batch.
    """
    names = [] if raw is None else [name for name in raw.column_names if name.startswith("raw_")]
    records = {} if raw is None else _records(raw, names, problems := list(problems))
    with _writing(path, names, batch) as write:
        for problem in problems:
            write(problem, records.get(problem.row, {}))


@contextmanager
def quarantining(path: Path) -> Iterator[Callable[[Iterable[Problem]], None]]:
    """Give a function that writes problems as they are met; the file is as ``write_quarantine``'s."""
    with _writing(path, [], None) as write:

        def write_all(problems: Iterable[Problem]) -> None:
            for problem in problems:
                write(problem, {})

        yield write_all


@contextmanager
def _writing(
    path: Path, names: list[str], batch: str | None
) -> Iterator[Callable[[Problem, Mapping[str, str | None]], None]]:
    with (
        write_atomically(path) as partial,
        partial.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as stream,
    ):
        writer = csv.writer(stream, lineterminator="\r\n")
        to_correct = [] if batch is None else ["", "", _guarded(batch)]
        writer.writerow([*COLUMNS, *CORRECTED[: len(to_correct)], *names])

        def write(problem: Problem, record: Mapping[str, str | None]) -> None:
            cells = [
                "" if problem.row is None else str(problem.row),
                _guarded(problem.legacy_id or record.get("raw_legacy_id")),
                _guarded(problem.column),
                _guarded(problem.found),
                _guarded(problem.rule),
                _guarded(problem.reason),
                _guarded(problem.sheet),
                "" if problem.sheet_row is None else str(problem.sheet_row),
            ]
            writer.writerow(cells + to_correct + [_guarded(record.get(name)) for name in names])

        yield write


def read_quarantine(path: Path) -> list[Problem]:
    """The problems of a file that :func:`write_quarantine` wrote; an empty cell is None.

    Raises InputError when the file is missing or is not such a file.
    """
    problems = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.reader(stream)
            heading = next(lines, [])
            if tuple(heading[: len(COLUMNS)]) != COLUMNS:
                raise InputError(
                    "this is not a quarantine file",
                    file=path,
                    found=",".join(heading),
                    fix=f"Its first columns must be {','.join(COLUMNS)}",
                )
            for number, cells in enumerate(lines, start=2):
                if cells:
                    problems.append(_problem(path, number, cells))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"this quarantine file cannot be read: {error}", file=path) from error
    return problems


def _records(
    raw: pa.Table, names: list[str], problems: list[Problem]
) -> dict[int | None, dict[str, str | None]]:
    wanted = {problem.row for problem in problems}
    rows = raw.column("row").to_pylist()
    places = [place for place, row in enumerate(rows) if row in wanted]
    taken = raw.select(names).take(pa.array(places, pa.int64())).to_pylist()
    return {rows[place]: record for place, record in zip(places, taken, strict=True)}


def _problem(path: Path, number: int, cells: list[str]) -> Problem:
    numbers = (cells[0], cells[7]) if len(cells) >= len(COLUMNS) else ("?",)
    if not all(number == "" or number.isdecimal() for number in numbers):
        raise InputError(
            "this line is not a problem",
            file=path,
            row=number,
            found=cells[0],
            fix=f"Give {','.join(COLUMNS)}, the rows as numbers",
        )
    legacy_id, column, found, rule, reason, sheet = (plain(cell) for cell in cells[1:7])
    row, sheet_row = (int(number) if number else None for number in numbers)
    return Problem(row, legacy_id, column, found, rule or "", reason or "", sheet, sheet_row)


def _guarded(text: str | None) -> str:
    return "'" + text if text and text.startswith(_GUARDED) else text or ""


def plain(text: str) -> str | None:
    """A cell as it was before it was guarded against being run; None for an empty one."""
    return (text[1:] if text.startswith("'") else text) or None

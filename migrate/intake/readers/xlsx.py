"""XLSX workbooks, read by python-calamine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from migrate.errors import InputError
from migrate.intake.headings import SEARCHED, count_known, find_heading
from migrate.intake.profiles import Profile
from migrate.intake.readers import cells as values
from migrate.intake.readers.rows import (
    SIZE,
    Progress,
    Rows,
    Shape,
    blank_rows_note,
    chunked,
    row_numbers,
)


def look(path: Path, profile: Profile, known: Mapping[str, str | None]) -> Shape:
    """The sheet and the headings of a workbook.

    The sheet is the one that the profile names, else the first visible one with two known headings
    or more in its first rows, else the first visible one that is not empty.

    :param known: the keys of the headings looked for, see ``headings.dictionary``.
    :raises InputError: it cannot be read, has no such sheet, or no row after a heading.
    """
    workbook = _open(path)
    chosen = None
    for name in _sheets(path, workbook, profile.sheet):
        sheet = _sheet(path, workbook, name)
        below = sheet.iter_rows()
        rows = [_texts(row) for row in islice(below, SEARCHED)]
        place = find_heading(rows, known)
        if place is None:
            continue
        if chosen is None or count_known(rows[place], known) >= 2:
            chosen = name, place, rows, below
        if count_known(rows[place], known) >= 2:
            break
    if chosen is None:
        raise InputError(
            "this workbook holds no heading and no rows", file=path, fix="Export it again"
        )
    name, place, rows, below = chosen
    headings = rows[place]
    rest: Iterator[Sequence[object]] = chain(rows[place + 1 :], below)
    if not any(any(map(_holds, row)) for row in rest):
        raise InputError(
            f"sheet '{name}' holds only a heading and no rows",
            file=path,
            fix="Export it again, with its rows",
        )
    others = [sheet for sheet in workbook.sheet_names if sheet != name]
    notes = (f"other sheets, not read: {', '.join(others)}",) if others else ()
    return Shape(
        kind="XLSX workbook",
        headings=tuple(heading.strip() for heading in headings),
        heading_row=place + 1,
        sheet=name,
        why=f"sheet '{name}', heading in row {place + 1}",
        notes=notes,
    )


def batches(
    path: Path,
    shape: Shape,
    columns: Sequence[int],
    *,
    key: int | None = None,
    size: int = SIZE,
    progress: Progress | None = None,
) -> Iterator[Rows]:
    """The rows of a sheet as text, see ``cells.text``; an empty cell is ''.

    Error cells (#N/A, #REF!) hold no value and are empty. Dates and rounded numbers are noted.

    :param columns: places of the columns wanted, from 0.
    :param key: not used: no row of a workbook is unreadable by itself.
    :param size: how many rows a batch holds at most.
    """
    assert shape.sheet is not None
    dates: Counter[int] = Counter()
    rounded: Counter[int] = Counter()
    blank = 0
    rows = _after(path, shape.sheet, shape.heading_row)
    number = shape.heading_row
    while batch := list(islice(rows, size)):
        kept = [(number + n, row) for n, row in enumerate(batch, 1) if any(map(_holds, row))]
        number += len(batch)
        blank += len(batch) - len(kept)
        taken = []
        for place in columns:
            cells = [row[place] for _, row in kept]
            dates[place] += sum(hasattr(cell, "isoformat") for cell in cells)
            rounded[place] += sum(map(values.is_rounded, cells))
            taken.append(chunked([pa.array(_texts(cells), pa.string())], pa.string()))
        numbers: Any = pa.array([n for n, _ in kept], pa.int64())
        yield Rows(chunked([numbers], pa.int64()), tuple(taken))
        if progress:
            progress(number, max(number, shape.lines), "rows read")
    notes = [*blank_rows_note(blank)]
    for place in columns:
        heading = shape.headings[place]
        if dates[place]:
            notes.append(
                f"column {heading}: {dates[place]} cell(s) are dates of the spreadsheet, "
                "read as Gregorian ISO dates"
            )
        if rounded[place]:
            notes.append(
                f"column {heading}: {rounded[place]} number(s) were rounded by the spreadsheet, "
                "which keeps 15 digits; such a column must be text"
            )
    nothing = tuple(chunked([], pa.string()) for _ in columns)
    yield Rows(row_numbers(0, 0), nothing, notes=tuple(notes))


def _open(path: Path) -> Any:
    try:
        return CalamineWorkbook.from_path(path)
    except (CalamineError, OSError, ValueError) as error:
        raise InputError(
            f"this workbook is damaged: {error}", file=path, fix="Save it again as XLSX"
        ) from error


def _sheets(path: Path, workbook: Any, wanted: str | None) -> list[str]:
    if wanted is not None:
        if wanted not in workbook.sheet_names:
            raise InputError(
                f"this workbook has no sheet '{wanted}', which the source profile names",
                file=path,
                found=", ".join(workbook.sheet_names),
                fix="Correct the sheet in the profile",
            )
        return [wanted]
    visible = SheetVisibleEnum.Visible
    return [sheet.name for sheet in workbook.sheets_metadata if sheet.visible == visible]


def _sheet(path: Path, workbook: Any, name: str) -> CalamineSheet:
    try:
        return cast(CalamineSheet, workbook.get_sheet_by_name(name))
    except CalamineError as error:
        raise InputError(
            f"sheet '{name}' cannot be read: {error}", file=path, fix="Save it again as XLSX"
        ) from error


def _after(path: Path, name: str, row: int) -> Iterator[list[Any]]:
    """The rows of a sheet after a row."""
    return islice(_sheet(path, _open(path), name).iter_rows(), row, None)


def _holds(cell: object) -> bool:
    return bool(cell.strip()) if isinstance(cell, str) else cell is not None


def _texts(row: Sequence[object]) -> list[str]:
    return [cell if isinstance(cell, str) else values.text(cell) or "" for cell in row]

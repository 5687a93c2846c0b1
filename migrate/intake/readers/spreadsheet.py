"""Workbooks (XLSX, XLSB, XLS, ODS), read by python-calamine in a process of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from migrate.errors import InputError
from migrate.intake.headings import count_known
from migrate.intake.profiles import Profile
from migrate.intake.quarantine import Problem
from migrate.intake.readers import confined, totals
from migrate.intake.readers.banner import Banner, read_banner
from migrate.intake.readers.kind import FileKind, kind_of
from migrate.intake.readers.rows import (
    SIZE,
    Progress,
    Rows,
    Shape,
    blank_rows_note,
    chunked,
    row_numbers,
)
from migrate.intake.readers.unpacking import members, size_words

# what reading one workbook may take; a sheet is held whole by the parser, 1M rows of 17 columns
# of Persian in 2.0 GiB
LIMITS = confined.Limits(memory=4 << 30, seconds=600)
# bytes of a workbook, and of all its members when unpacked
LARGEST = 1 << 30
LARGEST_UNPACKED = 2 << 30
_PROGRAM = "migrate.intake.readers.workbook"
_KINDS: Mapping[FileKind, str] = {
    "xlsx": "XLSX workbook",
    "xlsb": "XLSB workbook",
    "xls": "XLS workbook",
    "ods": "ODS workbook",
}
# headings that a second sheet must have to be taken for records and not for a list of codes
_ENOUGH = 3
_AS_CSV = "Export its table as CSV"
_ODD = {
    "date": "{} cell(s) are dates of the spreadsheet, read as Gregorian ISO dates; where years were "
    "typed with two digits, it made 1962 of 62",
    "julian": "{} cell(s) are dates before 1582, read as the spreadsheet shows them",
    "time": "{} cell(s) hold a time and no date, as dates before 1900 do in XLSX and XLS; "
    "if these are dates, save it as ODS",
    "rounded": "{} number(s) were rounded by the spreadsheet, which keeps 15 digits; "
    "such a column must be text",
}


@dataclass(frozen=True)
class SheetShape(Shape):
    """The shape of a sheet; ``printed`` is the last row of its heading as it stands in it."""

    printed: tuple[str, ...] = ()


def look(path: Path, profile: Profile, known: Mapping[str, str | None]) -> Shape:
    """The sheets of a workbook that hold records, and their headings.

    These are the sheets that the profile names; else every visible one with three known headings or
    more; else the first with two; else the first that is not empty.

    :param known: the keys of the headings looked for, see ``headings.dictionary``.
    :raises InputError: it is too large, cannot be read, has no such sheet, or no row after a
        heading.
    """
    kind = kind_of(path)
    _refuse_large(path, kind)
    wanted = profile.sheets
    sheets = list(_ask(path, "look", [kind, list(wanted)]))
    _refuse_absent(path, wanted, [sheet["name"] for sheet in sheets])
    banners = _banners(sheets, known)
    if not banners:
        raise InputError(
            "this workbook holds no heading and no rows", file=path, fix="Export it again"
        )
    counts = {name: count_known(banner.labels, known) for name, (_, banner) in banners.items()}
    chosen = [name for name, count in counts.items() if wanted or count >= _ENOUGH]
    chosen = chosen or [name for name, count in counts.items() if count >= 2][:1]
    chosen = chosen or [next(iter(banners))]
    full = [name for name in chosen if _has_rows(*banners[name])]
    if not full:
        raise InputError(
            f"sheet '{chosen[0]}' holds only a heading and no rows",
            file=path,
            fix="Export it again, with its rows",
        )
    parts = tuple(_shape(_KINDS[kind], name, *banners[name]) for name in full)
    notes = _left_out(sheets, full, chosen)
    if len(parts) == 1:
        return replace(parts[0], notes=notes)
    return Shape(
        kind=_KINDS[kind],
        headings=(),
        why="the source profile names them"
        if wanted
        else f"{len(parts)} visible sheets have {_ENOUGH} known headings or more",
        notes=notes,
        parts=parts,
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
    Totals and headings that stand again among the rows are problems, see ``totals``.

    :param columns: places of the columns wanted, from 0.
    :param key: not used: such rows have no identifier.
    :param size: how many rows a batch holds at most.
    :raises InputError: the workbook is damaged further on, or takes more than its limits.
    """
    assert isinstance(shape, SheetShape)
    arguments = [kind_of(path), shape.sheet, shape.heading_row, list(columns), size]
    odd: Counter[tuple[int, str]] = Counter()
    blank = 0
    for batch in _ask(path, "rows", [*arguments, list(shape.printed)]):
        blank += batch["blank"]
        for place, name, count in batch["odd"]:
            odd[place, name] += count
        numbers: Any = pa.array(batch["rows"], pa.int64())
        taken: list[Any] = [pa.array(cells, pa.string()) for cells in batch["columns"]]
        yield Rows(
            chunked([numbers], pa.int64()),
            tuple(chunked([cells], pa.string()) for cells in taken),
            tuple(
                Problem(row, None, None, shown, rule, totals.REASONS[rule])
                for row, rule, shown in batch["footers"]
            ),
        )
        if progress and batch["rows"]:
            progress(batch["rows"][-1], max(batch["rows"][-1], shape.lines), "rows read")
    notes = [*blank_rows_note(blank)]
    for place in columns:
        for name, words in _ODD.items():
            if count := odd[place, name]:
                notes.append(f"column {shape.headings[place]}: {words.format(count)}")
    nothing = tuple(chunked([], pa.string()) for _ in columns)
    yield Rows(row_numbers(0, 0), nothing, notes=tuple(notes))


def _ask(path: Path, verb: str, rest: Sequence[object]) -> Iterator[Any]:
    try:
        yield from confined.answers(_PROGRAM, [verb, str(path.absolute()), *rest], LIMITS)
    except confined.Confined as fault:
        at = f"sheet '{fault.at}'" if fault.at else "this workbook"
        if fault.why == "memory":
            raise InputError(
                f"{at} takes more than {size_words(LIMITS.memory)} of memory to read, as one with a "
                "cell far from all others does",
                file=path,
                fix=f"Delete the empty rows and columns around its table. Or: {_AS_CSV}",
            ) from fault
        if fault.why == "time":
            raise InputError(
                f"{at} takes more than {LIMITS.seconds} seconds to read", file=path, fix=_AS_CSV
            ) from fault
        raise InputError(
            f"{at} is damaged: {str(fault)[:300]}",
            file=path,
            fix="Open it in a spreadsheet and save it again",
        ) from fault


def _refuse_large(path: Path, kind: FileKind) -> None:
    size = path.stat().st_size
    if size > LARGEST:
        raise InputError(
            f"this workbook is larger than is read here: {size_words(LARGEST)}",
            file=path,
            found=f"{size:,} bytes",
            fix=_AS_CSV,
        )
    if kind != "xls":
        members(path, LARGEST_UNPACKED, "workbook")


def _refuse_absent(path: Path, wanted: Sequence[str], names: Sequence[str]) -> None:
    for name in wanted:
        if name not in names:
            raise InputError(
                f"this workbook has no sheet '{name}', which the source profile names",
                file=path,
                found=", ".join(names),
                fix="Correct the sheet in the profile",
            )


def _banners(
    sheets: Sequence[Mapping[str, Any]], known: Mapping[str, str | None]
) -> dict[str, tuple[Mapping[str, Any], Banner]]:
    found = {}
    for sheet in sheets:
        rows = sheet.get("rows")
        banner = read_banner(rows, sheet["merged"], known) if rows else None
        if banner:
            found[sheet["name"]] = sheet, banner
    return found


def _has_rows(sheet: Mapping[str, Any], banner: Banner) -> bool:
    below = sheet["rows"][banner.last + 1 :]
    return sheet["more"] or any(cell.strip() for row in below for cell in row)


def _shape(kind: str, name: str, sheet: Mapping[str, Any], banner: Banner) -> SheetShape:
    labels = list(banner.labels)
    # what is formatted or was deleted beyond the table is no column without a heading
    while labels and not labels[-1] and not any(row[len(labels) - 1] for row in sheet["rows"]):
        labels.pop()
    several = banner.first != banner.last
    place = f"rows {banner.first + 1} to {banner.last + 1}" if several else f"row {banner.last + 1}"
    return SheetShape(
        kind=kind,
        headings=tuple(labels),
        heading_row=banner.last + 1,
        lines=sheet["height"],
        sheet=name,
        why=f"sheet '{name}', heading in {place}",
        printed=banner.cells,
    )


def _left_out(
    sheets: Sequence[Mapping[str, Any]], full: Sequence[str], chosen: Sequence[str]
) -> tuple[str, ...]:
    others = [sheet for sheet in sheets if sheet["name"] not in full and sheet["table"]]
    hidden = [sheet["name"] for sheet in others if not sheet["visible"]]
    empty = [sheet["name"] for sheet in others if sheet["name"] in chosen]
    rest = [s["name"] for s in others if s["visible"] and s["name"] not in chosen]
    said = (
        ("other sheets, not read", rest),
        ("hidden sheets, not read; a source profile can name one", hidden),
        ("sheets with a heading and no rows", empty),
    )
    return tuple(f"{words}: {', '.join(names)}" for words, names in said if names)

"""Requests as CSV: a heading, and a row a request."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from migrate.codes.requests import FIELDS, LONGEST, Scan, checked_scan
from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake.headings import dictionary
from migrate.persian import letters

_DELIMITERS = (",", ";", "\t")
# beside the fields of a legacy record
_OWN = {
    "channel": ("کانال", "مسیر درخواست"),
    "applied_on": ("تاریخ درخواست",),
    "scans": ("اسکن", "اسکن ها", "تصاویر"),
}
# the number of the sender's own list: passed over, since a request gets a tracking number
_PASSED_OVER = LEGACY.key


def csv_rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any] | InputError]]:
    """Each row with its number (the heading is row 1): values by name, or what is wrong with it.

    Headings are those that ``diplomas.schema.LEGACY`` knows, and ``channel``, ``applied_on`` and
    ``scans``, which holds pairs of SHA-256 and path with ``;`` between them. Blank rows are passed.

    :param path: for errors.
    :raises InputError: a heading that is unknown or there twice, a required one missing, quotes that
        do not close.
    """
    known = _headings()
    delimiter = max(
        _DELIMITERS,
        key=lambda one: sum(
            letters.key(cell) in known for cell in text.partition("\n")[0].split(one)
        ),
    )
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    row = 1
    try:
        names = _named(path, next(lines, []), known)
        for row, cells in enumerate(lines, start=2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(names):
                yield row, _wrong_width(len(cells), len(names))
                continue
            yield row, _of_cells(dict(zip(names, cells, strict=True)))
    except csv.Error as error:
        raise InputError(
            f"the rows after this one cannot be told apart: {error}",
            file=path,
            row=row,
            fix="Mend the quotes of the next row, or shorten its longest cell",
        ) from None


def _wrong_width(found: int, due: int) -> InputError:
    return InputError(
        f"this row has {found} cells, and the heading {due}",
        fix="Quote a cell that holds the delimiter, or add the cells that lack",
    )


def _headings() -> dict[str, str | None]:
    known = dictionary(LEGACY)
    for name, headings in _OWN.items():
        known |= {letters.key(heading): name for heading in (name, *headings)}
    return known


def _named(path: Path, cells: list[str], known: Mapping[str, str | None]) -> list[str]:
    names: list[str] = []
    for cell in cells:
        name = known.get(letters.key(cell))
        if name is None or name in names:
            raise InputError(
                "two columns have one meaning" if name else "a request has no such column",
                file=path,
                row=1,
                column=name,
                found=letters.fold(cell)[:LONGEST] or "an empty heading",
                fix=f"There are {', '.join((*FIELDS, *_OWN))}",
            )
        names.append(name)
    missing = [name for name in LEGACY.required if name not in (*names, _PASSED_OVER)]
    if missing:
        raise InputError(
            f"there is no column for {', '.join(missing)}",
            file=path,
            row=1,
            fix="Name the column as the field, or as diplomas do",
        )
    return names


def _of_cells(cells: Mapping[str, str]) -> Mapping[str, Any] | InputError:
    try:
        scans = [_pair(pair) for pair in cells.get("scans", "").split(";") if pair.strip()]
    except InputError as error:
        return error
    return {**cells, "scans": scans}


def _pair(text: str) -> Scan:
    digest, _, path = text.strip().partition(" ")
    return checked_scan(digest, path)

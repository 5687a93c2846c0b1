"""The program that reads a workbook with python-calamine, in a process of its own.

Asked ``look``, a path, its kind and the sheets that are wanted, it answers with one line for each
sheet; asked ``rows`` and the arguments of that function, with one for each batch. See ``confined``
for how it is asked, and ``spreadsheet`` for what is made of the answers.
"""

from __future__ import annotations

import datetime
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from migrate.intake.readers import cells as values
from migrate.intake.readers.confined import answer, confine, ending_in_words, tell
from migrate.intake.readers.totals import footer

# rows that are shown before a sheet is read: those searched for a heading, and what may follow it
SHOWN = 26
# characters of a cell that are shown of it
_CUT = 300
# characters of a batch, whatever its rows
_FULL = 16 << 20
# rows that are turned into columns at a time
_SOME = 1024
# the Gregorian calendar begins; LibreOffice counts days before it by the Julian one
_GREGORIAN = datetime.date(1582, 10, 15)


def look(path: Path, kind: str, wanted: Sequence[str]) -> None:
    """Answer for each sheet: name, whether it is seen, its first rows and merged cells.

    Only visible worksheets, or those wanted, are opened.
    """
    workbook = _open(path, kind)
    for about in workbook.sheets_metadata:
        visible = about.visible == SheetVisibleEnum.Visible
        table = about.typ == SheetTypeEnum.WorkSheet
        entry: dict[str, Any] = {"name": about.name, "visible": visible, "table": table}
        if about.name in wanted if wanted else visible and table:
            tell(about.name)
            sheet = workbook.get_sheet_by_name(about.name)
            rows = sheet.iter_rows()
            read = _reading(path, kind)
            entry["rows"] = [[read(cell)[:_CUT] for cell in row] for row in islice(rows, SHOWN)]
            entry["more"] = any(any(map(_holds, row)) for row in rows)
            entry["height"] = sheet.total_height + 1
            merged = sheet.merged_cell_ranges
            if merged is not None:
                merged = [[*first, *last] for first, last in merged if first[0] < SHOWN]
            entry["merged"] = merged
        answer(entry)


def rows(
    path: Path,
    kind: str,
    sheet: str,
    after: int,
    columns: Sequence[int],
    size: int,
    labels: Sequence[str],
) -> None:
    """Answer with the rows of a sheet, ``size`` at a time and not more than about 16 MiB of text.

    :param after: the last row of the heading, from 1.
    :param columns: places of the columns wanted, from 0.
    :param labels: the headings, by which one that is printed again is known.
    """
    tell(sheet)
    every = islice(_open(path, kind).get_sheet_by_name(sheet).iter_rows(), after, None)
    read = _reading(path, kind)
    number = after
    batch = _Batch(columns, read)
    while some := list(islice(every, min(size, _SOME))):
        kept = []
        for at, row in enumerate(some, number + 1):
            if not any(map(_holds, row)):
                batch.blank += 1
            elif rule := footer(row, labels):
                shown = " | ".join(text for cell in row if (text := read(cell).strip()))
                batch.footers.append((at, rule, shown[:_CUT]))
            else:
                kept.append((at, row))
        number += len(some)
        if len(batch.numbers) + len(kept) > size or batch.characters >= _FULL:
            answer(batch.content())
            batch = _Batch(columns, read)
        batch.add(kept)
    answer(batch.content())


class _Batch:
    """Rows on their way, and what was met among them."""

    def __init__(self, columns: Sequence[int], read: Callable[[object], str]) -> None:
        self.columns = columns
        self.read = read
        self.numbers: list[int] = []
        self.texts: list[list[str]] = [[] for _ in columns]
        self.footers: list[tuple[int, str, str]] = []
        self.odd: Counter[tuple[int, str]] = Counter()
        self.blank = 0
        self.characters = 0

    def add(self, kept: Sequence[tuple[int, Sequence[object]]]) -> None:
        self.numbers += [number for number, _ in kept]
        for texts, place in zip(self.texts, self.columns, strict=True):
            cells = [row[place] if place < len(row) else "" for _, row in kept]
            read = [cell if isinstance(cell, str) else self.read(cell) for cell in cells]
            self.odd.update((place, name) for cell in cells if (name := _odd(cell)))
            self.characters += sum(map(len, read))
            texts += read

    def content(self) -> dict[str, Any]:
        return {
            "rows": self.numbers,
            "columns": self.texts,
            "footers": self.footers,
            "blank": self.blank,
            "odd": [[place, name, count] for (place, name), count in self.odd.items()],
        }


def _open(path: Path, kind: str) -> Any:
    # by its name it is opened with the clearer errors, but the name may be wrong
    if path.suffix.lower() == f".{kind}":
        return CalamineWorkbook.from_path(path)
    with path.open("rb") as stream:
        return CalamineWorkbook.from_filelike(stream)


def _odd(cell: object) -> str | None:
    if isinstance(cell, str):
        return None
    if isinstance(cell, datetime.date):
        return "julian" if _day(cell) < _GREGORIAN else "date"
    if isinstance(cell, datetime.time):
        return "time"
    return "rounded" if values.is_rounded(cell) else None


def _day(cell: datetime.date) -> datetime.date:
    return cell.date() if isinstance(cell, datetime.datetime) else cell


def _reading(path: Path, kind: str) -> Callable[[object], str]:
    julian = kind == "ods" and _by_an_office(path)

    def read(cell: object) -> str:
        if julian and isinstance(cell, datetime.date) and _day(cell) < _GREGORIAN:
            return julian_text(_day(cell))
        return values.text(cell) or ""

    return read


def _by_an_office(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive, archive.open("meta.xml") as stream:
            return b"Office" in stream.read(1 << 16)
    except (KeyError, OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return False


def julian_text(day: datetime.date) -> str:
    """A day of the proleptic Gregorian calendar as its date in the Julian one, ISO 8601.

    LibreOffice keeps 1362-07-03, typed as a date, as the day that the Julian calendar calls so.
    Source: E. G. Richards, Explanatory Supplement to the Astronomical Almanac (2013), 15.11.
    """
    number = day.toordinal() + 1_721_425 + 32_082
    year = (4 * number + 3) // 1461
    rest = number - 1461 * year // 4
    month = (5 * rest + 2) // 153
    first = rest - (153 * month + 2) // 5 + 1
    return f"{year - 4800 + month // 10:04d}-{month + 3 - 12 * (month // 10):02d}-{first:02d}"


def _holds(cell: object) -> bool:
    return bool(cell.strip()) if isinstance(cell, str) else cell is not None


def main() -> None:
    verb, path, kind, *rest = confine()
    with ending_in_words(CalamineError, OSError, ValueError):
        if verb == "look":
            look(Path(path), kind, *rest)
        else:
            rows(Path(path), kind, *rest)


if __name__ == "__main__":
    main()

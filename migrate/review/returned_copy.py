"""A copy of a returned workbook that says beside each case what became of its answer.

Also the program that writes it, in a process of its own, as it parses the workbook once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter

from migrate.errors import InputError
from migrate.intake.files import write_atomically
from migrate.intake.readers import confined
from migrate.persian import letters
from migrate.review import words
from migrate.review.formats import HEAD
from migrate.review.returned import LIMITS, Returned, read_sheets
from migrate.review.returned_fates import Fate

# what a cell of XLSX holds
_MOST = 32_767
_COLOURS = {"taken": "DDF3DC", "ignored": "EDEFF2", "refused": "F9C9C4"}
_WIDTH = 60

# row, text, taken | ignored | refused
Note = tuple[int, str, str]


def write_copy(returned: Returned, fates: Iterable[Fate], path: Path) -> None:
    """Write the copy as XLSX, with a column of results; the workbook itself is left alone.

    An XLSX keeps its looks, drop-downs and protection. Of any other kind only the sheets of cases are
    copied, as plain texts, which can be imported as well.

    :raises InputError: the copy is not named as XLSX, is the workbook itself, or cannot be made.
    """
    if path.suffix.lower() != ".xlsx":
        raise InputError("the copy is an XLSX", file=path, fix="Name it so")
    if path.exists() and path.samefile(returned.path):
        raise InputError("the copy would replace the workbook", file=path, fix="Name another file")
    notes: dict[str, list[Note]] = {heading.sheet: [] for heading in returned.headings}
    for fate in fates:
        notes[fate.given.at.sheet].append((fate.given.at.number, fate.persian(), fate.what))
    title = str(words.section("workbook")["result"])
    with write_atomically(path) as partial:
        if returned.kind == "xlsx":
            _ask(returned, notes, partial, title)
        else:
            _write_plain(returned, notes, partial, title)


def _ask(returned: Returned, notes: dict[str, list[Note]], partial: Path, title: str) -> None:
    sheets = [
        [heading.sheet, heading.row, heading.last, notes[heading.sheet]]
        for heading in returned.headings
    ]
    question = [str(returned.path.absolute()), str(partial.absolute()), title, sheets]
    try:
        list(confined.answers(__name__, question, LIMITS))
    except confined.Confined as fault:
        raise InputError(
            "this workbook was read, but no copy of it can be written",
            file=returned.path,
            found=str(fault)[:200] or fault.why,
            fix="Save it from Excel or LibreOffice as XLSX and import that",
        ) from fault


def _annotate(
    source: Path, target: Path, title: str, sheets: Sequence[tuple[str, int, int, list[Note]]]
) -> None:
    book = openpyxl.load_workbook(source, rich_text=True)
    for name, heading_row, last, notes in sheets:
        sheet = book[name]
        column = _free_column(sheet, heading_row, last, title)
        _put(sheet.cell(heading_row, column), title, HEAD.lstrip("#"), head=True)
        for row, text, what in notes:
            cell = sheet.cell(row, column)
            _put(cell, text, _COLOURS[what])
            if what == "refused":
                cell.comment = Comment(text, "migrate", height=140, width=420)
        sheet.column_dimensions[get_column_letter(column)].width = _WIDTH
    book.save(target)


def _free_column(sheet: Any, heading_row: int, last: int, title: str) -> int:
    """The column of results of an earlier round, emptied, or the first one after the headings."""
    for column in range(1, last + 2):
        if letters.key(str(sheet.cell(heading_row, column).value or "")) == letters.key(title):
            for (cell,) in sheet.iter_rows(min_row=heading_row + 1, min_col=column, max_col=column):
                cell.value = cell.comment = None
                cell.fill = PatternFill()
            return column
    return last + 2


def _put(cell: Any, text: str, colour: str, *, head: bool = False) -> None:
    cell.value = text[:_MOST]
    # whatever it begins with, it is a text and no formula
    cell.data_type = "s"
    cell.number_format = "@"
    cell.fill = PatternFill("solid", fgColor=colour)
    cell.font = Font(name="Tahoma", size=10, bold=head, color="FFFFFF" if head else "111827")
    cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal="right", readingOrder=2)
    cell.protection = Protection(locked=True)


def _write_plain(
    returned: Returned, notes: dict[str, list[Note]], partial: Path, title: str
) -> None:
    sheets = read_sheets(returned.path)
    with xlsxwriter.Workbook(str(partial), {"in_memory": True}) as book:
        plain = {"num_format": "@", "text_wrap": True, "valign": "top", "font_name": "Tahoma"}
        form = book.add_format(plain)
        forms = {
            what: book.add_format(plain | {"bg_color": f"#{colour}"})
            for what, colour in _COLOURS.items()
        }
        for number, heading in enumerate(returned.headings, start=1):
            # names of other formats may be longer than XLSX has them
            sheet = book.add_worksheet(f"{words.section('workbook')['cases_sheet']} {number}")
            sheet.right_to_left()
            sheet.set_column(heading.last + 1, heading.last + 1, _WIDTH)
            for row, texts in sheets[heading.sheet]:
                for place, text in enumerate(texts[: heading.last + 1]):
                    if text:
                        sheet.write_string(row - 1, place, text[:_MOST], form)
            sheet.write_string(heading.row - 1, heading.last + 1, title, form)
            for row, text, what in notes[heading.sheet]:
                sheet.write_string(row - 1, heading.last + 1, text[:_MOST], forms[what])


def main() -> None:
    source, target, title, sheets = confined.confine()
    try:
        _annotate(Path(source), Path(target), title, sheets)
    except MemoryError:
        confined.starve()
    except Exception as error:
        confined.refuse(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()

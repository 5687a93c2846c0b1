"""The workbook of a packet: a guide in Persian, and the cases with room for answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import xlsxwriter

from migrate.diplomas.terms import CASES
from migrate.persian.letters import to_persian_digits
from migrate.review import words
from migrate.review.blocks import Block, write_blocks
from migrate.review.cases import Case
from migrate.review.choices import LISTS, write_lists
from migrate.review.comparison import Line, lines
from migrate.review.formats import Formats
from migrate.review.handing import HandedOut, day_words

# the same cases give the same bytes: the moment of writing is not among them
CREATED = datetime(2000, 1, 1)


@dataclass(frozen=True)
class Contents:
    """What one file of a packet holds: cases numbered from ``first``, and whose they are.

    ``handed`` has each of the cases. ``part`` of ``parts`` where a university has more cases than
    one file should hold. ``today``, an ISO day, for a packet that says how late a case is: without
    it the same contents give the same bytes on any day. ``batch`` may be empty.
    """

    cases: Sequence[Case]
    university: str
    batch: str
    handed: HandedOut
    first: int = 1
    part: int = 1
    parts: int = 1
    today: str | None = None

    @cached_property
    def compared(self) -> tuple[tuple[Case, tuple[Line, ...]], ...]:
        """Each case with its lines, worked out once for the workbook and the page."""
        return tuple((case, lines(case)) for case in self.cases)

    def counts(self) -> dict[str, int]:
        """Cases by outcome, in the order of the outcomes; those without a case are left out."""
        counted = Counter(case.outcome for case in self.cases)
        return {name: counted[name] for name in CASES if counted[name]}


def write_workbook(contents: Contents, path: Path) -> None:
    """Write a university's cases as XLSX; the same contents give the same bytes.

    Sheets: the guide, the cases (``blocks.write_blocks``), and a hidden one with the lists of the
    drop-downs. All are protected, without a password, but for the answers. Raises OSError.
    """
    names = words.section("workbook")
    with xlsxwriter.Workbook(str(path), {"in_memory": True}) as book:
        book.set_properties(
            {"title": names["title"], "subject": contents.university, "created": CREATED}
        )
        book.set_custom_property("batch", contents.batch, "text")
        formats = Formats(book)
        guide = book.add_worksheet(names["guide_sheet"])
        cases = book.add_worksheet(names["cases_sheet"])
        lists = book.add_worksheet(LISTS)
        _write_guide(guide, formats, contents)
        blocks = [Block(case, of, contents.handed[case.case_id]) for case, of in contents.compared]
        asked = write_blocks(cases, formats, blocks, first=contents.first, today=contents.today)
        write_lists(cases, lists, asked)
        # & starts a code in a footer, and 255 characters are all it holds
        name = contents.university[:80].replace("&", "&&")
        cases.set_footer(f"&R{name}&L&P / &N")
        lists.protect()
        lists.very_hidden()


def _write_guide(sheet: Any, formats: Formats, contents: Contents) -> None:
    guide = words.section("guide")
    sheet.right_to_left()
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 40)
    sheet.set_column(1, 1, 105)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.protect()
    sheet.write_string(0, 0, words.section("workbook")["title"], formats.title)
    row = 2
    for name, text in _about(contents):
        row = _write_pair(sheet, formats, row, name, text)
    for sentence in guide["what"]:
        row = _write_pair(sheet, formats, row, "", sentence)
    row = _write_part(sheet, formats, row, guide["counts_title"])
    for outcome, count in contents.counts().items():
        text = f"{_persian(count)} — {words.outcome_text(outcome, 'explain')}"
        row = _write_pair(sheet, formats, row, words.outcome_label(outcome), text)
    row = _write_pair(sheet, formats, row, guide["total"], _persian(len(contents.cases)))
    for part in ("steps", "return"):
        row = _write_part(sheet, formats, row, guide[f"{part}_title"])
        for number, sentence in enumerate(guide[part], start=1):
            row = _write_pair(sheet, formats, row, _persian(number), sentence)
    row = _write_part(sheet, formats, row, guide["decisions_title"])
    for outcome in contents.counts():
        row = _write_pair(sheet, formats, row, words.outcome_label(outcome), "")
        for label, what in words.meanings(outcome):
            row = _write_pair(sheet, formats, row, label, what, name_form=formats.text)


def _about(contents: Contents) -> list[tuple[str, str]]:
    guide = words.section("guide")
    found = [(guide["university"], contents.university)]
    if contents.batch:
        found.append((guide["batch"], contents.batch))
    if contents.today:
        found.append((guide["today"], day_words(contents.today)))
    if contents.parts > 1:
        part, parts = _persian(contents.part), _persian(contents.parts)
        found.append(("", guide["part"].format(part=part, parts=parts)))
    return found


def _write_part(sheet: Any, formats: Formats, row: int, title: str) -> int:
    sheet.write_string(row + 1, 0, title, formats.part)
    sheet.write_blank(row + 1, 1, None, formats.part)
    return row + 2


def _write_pair(
    sheet: Any, formats: Formats, row: int, name: str, text: str, *, name_form: Any = None
) -> int:
    sheet.write_string(row, 0, name, name_form or formats.name)
    sheet.write_string(row, 1, text, formats.text)
    return row + 1


def _persian(number: int) -> str:
    return to_persian_digits(str(number))

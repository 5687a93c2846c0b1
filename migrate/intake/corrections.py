"""Quarantined rows as people corrected them: read back from what Excel made of the file, and applied.

A correction names a row and a field and gives a value. It changes nothing of the source: what
stands there is kept beside it, see ``migrate.intake.corrected``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from migrate.errors import InputError
from migrate.intake.quarantine import Problem, plain
from migrate.intake.schema import Field, Schema
from migrate.intake.sources import read_source
from migrate.persian import letters

# the columns of a quarantine file that is corrected, whatever their order
FILE = Schema(
    name="corrections",
    key="row",
    fields=(
        Field("row", "text", required=True),
        Field("legacy_id", "text", required=True),
        Field("column", "text", required=True),
        Field("found", "text", required=True),
        Field("corrected", "text", required=True),
        Field("corrected_by", "text"),
        Field("rule", "text", required=True),
        Field("batch", "text", required=True),
    ),
)
_NUMBER = re.compile(r"\d+")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?e\+?\d+", re.I)
_DATE = re.compile(r"\d+[/.\-]\d+[/.\-]\d+")
# what stands in place of a letter that a code page has not
_LOST = re.compile(r"[^\W\d_]\?|\?[^\W\d_]|\ufffd")


@dataclass(frozen=True)
class Line:
    """One line of a corrected file: ``line`` is where it stands, ``row`` the source's row."""

    line: int
    row: int | None
    legacy_id: str | None
    column: str | None
    found: str | None
    corrected: str | None
    corrected_by: str | None
    rule: str | None


@dataclass(frozen=True)
class Correction:
    """What one cell of the source should hold, as somebody says who has looked at the paper."""

    row: int
    column: str
    corrected: str
    corrected_by: str | None


def read_lines(path: Path) -> tuple[str, tuple[Line, ...]]:
    """The batch that a corrected file is of, and its lines.

    :param path: the file, as a spreadsheet saved it: CSV in any encoding, or a workbook.
    :raises InputError: it is no such file, a line cannot be read, or it is of two batches.
    """
    read = read_source(path, FILE)
    for problem in read.unreadable:
        raise InputError(
            "a line of the corrections cannot be read",
            file=path,
            row=problem.row,
            found=problem.reason,
            fix="Mend the line, or save the file from a spreadsheet again",
        )
    columns = {name: read.table.column(f"raw_{name}").to_pylist() for name in FILE.names}
    numbers: list[int] = [place or 0 for place in read.table.column("sheet_row").to_pylist()]
    lines = []
    batches: dict[str, int] = {}
    for place, number in enumerate(numbers):
        cells = {name: plain(columns[name][place] or "") for name in FILE.names}
        batch = (cells.pop("batch") or "").strip()
        row = _row(path, number, cells.pop("row"))
        lines.append(Line(line=number, row=row, **cells))
        if batch or cells["rule"]:
            batches.setdefault(batch, number)
    if list(batches) == [""] or not batches:
        raise InputError(
            "this file does not say which batch its rows are of",
            file=path,
            column="batch",
            fix="Correct a copy of a batch's quarantine.csv, and keep all its columns",
        )
    if len(batches) > 1:
        raise InputError(
            "this file has lines of two batches",
            file=path,
            row=list(batches.values())[1],
            column="batch",
            found=" and ".join(name or "no batch" for name in list(batches)[:2]),
            fix="Run the corrections of each batch by themselves",
        )
    return next(iter(batches)), tuple(lines)


def _row(path: Path, line: int, cell: str | None) -> int | None:
    text = letters.digits(cell or "").strip().removesuffix(".0").replace(",", "")
    if not text:
        return None
    if not text.isdecimal():
        raise InputError(
            "this is not the number of a row", file=path, row=line, column="row", found=cell
        )
    return int(text)


def agree(
    path: Path, lines: Sequence[Line], problems: Sequence[Problem], schema: Schema
) -> tuple[Correction, ...]:
    """The corrections of a file, once it is sure that its lines are those of the quarantine.

    A line without a rule may be added, to correct another field of a quarantined row. A line whose
    ``corrected`` is empty corrects nothing.

    :param path: the file, for messages.
    :param lines: as :func:`read_lines` gives them.
    :param problems: the quarantine as the batch wrote it.
    :param schema: the fields of the source.
    :returns: by row, then in the schema's order; one for each row and field.
    :raises InputError: naming the line: it is of a row that is not in quarantine, its cells stand
        in another order than they were written, ``found`` was edited, the field is not clear, two
        lines correct one field differently, or nothing is corrected at all.
    """
    told: dict[tuple[int, str], list[Problem]] = {}
    ids: dict[int, str | None] = {}
    for problem in problems:
        if problem.row is not None:
            told.setdefault((problem.row, problem.rule), []).append(problem)
            ids.setdefault(problem.row, problem.legacy_id)
    found: dict[tuple[int, str], tuple[Correction, int]] = {}
    for line in lines:
        correction = _agree_line(path, line, told, ids, schema)
        if correction is None:
            continue
        at = (correction.row, correction.column)
        held, first = found.setdefault(at, (correction, line.line))
        if held.corrected != correction.corrected:
            raise InputError(
                f"line {first} corrects this field otherwise",
                file=path,
                row=line.line,
                column=correction.column,
                fix="Give one value, in one line",
            )
    if not found:
        raise InputError(
            "no line is corrected",
            file=path,
            column="corrected",
            fix="Write the right value into the column 'corrected', beside what was found",
        )
    order = {name: place for place, name in enumerate(schema.names)}
    return tuple(found[at][0] for at in sorted(found, key=lambda at: (at[0], order[at[1]])))


def _agree_line(
    path: Path,
    line: Line,
    told: Mapping[tuple[int, str], list[Problem]],
    ids: Mapping[int, str | None],
    schema: Schema,
) -> Correction | None:
    def refuse(
        message: str, fix: str, column: str | None = None, found: str | None = None
    ) -> NoReturn:
        raise InputError(message, file=path, row=line.line, column=column, found=found, fix=fix)

    restore = "Take a fresh copy of quarantine.csv, and write only into 'corrected'"
    if line.row is None:
        if line.corrected:
            refuse("this line corrects no row", "Say which row of the source it is", "row")
        return None
    if line.row not in ids:
        refuse(
            f"row {line.row} of the source is not in the quarantine of this batch",
            "Take the line out: the batch has settled that row",
            "row",
        )
    if line.legacy_id and not same_cell(ids[line.row], line.legacy_id):
        refuse("this is not the identifier of that row", restore, "legacy_id", line.legacy_id)
    if line.rule:
        known = told.get((line.row, line.rule), [])
        same = [one for one in known if same_cell(one.column, line.column)]
        if not same:
            refuse(f"row {line.row} has no such problem", restore, "rule", line.rule)
        if not any(same_cell(one.found, line.found) for one in same):
            refuse("what was found is not what stands here", restore, "found")
    if not line.corrected:
        return None
    if _LOST.search(line.corrected):
        refuse(
            "letters of this value are lost: the file was saved in a code page that has not all",
            "Save it as 'CSV UTF-8' or as a workbook (XLSX), and correct the value again",
            "corrected",
            line.corrected,
        )
    field = field_of(line.column, schema)
    if field is None:
        refuse(
            "it is not clear which field is corrected here",
            "Add a line: row, the name of the field in 'column', the value in 'corrected'",
            "column",
            line.column or "nothing",
        )
    return Correction(line.row, field, line.corrected, line.corrected_by)


def field_of(column: str | None, schema: Schema) -> str | None:
    """The field that a quarantined column belongs to: ``birth_date`` for ``birth_date_first``."""
    name = (column or "").strip().removeprefix("raw_")
    if name in schema.names:
        return name
    longer = [one for one in schema.names if name.startswith(f"{one}_")]
    return max(longer, key=len, default=None)


def same_cell(written: str | None, read: str | None) -> bool:
    """Whether a cell is the one that was written, after all that a spreadsheet does to a cell.

    It drops zeros before a number, rounds a long one (1.23457E+11), turns 3/7/62 into a date of
    its own form, and saves in a code page that has no ی.

    :param written: as this program wrote it. :param read: as it came back.
    """
    one, other = letters.fold(written).strip(), letters.fold(read).strip()
    if _bare(one) == _bare(other):
        return True
    if "?" in other and len(one) == len(other):
        return all(b in (a, "?") for a, b in zip(one, other, strict=True))
    if _SCIENTIFIC.fullmatch(other) and one.isdecimal():
        return abs(int(one) - float(other)) <= int(one) * 1e-5
    # 3/7/62 and 1962-07-03: the numbers of one date in another order, with a century
    return bool(
        _DATE.fullmatch(one)
        and _DATE.fullmatch(other)
        and sorted(number % 100 for number in _numbers(one))
        == sorted(number % 100 for number in _numbers(other))
    )


def _bare(folded: str) -> str:
    key = letters.key(folded.removesuffix(".0"))
    return key.lstrip("0") or ("0" if key else "")


def _numbers(folded: str) -> list[int]:
    return [int(number) for number in _NUMBER.findall(folded)]


def over(earlier: Sequence[Correction], later: Sequence[Correction]) -> tuple[Correction, ...]:
    """Corrections of rows that were corrected before: what is said later holds.

    Only rows that ``later`` names stay: another row is of another batch.
    """
    rows = {one.row for one in later}
    held = {(one.row, one.column): one for one in earlier if one.row in rows}
    held.update({(one.row, one.column): one for one in later})
    return tuple(held[at] for at in sorted(held))

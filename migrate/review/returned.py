"""A workbook as a university returned it: its rows of cases, wherever they stand by now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from migrate.errors import InputError
from migrate.intake.files import sha256
from migrate.intake.readers import confined
from migrate.intake.readers.kind import kind_of
from migrate.intake.readers.unpacking import members, size_words
from migrate.persian import letters
from migrate.review.columns import COLUMNS, heading

# a thousand cases are 300 KB as XLSX, 4 MB as XLS
LARGEST = 64 << 20
LARGEST_UNPACKED = 512 << 20
LIMITS = confined.Limits(memory=2 << 30, seconds=120)
NEEDED = ("side", "decision", "reason", "comment", "token")
_KINDS = ("xlsx", "xlsb", "xls", "ods")
# headings stand on top, but for what people write over them
_SEARCHED = 40
_AGAIN = "Save it from Excel or LibreOffice as XLSX and send it again"


@dataclass(frozen=True)
class Row:
    """A row that holds anything, ``number`` as the person sees it; ``cells`` by column of ours."""

    sheet: str
    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Heading:
    """Where a sheet has its headings: the row, from 1; ``last``, from 0, the last column with one."""

    sheet: str
    row: int
    last: int
    columns: Mapping[str, int]


@dataclass(frozen=True)
class Returned:
    """A returned workbook: ``kind`` is xlsx, xlsb, xls or ods; rows in the order of their sheets."""

    path: Path
    kind: str
    sha256: str
    headings: tuple[Heading, ...]
    rows: tuple[Row, ...]


def read_returned(path: Path) -> Returned:
    """Read the sheets of a workbook that have the headings of a packet; the others are left alone.

    Sorted, filtered or hidden rows, moved or hidden columns, sheets that are gone, new or renamed make
    no difference.

    :raises InputError: it is no workbook, too large, damaged, with a password, or holds no such sheet.
    """
    kind = kind_of(path)
    if kind not in _KINDS:
        raise InputError("this is no workbook", file=path, found=kind, fix=_AGAIN)
    _refuse_large(path, kind)
    digest = sha256(path)
    sheets = read_sheets(path)
    headings = []
    rows: list[Row] = []
    for name, held in sheets.items():
        found = _heading(path, name, held)
        if found is None:
            continue
        headings.append(found)
        rows += _rows(found, held)
    if not headings:
        _refuse_other(path, sheets)
    if sha256(path) != digest:
        raise InputError("this file changed while it was read", file=path, fix="Import it again")
    return Returned(path, kind, digest, tuple(headings), tuple(rows))


def read_sheets(path: Path) -> dict[str, list[tuple[int, list[str]]]]:
    """The rows of each sheet that hold anything, as (number, texts). Raises InputError."""
    sheets: dict[str, list[tuple[int, list[str]]]] = {}
    name = ""
    try:
        for said in confined.answers(
            "migrate.review.returned_cells", [str(path.absolute())], LIMITS
        ):
            if "sheet" in said:
                name = said["sheet"]
                sheets[name] = []
            else:
                sheets[name] += [(number, texts) for number, texts in said["rows"]]
    except confined.Confined as fault:
        at = f"sheet '{fault.at}'" if fault.at else "this workbook"
        what = {"memory": "takes too much memory to read", "time": "takes too long to read"}
        said_of = what.get(fault.why, "cannot be read")
        raise InputError(
            f"{at} {said_of}", file=path, found=str(fault)[:200] or None, fix=_AGAIN
        ) from fault
    return sheets


def _refuse_large(path: Path, kind: str) -> None:
    size = path.stat().st_size
    if size > LARGEST:
        raise InputError(
            f"this workbook is larger than is read here: {size_words(LARGEST)}",
            file=path,
            found=f"{size:,} bytes",
            fix="Delete what does not belong to the packet",
        )
    if kind != "xls":
        members(path, LARGEST_UNPACKED, "workbook")


def _heading(path: Path, sheet: str, held: Sequence[tuple[int, Sequence[str]]]) -> Heading | None:
    names = {letters.key(heading(column)): column for column in COLUMNS}
    for number, texts in held[:_SEARCHED]:
        columns: dict[str, int] = {}
        twice = []
        for place, text in enumerate(texts):
            column = names.get(letters.key(text))
            if column in columns:
                twice.append(column)
            elif column is not None:
                columns[column] = place
        if not {"token", "decision"} <= columns.keys():
            continue
        absent = [heading(one) for one in NEEDED if one not in columns]
        if absent or any(one in NEEDED for one in twice):
            named = absent or [heading(one) for one in twice if one in NEEDED]
            raise InputError(
                f"in sheet '{sheet}' a column {'is missing' if absent else 'stands twice'}",
                file=path,
                row=number,
                found="، ".join(named),
                fix="Put the headings back as they were in the packet",
            )
        last = max(place for place, text in enumerate(texts) if text.strip())
        return Heading(sheet, number, last, columns)
    return None


def _rows(found: Heading, held: Sequence[tuple[int, Sequence[str]]]) -> Iterator[Row]:
    for number, texts in held:
        if number <= found.row:
            continue
        cells = {
            column: texts[place]
            for column, place in found.columns.items()
            if place < len(texts) and letters.key(texts[place])
        }
        if cells:
            yield Row(found.sheet, number, cells)


def _refuse_other(path: Path, sheets: Mapping[str, list[tuple[int, list[str]]]]) -> None:
    token, case, decision = (letters.key(heading(one)) for one in ("token", "case_id", "decision"))
    for held in sheets.values():
        for _, texts in held[:_SEARCHED]:
            keys = {letters.key(text) for text in texts}
            if {case, decision} <= keys and token not in keys:
                raise InputError(
                    f"this packet has no column '{heading('token')}': it was deleted, or an earlier "
                    "version of this program made the packet; whose an answer is cannot be known",
                    file=path,
                    fix="Put the column back, or make a new packet with `migrate review packet` and "
                    "copy the answers into it",
                )
    raise InputError(
        "no sheet of this workbook has the headings of a packet",
        file=path,
        found=", ".join(sheets) or "no sheets",
        fix="Import the workbook that the university filled in",
    )

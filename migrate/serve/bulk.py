"""Files of codes: read as CSV, answered as CSV or JSON, a row for a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from migrate.codes.inquiry import SHOWN, Answer
from migrate.errors import InputError
from migrate.persian import letters

MOST_ROWS = 10_000
_LONGEST_CELL = 200
# headings of the column that holds codes, by letters.key
_HEADINGS = frozenset(
    letters.key(name)
    for name in ("code", "validity_code", "کد", "کد صحت", "کدصحت", "کد صحت مدرک", "کد رهگیری صحت")
)
_COLUMNS = ("row", "answer", "code", *SHOWN, "superseded_by", "reason")
# a spreadsheet takes a cell that begins so for a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def read_codes(body: bytes) -> list[tuple[int, str]]:
    """The codes of a CSV file, as typed, each with the number of its row from 1.

    Comma, semicolon or tab; UTF-8. With a heading that says which column holds codes (code,
    validity_code, کد صحت) that column is read, else the first one. Empty rows are passed over.

    :raises InputError: for a file that is no such text, is empty, or has more than 10,000 codes.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            "the file is not UTF-8 text",
            row=body[: error.start].count(b"\n") + 1,
            fix="Save it as CSV UTF-8",
        ) from None
    if "\0" in text:
        raise InputError("the file is not text", fix="Save it as CSV UTF-8")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[tuple[int, str]] = []
    column: int | None = None
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if column is None:
                column = next(
                    (n for n, cell in enumerate(row) if letters.key(cell) in _HEADINGS), None
                )
                if column is not None:
                    continue
                column = 0
            cell = row[column] if column < len(row) else ""
            # what is longer is no code, and is not carried on
            found.append((reader.line_num, cell[: _LONGEST_CELL + 1]))
            if len(found) > MOST_ROWS:
                raise InputError(
                    f"a file has at most {MOST_ROWS:,} codes", fix="Send it in several parts"
                )
    except csv.Error as error:
        raise InputError(
            "the file is not CSV", row=reader.line_num, fix=f"{error}. Mend the quotes"
        ) from None
    if not found:
        raise InputError("there is no code in the file", fix="Write one code a row")
    return found


def write_answers(rows: Sequence[tuple[int, Answer]]) -> str:
    """Answers as CSV with a byte-order mark, for spreadsheets; codes and years stay as they are.

    :param rows: the number of the row in the file, and its answer.
    """
    out = io.StringIO(newline="")
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for number, answer in rows:
        writer.writerow(
            [
                number,
                answer.answer,
                answer.code,
                *(_cell(answer.shown.get(name, "")) for name in SHOWN),
                answer.superseded_by or "",
                answer.reason,
            ]
        )
    return out.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text

"""Text tables: CSV, TSV and their kin, in any encoding and with any delimiter."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from migrate.errors import InputError
from migrate.intake.headings import SEARCHED, find_heading
from migrate.intake.profiles import Profile
from migrate.intake.readers import delimiter as delimiters
from migrate.intake.readers import encoding as encodings
from migrate.intake.readers.blocks import lines_of
from migrate.intake.readers.parting import parted
from migrate.intake.readers.records import BLANK
from migrate.intake.readers.rows import SIZE, Progress, Rows, Shape
from migrate.intake.readers.survey import HEAD, UNDECODABLE, survey

_LOOKED_AT = 200
# bytes read at one time
_LEAST_BLOCK, _MOST_BLOCK = 1 << 16, 1 << 24


def look(path: Path, profile: Profile, known: Mapping[str, str | None]) -> Shape:
    """Encoding, delimiter and headings of a text table. All its bytes are seen, few lines parted.

    :param known: the keys of the headings looked for, see ``headings.dictionary``.
    :raises InputError: it is no text, it holds no heading, or nothing after one.
    """
    seen = survey(path)
    encoding = encodings.decide(path, seen, profile.encoding)
    whole = seen.size <= HEAD
    lines = _first_lines(seen.head, encoding.codec, whole)
    if seen.size and not lines:
        raise InputError(
            "the first line is longer than a mebibyte, which no heading is",
            file=path,
            fix="Export the table as CSV, XLSX or Parquet",
        )
    delimiter = delimiters.decide(lines, known, profile.delimiter)
    rows, ends = _first_rows(lines, delimiter.character)
    place = find_heading(rows, known)
    if place is None:
        raise InputError("this file holds no heading and no rows", file=path, fix="Export it again")
    if whole and not any(line.strip(BLANK + delimiter.character) for line in lines[ends[place] :]):
        raise InputError(
            "this file holds only a heading and no rows",
            file=path,
            fix="Export it again, with its rows",
        )
    return Shape(
        kind="text with delimiters",
        headings=tuple(cell.strip(BLANK) for cell in rows[place]),
        heading_row=place + 1,
        heading_lines=ends[place],
        lines=seen.lines,
        encoding=encoding.name,
        codec=encoding.codec,
        decodable=seen.utf8 and encoding.codec in ("utf-8", "utf-8-sig"),
        delimiter=delimiter.character,
        why=f"{encoding.why}; {delimiter.why}",
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
    """The rows of a text table that was looked at; see ``parting``.

    :param columns: places of the columns wanted, from 0.
    :param key: the place of the column that identifies a row, for problems to name it.
    :param size: about how many rows a batch holds at most.
    """
    # about as many bytes as a batch has, and a little less
    a_row = path.stat().st_size / max(shape.lines, 1)
    block = max(_LEAST_BLOCK, min(int(0.95 * size * a_row), _MOST_BLOCK))
    for rows in parted(path, shape, columns, key=key, size=size, block=block):
        yield rows
        if progress and len(rows.row):
            done = rows.row[-1].as_py()
            progress(done, max(shape.lines, done), "rows read")


def _first_lines(head: bytes, codec: str, whole: bool) -> list[str]:
    text = codecs.getincrementaldecoder(codec)(UNDECODABLE).decode(head, final=whole)
    lines = list(lines_of(text))
    if whole:
        return lines
    # the last one is cut off
    return lines[:-1][:_LOOKED_AT]


def _first_rows(lines: Sequence[str], delimiter: str) -> tuple[list[list[str]], list[int]]:
    """The first rows, and for each the number of lines up to its end."""
    rows, ends = [], []
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        for cells in islice(reader, SEARCHED):
            rows.append(cells)
            ends.append(reader.line_num)
    except csv.Error:
        # a cell longer than any heading: what came before it is enough
        pass
    return rows, ends

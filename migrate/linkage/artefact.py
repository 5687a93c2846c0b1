"""Files between linking and people: written whole or not at all, cells that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from migrate.errors import InputError

# a spreadsheet takes a cell that begins so for a formula; the apostrophe itself marks such a cell
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
# how spreadsheets separate what they call CSV
_SEPARATORS = (",", ";", "\t")


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, which is as it was or whole after a kill or a full disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=".part", dir=path.parent)
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        # a temporary file is its owner's alone: leave the file as others beside it are
        partial.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def guarded(text: object) -> str:
    """A cell that no spreadsheet takes for a formula; '' for None. :func:`plain` reads it back."""
    shown = "" if text is None else str(text)
    return "'" + shown if shown.startswith(_FORMULA) else shown


def plain(cell: str) -> str:
    """A cell as it was before :func:`guarded`."""
    return cell[1:] if cell.startswith("'") else cell


def read_table(path: Path, columns: Iterable[str]) -> list[tuple[int, dict[str, str]]]:
    """The lines of a CSV as (row number, cells by heading), unguarded and stripped; empty ones out.

    Takes what spreadsheets save: with a byte-order mark or without, commas, semicolons or tabs.
    Raises InputError where the file cannot be read or lacks one of ``columns``.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError("this file cannot be read", file=path, found=error.strerror) from error
    except UnicodeDecodeError as error:
        raise InputError(
            "this file is not UTF-8", file=path, fix="Save it as 'CSV UTF-8' in the spreadsheet"
        ) from error
    first = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise InputError("this file cannot be read as CSV", file=path, found=error) from error
    heading = [cell.strip() for cell in lines[0]] if lines else []
    lacking = [name for name in columns if name not in heading]
    if lacking:
        raise InputError(
            "a column is missing",
            file=path,
            found=", ".join(lacking),
            fix=f"The first line must name {', '.join(columns)}",
        )
    return [
        (number, dict(zip(heading, [plain(cell.strip()) for cell in padded], strict=True)))
        for number, cells in enumerate(lines[1:], start=2)
        if any(cells)
        for padded in [(cells + [""] * len(heading))[: len(heading)]]
    ]

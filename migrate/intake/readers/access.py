"""Access databases (.mdb, .accdb), by the programs of mdbtools where they are installed.

No Python package reads them right, see docs/intake/databases.md. mdbtools needs no service.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from migrate.errors import InputError
from migrate.intake.headings import count_known
from migrate.intake.profiles import Profile
from migrate.intake.quarantine import Problem
from migrate.intake.readers.records import shown
from migrate.intake.readers.rows import SIZE, Progress, Rows, Shape, blank_rows_note, chunked

# characters that no text of a table holds: they part fields and records, and stand for null
_FIELD, _RECORD, _NULL = b"\x1f", b"\x1e", b"\x1d"
_WRITTEN = (
    *("-d", "\x1f", "-R", "\x1e", "-0", "\x1d", "-Q", "-B", "-b", "strip"),
    *("-D", "%Y-%m-%d", "-T", "%Y-%m-%d %H:%M:%S"),
)
_MIDNIGHT = " 00:00:00"
_CHUNK = 1 << 20
# a record longer than this is none
_LONGEST = 64 << 20
# processor time in seconds and KiB of memory that one program may take
_LIMITS = 'ulimit -t 600; ulimit -v 4194304; exec "$@"'
_VERSIONS = {0: "Access 97", 1: "Access 2000–2003", 2: "Access 2007"}
_ENOUGH = 2
# what mdbtools says of a page that it cannot read, and goes on
_DAMAGE = re.compile(r"EOF|[Uu]nable|[Ee]rror|[Uu]nrecogni[sz]ed|[Ii]nvalid|[Cc]orrupt")


def look(path: Path, profile: Profile, known: Mapping[str, str | None]) -> Shape:
    """The tables of a database that hold records, and their columns. Rows count from 1 in each.

    These are the tables that the profile names; else those with the most known headings, two or
    more, of which there may be several: one a year, say.

    :param known: the keys of the headings looked for, see ``headings.dictionary``.
    :raises InputError: mdbtools is not installed, the database cannot be read or has no such table.
    """
    _refuse_without_tools(path)
    encoding = _encoding(path, profile)
    names = _lines(path, encoding, "mdb-tables", "-1")
    for wanted in profile.sheets:
        if wanted not in names:
            raise InputError(
                f"this database has no table '{wanted}', which the source profile names",
                file=path,
                found=", ".join(names),
                fix="Correct the table (sheet) in the profile",
            )
    shapes = [_shape(path, encoding, name) for name in profile.sheets or names]
    full = [shape for shape in shapes if shape.lines]
    if not full:
        raise InputError("this database has no table with rows", file=path, fix="Name another")
    chosen = full
    if not profile.sheets:
        counts = [count_known(shape.headings, known) for shape in full]
        most = max(counts)
        together = zip(full, counts, strict=True)
        chosen = [shape for shape, count in together if count == most >= _ENOUGH] or full[:1]
    left = [shape.sheet or "" for shape in shapes if shape not in chosen]
    notes = (f"other tables, not read: {', '.join(left)}",) if left else ()
    if len(chosen) == 1:
        return replace(chosen[0], notes=notes)
    why = f"{len(chosen)} tables have the same number of known headings"
    return replace(chosen[0], sheet=None, parts=tuple(chosen), why=why, notes=notes)


def batches(
    path: Path,
    shape: Shape,
    columns: Sequence[int],
    *,
    key: int | None = None,
    size: int = SIZE,
    progress: Progress | None = None,
) -> Iterator[Rows]:
    """The rows of one table as text: dates as ISO 8601, yes and no as TRUE and FALSE.

    :param columns: places of the columns wanted, from 0.
    :param key: the place of the column that identifies a row, for problems to name it.
    :raises InputError: a page of the database is damaged.
    """
    assert shape.sheet is not None
    records = _records(path, shape)
    next(records, None)
    done = blank = 0
    ended = False
    while not ended:
        numbers: list[int] = []
        found: list[list[str | None]] = [[] for _ in columns]
        problems = []
        for record in records:
            done += 1
            fields = record.split(_FIELD)
            try:
                if len(fields) != len(shape.headings):
                    raise ValueError(
                        f"{len(fields)} fields, where the table has {len(shape.headings)}"
                    )
                cells = [_text(fields[place]) for place in columns]
            except ValueError as error:
                problems.append(_problem(done, record, fields, key, error))
            else:
                if any(field not in (b"", _NULL) for field in fields):
                    numbers.append(done)
                    for column, cell in zip(found, cells, strict=True):
                        column.append(cell)
                else:
                    blank += 1
            if len(numbers) + len(problems) >= size:
                break
        else:
            ended = True
            if done < shape.lines:
                problems.append(_cut(done, shape.lines))
        yield Rows(
            row=chunked([pa.array(numbers, pa.int64())], pa.int64()),
            columns=tuple(chunked([pa.array(one, pa.string())], pa.string()) for one in found),
            unreadable=tuple(problems),
            notes=blank_rows_note(blank) if ended else (),
        )
        if progress:
            progress(done, max(done, shape.lines), "rows read")


def _shape(path: Path, encoding: str | None, name: str) -> Shape:
    bare = Shape(kind=_kind(path), headings=(), heading_row=0, encoding=encoding, sheet=name)
    first = next(_records(path, bare), b"")
    count = _lines(path, encoding, "mdb-count", last=name)
    return replace(
        bare,
        headings=tuple(field.decode("utf-8", "replace").strip() for field in first.split(_FIELD)),
        lines=int(count[0]) if count and count[0].isdigit() else 0,
        why=f"table '{name}', read by mdbtools",
    )


def _records(path: Path, shape: Shape) -> Iterator[bytes]:
    """The records of a table, that of its headings first."""
    command = _command(path, "mdb-export", *_WRITTEN, last=shape.sheet)
    environment = _environment(shape.encoding)
    with (
        # a pipe that nobody reads would stop it
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603
            command, env=environment, stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        assert process.stdout is not None
        try:
            rest = b""
            while chunk := process.stdout.read(_CHUNK):
                *whole, rest = (rest + chunk).split(_RECORD)
                yield from whole
                if len(rest) > _LONGEST:
                    raise InputError(
                        "a row of it is longer than 64 MiB", file=path, fix="Export it as CSV"
                    )
            ended = process.wait()
            errors.seek(0)
            said = errors.read(_CHUNK).decode("utf-8", "replace")
            if ended or rest or _DAMAGE.search(said):
                _refuse_damaged(path, said)
        finally:
            process.kill()


def _lines(
    path: Path, encoding: str | None, program: str, *options: str, last: str | None = None
) -> list[str]:
    done = subprocess.run(  # noqa: S603
        _command(path, program, *options, last=last),
        env=_environment(encoding),
        capture_output=True,
    )
    if done.returncode:
        _refuse_damaged(path, done.stderr.decode("utf-8", "replace"))
    return [line for line in done.stdout.decode("utf-8", "replace").split("\n") if line]


def _command(path: Path, program: str, *options: str, last: str | None) -> list[str]:
    named = [] if last is None else [last]
    return ["/bin/sh", "-c", _LIMITS, "sh", program, *options, "--", str(path.resolve()), *named]


def _environment(encoding: str | None) -> dict[str, str]:
    given = {"MDB_JET3_CHARSET": encoding} if encoding else {}
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", **given}


def _encoding(path: Path, profile: Profile) -> str | None:
    # from Access 2000 on text is Unicode; before it was in the code page of Windows
    return (profile.encoding or "CP1256") if _version(path) == 0 else None


def _version(path: Path) -> int:
    with path.open("rb") as stream:
        return stream.read(32)[20]


def _kind(path: Path) -> str:
    return f"Access database ({_VERSIONS.get(_version(path), 'Access 2010 or later')})"


def _text(field: bytes) -> str | None:
    return None if field == _NULL else field.decode("utf-8").removesuffix(_MIDNIGHT)


def _problem(
    number: int, record: bytes, fields: Sequence[bytes], key: int | None, error: ValueError
) -> Problem:
    found = shown(record.decode("utf-8", "surrogateescape"))
    named = fields[key] if key is not None and key < len(fields) else b""
    legacy_id = named.decode("utf-8", "replace").strip() or None
    rule = "row.encoding" if isinstance(error, UnicodeDecodeError) else "row.cells"
    return Problem(number, legacy_id, None, found, rule, f"this row cannot be parted: {error}")


def _cut(done: int, counted: int) -> Problem:
    reason = (
        f"the table counts {counted:,} rows, and {counted - done:,} of them are not in the file"
    )
    return Problem(done + 1, None, None, None, "file.cut", reason)


def _refuse_without_tools(path: Path) -> None:
    if shutil.which("mdb-export") is None or shutil.which("/bin/sh") is None:
        raise InputError(
            "this is an Access database, for which mdbtools must be installed",
            file=path,
            fix="Install it (on Debian: apt install mdbtools), or open the database in Access and "
            "export the table as a workbook or as text in UTF-8",
        )


def _refuse_damaged(path: Path, said: str) -> None:
    lines = said.splitlines()
    raise InputError(
        "this Access database is damaged or encrypted",
        file=path,
        found=lines[-1] if lines else None,
        fix="Compact and repair it in Access, without a password, or export the table as a workbook",
    )

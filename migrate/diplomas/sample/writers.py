"""The files of a sample: the ledger, the registry and, in a folder of its own, the truth."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from migrate.intake.files import write_atomically

Progress = Callable[[int, int, str], None]

# what a Persian archive's export calls the fields of LEGACY
PAPER_HEADINGS = {
    "legacy_id": "شناسه",
    "first_name": "نام",
    "last_name": "نام خانوادگی",
    "father_name": "نام پدر",
    "sex": "جنس",
    "national_id": "کد ملی",
    "birth_cert_no": "ش.ش",
    "birth_place": "محل تولد",
    "birth_date": "تاریخ تولد",
    "university": "دانشگاه",
    "field_of_study": "رشته",
    "degree": "مقطع",
    "graduation_date": "تاریخ فراغت از تحصیل",
    "diploma_no": "شماره دانشنامه",
    "diploma_date": "تاریخ صدور",
    "document_type": "نوع مدرک",
    "page_ref": "دفتر/صفحه",
}
# Windows-1256 has neither ی nor ۀ: exports put the Arabic letters in their place
_CODE_PAGE = str.maketrans({"ی": "ي", "ۀ": "ه"})


def write_legacy(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]], *, code_page: bool
) -> None:
    """Write the ledger: Windows-1256 with Persian headings, or UTF-8 with the design's own.

    Raises UnicodeEncodeError where a letter is not in the code page: nothing is lost in silence.
    """
    headings: list[str] = list(columns)
    encoding = "utf-8"
    if code_page:
        headings = [PAPER_HEADINGS[column].translate(_CODE_PAGE) for column in columns]
        rows = ([text.translate(_CODE_PAGE) for text in row] for row in rows)
        encoding = "cp1256"
    with (
        write_atomically(path) as partial,
        partial.open("w", encoding=encoding, newline="") as stream,
    ):
        writer = csv.writer(stream)
        writer.writerow(headings)
        writer.writerows(rows)


def _counted(
    chunks: Iterable[list[tuple[str, ...]]], total: int, progress: Progress | None
) -> Iterator[list[tuple[str, ...]]]:
    done = 0
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        if progress is not None:
            progress(done, total, "registry degrees")


def write_registry_csv(
    path: Path,
    columns: Sequence[str],
    chunks: Iterable[list[tuple[str, ...]]],
    total: int,
    progress: Progress | None = None,
) -> None:
    """Write the registry's rows, ``total`` of them, as UTF-8 CSV with the design's headings."""
    with (
        write_atomically(path) as partial,
        partial.open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.writer(stream)
        writer.writerow(columns)
        for chunk in _counted(chunks, total, progress):
            writer.writerows(chunk)


def write_registry_sqlite(
    path: Path,
    columns: Sequence[str],
    chunks: Iterable[list[tuple[str, ...]]],
    total: int,
    progress: Progress | None = None,
) -> None:
    """Write the registry as table ``degrees`` of an SQLite file; empty values are NULL.

    One transaction into a new file, so the same rows give the same bytes (of one SQLite version).
    """
    # names of columns are ours, from the schema; values are bound
    definition = ", ".join(
        f"{name} TEXT PRIMARY KEY NOT NULL" if name == columns[0] else f"{name} TEXT"
        for name in columns
    )
    marks = ", ".join("?" for _ in columns)
    with write_atomically(path) as partial, closing(sqlite3.connect(partial)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        with connection:
            connection.execute(f"CREATE TABLE degrees ({definition})")
            for chunk in _counted(chunks, total, progress):
                connection.executemany(
                    f"INSERT INTO degrees VALUES ({marks})",  # noqa: S608
                    ([text or None for text in row] for row in chunk),
                )


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a UTF-8 CSV of the truth's folder."""
    with (
        write_atomically(path) as partial,
        partial.open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)

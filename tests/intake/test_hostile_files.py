"""No file hangs intake or takes more than a fixed memory: each gives a result or one clear line.

Each is read by a process of its own, which the kernel holds to an address space and a time.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import xlsxwriter

from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake.sources import read_source

CORPUS = Path(__file__).parent.parent / "corpus" / "workbooks"
HEADING = ["شناسه", "نام", "نام خانوادگی", "دانشگاه"]
LINE = ",".join(HEADING) + "\n"
RECORD = "1,علی,رضایی,تهران\n"
SHEET = "xl/worksheets/sheet1.xml"
MEMORY = 2 << 30
SECONDS = 100
# the limits of the parser's process are tried at a quarter, so that a test takes seconds
READ = """
import json, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), int(sys.argv[2])))
from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake.readers import confined, spreadsheet
from migrate.intake.sources import open_source
spreadsheet.LIMITS = confined.Limits(memory=1 << 30, seconds=60)
said = {"rows": 0, "problems": [], "records": []}
try:
    source = open_source(Path(sys.argv[1]), LEGACY)
    for batch in source.batches():
        said["problems"] += [problem.rule for problem in batch.unreadable]
        said["records"] += batch.table.select(["raw_legacy_id", "raw_last_name"]).to_pylist()
    said["rows"] = source.rows
except InputError as error:
    said["error"] = str(error)
said["lengths"] = [len(record["raw_last_name"]) for record in said["records"]]
said["records"] = [
    [str(text)[:100] for text in record.values()] for record in said["records"][:3]
]
usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
said["peak"] = max(one.ru_maxrss for one in usage) * 1024
print(json.dumps(said))
"""


class Read(NamedTuple):
    """What came of reading a file: an error, or rows, and the memory that it took."""

    error: str | None
    rows: int
    records: list[list[str]]
    lengths: list[int]
    problems: list[str]
    peak: int


def read(path: Path) -> Read:
    environment = dict(os.environ, ARROW_DEFAULT_MEMORY_POOL="system", OPENBLAS_NUM_THREADS="1")
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path), str(MEMORY)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=environment,
        cwd=path.parent,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said: dict[str, Any] = json.loads(done.stdout)
    error = said.pop("error", None)
    found = Read(error=error, **said)
    if error is not None:
        assert "\n" not in error
        assert str(path) in error
        # words, and not a cell of ten million characters
        assert len(error) < 1500
    assert found.peak < MEMORY
    return found


def text(content: str | bytes) -> Callable[[Path], Path]:
    """A maker of a text table."""

    def make(folder: Path) -> Path:
        path = folder / "legacy.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def workbook(path: Path, edits: Mapping[str, Callable[[bytes], bytes]] | None = None) -> Path:
    """A sound workbook of two records, with members changed."""
    sound = path.with_suffix(".sound")
    with xlsxwriter.Workbook(sound) as book:
        sheet = book.add_worksheet("دفتر")
        for number, row in enumerate(
            [HEADING, ["1", "علی", "رضایی", "تهران"], ["2", "x", "y", "z"]]
        ):
            sheet.write_row(number, 0, row)
    with zipfile.ZipFile(sound) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            edit = (edits or {}).get(member.filename)
            content = old.read(member)
            new.writestr(member.filename, edit(content) if edit else content)
    return path


def sheet(old: bytes, new: bytes) -> Callable[[Path], Path]:
    """A maker of a workbook whose sheet has ``new`` in place of ``old``."""

    def make(folder: Path) -> Path:
        def edit(content: bytes) -> bytes:
            assert old in content
            return content.replace(old, new, 1)

        return workbook(folder / "legacy.xlsx", {SHEET: edit})

    return make


def row(cell: bytes, at: bytes = b"C4") -> Callable[[Path], Path]:
    """A maker of a workbook with one row more, of this cell."""
    number = at.lstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    more = b'<row r="%b"><c r="%b" %b</c></row></sheetData>' % (number, at, cell)
    return sheet(b"</sheetData>", more)


def part(name: str, share: float) -> Callable[[Path], Path]:
    """A maker of the first part of a file of the corpus."""

    def make(folder: Path) -> Path:
        content = (CORPUS / name).read_bytes()
        path = folder / name
        path.write_bytes(content[: int(len(content) * share)])
        return path

    return make


def zeros(name: str, share: float) -> Callable[[Path], Path]:
    """A maker of a file of the corpus of which the end is zeros, as a broken disk leaves it."""

    def make(folder: Path) -> Path:
        content = (CORPUS / name).read_bytes()
        kept = int(len(content) * share)
        path = folder / name
        path.write_bytes(content[:kept] + bytes(len(content) - kept))
        return path

    return make


def archive(members: Mapping[str, str | bytes]) -> Callable[[Path], Path]:
    """A maker of a zip archive."""

    def make(folder: Path) -> Path:
        path = folder / "legacy.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for name, content in members.items():
                new.writestr(name, content)
        return path

    return make


def bomb(member: str, size: int, name: str) -> Callable[[Path], Path]:
    """A maker of an archive or workbook with a member of zeros."""

    def make(folder: Path) -> Path:
        path = folder / name
        if name.endswith("xlsx"):
            workbook(path)
        with (
            zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as new,
            new.open(member, "w", force_zip64=True) as stream,
        ):
            for _ in range(size >> 20):
                stream.write(bytes(1 << 20))
        return path

    return make


def lying(folder: Path) -> Path:
    """A bomb whose directory says that it is small."""
    path = bomb("a.csv", 400 << 20, "legacy.zip")(folder)
    size = (400 << 20).to_bytes(4, "little")
    content = path.read_bytes()
    path.write_bytes(content.replace(size, (1000).to_bytes(4, "little")))
    return path


LAUGHS = b"<!DOCTYPE l [<!ENTITY a 'ha'>" + b"".join(
    b"<!ENTITY %c '%b'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12)
)


def laughing(folder: Path) -> Path:
    """A cell of a million million letters, by entities of entities."""
    cell = b'<row r="4"><c r="C4" t="inlineStr"><is><t>&m;</t></is></c></row></sheetData>'
    return workbook(
        folder / "legacy.xlsx",
        {
            SHEET: lambda content: content.replace(b"?>", b"?>" + LAUGHS + b"]>", 1).replace(
                b"</sheetData>", cell
            )
        },
    )


def without_a_sheet(folder: Path) -> Path:
    """A workbook that names a sheet and has an empty file in its place."""
    return workbook(folder / "legacy.xlsx", {SHEET: lambda content: b""})


ODS_CELL = b'<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'
WIDE = ODS_CELL.replace(b"cell ", b'cell table:number-columns-repeated="16384" ', 1)


def repeated(folder: Path) -> Path:
    """An ODS sheet of seventeen thousand million cells in a few bytes."""
    path = folder / "legacy.ods"
    more = b'<table:table-row table:number-rows-repeated="1048000">%b</table:table-row>' % WIDE
    with (
        zipfile.ZipFile(CORPUS / "ledger-libreoffice.ods") as old,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.infolist():
            content = old.read(member)
            if member.filename == "content.xml":
                content = content.replace(b"</table:table>", more + b"</table:table>", 1)
            new.writestr(member, content)
    return path


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a row of a million columns": (
        text("x," * 1_000_000 + "\n" + "1," * 1_000_000 + "\n"),
        "longer than a mebibyte",
    ),
    "a heading of ten megabytes": (text("ن" * 5_000_000 + "\n" + RECORD), "longer than a mebibyte"),
    "only NUL": (text(bytes(1_000_000)), "not a text table"),
    "a cell at the far corner of a sheet": (
        row(b"><v>2</v>", b"XFD1048576"),
        "sheet 'دفتر' takes more than 1 GiB of memory",
    ),
    "a cell beyond all sheets": (
        row(b"><v>2</v>", b"ZZZZZZ99999999999"),
        "sheet 'دفتر' is damaged",
    ),
    "a thousand million laughs": (laughing, "sheet 'دفتر' is damaged"),
    "a workbook without its sheet": (without_a_sheet, "sheet 'دفتر' is damaged"),
    "a cell of a text that is not there": (
        row(b't="s"><v>900000000</v>'),
        "sheet 'دفتر' is damaged",
    ),
    "a repeated cell": (repeated, "Cell limit exceeded|takes more than"),
    "half an XLSX": (part("ledger-xlsxwriter.xlsx", 0.5), "damaged"),
    "half an ODS": (part("ledger-libreoffice.ods", 0.5), "damaged"),
    "half an XLSB": (part("ledger-biff12.xlsb", 0.5), "damaged"),
    "half an XLS": (part("ledger-libreoffice.xls", 0.5), "damaged"),
    "the first sector of an XLS": (part("ledger-libreoffice.xls", 0.06), "damaged"),
    "an XLS that ends in zeros": (zeros("ledger-libreoffice.xls", 0.3), "damaged"),
    "an ODS that ends in zeros": (zeros("ledger-libreoffice.ods", 0.7), "damaged"),
    "a workbook with a bomb": (
        bomb("xl/media/image1.bin", 300 << 20, "legacy.xlsx"),
        "this workbook would be larger unpacked",
    ),
    "an archive with a bomb": (bomb("a.csv", 300 << 20, "legacy.zip"), "would be larger unpacked"),
    "a bomb that says it is small": (lying, "cannot be unpacked|damaged"),
    "an archive in an archive": (
        archive({"a.csv": LINE + RECORD, "b.zip": b"PK\x05\x06" + bytes(18)}),
        "an archive in an archive",
    ),
    "a path out of the archive": (archive({"../../a.csv": LINE + RECORD}), "leads out of it"),
    "an absolute path": (archive({"/tmp/a.csv": LINE + RECORD}), "leads out of it"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    make, said = REFUSED[case]
    found = read(make(tmp_path))
    assert found.error is not None, found
    assert any(words in found.error for words in said.split("|")), found.error


def wide(folder: Path) -> Path:
    """A sheet as wide as a sheet can be, with long texts as headings."""
    path = folder / "legacy.xlsx"
    headings = [*HEADING, *(f"ستون {number} " + "ن" * 40 for number in range(16_384 - 4))]
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, headings)
        sheet.write_row(1, 0, ["1", "علی", "رضایی", "تهران"])
        sheet.write_string(1, 16_383, "x")
    return path


READABLE: dict[str, tuple[Callable[[Path], Path], int, list[str]]] = {
    # made, rows in all, and the rules of those that are no records
    "ten megabytes in a cell of CSV": (text(LINE + RECORD + "2,x," + "y" * 10**7 + ",z\n"), 2, []),
    "ten megabytes in a quoted cell": (
        text(LINE + RECORD + '2,x,"' + "y" * 10**7 + '",z\n'),
        2,
        [],
    ),
    "ten megabytes in a cell of XLSX": (
        row(b't="inlineStr"><is><t>' + b"y" * 10**7 + b"</t></is>"),
        3,
        [],
    ),
    "a million columns in a row of CSV": (
        text(LINE + RECORD + "2," + "x," * 10**6 + "\n" + RECORD),
        3,
        ["row.cells"],
    ),
    "a quotation mark that is never closed": (
        text(LINE + '1,علی,"رضایی,تهران\n' + RECORD * 50_000),
        50_001,
        ["row.quote"],
    ),
    "NUL bytes in a row": (text(LINE + RECORD + "2,a\0b,c,d\n" + RECORD), 3, ["row.nul"]),
    "bytes of another encoding": (
        text((LINE + RECORD * 20).encode() + b"2,\xe1\xe1,c,d\n"),
        21,
        ["row.encoding"],
    ),
    "a sheet of sixteen thousand columns": (wide, 1, []),
    "tags without an end in a cell": (
        row(b't="inlineStr"><is>' + b"<r>" * 300_000 + b"</is>"),
        2,
        [],
    ),
}


@pytest.mark.parametrize("case", READABLE)
def test_it_is_read_and_what_is_wrong_stays_with_its_row(tmp_path: Path, case: str) -> None:
    make, rows, problems = READABLE[case]
    found = read(make(tmp_path))
    assert found.error is None
    assert found.rows == rows
    assert found.problems == problems


FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\tx", "'quoted"]


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "zip"])
def test_a_formula_is_a_text_and_stays_as_it_is(tmp_path: Path, suffix: str) -> None:
    rows = [[str(n), "x", formula, "تهران"] for n, formula in enumerate(FORMULAS)]
    table = tmp_path / "legacy.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([HEADING, *rows])
    path = tmp_path / f"legacy.{suffix}"
    if suffix == "zip":
        archive({"a.csv": table.read_bytes()})(tmp_path)
    elif suffix == "xlsx":
        with xlsxwriter.Workbook(path) as book:
            given = book.add_worksheet()
            for number, cells in enumerate([HEADING, *rows]):
                for place, cell in enumerate(cells):
                    given.write_string(number, place, cell)
    found = read(path)
    assert found.records == [[str(n), formula] for n, formula in enumerate(FORMULAS)][:3]
    assert found.lengths == [len(formula) for formula in FORMULAS]


def test_a_declared_encoding_that_is_wrong_stays_with_the_rows(tmp_path: Path) -> None:
    path = text((LINE + RECORD * 5).replace("ی", "ي").encode("cp1256"))(tmp_path)
    profile = tmp_path / "profile.yaml"
    profile.write_text("encoding: utf-8\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"there is no column|encoding") as caught:
        read_source(path, LEGACY, profile=profile)
    assert "\n" not in str(caught.value)

"""Write the workbooks of this folder again: python tests/corpus/workbooks/make.py

Needs LibreOffice (soffice) for those that it converts. README.md says which program wrote which.
"""

from __future__ import annotations

import datetime
import shutil
import subprocess
import tempfile
from pathlib import Path

import biff12
import openpyxl
import xlsxwriter

HERE = Path(__file__).parent
DAY = datetime.date(1983, 9, 25)
FIRST: list[list[biff12.Cell]] = [
    ["دفتر دانش‌آموختگان دانشگاه تهران"],
    ["شناسه", "مشخصات فردی", None, "پدر", "تولد", None, "تحصیل", None, None, "کد ملی"],
    [None, "نام", "نام خانوادگی", "نام", "تاریخ", "محل", "دانشگاه", "رشته تحصیلی", "تاریخ فراغت"],
    ["1", "علی", "رضایی", "حسن", DAY, "تهران", "دانشگاه تهران", "عمران", "1364/6/31", "0084575948"],
    [2.0, "زهرا", "كريمي", None, 1362.0, "مشهد", "ملی", "برق", DAY, 84575948.0],
    [],
    ["جمع کل", None, None, None, 2.0],
]
MERGED = [(0, 0, 0, 9), (1, 0, 2, 0), (1, 1, 1, 2), (1, 4, 1, 5), (1, 6, 1, 8), (1, 9, 2, 9)]
SECOND: list[list[biff12.Cell]] = [
    ["ردیف", "فامیل", "نام", "محل تحصیل", "ملاحظات"],
    [1.0, "احمدی", "رضا", "دانشگاه شیراز", "ندارد"],
    ["ردیف", "فامیل", "نام", "محل تحصیل", "ملاحظات"],
    [2.0, "مرادی", "مریم", "دانشگاه شیراز"],
    [None, None, None, "جمع صفحه: ۲ نفر"],
]
SHEETS = [
    biff12.Sheet("دفتر ۱", FIRST, MERGED),
    biff12.Sheet("کدها", [["کد", "دانشگاه"], [1.0, "دانشگاه تهران"], [2.0, "ملی"]]),
    biff12.Sheet("دفتر ۲", SECOND),
    biff12.Sheet("پیش‌نویس", [["x"]], hidden=True),
]
SIMPLE: list[list[biff12.Cell]] = [
    ["شناسه", "نام", "نام خانوادگی", "دانشگاه", "تاریخ تولد"],
    ["1", "علی", "رضایی", "تهران", DAY],
]


def by_xlsxwriter(path: Path, sheets: list[biff12.Sheet], *, since_1904: bool = False) -> Path:
    with xlsxwriter.Workbook(path, {"date_1904": since_1904}) as book:
        book.set_properties({"created": datetime.datetime(2026, 1, 1)})
        date = book.add_format({"num_format": "yyyy/mm/dd"})
        for given in sheets:
            sheet = book.add_worksheet(given.name)
            if given.hidden:
                sheet.hide()
            for top, left, bottom, right in given.merged:
                sheet.merge_range(top, left, bottom, right, "")
            for r, row in enumerate(given.rows):
                for c, cell in enumerate(row):
                    if isinstance(cell, datetime.date):
                        at = datetime.datetime.combine(cell, datetime.time())
                        sheet.write_datetime(r, c, at, date)
                    elif isinstance(cell, str):
                        sheet.write_string(r, c, cell)
                    elif cell is not None:
                        sheet.write_number(r, c, cell)
    return path


def by_openpyxl(path: Path, sheets: list[biff12.Sheet]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for given in sheets:
        sheet = book.create_sheet(given.name)
        sheet.sheet_state = "hidden" if given.hidden else "visible"
        for row in given.rows:
            sheet.append(row)
        for top, left, bottom, right in given.merged:
            sheet.merge_cells(
                start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1
            )
    book.save(path)
    return path


def by_libreoffice(source: Path, name: str, options: tuple[str, ...] = ()) -> Path:
    path = HERE / name
    with tempfile.TemporaryDirectory() as folder:
        command = ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile"]
        command += [*options, "--convert-to", path.suffix[1:], "--outdir", folder, str(source)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        shutil.copy(Path(folder, source.stem + path.suffix), path)
    return path


def main() -> None:
    simple = [biff12.Sheet("Sheet1", SIMPLE)]
    ledger = by_xlsxwriter(HERE / "ledger-xlsxwriter.xlsx", SHEETS)
    of_1904 = by_xlsxwriter(HERE / "1904-xlsxwriter.xlsx", simple, since_1904=True)
    by_openpyxl(HERE / "ledger-openpyxl.xlsx", SHEETS)
    biff12.write(HERE / "ledger-biff12.xlsb", SHEETS)
    biff12.write(HERE / "1904-biff12.xlsb", simple, since_1904=True)
    for suffix in ("xls", "ods"):
        by_libreoffice(ledger, f"ledger-libreoffice.{suffix}")
        by_libreoffice(of_1904, f"1904-libreoffice.{suffix}")
    by_libreoffice(ledger, "ledger-libreoffice.xlsx")
    with tempfile.TemporaryDirectory() as folder:
        typed = Path(folder, "typed.csv")
        heading = "شناسه,نام,نام خانوادگی,دانشگاه,تاریخ تولد\n"
        typed.write_text(heading + "1,علی,رضایی,تهران,1362-07-03\n", encoding="utf-8")
        # as text typed into cells by hand is taken: UTF-8, dates recognised
        options = ("--infilter=CSV:44,34,76,1,,1033,false,true",)
        for suffix in ("ods", "xlsx"):
            by_libreoffice(typed, f"solar-libreoffice.{suffix}", options)


if __name__ == "__main__":
    main()

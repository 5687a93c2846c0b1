"""Workbooks filled in as people do it, and saved again by the programs that they use."""

from __future__ import annotations

import random
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import Engine

from migrate.review import words
from migrate.review.cases import Case
from migrate.review.columns import COLUMNS, heading
from migrate.review.handing import HandedOut
from migrate.review.workbook import Contents, write_workbook
from migrate.store.cases import save_cases
from migrate.store.imports import handed

CASES = "پرونده‌ها"
DOCUMENT, RIGHT = "سند کاغذی", "مقدار درست"
FILTERS = {
    "xlsx": "xlsx:Calc MS Excel 2007 XML",
    "ods": "ods:calc8",
    "xls": "xls:MS Excel 97",
}


@dataclass(frozen=True)
class Filled:
    """What a clerk writes into the block of a case."""

    decision: str = ""
    reason: str = ""
    comment: str = ""
    right: Mapping[str, str] = field(default_factory=dict)


def packet(engine: Engine, cases: Sequence[Case], path: Path) -> Path:
    """A packet of cases that the store then has."""
    save_cases(engine, cases)
    return workbook(cases, handed(engine, cases), path)


def workbook(cases: Sequence[Case], out: HandedOut, path: Path) -> Path:
    write_workbook(Contents(cases, "دانشگاه شیراز", "b1", out), path)
    return path


def column(sheet: Any, name: str) -> int:
    return next(
        cell.column for row in sheet.iter_rows(max_row=5) for cell in row
        if cell.value == heading(name)
    )  # fmt: skip


def fill(path: Path, answers: Mapping[str, Filled], into: Path | None = None) -> Path:
    """Fill in the answers of cases, by case_id, as Excel would save it."""
    book = load_workbook(path, rich_text=True)
    sheet = book[CASES]
    at = {name: column(sheet, name) for name in COLUMNS}
    for row in range(2, sheet.max_row + 1):
        filled = answers.get(str(sheet.cell(row, at["case_id"]).value))
        side = sheet.cell(row, at["side"]).value
        if filled is not None and side == DOCUMENT:
            for name in ("decision", "reason", "comment"):
                put(sheet.cell(row, at[name]), getattr(filled, name))
        elif filled is not None and side == RIGHT:
            for name, text in filled.right.items():
                put(sheet.cell(row, at[name]), text)
    book.save(into or path)
    return into or path


def put(cell: Any, text: str) -> None:
    if text:
        cell.value = text
        # as typed into a cell that is formatted as text
        cell.data_type = "s"


def shuffle(path: Path, seed: int) -> Path:
    """Sort the rows in some order, as people do once the protection is off."""
    book = load_workbook(path, rich_text=True)
    sheet = book[CASES]
    rows = [
        [(cell.value, cell.data_type, copy(cell.number_format)) for cell in row]
        for row in sheet.iter_rows(min_row=2)
    ]
    random.Random(seed).shuffle(rows)
    for number, row in enumerate(rows, start=2):
        for place, (value, kind, form) in enumerate(row, start=1):
            cell = sheet.cell(number, place)
            cell.value, cell.data_type, cell.number_format = value, kind, form
    book.save(path)
    return path


def resave(soffice: str, path: Path, kind: str) -> Path:
    """Save a workbook by LibreOffice, in a folder beside it."""
    out = path.parent / f"saved-{kind}"
    with tempfile.TemporaryDirectory(prefix="soffice-") as profile:
        done = subprocess.run(
            [
                soffice, "--headless", f"-env:UserInstallation=file://{profile}",
                "--convert-to", FILTERS[kind], "--outdir", str(out), str(path),
            ],
            capture_output=True,
            timeout=120,
            check=False,
        )  # fmt: skip
    saved = out / f"{path.stem}.{kind}"
    assert saved.exists(), done.stderr.decode()
    return saved


def label(case: Case, name: str, number: int | None = None) -> str:
    """The label of an answer in a case's drop-down."""
    return next(
        choice.label
        for choice in words.decisions(case.outcome, len(case.candidates))
        if (choice.id, choice.candidate) == (name, number)
    )


def reason(name: str) -> str:
    return str(words._words()["reasons"][name])

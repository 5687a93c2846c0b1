"""One folder a university, with names any system takes; the same cases, the same bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from handed_out import handed_out
from python_calamine import CalamineWorkbook

from migrate.review import packets as module
from migrate.review.addressee import addressee
from migrate.review.cases import Case
from migrate.review.packets import summary, write_packets


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_each_university_gets_its_own_cases_as_workbook_and_page(
    cases: list[Case], tmp_path: Path
) -> None:
    packets = write_packets(cases, tmp_path, batch="b1", handed=handed_out(cases))
    assert [(one.university_id, one.university, one.cases) for one in packets] == [
        ("shiraz", "دانشگاه شیراز", 4),
        (None, "مدرسه عالی نو", 1),
    ]
    unknown = addressee(None, "مدرسه عالی نو")
    assert set(tree(tmp_path)) == {
        "shiraz/cases.html", "shiraz/cases.xlsx", f"{unknown}/cases.html", f"{unknown}/cases.xlsx",
    }  # fmt: skip
    assert sum(one.cases for one in packets) == len(cases)
    assert packets[0].by_outcome == {
        "mismatch": 2, "ambiguous": 1, "degree_missing": 1, "person_missing": 0,
    }  # fmt: skip
    other = (tmp_path / unknown / "cases.html").read_text(encoding="utf-8")
    assert "محمدرضا" not in other


def test_the_same_cases_give_the_same_bytes_whatever_their_order(
    cases: list[Case], tmp_path: Path
) -> None:
    write_packets(cases, tmp_path / "one", batch="b1", handed=handed_out(cases))
    write_packets(list(reversed(cases)), tmp_path / "two", batch="b1", handed=handed_out(cases))
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_unknown_universities_are_folders_in_ascii_one_for_each_spelling_family() -> None:
    name = addressee(None, "مدرسه عالي نو")
    assert re.fullmatch(r"unknown-[0-9a-f]{8}", name)
    assert name == addressee(None, "مدرسهٔ عالی نو")
    assert name != addressee(None, "مدرسه عالی کهن")
    assert re.fullmatch(r"unknown-[0-9a-f]{8}", addressee("../../etc", "x"))
    assert addressee("amirkabir-tehran", "x") == "amirkabir-tehran"


def test_too_many_cases_are_split_and_none_is_lost(
    cases: list[Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_CASES", 4)
    many = [replace(cases[0], case_id=f"C-{nth}", row=nth + 2) for nth in range(10)]
    (packet,) = write_packets(many, tmp_path, batch="b1", handed=handed_out(many))
    assert [path.name for path in packet.files] == [
        "cases-1.xlsx", "cases-1.html", "cases-2.xlsx", "cases-2.html",
        "cases-3.xlsx", "cases-3.html",
    ]  # fmt: skip
    seen: list[tuple[str, str]] = []
    for path in packet.files[::2]:
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("پرونده‌ها")
        rows = sheet.to_python()
        at = rows[0].index("کد پرونده")
        seen += [(str(row[0]), str(row[at])) for row in rows[1:] if row[2] == "سند کاغذی"]
    # numbered through, so that a number means one case of the university
    assert seen == [
        (number, f"C-{nth}")
        for nth, number in enumerate(["۱", "۲", "۳", "۴", "۵", "۶", "۷", "۸", "۹", "۱۰"])
    ]
    assert "بخش ۲ از ۳" in (tmp_path / "shiraz" / "cases-2.html").read_text(encoding="utf-8")


def test_a_second_run_removes_what_a_killed_one_left_and_nothing_of_others(
    cases: list[Case], tmp_path: Path
) -> None:
    write_packets(cases, tmp_path, batch="b1", handed=handed_out(cases))
    whole = tree(tmp_path)
    (tmp_path / "shiraz" / "cases-2.xlsx").write_bytes(b"old")
    (tmp_path / "shiraz" / ".cases.abc123.part.xlsx").write_bytes(b"half")
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "cases.html").write_bytes(b"old")
    (tmp_path / "shiraz" / "answered by Ms Karimi.xlsx").write_bytes(b"hers")
    write_packets(cases, tmp_path, batch="b1", handed=handed_out(cases))
    assert tree(tmp_path) == whole | {"shiraz/answered by Ms Karimi.xlsx": b"hers"}
    assert not (tmp_path / "gone").exists()


def test_no_cases_is_no_packets_and_a_table_with_its_columns(tmp_path: Path) -> None:
    assert write_packets([], tmp_path / "packets", batch="b1", handed=handed_out([])) == []
    assert list(summary([]).columns)[:3] == ["university", "university_id", "cases"]


def test_the_summary_counts_every_case_once(cases: list[Case], tmp_path: Path) -> None:
    table = summary(write_packets(cases, tmp_path, batch="b1", handed=handed_out(cases)))
    outcomes = ["mismatch", "ambiguous", "degree_missing", "person_missing"]
    assert int(table[outcomes].sum().sum()) == int(table["cases"].sum()) == len(cases)
    assert list(table["cases"]) == [4, 1]


def test_progress_ends_at_all_cases(cases: list[Case], tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    write_packets(
        cases,
        tmp_path,
        batch="b1",
        handed=handed_out(cases),
        progress=lambda *seen: told.append(seen),
    )
    assert told[-1][:2] == (len(cases), len(cases))
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)

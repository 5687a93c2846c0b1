"""Filled workbooks through LibreOffice and openpyxl, in every format, shuffled: the same answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from filled_in import Filled, fill, label, reason, resave, shuffle, workbook
from handed_out import SECRET, handed_out

from migrate.persian.letters import to_persian_digits
from migrate.review.addressee import addressee
from migrate.review.cases import Case
from migrate.review.handing import HeldCase
from migrate.review.returned import read_returned
from migrate.review.returned_answers import bring_together
from migrate.review.returned_copy import write_copy
from migrate.review.returned_fates import Answer, Fate
from migrate.review.returned_judge import Ground, judge


@pytest.fixture(scope="module")
def own(cases: list[Case]) -> list[Case]:
    return [case for case in cases if case.university_id == "shiraz"]


def filled(own: list[Case]) -> dict[str, Filled]:
    right = {"father_name": "حسین", "birth_date": to_persian_digits("1336/7/3")}
    return {
        own[0].case_id: Filled(
            label(own[0], "correct"), reason("keying_error"), "خط یک\nخط دو =1+1", right
        ),
        own[1].case_id: Filled(label(own[1], "choose", 2), reason("twin")),
        own[2].case_id: Filled(label(own[2], "same_degree", 1), reason("other"), "=1+1"),
    }


def fates(path: Path, own: list[Case]) -> list[Fate]:
    held = {
        case.case_id: HeldCase(
            case, addressee(case.university_id, case.university), "open", "2026-11-28",
            "2027-01-27", None,
        )
        for case in own
    }  # fmt: skip
    ground = Ground(SECRET, held, "shiraz")
    return [judge(one, ground) for one in bring_together(read_returned(path).rows)]


def answers(path: Path, own: list[Case]) -> dict[str, Answer | None]:
    found = fates(path, own)
    assert not [fate.english() for fate in found if fate.what == "refused"]
    return {fate.case_id: fate.answer for fate in found}


@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls"])
def test_libreoffice_loses_no_answer(
    own: list[Case], soffice: str, tmp_path: Path, kind: str
) -> None:
    path = workbook(own, handed_out(own), tmp_path / "cases.xlsx")
    fill(path, filled(own))
    expected = answers(path, own)
    assert [one is not None for one in expected.values()] == [True, True, True, False]
    shuffled = shuffle(path, seed=7)
    saved = resave(soffice, shuffled, kind)
    assert answers(saved, own) == expected
    # and what is said of it is written into a workbook that can be sent round once more
    copy = tmp_path / "seen.xlsx"
    returned = read_returned(saved)
    write_copy(returned, fates(saved, own), copy)
    assert answers(copy, own) == expected


@pytest.mark.parametrize("seed", range(4))
def test_rows_in_any_order_are_the_same_answers(own: list[Case], tmp_path: Path, seed: int) -> None:
    path = workbook(own, handed_out(own), tmp_path / "cases.xlsx")
    fill(path, filled(own))
    expected = answers(path, own)
    assert answers(shuffle(path, seed), own) == expected

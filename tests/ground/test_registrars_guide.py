"""The registrars' guide says what the workbook and the desk say, and its pictures are small."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from migrate.diplomas.terms import CASES
from migrate.persian.letters import to_persian_digits
from migrate.review import words
from migrate.review.deadlines import DUE, ESCALATED

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
GUIDE = (DOCS / "registrars.fa.md").read_text(encoding="utf-8")
DESK = yaml.safe_load((ROOT / "migrate/serve/review/words.yaml").read_text(encoding="utf-8"))


def test_the_days_are_those_that_the_program_counts() -> None:
    for days in (DUE, ESCALATED):
        assert f"**{to_persian_digits(str(days))} روز**" in GUIDE


def test_every_outcome_and_every_kind_of_answer_is_explained() -> None:
    for outcome in CASES:
        assert f"| {words.outcome_label(outcome)} |" in GUIDE
        for choice in words.decisions(outcome, 1):
            # a drop-down says it in full: «تأیید (هر دو یک مدرک‌اند)»
            assert re.split(r" \(| ۱", choice.label)[0] in GUIDE, choice.label


def test_the_columns_reasons_and_buttons_that_are_quoted_are_there() -> None:
    said = "\n".join(str(found) for found in _texts(DESK)) + "\n"
    said += (ROOT / "migrate/review/words.yaml").read_text(encoding="utf-8")
    said += (ROOT / "migrate/review/returned.yaml").read_text(encoding="utf-8")
    quoted = (
        *("سند کاغذی", "مقدار درست", "تصمیم", "دلیل", "توضیح"),
        *("کد پرونده", "نسخه", "نشان پرونده", "سند در بایگانی پیدا نشد"),
        *("مربوط به دانشگاه دیگری است", "آغاز یا ادامهٔ بررسی", "رها کردن", "ثبت تصمیم"),
        *("پس گرفتن", "در انتظار نفر دوم", "بازگرداندن", "تاریخچه"),
        "باز کردن دوبارهٔ پرونده",
    )
    for label in quoted:
        assert f"«{label}»" in GUIDE, label
        assert label in said, label


@pytest.mark.parametrize("keys", [line[0] for line in DESK["help"]["keys"]])
def test_every_key_of_the_desk_is_in_the_guide(keys: str) -> None:
    for key in re.split(r" (?:/|…) ", keys):
        assert re.search(rf"(`{re.escape(key)}`|یا {re.escape(key)}) ?(</span>| \||\|)", GUIDE), key


def test_the_pictures_are_small_and_told_in_words() -> None:
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", GUIDE)
    assert len(pictures) >= 5
    for alt, name in pictures:
        assert len(alt) > 20
        assert (DOCS / name).stat().st_size <= 200_000


def _texts(found: object) -> list[str]:
    if isinstance(found, dict):
        return [text for value in found.values() for text in _texts(value)]
    if isinstance(found, list):
        return [text for value in found for text in _texts(value)]
    return [str(found)]

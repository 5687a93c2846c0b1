"""`migrate alias` remembers what a person decided, and nothing goes against a list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from batch_room import migrate

NAME = "مدرسه عالی نمونه"


def test_an_alias_is_added_listed_and_retired(tmp_path: Path) -> None:
    at = ["--reports", str(tmp_path)]
    added = migrate(
        "alias", "add", "university", NAME, "tehran", "--by", "Z. Karimi", "--source", "12/3", *at
    )
    assert added.code == 0
    assert f"1  university  {NAME}  stands for tehran: Z. Karimi, " in added.out
    assert added.out.endswith("(12/3)\n")
    listed = json.loads(migrate("alias", "list", "--json", *at).out)
    assert [(one["text"], one["target"], one["decided_by"]) for one in listed] == [
        (NAME, "tehran", "Z. Karimi")
    ]
    again = migrate("alias", "add", "university", NAME, "tehran", "--by", "A", *at).refused(2)
    assert "stands for tehran already, as Z. Karimi decided" in again
    assert migrate("alias", "retire", "university", NAME, "--by", "A", *at).code == 0
    assert migrate("alias", "list", *at).out == "no alias stands\n"
    history = migrate("alias", "list", "--all", *at).out.splitlines()
    assert len(history) == 2
    assert "stands for nothing any more: A" in history[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "university", NAME, "nowhere", "--by", "Z"], "no such id or name"),
        (["add", "university", "آریامهر", "tehran", "--by", "Z"], "already, as sharif"),
        (["add", "university", NAME, "tehran", "--by", " "], "who decided must be named"),
        (["add", "university", NAME, "tehran"], "Missing option '--by'"),
        (["add", "town", NAME, "tehran", "--by", "Z"], "'town' is not one of"),
        (["retire", "university", NAME, "--by", "Z"], "there is no store here"),
        (["list"], "there is no store here"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    line = migrate("alias", *arguments, "--reports", str(tmp_path / "r")).refused(2)
    assert said in line


def test_help_is_shown_for_the_bare_verb() -> None:
    done = migrate("alias")
    assert done.code == 2
    assert "retire" in done.out

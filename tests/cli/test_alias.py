"""`migrate alias` remembers what a person decided, and nothing goes against a list."""

from __future__ import annotations

import json
import shutil
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


def begun(tmp_path: Path, batch: str) -> Path:
    """The first stage of a batch, as its notebook runs it; its folder."""
    from migrate.batch.stages import intake

    source, registry = tmp_path / "ledger.csv", tmp_path / "registry.csv"
    source.write_text(
        "شناسه,نام,نام خانوادگی,دانشگاه,رشته\n"
        f"1,علی,رضایی,{NAME},برق\n2,رضا,نوری,{NAME},تاریخ\n3,مینا,کریمی,دانشگاه تهران,شیمی\n",
        encoding="utf-8",
    )
    registry.write_text(
        "degree_id,person_id,first_name,last_name,university\nD1,P1,علی,رضایی,دانشگاه تهران\n",
        encoding="utf-8",
    )
    found = intake.run(batch, str(tmp_path / "reports"), source=str(source), registry=str(registry))
    unknown = found.unknown[found.unknown["field"] == "university"]
    expected = [] if found.aliases["text"].isin([NAME]).any() else [(NAME, 2)]
    assert list(zip(unknown["value"], unknown["rows"], strict=True)) == expected
    return tmp_path / "reports" / batch


def universities(folder: Path) -> list[str | None]:
    import pyarrow.parquet as pq

    return pq.read_table(folder / "staged.parquet").column("university_id").to_pylist()


def test_an_alias_holds_from_the_next_batch_on_and_a_batch_keeps_to_its_own(
    tmp_path: Path,
) -> None:
    at = ["--reports", str(tmp_path / "reports")]
    first = begun(tmp_path, "first")
    assert universities(first) == [None, None, "tehran"]
    before = {name: (first / name).read_bytes() for name in ("staged.parquet", "manifest.json")}
    assert migrate("alias", "add", "university", NAME, "tehran", "--by", "Z", *at).code == 0

    second = begun(tmp_path, "second")
    assert universities(second) == ["tehran", "tehran", "tehran"]
    manifest = json.loads((second / "manifest.json").read_text())
    assert manifest["inputs"]["aliases"]["as_of"] == 1
    assert manifest["inputs"]["aliases"]["count"] == 1
    (entry,) = json.loads((second / "aliases.json").read_text())
    assert (entry["text"], entry["target"], entry["decided_by"]) == (NAME, "tehran", "Z")
    assert "aliases.json" in manifest["stages"]["1-intake"]["artefacts"]

    # years later, from nothing but the store and the source
    shutil.rmtree(first)
    begun(tmp_path, "first")
    assert {name: (first / name).read_bytes() for name in before} == before
    assert migrate("alias", "retire", "university", NAME, "--by", "Z", *at).code == 0
    shutil.rmtree(second)
    assert universities(begun(tmp_path, "second")) == ["tehran", "tehran", "tehran"]

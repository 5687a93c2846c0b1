"""A whole batch: what it leaves, that it adds up, and that it is the same every time."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from batch_room import (
    DEGREES,
    ROWS,
    Room,
    Whole,
    active_codes,
    artefacts,
    assert_whole,
    migrate,
    partial_files,
    rows_of,
)

from migrate.batch.project import STAGES
from migrate.batch.project import notebook as notebook_of
from migrate.intake.files import sha256

OUTCOME_COLUMNS = (
    "legacy_id,outcome,degree_id,probability,person_weight,degree_weight,margin,contradicts,reason"
)
OUTCOMES = {
    "linked",
    "mismatch",
    "ambiguous",
    "degree_missing",
    "person_missing",
    "duplicate",
    "already_coded",
    "quarantined",
}
# a digest, a code, a moment, and seconds with one decimal: all that may differ between two runs
VARIES = re.compile(r"[0-9a-f]{64}|\b\d{20}\b|\d{4}-\d\d-\d\dT[\d:]+(?:Z|\+00:00)|\b\d+\.\d\b")


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def source_ids(room: Room) -> list[str]:
    lines = room.source.read_text(encoding="windows-1256").splitlines()
    return [line.split(",")[0] for line in lines[1:]]


def test_every_row_of_the_source_has_one_outcome_in_the_source_s_order(whole: Whole) -> None:
    path = whole.room.folder / "outcomes.csv"
    assert path.read_text().splitlines()[0] == OUTCOME_COLUMNS
    rows = rows_of(path)
    assert [row["legacy_id"] for row in rows] == source_ids(whole.room)
    assert len(rows) == ROWS
    counts = whole.room.manifest["counts"]
    assert counts["rows"] == ROWS
    assert counts["degrees"] == DEGREES
    assert set(counts["outcomes"]) == OUTCOMES
    assert sum(counts["outcomes"].values()) == ROWS
    for name, count in counts["outcomes"].items():
        assert sum(row["outcome"] == name for row in rows) == count


def test_each_linked_degree_has_one_code_of_its_own(whole: Whole) -> None:
    path = whole.room.folder / "codes.csv"
    assert path.read_text().splitlines()[0] == "legacy_id,degree_id,code,scheme,issued_at"
    rows = rows_of(path)
    linked = [
        row for row in rows_of(whole.room.folder / "outcomes.csv") if row["outcome"] == "linked"
    ]
    assert [(row["legacy_id"], row["degree_id"]) for row in rows] == [
        (row["legacy_id"], row["degree_id"]) for row in linked
    ]
    assert len(rows) > ROWS / 3
    codes = [row["code"] for row in rows]
    assert all(re.fullmatch(r"[1-9]\d{19}", code) for code in codes)
    # ISO 7064 MOD 97-10: the whole number leaves 1
    assert {int(code) % 97 for code in codes} == {1}
    assert len(set(codes)) == len(codes)
    assert {row["degree_id"]: row["code"] for row in rows} == active_codes(whole.room.store_file)


def test_a_batch_leaves_what_its_readme_says(whole: Whole) -> None:
    readme = (Path(__file__).parents[2] / "reports" / "README.md").read_text()
    named = re.findall(r"^\| `([^`]+)`", readme, flags=re.MULTILINE)
    assert "manifest.json" in named
    folder = whole.room.folder
    for name in named:
        if "<" not in name:
            assert (folder / name).is_file(), name
    for stage in STAGES:
        executed = json.loads((folder / "notebooks" / f"{stage}.ipynb").read_text())
        cells = [cell for cell in executed["cells"] if cell["cell_type"] == "code"]
        assert all(cell["execution_count"] for cell in cells)
        page = (folder / "notebooks" / f"{stage}.html").read_text()
        assert not re.search(r"<(?:script|link|iframe)\b|(?:src|href)=[\"']?https?:", page), stage
    for packet in (folder / "packets").iterdir():
        assert sorted(path.name for path in packet.iterdir()) == ["cases.html", "cases.xlsx"]


def test_the_manifest_holds_every_hash_and_no_time_of_day(whole: Whole) -> None:
    folder, manifest = whole.room.folder, whole.room.manifest
    assert list(manifest["stages"]) == list(manifest["notebooks"]) == list(STAGES)
    recorded = {
        name: digest
        for stage in manifest["stages"].values()
        for name, digest in stage["artefacts"].items()
    }
    for name, digest in recorded.items():
        assert sha256(folder / name) == digest, name
    for stage, entry in manifest["notebooks"].items():
        assert entry["source_sha256"] == sha256(notebook_of(stage))
        assert entry["executed_sha256"] == sha256(folder / "notebooks" / f"{stage}.ipynb")
    assert manifest["inputs"]["source"]["sha256"] == sha256(whole.room.source)
    assert not re.search(r"\d\d:\d\d", (folder / "manifest.json").read_text())
    # whatever lies in the folder is accounted for
    unrecorded = {
        name
        for name in everything(folder)
        if name not in recorded and not name.startswith(("notebooks/", "."))
    }
    assert unrecorded == {"manifest.json", "run.json"}


def test_the_command_says_what_happened_and_leaves_nothing_behind(whole: Whole) -> None:
    lines = whole.ended.out.splitlines()
    assert 8 <= len(lines) <= 14
    assert lines[0] == "batch b: 60 rows"
    for name, count in whole.room.manifest["counts"]["outcomes"].items():
        assert f"  {name:<15}{count:>8}" in lines
    told = whole.ended.err.splitlines()
    assert [line.split()[0] for line in told] == [stage for stage in STAGES for _ in range(2)]
    assert whole.left_in_tmp == []
    assert partial_files(whole.room.folder) == []


def test_the_registry_holds_each_code_and_what_it_held_before(whole: Whole) -> None:
    assert_whole(whole.room, whole.room)


def test_a_finished_batch_run_again_changes_nothing(whole: Whole, tmp_path: Path) -> None:
    room = whole.room.copied(tmp_path / "room")
    before = everything(room.folder)
    codes = active_codes(room.store_file)
    registry = sha256(room.registry_file)
    again = migrate("run", *room.options)
    assert again.code == 0
    assert again.out.replace(str(room.root), "") == whole.ended.out.replace(
        str(whole.room.root), ""
    )
    assert migrate(*room.resume).code == 0
    assert everything(room.folder) == before
    assert active_codes(room.store_file) == codes
    assert sha256(room.registry_file) == registry


def test_a_finished_batch_issued_again_issues_nothing(whole: Whole, tmp_path: Path) -> None:
    room = whole.room.copied(tmp_path / "room")
    codes = (room.folder / "codes.csv").read_bytes()
    assert migrate("issue", "b", "--reports", str(room.reports)).code == 0
    assert (room.folder / "codes.csv").read_bytes() == codes
    assert_whole(room, whole.room)


def test_the_same_inputs_give_the_same_bytes(whole: Whole, kept: Path) -> None:
    other = Room(kept / "end")
    assert artefacts(other) == artefacts(whole.room)
    assert_whole(other, whole.room)


@pytest.mark.parametrize("stage", STAGES)
def test_executed_notebooks_differ_by_paths_codes_and_times_only(
    stage: str, whole: Whole, kept: Path
) -> None:
    def text(room: Room) -> str:
        path = room.folder / "notebooks" / f"{stage}.ipynb"
        shown = path.read_text().replace(str(room.root), "ROOT")
        # how wide a column of text is depends on the length of a path
        shown = re.sub(r" {2,}", " ", shown)
        # only the last two show codes, their digests and the seconds that stages took
        return VARIES.sub("VARIES", shown) if stage in STAGES[4:] else shown

    assert text(Room(kept / "end")) == text(whole.room)


def test_an_artefact_that_was_changed_is_not_papered_over(whole: Whole, tmp_path: Path) -> None:
    room = whole.room.copied(tmp_path / "room")
    changed = room.folder / "outcomes.csv"
    changed.write_bytes(changed.read_bytes().replace(b"mismatch", b"linked", 1))
    line = migrate(*room.resume).refused(1)
    assert str(changed) in line
    assert "3-link" in line

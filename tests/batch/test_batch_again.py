"""A finished batch run again by hand: the same answers, or told what differs and left as it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from batch_room import BATCH, Whole, migrate

from migrate.batch.project import STAGES
from migrate.batch.stages import expectations, intake, issue, link, mismatches, summary
from migrate.errors import InputError, RunError
from migrate.intake.files import sha256


def contents(folder: Path) -> dict[str, str]:
    """The SHA-256 of all that a batch's folder holds."""
    return {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_an_auditor_gets_the_same_bytes_from_every_stage(whole: Whole, tmp_path: Path) -> None:
    room = whole.room.copied(tmp_path / "again")
    before, reports = contents(room.folder), str(room.reports)
    intake.run(BATCH, reports)
    expectations.run(BATCH, reports)
    link.run(BATCH, reports)
    mismatches.run(BATCH, reports)
    issue.run(BATCH, reports)
    summary.run(BATCH, reports)
    assert contents(room.folder) == before


def test_a_registry_that_changed_is_told_and_the_evidence_stays(
    whole: Whole, tmp_path: Path
) -> None:
    room = whole.room.copied(tmp_path / "again")
    before = contents(room.folder)
    with closing(sqlite3.connect(room.registry_file)) as connection, connection:
        connection.execute("UPDATE degrees SET last_name = 'دیگری' WHERE rowid = 1")
    with pytest.raises(RunError, match=r"stage 1-intake gives another registry\.parquet") as error:
        intake.run(BATCH, str(room.reports))
    assert str(room.folder) in str(error.value)
    assert contents(room.folder) == before


def test_another_accept_threshold_is_told_and_the_evidence_stays(
    whole: Whole, tmp_path: Path
) -> None:
    room = whole.room.copied(tmp_path / "again")
    before = contents(room.folder)
    with pytest.raises(RunError, match=r"stage 3-link gives another .*outcomes\.csv"):
        link.run(BATCH, str(room.reports), accept=1.0)
    assert contents(room.folder) == before


@pytest.mark.parametrize("end", ["ipynb", "html"])
def test_a_changed_notebook_of_a_finished_batch_is_told(
    whole: Whole, tmp_path: Path, end: str
) -> None:
    room = whole.room.copied(tmp_path / "again")
    path = room.folder / "notebooks" / f"3-link.{end}"
    path.write_text(path.read_text().replace("linked", "Linked", 1))
    line = migrate(*room.resume).refused(1)
    assert f"{path}: this notebook of stage 3-link" in line


def test_other_inputs_under_a_batchs_name_are_refused(whole: Whole, tmp_path: Path) -> None:
    room = whole.room.copied(tmp_path / "again")
    before = contents(room.folder)
    other = tmp_path / "other.csv"
    other.write_bytes(room.source.read_bytes())
    with pytest.raises(InputError, match="begun with another source"):
        intake.run(
            BATCH,
            str(room.reports),
            source=str(other),
            registry=room.registry,
            store=f"sqlite:///{room.store_file}",
        )
    assert contents(room.folder) == before


def test_a_batchs_folder_is_for_its_owner_alone(whole: Whole) -> None:
    assert whole.room.folder.stat().st_mode & 0o077 == 0
    assert list(whole.room.manifest["notebooks"]) == list(STAGES)

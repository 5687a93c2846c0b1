"""A later batch adds to what is decided, and changes none of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from batch_room import BATCH, Room, Whole, active_codes, migrate, rows_of

from migrate.intake.files import sha256


def contents(folder: Path) -> dict[Path, str]:
    return {path: sha256(path) for path in folder.rglob("*") if path.is_file()}


def reversed_rows(room: Room, target: Path) -> Path:
    """The room's ledger with its rows the other way round: another file, the same records."""
    heading, *rows = room.source.read_bytes().splitlines(keepends=True)
    target.write_bytes(b"".join([heading, *reversed(rows)]))
    return target


@pytest.fixture(scope="module")
def later(whole: Whole, tmp_path_factory: pytest.TempPathFactory) -> tuple[Room, dict[Path, str]]:
    """A room with a second batch, of the same records, linked by what the first one learned."""
    folder = tmp_path_factory.mktemp("later")
    room = whole.room.copied(folder / "room")
    before = contents(room.folder)
    ended = migrate(
        *("run", "--source", str(reversed_rows(room, folder / "later.csv"))),
        *("--registry", room.registry, "--batch", "later", "--reports", str(room.reports)),
        *("--model", str(room.folder / "trained.json")),
    )
    assert ended.code == 0, ended.err
    return room, before


def test_the_earlier_batch_and_its_codes_stay_as_they_were(
    whole: Whole, later: tuple[Room, dict[Path, str]]
) -> None:
    room, before = later
    assert contents(room.folder) == before
    earlier = active_codes(whole.room.store_file)
    assert earlier
    now = active_codes(room.store_file)
    assert {degree: now.get(degree) for degree in earlier} == earlier


def test_a_record_that_is_decided_already_is_told_so_and_keeps_its_degree(
    later: tuple[Room, dict[Path, str]],
) -> None:
    room, _ = later
    first = {row["legacy_id"]: row for row in rows_of(room.folder / "outcomes.csv")}
    second = {row["legacy_id"]: row for row in rows_of(room.reports / "later" / "outcomes.csv")}
    decided = [row for row in first.values() if row["outcome"] in ("linked", "duplicate")]
    assert len(decided) > 20
    for row in decided:
        again = second[row["legacy_id"]]
        assert (again["outcome"], again["degree_id"]) == ("already_coded", row["degree_id"])


def test_what_the_first_learned_holds_for_the_second_in_any_order_of_rows(
    later: tuple[Room, dict[Path, str]],
) -> None:
    room, _ = later
    trained = [room.reports / name / "trained.json" for name in (BATCH, "later")]
    assert trained[0].read_bytes() == trained[1].read_bytes()
    first, second = (
        {
            row["legacy_id"]: (row["probability"], row["person_weight"], row["degree_weight"])
            for row in rows_of(room.reports / name / "outcomes.csv")
            if row["outcome"] != "quarantined"
        }
        for name in (BATCH, "later")
    )
    assert first == second

"""Nothing is approved by silence: years of it change no case, and no code comes of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from batch_room import BATCH, Whole, active_codes, held_codes, migrate


def told(store: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All that the store holds of cases, decisions and codes, but for the days of the queue."""
    columns = {
        "case_work": "case_id, version, state, outcome, university, leased_by",
        "decisions": "*",
        "approvals": "*",
        "proposals": "*",
        "cases": "*",
        "codes": "*",
        "code_events": "*",
    }
    with closing(sqlite3.connect(store)) as connection:
        return {
            table: connection.execute(f"SELECT {names} FROM {table} ORDER BY 1, 2").fetchall()
            for table, names in columns.items()
        }


def test_ten_years_of_silence_decide_no_case_and_bring_no_code(
    whole: Whole, tmp_path: Path
) -> None:
    room = whole.room.copied(tmp_path / "room")
    listed = (room.folder / "codes.csv").read_bytes()
    codes, held = active_codes(room.store_file), held_codes(room.registry_file)
    before = told(room.store_file)
    assert {row[2] for row in before["case_work"]} == {"open"}
    with closing(sqlite3.connect(room.store_file)) as connection:
        # as it will stand ten years after
        connection.execute(
            "UPDATE case_work SET opened_on = date(opened_on, '-10 years'),"
            " due_on = date(due_on, '-10 years')"
        )
        connection.commit()
    reports = ("--reports", str(room.reports))
    late = migrate("review", "overdue", "--letters", str(tmp_path / "letters"), *reports)
    assert late.code == 0, late.err
    assert list((tmp_path / "letters").glob("*.html"))
    for verb in (
        ("review", "status", *reports),
        ("review", "status", "--as-of", "2099-01-01", *reports),
        ("issue", BATCH, *reports),
        room.resume,
    ):
        ended = migrate(*verb)
        assert ended.code == 0, ended.err
    assert told(room.store_file) == before
    assert active_codes(room.store_file) == codes
    assert held_codes(room.registry_file) == held
    assert (room.folder / "codes.csv").read_bytes() == listed

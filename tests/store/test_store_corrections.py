"""A source row is corrected and settled once, whoever corrects it and under whatever name."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from migrate.codes.issuing import IssueRequest
from migrate.errors import InputError, RunError
from migrate.store import batches
from migrate.store.codes import issue
from migrate.store.corrections import SettledRow, refuse_settled, settle, settled_rows

SOURCE, OTHER = "a" * 64, "b" * 64
FACTS = {"last_name": "محمدی"}


def row(number: int) -> SettledRow:
    return SettledRow(number, None, number, f"L{number}", "[]")


@pytest.fixture
def begun(engine: Engine) -> Engine:
    """A store that knows a batch, and two batches of corrections of it."""
    batches.begin(engine, "whole", SOURCE)
    for name, digest in (("first", "1" * 64), ("second", "2" * 64)):
        corrects = batches.Corrects("whole", digest)
        batches.begin(engine, name, SOURCE, corrects=corrects)
    batches.begin(engine, "elsewhere", OTHER, corrects=batches.Corrects("other", "3" * 64))
    return engine


def test_a_row_is_settled_once(begun: Engine) -> None:
    settle(begun, "first", SOURCE, "whole", [row(7), row(9)])
    refuse_settled(begun, "first", SOURCE, {7: "L7"})
    refuse_settled(begun, "second", SOURCE, {8: "L8"})
    with pytest.raises(InputError, match=r"row 9.*settled in batch first"):
        refuse_settled(begun, "second", SOURCE, {8: "L8", 9: "L9"})
    # the same row number of another source is another row
    refuse_settled(begun, "elsewhere", OTHER, {7: "L7"})


def test_who_comes_second_settles_nothing(begun: Engine) -> None:
    settle(begun, "first", SOURCE, "whole", [row(7)])
    with pytest.raises(RunError, match=r"row 7.*in batch first meanwhile"):
        settle(begun, "second", SOURCE, "whole", [row(6), row(7)])
    assert settled_rows(begun, "second") == []


def test_settling_again_changes_nothing(begun: Engine) -> None:
    settle(begun, "first", SOURCE, "whole", [row(9), row(7)])
    settle(begun, "first", SOURCE, "whole", [row(7), row(8), row(9)])
    assert [one.row for one in settled_rows(begun, "first")] == [7, 8, 9]


def test_a_record_with_a_code_from_the_same_source_is_refused(begun: Engine) -> None:
    requests = [IssueRequest("D1", "L1", "whole", FACTS)]
    issue(begun, requests, batch="whole", actor="test")
    with pytest.raises(InputError, match=r"row 5.*record L1 has a code already, from batch whole"):
        refuse_settled(begun, "first", SOURCE, {4: "L4", 5: "L1"})
    # L1 of another source is somebody else
    refuse_settled(begun, "elsewhere", OTHER, {5: "L1"})


def test_a_name_belongs_to_one_file_of_corrections(begun: Engine) -> None:
    batches.begin(begun, "first", SOURCE, corrects=batches.Corrects("whole", "1" * 64))
    for corrects in (
        None,
        batches.Corrects("whole", "2" * 64),
        batches.Corrects("other", "1" * 64),
    ):
        with pytest.raises(InputError, match="other rows of the same source"):
            batches.begin(begun, "first", SOURCE, corrects=corrects)
    with pytest.raises(InputError, match="the whole source"):
        batches.begin(begun, "whole", SOURCE, corrects=batches.Corrects("whole", "1" * 64))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE corrections SET batch = 'second'",
        "DELETE FROM corrections",
        "INSERT INTO corrections SELECT * FROM corrections",
        "INSERT INTO corrections SELECT source_sha256, 8, sheet, sheet_row, legacy_id,"
        " 'never begun', corrects, changes, at FROM corrections",
        "UPDATE batches SET corrects = NULL WHERE batch = 'first'",
    ],
)
def test_the_database_refuses_to_change_what_was_corrected(begun: Engine, statement: str) -> None:
    settle(begun, "first", SOURCE, "whole", [row(7)])
    with pytest.raises(DBAPIError), begun.begin() as connection:
        connection.execute(text(statement))
    assert [one.row for one in settled_rows(begun, "first")] == [7]

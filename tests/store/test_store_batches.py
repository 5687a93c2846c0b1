"""A batch's name belongs to one source."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, delete, update
from sqlalchemy.exc import DBAPIError

from migrate.errors import InputError
from migrate.store.batches import begin
from migrate.store.tables import BatchRow

ONE, OTHER = "1" * 64, "2" * 64


def test_a_batch_may_be_begun_again_with_its_own_source(engine: Engine) -> None:
    assert begin(engine, "first", ONE) == ()
    assert begin(engine, "first", ONE) == ()


def test_a_name_taken_by_another_source_is_refused(engine: Engine) -> None:
    begin(engine, "first", ONE)
    with pytest.raises(InputError, match="knows batch first as a batch of another source"):
        begin(engine, "first", OTHER)


def test_the_same_source_under_another_name_is_told(engine: Engine) -> None:
    begin(engine, "first", ONE)
    begin(engine, "second", OTHER)
    assert begin(engine, "third", ONE) == ("first",)


def test_the_database_itself_keeps_a_batch_as_it_was_begun(engine: Engine) -> None:
    begin(engine, "first", ONE)
    for statement in (update(BatchRow).values(source_sha256=OTHER), delete(BatchRow)):
        with (
            pytest.raises(DBAPIError, match="a batch keeps its name"),
            engine.begin() as connection,
        ):
            connection.execute(statement)
    with pytest.raises(InputError):
        begin(engine, "first", OTHER)

"""The schema: models and migrations are one, and the databases themselves guard what must stay."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from migrate.codes.issuing import IssueRequest
from migrate.codes.ledger import first_broken
from migrate.store.codes import issue, ledger
from migrate.store.engine import reading, writing
from migrate.store.base import VERSION_TABLE, Base

FACTS = {"last_name": "محمدی"}


@pytest.fixture
def used(engine: Engine) -> Engine:
    """A store with two codes and one case."""
    requests = [IssueRequest(f"D{n}", f"L{n}", "b", FACTS) for n in (1, 2)]
    issue(engine, requests, batch="b", actor="test")
    with writing(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO cases (case_id, version, batch, legacy_id, row, outcome, university,"
                " digest, body) VALUES ('C1', 1, 'b', 'L3', 4, 'mismatch', 'u', 'd', '{}')"
            )
        )
    return engine


def contents(engine: Engine) -> list[list[tuple[object, ...]]]:
    with reading(engine) as connection:
        return [
            sorted(tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}")))
            for table in sorted(Base.metadata.tables)
        ]


def test_the_migrations_make_what_the_models_say(engine: Engine) -> None:
    with reading(engine) as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_the_models_hold_all_constraints_that_the_migrations_make(engine: Engine) -> None:
    # compare_metadata does not look at CHECK constraints
    look = inspect(engine)
    for name, table in Base.metadata.tables.items():
        made = {check["name"] for check in look.get_check_constraints(name)}
        said = {
            f"ck_{name}_{constraint.name}"
            if not str(constraint.name).startswith("ck_")
            else str(constraint.name)
            for constraint in table.constraints
            if type(constraint).__name__ == "CheckConstraint"
        }
        assert made == said


def test_the_active_code_of_a_degree_is_held_by_a_partial_unique_index(engine: Engine) -> None:
    indexes = {index["name"]: index for index in inspect(engine).get_indexes("codes")}
    index = indexes["uq_codes_active_degree"]
    assert index["unique"]
    assert index["column_names"] == ["degree_id"]
    where = [str(v) for k, v in index["dialect_options"].items() if k.endswith("_where")]
    assert len(where) == 1
    assert "active" in where[0]


CHANGES = [
    "UPDATE code_events SET degree_id = 'D9' WHERE seq = 1",
    "UPDATE code_events SET seq = 7 WHERE seq = 2",
    "UPDATE code_events SET payload = payload",
    "DELETE FROM code_events WHERE seq = 2",
    "DELETE FROM code_events",
    "UPDATE codes SET code = '12345678901234567890' WHERE degree_id = 'D1'",
    "UPDATE codes SET degree_id = 'D9' WHERE degree_id = 'D1'",
    "UPDATE codes SET facts = '{}'",
    "UPDATE codes SET issued_at = '2020-01-01T00:00:00Z'",
    "UPDATE codes SET scheme = 2",
    "UPDATE codes SET legacy_id = 'L9', state = 'revoked'",
    "UPDATE codes SET batch = 'other'",
    "UPDATE codes SET event_seq = 2 WHERE event_seq = 1",
    "UPDATE codes SET state = 'gone'",
    "DELETE FROM codes WHERE degree_id = 'D1'",
    "UPDATE cases SET body = '{}'",
    "DELETE FROM cases",
    # a second active code of a degree; a code without its event; of another's event; not 20 digits
    "INSERT INTO codes SELECT '12345678901234567890', scheme, degree_id, legacy_id, batch,"
    " issued_at, state, facts, 9 FROM codes WHERE degree_id = 'D1'",
    "INSERT INTO codes SELECT '12345678901234567890', scheme, 'D9', legacy_id, batch,"
    " issued_at, state, facts, 9 FROM codes WHERE degree_id = 'D1'",
    "INSERT INTO codes SELECT '12345678901234567890', scheme, 'D9', legacy_id, batch,"
    " issued_at, 'revoked', facts, 1 FROM codes WHERE degree_id = 'D1'",
    "INSERT INTO codes SELECT 'x2345678901234567890', scheme, 'D9', legacy_id, batch,"
    " issued_at, state, facts, 9 FROM codes WHERE degree_id = 'D1'",
    # an event that leaves a gap, or names another before it
    "INSERT INTO code_events SELECT 4, event, code, degree_id, legacy_id, batch, actor, at,"
    " payload, hash, 'x' FROM code_events WHERE seq = 2",
    "INSERT INTO code_events SELECT 3, event, code, degree_id, legacy_id, batch, actor, at,"
    " payload, previous, 'x' FROM code_events WHERE seq = 2",
]
BY_DATABASE = {
    "sqlite": [
        f"{verb} INTO {table} SELECT * FROM {table}"
        for verb in ("REPLACE", "INSERT OR REPLACE", "INSERT")
        for table in ("codes", "code_events", "cases")
    ]
    + ["UPDATE OR REPLACE codes SET code = (SELECT max(code) FROM codes)"],
    "postgresql": ["TRUNCATE code_events CASCADE", "TRUNCATE codes", "TRUNCATE cases"]
    + [
        f"SET LOCAL session_replication_role = replica; {statement}"
        for statement in ("DELETE FROM codes", "DELETE FROM code_events")
    ]
    + [
        "INSERT INTO codes SELECT * FROM codes"
        " ON CONFLICT (code) DO UPDATE SET degree_id = excluded.degree_id || 'x'"
    ],
}


@pytest.mark.parametrize("statement", CHANGES)
def test_the_database_refuses_to_change_what_was_written(used: Engine, statement: str) -> None:
    refused(used, statement)


def test_the_database_refuses_its_own_ways_round(used: Engine) -> None:
    for statement in BY_DATABASE[used.dialect.name]:
        refused(used, statement)


def refused(used: Engine, statement: str) -> None:
    before = contents(used)
    with pytest.raises(DBAPIError), used.begin() as connection:
        connection.exec_driver_sql(statement)
    assert contents(used) == before
    assert first_broken(ledger(used)) is None


def test_the_refusal_says_why(used: Engine) -> None:
    with pytest.raises(DBAPIError, match="append-only"), used.begin() as connection:
        connection.exec_driver_sql("DELETE FROM code_events")
    with pytest.raises(DBAPIError, match="never changed or deleted"), used.begin() as connection:
        connection.exec_driver_sql("DELETE FROM codes")


def test_only_the_state_of_a_code_may_change(used: Engine) -> None:
    with writing(used) as connection:
        connection.execute(text("UPDATE codes SET state = 'revoked' WHERE degree_id = 'D1'"))
    again = issue(used, [IssueRequest("D1", "L1", "b", FACTS)], batch="b", actor="test")
    assert len(again.issued) == 1
    # two codes of one degree, one of them active: the index takes that, and not a second active
    with pytest.raises(IntegrityError), used.begin() as connection:
        connection.execute(text("UPDATE codes SET state = 'active'"))

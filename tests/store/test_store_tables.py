"""The schema: models and migrations are one, and the databases themselves guard what must stay."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError
from whole_log import whole

from migrate.codes.issuing import IssueRequest
from migrate.store.base import VERSION_TABLE, Base
from migrate.store.codes import issue
from migrate.store.engine import reading, writing
from migrate.store.lifecycle import revoke, suspend

FACTS = {"last_name": "محمدی"}


@pytest.fixture
def used(engine: Engine) -> Engine:
    """A store with three codes (D3's suspended by event 4), a row in every table, two cases."""
    requests = [IssueRequest(f"D{n}", f"L{n}", "b", FACTS) for n in (1, 2, 3)]
    codes = issue(engine, requests, batch="b", actor="test").issued
    suspend(engine, codes[2].code, actor="test", reason="to see")
    with writing(engine) as connection:
        for case in ("C1", "C2"):
            connection.execute(
                text(
                    "INSERT INTO cases (case_id, version, batch, legacy_id, row, outcome,"
                    " university, digest, body) VALUES"
                    " (:case, 1, 'b', 'L3', 4, 'mismatch', 'u', 'd', '{}')"
                ),
                {"case": case},
            )
        for statement in (
            "INSERT INTO log_nodes VALUES (1, 0, 'h')",
            "INSERT INTO signed_heads VALUES (4, 'k', 'note', 'at')",
            "INSERT INTO decisions VALUES"
            " (1, 'C1', 1, 'refuse', NULL, 'a', 'at', 'r', 'd', NULL, 0, '{}')",
            "INSERT INTO approvals VALUES (1, 'approved', 'b', 'at', 'r')",
            "INSERT INTO proposals VALUES (1, 1, 'change', 'D1', NULL, 'last_name', 'a', 'b')",
            "INSERT INTO proposal_events VALUES (1, 1, 'exported', 'a', 'at', '')",
            "INSERT INTO imports VALUES ('s', 'f', 'u', 'a', 'at', '{}')",
            "INSERT INTO store_secrets VALUES ('packets', 'v')",
            "INSERT INTO score_views VALUES ('C1', 'u', 'at')",
            "INSERT INTO users VALUES"
            " ('u', 'n', 'auditor', NULL, 'h', NULL, NULL, 'at', 'a', NULL, NULL)",
            "INSERT INTO requests VALUES ('T1', 'graduate', '1405-01-01', 'at', 'd', '{}', '[]')",
            "INSERT INTO request_events VALUES"
            " ('T1', 1, 'received', 'at', 'a', NULL, NULL, NULL, NULL)",
            "INSERT INTO verifiers VALUES ('v', 'n', 'k', 10, 'at', 'a', NULL, NULL)",
            "UPDATE verifiers SET revoked_at = 'at', revoked_by = 'a'",
        ):
            connection.execute(text(statement))
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


def test_the_one_code_of_a_degree_is_held_by_a_partial_unique_index(engine: Engine) -> None:
    indexes = {index["name"]: index for index in inspect(engine).get_indexes("codes")}
    index = indexes["uq_codes_held_degree"]
    assert index["unique"]
    assert index["column_names"] == ["degree_id"]
    where = [str(v) for k, v in index["dialect_options"].items() if k.endswith("_where")]
    assert len(where) == 1
    assert "active" in where[0]
    assert "suspended" in where[0]


OTHER = "12345678901234567890"


def code_like(degree: str, **changed: str) -> str:
    """A statement that adds a code like that of a degree, but for some columns, given as SQL."""
    columns = list(Base.metadata.tables["codes"].columns.keys())
    values = [changed.get(name, f"'{OTHER}'" if name == "code" else name) for name in columns]
    return (
        f"INSERT INTO codes ({', '.join(columns)}) SELECT {', '.join(values)}"
        f" FROM codes WHERE degree_id = '{degree}'"
    )


def event_like(**changed: str) -> str:
    """A statement that adds an event like the second, but for some columns, given as SQL."""
    columns = list(Base.metadata.tables["code_events"].columns.keys())
    values = [changed.get(name, name) for name in columns]
    return (
        f"INSERT INTO code_events ({', '.join(columns)}) SELECT {', '.join(values)}"
        " FROM code_events WHERE seq = 2"
    )


CHANGES = [
    "UPDATE code_events SET degree_id = 'D9' WHERE seq = 1",
    "UPDATE code_events SET seq = 7 WHERE seq = 2",
    "UPDATE code_events SET payload = payload",
    "UPDATE code_events SET salt = leaf_hash",
    "DELETE FROM code_events WHERE seq = 2",
    "DELETE FROM code_events",
    "UPDATE tree_heads SET root = frontier",
    "DELETE FROM tree_heads",
    "INSERT INTO tree_heads SELECT 1, root, frontier, at FROM tree_heads",
    "INSERT INTO tree_heads SELECT 3, root, frontier, at FROM tree_heads",
    "INSERT INTO signed_heads VALUES (9, 'k', 'n', 'at')",
    "UPDATE signed_heads SET note = 'other'",
    "DELETE FROM signed_heads",
    "UPDATE log_nodes SET hash = 'other'",
    "DELETE FROM log_nodes",
    "UPDATE codes SET code = '12345678901234567890' WHERE degree_id = 'D1'",
    "UPDATE codes SET degree_id = 'D9' WHERE degree_id = 'D1'",
    "UPDATE codes SET facts = '{}'",
    "UPDATE codes SET issued_at = '2020-01-01T00:00:00Z'",
    "UPDATE codes SET scheme = 2",
    "UPDATE codes SET document_type = 'diploma'",
    "UPDATE codes SET decision_seq = 1",
    "UPDATE codes SET replaces = code",
    "UPDATE codes SET batch = 'other'",
    "UPDATE codes SET event_seq = 2 WHERE event_seq = 1",
    "UPDATE codes SET state = 'gone'",
    # a state without its event, with an older one, with that of another kind or of another code
    "UPDATE codes SET state = 'revoked' WHERE degree_id = 'D1'",
    "UPDATE codes SET state = 'revoked', state_seq = 9 WHERE degree_id = 'D1'",
    "UPDATE codes SET state = 'revoked', state_seq = 2 WHERE degree_id = 'D1'",
    "UPDATE codes SET state = 'revoked', state_seq = 4 WHERE degree_id = 'D3'",
    "UPDATE codes SET state = 'revoked', state_seq = 4 WHERE degree_id = 'D1'",
    "UPDATE codes SET state = 'superseded', state_seq = 4 WHERE degree_id = 'D3'",
    "UPDATE codes SET state = 'active', state_seq = 4 WHERE degree_id = 'D3'",
    "UPDATE codes SET superseded_by = '12345678901234567890' WHERE degree_id = 'D1'",
    "DELETE FROM codes WHERE degree_id = 'D1'",
    "UPDATE cases SET body = '{}'",
    "DELETE FROM cases",
    "UPDATE decisions SET reason = 'other'",
    "DELETE FROM decisions",
    # a second standing decision on a case, one on another case's, one on no version
    "INSERT INTO decisions SELECT 2, case_id, case_version, verdict, degree_id, actor, at, reason,"
    " case_digest, NULL, 0, body FROM decisions",
    "INSERT INTO decisions SELECT 2, 'C2', 1, verdict, degree_id, actor, at, reason,"
    " case_digest, 1, 0, body FROM decisions",
    "INSERT INTO decisions SELECT 2, 'C2', 7, verdict, degree_id, actor, at, reason,"
    " case_digest, NULL, 0, body FROM decisions",
    "UPDATE requests SET body = '{}'",
    "DELETE FROM requests",
    "UPDATE request_events SET state = 'issued'",
    "DELETE FROM request_events",
    "UPDATE verifiers SET per_minute = 1000000",
    "UPDATE verifiers SET key_digest = 'other'",
    "UPDATE verifiers SET revoked_at = NULL, revoked_by = NULL",
    "DELETE FROM verifiers",
    # a clerk becomes an approver, or of another university, by nobody's hand
    "UPDATE users SET role = 'ministry'",
    "UPDATE users SET university = 'sharif', role = 'clerk'",
    "DELETE FROM users",
    "INSERT INTO users VALUES ('w', 'n', 'clerk', NULL, 'h', NULL, NULL, 'at', 'a', NULL, NULL)",
    "UPDATE approvals SET verdict = 'returned'",
    "DELETE FROM approvals",
    "INSERT INTO approvals SELECT 9, verdict, actor, at, reason FROM approvals",
    "UPDATE proposals SET new = 'c'",
    "UPDATE proposal_events SET state = 'applied'",
    "DELETE FROM imports",
    "UPDATE store_secrets SET value = 'other'",
    # a clerk who looked at the score did not look
    "UPDATE score_views SET user_id = 'w'",
    "DELETE FROM score_views",
    # a second code of a degree that is active, or suspended; a code without its event; of another's
    # event; not 20 digits; superseded by nothing
    code_like("D1"),
    code_like("D3"),
    code_like("D1", degree_id="'D9'", event_seq="9", state_seq="9"),
    code_like("D1", degree_id="'D9'", event_seq="1", state="'revoked'"),
    code_like("D1", degree_id="'D9'", code="'x2345678901234567890'"),
    code_like("D1", degree_id="'D9'", state="'superseded'"),
    # an event that leaves a gap, comes before the last, or is of no kind
    event_like(seq="6"),
    event_like(seq="0"),
    event_like(seq="2"),
    event_like(seq="5", event="'forgotten'"),
]
GUARDED = (
    "codes",
    "code_events",
    "log_nodes",
    "tree_heads",
    "signed_heads",
    "cases",
    "decisions",
    "requests",
    "request_events",
    "verifiers",
    "approvals",
    "proposals",
    "proposal_events",
    "imports",
    "store_secrets",
    "score_views",
    "users",
)
BY_DATABASE = {
    "sqlite": [
        f"{verb} INTO {table} SELECT * FROM {table}"
        for verb in ("REPLACE", "INSERT OR REPLACE", "INSERT")
        for table in GUARDED
    ]
    + ["UPDATE OR REPLACE codes SET code = (SELECT max(code) FROM codes)"],
    "postgresql": [f"TRUNCATE {table} CASCADE" for table in GUARDED]
    + [f"SET LOCAL session_replication_role = replica; DELETE FROM {table}" for table in GUARDED]
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
    assert whole(used) == 4


def test_the_refusal_says_why(used: Engine) -> None:
    with pytest.raises(DBAPIError, match="append-only"), used.begin() as connection:
        connection.exec_driver_sql("DELETE FROM code_events")
    with pytest.raises(DBAPIError, match="never changed or deleted"), used.begin() as connection:
        connection.exec_driver_sql("DELETE FROM codes")


def test_a_code_that_is_revoked_stays_revoked_whatever_event_is_named(used: Engine) -> None:
    with reading(used) as connection:
        code = connection.execute(
            text("SELECT code FROM codes WHERE degree_id = 'D1'")
        ).scalar_one()
    revoke(used, code, actor="test", reason="forged")
    with pytest.raises(DBAPIError, match="never after its end"), used.begin() as connection:
        connection.execute(text("UPDATE codes SET state = 'active' WHERE degree_id = 'D1'"))
    assert whole(used) == 5

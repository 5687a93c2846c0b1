"""Batches, codes, their ledger, and cases.

Both databases hold by triggers what a program could forget: events and cases are never changed or
deleted, an event follows the last one, a code is never deleted and only its state changes.
"""

# ruff: noqa: S608 (the names are this file's own)

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_KEPT = {
    "code_events": "the ledger is append-only: its events are never changed or deleted",
    "batches": "a batch keeps its name and its source: begin another one",
    "cases": "a case is never changed or deleted: make a new version of it",
    "codes": "a code is never changed or deleted: only its state may change",
}
_FIXED = ("code", "scheme", "degree_id", "legacy_id", "batch", "issued_at", "facts", "event_seq")
_NOT_NEXT = "the ledger is append-only: an event must follow the last one"
# REPLACE deletes rows in SQLite without asking the delete triggers
_TAKEN = {
    "batches": "batch = NEW.batch",
    "codes": "code = NEW.code OR event_seq = NEW.event_seq"
    " OR (degree_id = NEW.degree_id AND state = 'active' AND NEW.state = 'active')",
    "cases": "case_id = NEW.case_id AND version = NEW.version",
}


def upgrade() -> None:
    """Create the tables and the triggers that guard them."""
    _create_tables()
    dialect = op.get_bind().dialect.name
    for statement in _sqlite_triggers() if dialect == "sqlite" else _postgresql_triggers():
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Refused: codes and their ledger must outlive every version of this program."""
    raise NotImplementedError("the first revision of the store cannot be undone")


def _create_tables() -> None:
    op.create_table(
        "batches",
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("source_sha256", sa.String(64), nullable=False),
        sa.Column("begun_at", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("batch", name=op.f("pk_batches")),
    )
    op.create_index(op.f("ix_batches_source_sha256"), "batches", ["source_sha256"])
    op.create_table(
        "code_events",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("degree_id", sa.Text(), nullable=False),
        sa.Column("legacy_id", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_code_events_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_code_events")),
        sa.UniqueConstraint("hash", name=op.f("uq_code_events_hash")),
        sa.UniqueConstraint("seq", "code", name=op.f("uq_code_events_seq_code")),
    )
    op.create_index(op.f("ix_code_events_code"), "code_events", ["code"])
    op.create_table(
        "codes",
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("scheme", sa.Integer(), nullable=False),
        sa.Column("degree_id", sa.Text(), nullable=False),
        sa.Column("legacy_id", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.String(20), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "length(code) = 20 AND trim(code, '0123456789') = ''", name=op.f("ck_codes_digits")
        ),
        sa.CheckConstraint(
            "state IN ('active', 'suspended', 'revoked', 'superseded')",
            name=op.f("ck_codes_state"),
        ),
        sa.ForeignKeyConstraint(
            ["event_seq", "code"],
            ["code_events.seq", "code_events.code"],
            name=op.f("fk_codes_event_seq_code"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_codes")),
        sa.UniqueConstraint("event_seq", name=op.f("uq_codes_event_seq")),
    )
    op.create_index(op.f("ix_codes_batch"), "codes", ["batch"])
    op.create_index(
        "uq_codes_active_degree",
        "codes",
        ["degree_id"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "cases",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("legacy_id", sa.Text(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("university_id", sa.Text(), nullable=True),
        sa.Column("university", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "version", name=op.f("pk_cases")),
    )
    op.create_index(op.f("ix_cases_batch_university"), "cases", ["batch", "university"])


def _sqlite_triggers() -> list[str]:
    statements = []
    changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _FIXED)
    for table, words in _KEPT.items():
        when = f"WHEN {changed}" if table == "codes" else ""
        for verb, condition in (("UPDATE", when), ("DELETE", "")):
            statements.append(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {condition}"
                f" BEGIN SELECT RAISE(ABORT, '{words}'); END"
            )
    for table, taken in _TAKEN.items():
        statements.append(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}"
            f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken})"
            f" BEGIN SELECT RAISE(ABORT, '{_KEPT[table]}'); END"
        )
    statements.append(
        "CREATE TRIGGER code_events_in_order BEFORE INSERT ON code_events"
        " WHEN NEW.seq IS NOT 1 + (SELECT coalesce(max(seq), 0) FROM code_events)"
        " OR NEW.previous IS NOT coalesce((SELECT hash FROM code_events"
        f" ORDER BY seq DESC LIMIT 1), '{'0' * 64}')"
        f" BEGIN SELECT RAISE(ABORT, '{_NOT_NEXT}'); END"
    )
    return statements


def _postgresql_triggers() -> list[str]:
    refuse = (
        "CREATE FUNCTION migrate_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation'; END $$"
    )
    in_order = (
        "CREATE FUNCTION migrate_next_event() RETURNS trigger LANGUAGE plpgsql AS $$"
        " DECLARE last record; BEGIN"
        " EXECUTE format('SELECT seq, hash FROM %I.%I ORDER BY seq DESC LIMIT 1',"
        " TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO last;"
        " IF NEW.seq IS DISTINCT FROM coalesce(last.seq, 0) + 1"
        f" OR NEW.previous IS DISTINCT FROM coalesce(last.hash, '{'0' * 64}') THEN"
        f" RAISE EXCEPTION '{_NOT_NEXT}' USING ERRCODE = 'unique_violation';"
        " END IF; RETURN NEW; END $$"
    )
    statements = [refuse, in_order]
    changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in _FIXED)
    triggers = {"code_events_in_order": "code_events"}
    statements.append(
        "CREATE TRIGGER code_events_in_order BEFORE INSERT ON code_events"
        " FOR EACH ROW EXECUTE FUNCTION migrate_next_event()"
    )
    for table, words in _KEPT.items():
        when = f"WHEN ({changed})" if table == "codes" else ""
        for verb, each in (
            ("UPDATE", f"FOR EACH ROW {when}"),
            ("DELETE", "FOR EACH ROW"),
            ("TRUNCATE", "FOR EACH STATEMENT"),
        ):
            name = f"{table}_no_{verb.lower()}"
            triggers[name] = table
            statements.append(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {each}"
                f" EXECUTE FUNCTION migrate_refuse('{words}')"
            )
    # also where a session plays a replica, which skips ordinary triggers
    statements += [
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}" for name, table in triggers.items()
    ]
    return statements

"""The review: users and sessions, the queue of cases, second persons, proposals, imports.

The databases hold what no page may forget: a second person is another one, and no code rests on a
decision that still waits for one.
"""

# ruff: noqa: S608 (the names are this file's own)

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa
from alembic import op

from migrate.review.addressee import addressee

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# days a university had for a case when this revision was written
_DUE = 60
_CHUNK = 1000
_KEPT = {
    "users": "a user is never changed or deleted: only disabled, or given another password",
    "approvals": "what a second person said is never changed or deleted",
    "proposals": "a proposal is never changed or deleted: what becomes of it is written beside it",
    "proposal_events": "what became of a proposal is never changed or deleted",
    "imports": "what was imported is never changed or deleted",
    "store_secrets": "a secret of the store is never changed or deleted",
}
_FIXED = {
    "users": (
        "user_id",
        "name",
        "role",
        "university",
        "issuer",
        "subject",
        "created_at",
        "created_by",
    )
}
# REPLACE deletes rows in SQLite without asking the delete triggers
_TAKEN = {
    "users": "user_id = NEW.user_id OR (issuer = NEW.issuer AND subject = NEW.subject)",
    "approvals": "decision_seq = NEW.decision_seq",
    "proposals": "seq = NEW.seq",
    "proposal_events": "proposal_seq = NEW.proposal_seq AND n = NEW.n",
    "imports": "sha256 = NEW.sha256",
    "store_secrets": "name = NEW.name",
}
_SAME_PERSON = "a decision is approved by a second, different person"
_NOT_APPROVED = "no code is issued on a decision that waits for a second person"


def upgrade() -> None:
    """Create the tables with their guards, and put the cases that are there into the queue."""
    _create_people()
    _create_work()
    _create_proposals()
    _fill_work()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite_triggers() if sqlite else _postgresql_triggers():
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Refused: what people decided must outlive every version of this program."""
    raise NotImplementedError("the fourth revision of the store cannot be undone")


def _create_people() -> None:
    op.create_table(
        "users",
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("university", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("created_at", sa.String(20), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.String(20), nullable=True),
        sa.Column("disabled_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "role IN ('clerk', 'approver', 'ministry', 'auditor')", name=op.f("ck_users_role")
        ),
        sa.CheckConstraint(
            "(role IN ('clerk', 'approver')) = (university IS NOT NULL)",
            name=op.f("ck_users_university"),
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_users")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_users_issuer_subject")),
    )
    op.create_table(
        "sessions",
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"])
    op.create_table(
        "sign_ins",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_sign_ins")),
    )
    op.create_index(op.f("ix_sign_ins_user_id_at"), "sign_ins", ["user_id", "at"])
    op.create_index(op.f("ix_sign_ins_address_at"), "sign_ins", ["address", "at"])
    op.create_index(op.f("ix_sign_ins_at"), "sign_ins", ["at"])
    op.create_table(
        "store_secrets",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_store_secrets")),
    )


def _create_work() -> None:
    op.create_table(
        "case_work",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("legacy_id", sa.Text(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("university", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("opened_on", sa.String(10), nullable=False),
        sa.Column("due_on", sa.String(10), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("leased_by", sa.String(64), nullable=True),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'awaiting', 'decided')", name=op.f("ck_case_work_state")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_work")),
    )
    op.create_index("ix_case_work_queue", "case_work", ["university", "state", "due_on", "case_id"])
    op.create_index(op.f("ix_case_work_batch"), "case_work", ["batch"])
    op.create_index(op.f("ix_case_work_legacy_id"), "case_work", ["legacy_id"])
    op.create_index(
        op.f("ix_case_work_state_due_on_case_id"), "case_work", ["state", "due_on", "case_id"]
    )
    op.create_index(
        op.f("ix_case_work_university_leased_by"), "case_work", ["university", "leased_by"]
    )
    op.create_table(
        "approvals",
        sa.Column("decision_seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('approved', 'returned')", name=op.f("ck_approvals_verdict")
        ),
        sa.ForeignKeyConstraint(
            ["decision_seq"], ["decisions.seq"], name=op.f("fk_approvals_decision_seq")
        ),
        sa.PrimaryKeyConstraint("decision_seq", name=op.f("pk_approvals")),
    )


def _create_proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("decision_seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("degree_id", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("old", sa.Text(), nullable=True),
        sa.Column("new", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('change', 'degree', 'graduate')", name=op.f("ck_proposals_kind")
        ),
        sa.ForeignKeyConstraint(
            ["decision_seq"], ["decisions.seq"], name=op.f("fk_proposals_decision_seq")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_proposals")),
    )
    op.create_index(op.f("ix_proposals_decision_seq"), "proposals", ["decision_seq"])
    op.create_table(
        "proposal_events",
        sa.Column("proposal_seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_seq"], ["proposals.seq"], name=op.f("fk_proposal_events_proposal_seq")
        ),
        sa.PrimaryKeyConstraint("proposal_seq", "n", name=op.f("pk_proposal_events")),
    )
    op.create_table(
        "imports",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("university", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_imports")),
    )


def _fill_work() -> None:
    """Put each case's newest version into its university's queue, as of today."""
    bind = op.get_bind()
    clock = "to_char(timezone('UTC', clock_timestamp()), 'YYYY-MM-DD')"
    if bind.dialect.name == "sqlite":
        clock = "strftime('%Y-%m-%d', 'now')"
    today = bind.execute(sa.text(f"SELECT {clock}")).scalar_one()
    due = (date.fromisoformat(today) + timedelta(days=_DUE)).isoformat()
    last = ""
    while True:
        rows = bind.execute(
            sa.text(
                "SELECT case_id, version, batch, legacy_id, row, outcome, university_id, university"
                " FROM cases AS one WHERE case_id > :last AND version ="
                " (SELECT max(version) FROM cases WHERE case_id = one.case_id)"
                " ORDER BY case_id LIMIT :many"
            ),
            {"last": last, "many": _CHUNK},
        ).all()
        if not rows:
            return
        bind.execute(
            sa.text(
                "INSERT INTO case_work (case_id, version, batch, legacy_id, row, university, outcome,"
                " state, opened_on, due_on, model) VALUES (:case_id, :version, :batch, :legacy_id,"
                " :row, :university, :outcome, 'open', :today, :due, '')"
            ),
            [
                {
                    **row._mapping,
                    "university": addressee(row.university_id, row.university),
                    "today": today,
                    "due": due,
                }
                for row in rows
            ],
        )
        last = rows[-1].case_id


def _changed(table: str, differs: str) -> str:
    return " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in _FIXED[table])


_BY_THE_SAME = "NEW.actor = (SELECT actor FROM decisions WHERE seq = NEW.decision_seq)"
_WAITS = (
    "EXISTS (SELECT 1 FROM decisions WHERE seq = NEW.decision_seq AND needs_second = 1) AND NOT"
    " EXISTS (SELECT 1 FROM approvals WHERE decision_seq = NEW.decision_seq"
    " AND verdict = 'approved')"
)


def _sqlite_triggers() -> list[str]:
    statements = []
    for table, words in _KEPT.items():
        when = f"WHEN {_changed(table, 'IS NOT')}" if table in _FIXED else ""
        for verb, condition in (("UPDATE", when), ("DELETE", "")):
            statements.append(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {condition}"
                f" BEGIN SELECT RAISE(ABORT, '{words}'); END"
            )
        statements.append(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}"
            f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {_TAKEN[table]})"
            f" BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )
    return [
        *statements,
        f"CREATE TRIGGER approvals_second BEFORE INSERT ON approvals WHEN {_BY_THE_SAME}"
        f" BEGIN SELECT RAISE(ABORT, '{_SAME_PERSON}'); END",
        "CREATE TRIGGER codes_approved BEFORE INSERT ON codes"
        f" WHEN NEW.decision_seq IS NOT NULL AND {_WAITS}"
        f" BEGIN SELECT RAISE(ABORT, '{_NOT_APPROVED}'); END",
    ]


def _postgresql_triggers() -> list[str]:
    second = (
        "CREATE FUNCTION migrate_second() RETURNS trigger LANGUAGE plpgsql AS $$"
        " DECLARE first text; BEGIN"
        " EXECUTE format('SELECT actor FROM %I.decisions WHERE seq = $1', TG_TABLE_SCHEMA)"
        " INTO first USING NEW.decision_seq;"
        " IF NEW.actor = first THEN"
        f" RAISE EXCEPTION '{_SAME_PERSON}' USING ERRCODE = 'restrict_violation';"
        " END IF; RETURN NEW; END $$"
    )
    approved = (
        "CREATE FUNCTION migrate_approved() RETURNS trigger LANGUAGE plpgsql AS $$"
        " DECLARE waits boolean; BEGIN"
        " EXECUTE format('SELECT EXISTS (SELECT 1 FROM %1$I.decisions WHERE seq = $1"
        " AND needs_second = 1) AND NOT EXISTS (SELECT 1 FROM %1$I.approvals"
        " WHERE decision_seq = $1 AND verdict = ''approved'')', TG_TABLE_SCHEMA)"
        " INTO waits USING NEW.decision_seq;"
        " IF waits THEN"
        f" RAISE EXCEPTION '{_NOT_APPROVED}' USING ERRCODE = 'restrict_violation';"
        " END IF; RETURN NEW; END $$"
    )
    triggers = {"approvals_second": "approvals", "codes_approved": "codes"}
    statements = [
        second,
        approved,
        "CREATE TRIGGER approvals_second BEFORE INSERT ON approvals"
        " FOR EACH ROW EXECUTE FUNCTION migrate_second()",
        "CREATE TRIGGER codes_approved BEFORE INSERT ON codes FOR EACH ROW"
        " WHEN (NEW.decision_seq IS NOT NULL) EXECUTE FUNCTION migrate_approved()",
    ]
    for table, words in _KEPT.items():
        when = f"WHEN ({_changed(table, 'IS DISTINCT FROM')})" if table in _FIXED else ""
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

"""The ledger as a Merkle log; documents, decisions and states of codes; requests; the public side.

The chain of hashes that revision 0001 kept is held against its events once more, and then becomes
the log: each event gets a salt and a leaf, and its old hash stays in nobody's way as part of its
payload. A broken chain is not carried over: the migration refuses it.
"""

# ruff: noqa: S608 (the names are this file's own)

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from migrate.codes.issuing import canonical_json
from migrate.codes.ledger import LedgerEvent, hash_of
from migrate.codes.merkle import Frontier, Growth
from migrate.errors import InputError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CHUNK = 2000
_EVENTS = "'issued', 'suspended', 'reinstated', 'revoked', 'superseded', 'key_added', 'key_retired'"
_VERDICTS = "'confirm', 'correct', 'choose', 'new_degree', 'new_graduate', 'refuse', 'reopen'"
_STATES = "'active', 'suspended', 'revoked', 'superseded'"
_HELD = "state IN ('active', 'suspended')"

_KEPT = {
    "code_events": "the ledger is append-only: its events are never changed or deleted",
    "log_nodes": "the ledger is append-only: its tree is never changed or deleted",
    "tree_heads": "the ledger is append-only: its tree heads are never changed or deleted",
    "signed_heads": "the ledger is append-only: a signed tree head is never changed or deleted",
    "codes": "a code is never changed or deleted: only its state may change, by an event",
    "decisions": "a decision is never changed or deleted: another one supersedes it",
    "requests": "a request is never changed or deleted: what becomes of it is written beside it",
    "request_events": "what became of a request is never changed or deleted",
    "verifiers": "a verifier is never changed or deleted: only revoked",
}
# what never changes where something may
_FIXED = {
    "codes": (
        "code",
        "scheme",
        "degree_id",
        "legacy_id",
        "batch",
        "issued_at",
        "document_type",
        "facts",
        "event_seq",
        "decision_seq",
        "replaces",
    ),
    "verifiers": (
        "verifier_id",
        "name",
        "key_digest",
        "per_minute",
        "created_at",
        "created_by",
    ),
}
# REPLACE deletes rows in SQLite without asking the delete triggers
_TAKEN = {
    "code_events": "seq = NEW.seq",
    "log_nodes": "level = NEW.level AND position = NEW.position",
    "tree_heads": "size = NEW.size",
    "signed_heads": "size = NEW.size AND key_id = NEW.key_id",
    "codes": "code = NEW.code OR event_seq = NEW.event_seq"
    f" OR (degree_id = NEW.degree_id AND {_HELD} AND NEW.{_HELD})",
    "decisions": "seq = NEW.seq OR supersedes = NEW.supersedes"
    " OR (case_id = NEW.case_id AND supersedes IS NULL AND NEW.supersedes IS NULL)",
    "requests": "tracking_no = NEW.tracking_no",
    "request_events": "tracking_no = NEW.tracking_no AND n = NEW.n",
    "verifiers": "verifier_id = NEW.verifier_id OR key_digest = NEW.key_digest",
}
_NOT_NEXT = "the ledger is append-only: an event must follow the last one"
_NOT_WHOLE = "a tree head is of the whole ledger, as it stands"
_NO_EVENT = "a code changes its state only by an event of that kind, and never after its end"
# the event that brings a code into a state that it was not issued in
_BY = "(CASE NEW.state WHEN 'active' THEN 'reinstated' ELSE NEW.state END)"
_GUARDS = (
    "code_events_in_order",
    "code_events_no_update",
    "code_events_no_delete",
    "code_events_no_truncate",
    "code_events_no_replace",
    "codes_no_update",
    "codes_no_delete",
    "codes_no_truncate",
    "codes_no_replace",
)


def upgrade() -> None:
    """Create the new tables, carry codes and events over, and put the guards on."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    _put_aside(sqlite)
    _create_ledger()
    _create_decisions()
    _create_codes()
    _create_public()
    _carry_over()
    op.drop_table("codes_0002")
    op.drop_table("code_events_0002")
    for statement in _sqlite_triggers() if sqlite else _postgresql_triggers():
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Refused: codes and their ledger must outlive every version of this program."""
    raise NotImplementedError("the third revision of the store cannot be undone")


def _put_aside(sqlite: bool) -> None:
    if sqlite:
        for name in _GUARDS:
            op.execute(sa.text(f"DROP TRIGGER IF EXISTS {name}"))
    for name in ("ix_codes_batch", "uq_codes_active_degree"):
        op.drop_index(name, "codes")
    op.drop_index("ix_code_events_code", "code_events")
    if not sqlite:
        # names of indexes are one room in PostgreSQL, and the new tables need them
        for table, names in (
            ("codes", ("fk_codes_event_seq_code", "uq_codes_event_seq", "pk_codes")),
            (
                "code_events",
                ("uq_code_events_hash", "uq_code_events_seq_code", "pk_code_events"),
            ),
        ):
            for name in names:
                op.execute(sa.text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
    for table in ("codes", "code_events"):
        op.rename_table(table, f"{table}_0002")


def _create_ledger() -> None:
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
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("leaf_hash", sa.String(64), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_code_events_seq")),
        sa.CheckConstraint(f"event IN ({_EVENTS})", name=op.f("ck_code_events_event")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_code_events")),
        sa.UniqueConstraint("seq", "code", name=op.f("uq_code_events_seq_code")),
    )
    op.create_index(op.f("ix_code_events_code"), "code_events", ["code"])
    op.create_table(
        "log_nodes",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint("level >= 1 AND position >= 0", name=op.f("ck_log_nodes_place")),
        sa.PrimaryKeyConstraint("level", "position", name=op.f("pk_log_nodes")),
    )
    op.create_table(
        "tree_heads",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("frontier", sa.Text(), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.CheckConstraint("size >= 1", name=op.f("ck_tree_heads_size")),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_tree_heads")),
    )
    op.create_table(
        "signed_heads",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(["size"], ["tree_heads.size"], name=op.f("fk_signed_heads_size")),
        sa.PrimaryKeyConstraint("size", "key_id", name=op.f("pk_signed_heads")),
    )


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("case_version", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("degree_id", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("case_digest", sa.String(64), nullable=False),
        sa.Column("supersedes", sa.Integer(), nullable=True),
        sa.Column("needs_second", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_decisions_seq")),
        sa.CheckConstraint(f"verdict IN ({_VERDICTS})", name=op.f("ck_decisions_verdict")),
        sa.CheckConstraint("needs_second IN (0, 1)", name=op.f("ck_decisions_needs_second")),
        sa.ForeignKeyConstraint(
            ["case_id", "case_version"],
            ["cases.case_id", "cases.version"],
            name=op.f("fk_decisions_case_id_case_version"),
        ),
        sa.ForeignKeyConstraint(
            ["supersedes", "case_id"],
            ["decisions.seq", "decisions.case_id"],
            name=op.f("fk_decisions_supersedes_case_id"),
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_decisions")),
        sa.UniqueConstraint("seq", "case_id", name=op.f("uq_decisions_seq_case_id")),
        sa.UniqueConstraint("supersedes", name=op.f("uq_decisions_supersedes")),
    )
    op.create_index(op.f("ix_decisions_case_id"), "decisions", ["case_id"])
    op.create_index(
        "uq_decisions_first",
        "decisions",
        ["case_id"],
        unique=True,
        sqlite_where=sa.text("supersedes IS NULL"),
        postgresql_where=sa.text("supersedes IS NULL"),
    )


def _create_codes() -> None:
    op.create_table(
        "codes",
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("scheme", sa.Integer(), nullable=False),
        sa.Column("degree_id", sa.Text(), nullable=False),
        sa.Column("legacy_id", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.String(20), nullable=False),
        sa.Column("document_type", sa.String(16), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.Column("decision_seq", sa.Integer(), nullable=True),
        sa.Column("replaces", sa.String(20), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("state_seq", sa.Integer(), nullable=False),
        sa.Column("superseded_by", sa.String(20), nullable=True),
        sa.CheckConstraint(
            "length(code) = 20 AND trim(code, '0123456789') = ''", name=op.f("ck_codes_digits")
        ),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_codes_state")),
        sa.CheckConstraint(
            "document_type IN ('', 'provisional', 'diploma')", name=op.f("ck_codes_document_type")
        ),
        sa.CheckConstraint(
            "(state = 'superseded') = (superseded_by IS NOT NULL)",
            name=op.f("ck_codes_superseded"),
        ),
        sa.ForeignKeyConstraint(
            ["event_seq", "code"],
            ["code_events.seq", "code_events.code"],
            name=op.f("fk_codes_event_seq_code"),
        ),
        sa.ForeignKeyConstraint(
            ["state_seq", "code"],
            ["code_events.seq", "code_events.code"],
            name=op.f("fk_codes_state_seq_code"),
        ),
        sa.ForeignKeyConstraint(
            ["decision_seq"], ["decisions.seq"], name=op.f("fk_codes_decision_seq")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_codes")),
        sa.UniqueConstraint("event_seq", name=op.f("uq_codes_event_seq")),
    )
    op.create_index(op.f("ix_codes_degree_id"), "codes", ["degree_id"])
    op.create_index(op.f("ix_codes_batch_legacy_id"), "codes", ["batch", "legacy_id"])
    op.create_index(
        "uq_codes_held_degree",
        "codes",
        ["degree_id"],
        unique=True,
        sqlite_where=sa.text(_HELD),
        postgresql_where=sa.text(_HELD),
    )


def _create_public() -> None:
    op.create_table(
        "requests",
        sa.Column("tracking_no", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("applied_on", sa.String(10), nullable=False),
        sa.Column("received_at", sa.String(20), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("scans", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tracking_no", name=op.f("pk_requests")),
    )
    op.create_index(op.f("ix_requests_digest"), "requests", ["digest"])
    op.create_table(
        "request_events",
        sa.Column("tracking_no", sa.String(32), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("legacy_id", sa.Text(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("n >= 1", name=op.f("ck_request_events_n")),
        sa.ForeignKeyConstraint(
            ["tracking_no"], ["requests.tracking_no"], name=op.f("fk_request_events_tracking_no")
        ),
        sa.PrimaryKeyConstraint("tracking_no", "n", name=op.f("pk_request_events")),
    )
    op.create_index(
        op.f("ix_request_events_batch_legacy_id"), "request_events", ["batch", "legacy_id"]
    )
    op.create_table(
        "verifiers",
        sa.Column("verifier_id", sa.String(32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_digest", sa.String(64), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(20), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.String(20), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.CheckConstraint("per_minute >= 1", name=op.f("ck_verifiers_per_minute")),
        sa.PrimaryKeyConstraint("verifier_id", name=op.f("pk_verifiers")),
        sa.UniqueConstraint("key_digest", name=op.f("uq_verifiers_key_digest")),
    )
    op.create_table(
        "inquiries",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", sa.String(20), nullable=False),
        sa.Column("code_digest", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("answer", sa.String(16), nullable=False),
        sa.Column("verifier_id", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_inquiries")),
    )
    op.create_index(op.f("ix_inquiries_code_digest"), "inquiries", ["code_digest"])
    op.create_index(op.f("ix_inquiries_at"), "inquiries", ["at"])
    op.create_table(
        "limits",
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("tat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_limits")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # a crash may forget it: a limit starts anew then
        op.execute(sa.text("ALTER TABLE limits SET UNLOGGED"))


def _carry_over() -> None:
    """Copy events as leaves of the log, and codes with the document they prove unknown."""
    bind = op.get_bind()
    growth, at = Growth(Frontier()), ""
    columns = ", ".join(_FIELDS)
    values = ", ".join(f":{name}" for name in _FIELDS)
    into = sa.text(f"INSERT INTO code_events ({columns}, leaf_hash) VALUES ({values}, :leaf_hash)")
    for chunk in _old_events(bind):
        rows = []
        for event in chunk:
            leaf, at = hash_of(event), event.at
            growth.append(leaf)
            rows.append(
                {name: getattr(event, name) for name in _FIELDS} | {"leaf_hash": leaf.hex()}
            )
        bind.execute(into, rows)
    for level, position, held in growth.nodes:
        bind.execute(
            sa.text("INSERT INTO log_nodes VALUES (:level, :position, :hash)"),
            {"level": level, "position": position, "hash": held.hex()},
        )
    if growth.size:
        frontier = growth.frontier()
        bind.execute(
            sa.text("INSERT INTO tree_heads VALUES (:size, :root, :frontier, :at)"),
            {
                "size": frontier.size,
                "root": frontier.root().hex(),
                "frontier": frontier.text(),
                "at": at,
            },
        )
    kept = "code, scheme, degree_id, legacy_id, batch, issued_at, facts, event_seq, state"
    bind.execute(
        sa.text(
            f"INSERT INTO codes ({kept}, document_type, state_seq)"
            f" SELECT {kept}, '', event_seq FROM codes_0002"
        )
    )


_FIELDS = (
    "seq",
    "event",
    "code",
    "degree_id",
    "legacy_id",
    "batch",
    "actor",
    "at",
    "payload",
    "salt",
)


def _old_events(bind: sa.Connection) -> Iterator[list[LedgerEvent]]:
    """The events of the old chain in order, in chunks; InputError where the chain is broken."""
    previous, expected = "0" * 64, 1
    while True:
        rows = bind.execute(
            sa.text(
                "SELECT seq, event, code, degree_id, legacy_id, batch, actor, at, payload,"
                " previous, hash FROM code_events_0002 WHERE seq >= :first ORDER BY seq LIMIT :many"
            ),
            {"first": expected, "many": _CHUNK},
        ).all()
        if not rows:
            return
        chunk = []
        for row in rows:
            values: dict[str, Any] = dict(row._mapping)
            held = values.pop("hash")
            text = canonical_json(values)
            if (
                values["seq"] != expected
                or values["previous"] != previous
                or hashlib.sha256(text.encode()).hexdigest() != held
            ):
                raise InputError(
                    f"the ledger of this store is broken at event {expected}: it is not carried "
                    "over into a new schema",
                    file="code_events",
                    row=expected,
                    fix="Restore the store from a backup that is whole, and find out who changed it",
                )
            del values["previous"]
            values["payload"] = canonical_json({**json.loads(values["payload"]), "chain": held})
            chunk.append(LedgerEvent(**values, salt=secrets.token_hex(16)))
            previous, expected = held, expected + 1
        yield chunk


def _changed(table: str, differs: str) -> str:
    return " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in _FIXED[table])


# what an update of a code must bring, beside leaving the rest as it is
_NO_STEP = (
    "OLD.state IN ('revoked', 'superseded') OR NEW.state_seq <= OLD.state_seq"
    f" OR NOT EXISTS (SELECT 1 FROM code_events WHERE seq = NEW.state_seq AND event = {_BY})"
)
_REVOKED_ALREADY = "OLD.revoked_at IS NOT NULL"


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
    statements += [
        "CREATE TRIGGER code_events_in_order BEFORE INSERT ON code_events"
        " WHEN NEW.seq IS NOT 1 + (SELECT coalesce(max(seq), 0) FROM code_events)"
        f" BEGIN SELECT RAISE(ABORT, '{_NOT_NEXT}'); END",
        "CREATE TRIGGER tree_heads_whole BEFORE INSERT ON tree_heads"
        " WHEN NEW.size IS NOT (SELECT max(seq) FROM code_events)"
        f" BEGIN SELECT RAISE(ABORT, '{_NOT_WHOLE}'); END",
        "CREATE TRIGGER codes_by_event BEFORE UPDATE ON codes"
        f" WHEN {_NO_STEP} BEGIN SELECT RAISE(ABORT, '{_NO_EVENT}'); END",
        "CREATE TRIGGER verifiers_once BEFORE UPDATE ON verifiers"
        f" WHEN {_REVOKED_ALREADY} BEGIN SELECT RAISE(ABORT, '{_KEPT['verifiers']}'); END",
    ]
    return statements


def _postgresql_triggers() -> list[str]:
    # statement by statement: rows come by the thousand, and the primary key keeps them apart
    in_order = (
        "CREATE OR REPLACE FUNCTION migrate_next_event() RETURNS trigger LANGUAGE plpgsql AS $$"
        " DECLARE first bigint; last bigint; many bigint; before bigint; BEGIN"
        " SELECT min(seq), max(seq), count(*) INTO first, last, many FROM added;"
        " IF many = 0 THEN RETURN NULL; END IF;"
        " EXECUTE format('SELECT max(seq) FROM %I.%I WHERE seq < $1',"
        " TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO before USING first;"
        " IF first <> coalesce(before, 0) + 1 OR many <> last - first + 1 THEN"
        f" RAISE EXCEPTION '{_NOT_NEXT}' USING ERRCODE = 'unique_violation';"
        " END IF; RETURN NULL; END $$"
    )
    whole = (
        "CREATE FUNCTION migrate_whole_head() RETURNS trigger LANGUAGE plpgsql AS $$"
        " DECLARE last bigint; BEGIN"
        " EXECUTE format('SELECT max(seq) FROM %I.code_events', TG_TABLE_SCHEMA) INTO last;"
        " IF NEW.size IS DISTINCT FROM last THEN"
        f" RAISE EXCEPTION '{_NOT_WHOLE}' USING ERRCODE = 'restrict_violation';"
        " END IF; RETURN NEW; END $$"
    )
    by_event = (
        "CREATE FUNCTION migrate_by_event() RETURNS trigger LANGUAGE plpgsql AS $$"
        " DECLARE kind text; BEGIN"
        " EXECUTE format('SELECT event FROM %I.code_events WHERE seq = $1', TG_TABLE_SCHEMA)"
        " INTO kind USING NEW.state_seq;"
        " IF OLD.state IN ('revoked', 'superseded') OR NEW.state_seq <= OLD.state_seq"
        f" OR kind IS DISTINCT FROM {_BY} THEN"
        f" RAISE EXCEPTION '{_NO_EVENT}' USING ERRCODE = 'restrict_violation';"
        " END IF; RETURN NEW; END $$"
    )
    triggers = {
        "code_events_in_order": "code_events",
        "tree_heads_whole": "tree_heads",
        "codes_by_event": "codes",
        "verifiers_once": "verifiers",
    }
    statements = [
        in_order,
        whole,
        by_event,
        "CREATE TRIGGER code_events_in_order AFTER INSERT ON code_events"
        " REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION migrate_next_event()",
        "CREATE TRIGGER tree_heads_whole BEFORE INSERT ON tree_heads"
        " FOR EACH ROW EXECUTE FUNCTION migrate_whole_head()",
        "CREATE TRIGGER codes_by_event BEFORE UPDATE ON codes"
        " FOR EACH ROW EXECUTE FUNCTION migrate_by_event()",
        f"CREATE TRIGGER verifiers_once BEFORE UPDATE ON verifiers FOR EACH ROW"
        f" WHEN ({_REVOKED_ALREADY}) EXECUTE FUNCTION migrate_refuse('{_KEPT['verifiers']}')",
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

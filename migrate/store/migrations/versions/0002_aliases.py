"""Aliases that people decided, corrected rows, and what a batch was begun with of both.

Aliases and corrections are append-only like the rest: an alias is retired by a later row.
"""

# ruff: noqa: S608 (the names are this file's own)

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KEPT = {
    "aliases": "an alias is never changed or deleted: retire it, and add another",
    "corrections": "what was corrected is never changed or deleted",
}
# REPLACE deletes rows in SQLite without asking the delete triggers
_TAKEN = {
    "aliases": "seq = NEW.seq",
    "corrections": "source_sha256 = NEW.source_sha256 AND row = NEW.row",
}


def upgrade() -> None:
    """Create both tables with their triggers, and widen ``batches``."""
    op.create_table(
        "aliases",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_aliases_seq")),
        sa.CheckConstraint(
            "kind IN ('university', 'field_of_study', 'degree')", name=op.f("ck_aliases_kind")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_aliases")),
    )
    op.create_index(op.f("ix_aliases_kind_key"), "aliases", ["kind", "key"])
    op.create_table(
        "corrections",
        sa.Column("source_sha256", sa.String(64), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sheet", sa.Text(), nullable=True),
        sa.Column("sheet_row", sa.Integer(), nullable=True),
        sa.Column("legacy_id", sa.Text(), nullable=True),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("corrects", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["batches.batch"], name=op.f("fk_corrections_batch")),
        sa.PrimaryKeyConstraint("source_sha256", "row", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_batch"), "corrections", ["batch"])
    # no default: a batch from before had no aliases, and corrected nothing
    op.add_column("batches", sa.Column("aliases_seq", sa.Integer(), nullable=True))
    op.add_column("batches", sa.Column("corrects", sa.Text(), nullable=True))
    op.add_column("batches", sa.Column("corrections_sha256", sa.String(64), nullable=True))
    dialect = op.get_bind().dialect.name
    for statement in _sqlite_triggers() if dialect == "sqlite" else _postgresql_triggers():
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Refused: what people decided must outlive every version of this program."""
    raise NotImplementedError("the second revision of the store cannot be undone")


def _sqlite_triggers() -> list[str]:
    statements = []
    for table, words in _KEPT.items():
        statements += [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{words}'); END"
            for verb in ("UPDATE", "DELETE")
        ]
        statements.append(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}"
            f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {_TAKEN[table]})"
            f" BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )
    return statements


def _postgresql_triggers() -> list[str]:
    statements = []
    for table, words in _KEPT.items():
        for verb, each in (
            ("UPDATE", "FOR EACH ROW"),
            ("DELETE", "FOR EACH ROW"),
            ("TRUNCATE", "FOR EACH STATEMENT"),
        ):
            name = f"{table}_no_{verb.lower()}"
            statements.append(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {each}"
                f" EXECUTE FUNCTION migrate_refuse('{words}')"
            )
            # also where a session plays a replica, which skips ordinary triggers
            statements.append(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
    return statements

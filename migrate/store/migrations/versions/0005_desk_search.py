"""The desk's search: words of names by an index, and who looked at the linker's score.

What is searched by is taken from the cases that are there. Who had the score shown before a decision
is taken from the decisions; of those who looked and have not decided, nothing was kept before.
"""

# ruff: noqa: S608 (the names are this file's own)

from __future__ import annotations

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from migrate.store.case_words import words_of

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_CHUNK = 2000
_SEEN = "that somebody saw a score is never changed or deleted"
_INTO = "INSERT INTO {} (university, word, case_id) VALUES (:university, :word, :case_id)"


def upgrade() -> None:
    """Create the tables and an index, fill them from what is there, and guard what was seen."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "score_views",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "user_id", name=op.f("pk_score_views")),
    )
    _fill_views(sqlite)
    _create_words(sqlite)
    op.create_index(op.f("ix_case_work_university_batch"), "case_work", ["university", "batch"])
    for statement in _sqlite_triggers() if sqlite else _postgresql_triggers():
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Refused: what people saw before they decided must outlive every version of this program."""
    raise NotImplementedError("the fifth revision of the store cannot be undone")


def _fill_views(sqlite: bool) -> None:
    shown = "json_extract(body, '$.score_shown') = 1"
    if not sqlite:
        shown = "(body::json ->> 'score_shown') = 'true'"
    op.execute(
        sa.text(
            "INSERT INTO score_views (case_id, user_id, at) SELECT case_id, actor, min(at)"
            f" FROM decisions WHERE body LIKE '%score_shown%' AND {shown} GROUP BY case_id, actor"
        )
    )


def _create_words(sqlite: bool) -> None:
    """A table filled first and put in order afterwards: ten times as fast as row by row in its order."""
    bind = op.get_bind()
    columns = [
        sa.Column("university", sa.Text(), nullable=False),
        sa.Column("word", sa.Text() if sqlite else sa.Text(collation="C"), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
    ]
    key = sa.PrimaryKeyConstraint("university", "word", "case_id", name=op.f("pk_case_words"))
    if sqlite:
        op.create_table("case_words", *columns, key, sqlite_with_rowid=False)
        op.execute(sa.text("CREATE TEMPORARY TABLE words_found (university, word, case_id)"))
        for chunk in _words(bind):
            bind.execute(sa.text(_INTO.format("words_found")), chunk)
        op.execute(
            sa.text(
                "INSERT INTO case_words SELECT university, word, case_id FROM words_found"
                " ORDER BY university, word, case_id"
            )
        )
        op.execute(sa.text("DROP TABLE words_found"))
        return
    op.create_table("case_words", *columns)
    driver = bind.connection.driver_connection
    for chunk in _words(bind):
        with (
            driver.cursor() as cursor,  # type: ignore[union-attr]
            cursor.copy("COPY case_words (university, word, case_id) FROM STDIN") as copy,
        ):
            for row in chunk:
                copy.write_row((row["university"], row["word"], row["case_id"]))
    op.create_primary_key(op.f("pk_case_words"), "case_words", ["university", "word", "case_id"])
    # a search is planned by what is known of the words
    op.execute(sa.text("ANALYZE case_words"))


def _words(bind: sa.Connection) -> Iterator[list[dict[str, str]]]:
    # read in one go, and never as a whole: asked for in parts, each part would be looked for anew
    rows = bind.execute(
        sa.text(
            "SELECT work.case_id, work.university, one.body FROM case_work AS work"
            " JOIN cases AS one ON one.case_id = work.case_id AND one.version = work.version"
        ),
        execution_options={"yield_per": _CHUNK},
    )
    for part in rows.partitions():
        found = []
        for case_id, university, text in part:
            body = json.loads(text)
            found += [
                {"university": university, "word": word, "case_id": case_id}
                for word in sorted(words_of(body.get("legacy", {}), body.get("legacy_read", {})))
            ]
        if found:
            yield found


def _sqlite_triggers() -> list[str]:
    # REPLACE deletes rows in SQLite without asking the delete triggers
    taken = "case_id = NEW.case_id AND user_id = NEW.user_id"
    return [
        *(
            f"CREATE TRIGGER score_views_no_{verb.lower()} BEFORE {verb} ON score_views"
            f" BEGIN SELECT RAISE(ABORT, '{_SEEN}'); END"
            for verb in ("UPDATE", "DELETE")
        ),
        "CREATE TRIGGER score_views_no_replace BEFORE INSERT ON score_views"
        f" WHEN EXISTS (SELECT 1 FROM score_views WHERE {taken})"
        f" BEGIN SELECT RAISE(ABORT, '{_SEEN}'); END",
    ]


def _postgresql_triggers() -> list[str]:
    statements = []
    for verb, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        name = f"score_views_no_{verb.lower()}"
        statements += [
            f"CREATE TRIGGER {name} BEFORE {verb} ON score_views FOR EACH {each}"
            f" EXECUTE FUNCTION migrate_refuse('{_SEEN}')",
            # also where a session plays a replica, which skips ordinary triggers
            f"ALTER TABLE score_views ENABLE ALWAYS TRIGGER {name}",
        ]
    return statements

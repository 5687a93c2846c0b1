"""Tables of batches and of what people decided: cases, decisions, aliases, corrected rows.

What the columns say here, the migrations create; a test compares the two. Triggers stand in the
migrations only: they refuse to change or delete what was written.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from migrate.review.decisions import VERDICTS
from migrate.store.base import Base
from migrate.store.code_tables import listed

# what a text of a source may stand for by an alias
ALIAS_KINDS = ("university", "field_of_study", "degree")


class BatchRow(Base):
    """A batch, and what it was begun with: the source's content, and the newest entry of aliases.

    ``corrects`` is the batch whose quarantined rows this one takes up again, with the corrections
    in a file of the content ``corrections_sha256``; both are null for a batch of a whole source.
    """

    __tablename__ = "batches"
    __table_args__ = (Index(None, "source_sha256"),)

    batch: Mapped[str] = mapped_column(Text, primary_key=True)
    source_sha256: Mapped[str] = mapped_column(String(64))
    begun_at: Mapped[str] = mapped_column(String(20))
    aliases_seq: Mapped[int | None] = mapped_column(Integer)
    corrects: Mapped[str | None] = mapped_column(Text)
    corrections_sha256: Mapped[str | None] = mapped_column(String(64))


class CaseRow(Base):
    """One version of a case as it was put to a university; ``body`` is its canonical JSON."""

    __tablename__ = "cases"
    __table_args__ = (Index(None, "batch", "university"),)

    case_id: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    batch: Mapped[str] = mapped_column(Text)
    legacy_id: Mapped[str] = mapped_column(Text)
    row: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(String(32))
    university_id: Mapped[str | None] = mapped_column(Text)
    university: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)


class DecisionRow(Base):
    """A university's answer to a version of a case. Never changed: a later one supersedes it, once.

    ``case_digest`` is of the case's version as it was decided; ``body`` is canonical JSON of what
    else was said. A case has one first decision, and each has at most one that supersedes it, so
    just one stands.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "case_version"], ["cases.case_id", "cases.version"]),
        ForeignKeyConstraint(["supersedes", "case_id"], ["decisions.seq", "decisions.case_id"]),
        UniqueConstraint("seq", "case_id"),
        UniqueConstraint("supersedes"),
        Index(
            "uq_decisions_first",
            "case_id",
            unique=True,
            sqlite_where=text("supersedes IS NULL"),
            postgresql_where=text("supersedes IS NULL"),
        ),
        Index(None, "case_id"),
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint(f"verdict IN ({listed(VERDICTS)})", name="verdict"),
        CheckConstraint("needs_second IN (0, 1)", name="needs_second"),
    )

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    case_id: Mapped[str] = mapped_column(Text)
    case_version: Mapped[int] = mapped_column(Integer)
    verdict: Mapped[str] = mapped_column(String(16))
    degree_id: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    case_digest: Mapped[str] = mapped_column(String(64))
    supersedes: Mapped[int | None] = mapped_column(Integer)
    needs_second: Mapped[int] = mapped_column(Integer)
    body: Mapped[str] = mapped_column(Text)


class AliasRow(Base):
    """One entry of the log of aliases, as :class:`migrate.store.aliases.AliasEntry`."""

    __tablename__ = "aliases"
    __table_args__ = (
        Index(None, "kind", "key"),
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint(f"kind IN ({listed(ALIAS_KINDS)})", name="kind"),
    )

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    target: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    at: Mapped[str] = mapped_column(String(20))


class CorrectionRow(Base):
    """A source row that was quarantined, corrected, and settled by ``batch``: once and for all.

    ``changes`` is the canonical JSON of what was corrected: column, original, corrected, by whom.
    """

    __tablename__ = "corrections"
    __table_args__ = (ForeignKeyConstraint(["batch"], ["batches.batch"]), Index(None, "batch"))

    source_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    row: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    sheet: Mapped[str | None] = mapped_column(Text)
    sheet_row: Mapped[int | None] = mapped_column(Integer)
    legacy_id: Mapped[str | None] = mapped_column(Text)
    batch: Mapped[str] = mapped_column(Text)
    corrects: Mapped[str] = mapped_column(Text)
    changes: Mapped[str] = mapped_column(Text)
    at: Mapped[str] = mapped_column(String(20))

"""The tables of the store: batches, codes and their ledger, cases, aliases, corrected rows.

What the columns say here, the migrations create; a test compares the two. Triggers stand in the
migrations only: they refuse to change or delete anything but the state of a code.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ACTIVE = "active"
# what a code can be; only one that is active stands for its degree
STATES = (ACTIVE, "suspended", "revoked", "superseded")
# what a text of a source may stand for by an alias
ALIAS_KINDS = ("university", "field_of_study", "degree")
# a name of its own, so that the store can share a database with others that use Alembic
VERSION_TABLE = "migrate_version"

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What all tables of the store share: one naming of constraints on every database."""

    metadata = MetaData(naming_convention=_NAMES)


class EventRow(Base):
    """One row of the ledger, as :class:`migrate.codes.ledger.LedgerEvent`."""

    __tablename__ = "code_events"
    __table_args__ = (
        UniqueConstraint("hash"),
        UniqueConstraint("seq", "code"),
        Index(None, "code"),
        CheckConstraint("seq >= 1", name="seq"),
    )

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    event: Mapped[str] = mapped_column(String(32))
    code: Mapped[str] = mapped_column(String(20))
    degree_id: Mapped[str] = mapped_column(Text)
    legacy_id: Mapped[str] = mapped_column(Text)
    batch: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[str] = mapped_column(String(20))
    payload: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


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


class CodeRow(Base):
    """A code, what it was issued on, and the event that issued it.

    ``facts`` is the canonical JSON of the degree's facts; ``event_seq`` cannot name an event that
    is not there or is of another code, so there is no code without its row in the ledger.
    """

    __tablename__ = "codes"
    __table_args__ = (
        ForeignKeyConstraint(["event_seq", "code"], ["code_events.seq", "code_events.code"]),
        UniqueConstraint("event_seq"),
        Index(
            "uq_codes_active_degree",
            "degree_id",
            unique=True,
            sqlite_where=text(f"state = '{ACTIVE}'"),
            postgresql_where=text(f"state = '{ACTIVE}'"),
        ),
        Index(None, "batch"),
        # TRIM with a set of characters is the one digit test that both databases have
        CheckConstraint("length(code) = 20 AND trim(code, '0123456789') = ''", name="digits"),
        CheckConstraint(
            "state IN ({})".format(", ".join(f"'{state}'" for state in STATES)), name="state"
        ),
    )

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    scheme: Mapped[int] = mapped_column(Integer)
    degree_id: Mapped[str] = mapped_column(Text)
    legacy_id: Mapped[str] = mapped_column(Text)
    batch: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(16))
    facts: Mapped[str] = mapped_column(Text)
    event_seq: Mapped[int] = mapped_column(Integer)


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


class AliasRow(Base):
    """One entry of the log of aliases, as :class:`migrate.store.aliases.AliasEntry`."""

    __tablename__ = "aliases"
    __table_args__ = (
        Index(None, "kind", "key"),
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint(
            "kind IN ({})".format(", ".join(f"'{kind}'" for kind in ALIAS_KINDS)), name="kind"
        ),
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

"""Tables of codes: the codes, the events that happened to them, the Merkle log over the events.

Triggers stand in the migrations only: nothing here is deleted, and of a code only ``state``,
``state_seq`` and ``superseded_by`` change.
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

from migrate.codes.documents import DOCUMENTS
from migrate.codes.ledger import EVENTS, HOLDING, STATES
from migrate.store.base import Base


def listed(values: tuple[str, ...]) -> str:
    """Values as SQL writes them in a list; they are this program's own words."""
    return ", ".join(f"'{value}'" for value in values)


class EventRow(Base):
    """One event of the ledger, as :class:`migrate.codes.ledger.LedgerEvent`, and its leaf's hash."""

    __tablename__ = "code_events"
    __table_args__ = (
        UniqueConstraint("seq", "code"),
        Index(None, "code"),
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint(f"event IN ({listed(EVENTS)})", name="event"),
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
    salt: Mapped[str] = mapped_column(String(32))
    leaf_hash: Mapped[str] = mapped_column(String(64))


class NodeRow(Base):
    """The root of a perfect subtree of ``256 ** level`` leaves, the ``position``-th of its level."""

    __tablename__ = "log_nodes"
    __table_args__ = (CheckConstraint("level >= 1 AND position >= 0", name="place"),)

    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))


class HeadRow(Base):
    """The tree as a transaction left it; ``frontier`` is :meth:`migrate.codes.merkle.Frontier.text`."""

    __tablename__ = "tree_heads"
    __table_args__ = (CheckConstraint("size >= 1", name="size"),)

    size: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    root: Mapped[str] = mapped_column(String(64))
    frontier: Mapped[str] = mapped_column(Text)
    at: Mapped[str] = mapped_column(String(20))


class SignedHeadRow(Base):
    """A signed note over a tree head, by one key."""

    __tablename__ = "signed_heads"
    __table_args__ = (ForeignKeyConstraint(["size"], ["tree_heads.size"]),)

    size: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[str] = mapped_column(String(20))


class CodeRow(Base):
    """A code, what it was issued on, and the event that issued it.

    ``facts`` is the canonical JSON of the degree's facts; ``event_seq`` cannot name an event that
    is not there or is of another code, so there is no code without its row in the ledger, and no
    state without the event ``state_seq`` that brought it. A suspended code holds its degree as an
    active one does: no other code can be issued beside it.
    """

    __tablename__ = "codes"
    __table_args__ = (
        ForeignKeyConstraint(["event_seq", "code"], ["code_events.seq", "code_events.code"]),
        ForeignKeyConstraint(["state_seq", "code"], ["code_events.seq", "code_events.code"]),
        ForeignKeyConstraint(["decision_seq"], ["decisions.seq"]),
        UniqueConstraint("event_seq"),
        Index(
            "uq_codes_held_degree",
            "degree_id",
            unique=True,
            sqlite_where=text(f"state IN ({listed(HOLDING)})"),
            postgresql_where=text(f"state IN ({listed(HOLDING)})"),
        ),
        Index(None, "degree_id"),
        Index(None, "batch", "legacy_id"),
        # TRIM with a set of characters is the one digit test that both databases have
        CheckConstraint("length(code) = 20 AND trim(code, '0123456789') = ''", name="digits"),
        CheckConstraint(f"state IN ({listed(STATES)})", name="state"),
        CheckConstraint(f"document_type IN ({listed(DOCUMENTS)})", name="document_type"),
        CheckConstraint("(state = 'superseded') = (superseded_by IS NOT NULL)", name="superseded"),
    )

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    scheme: Mapped[int] = mapped_column(Integer)
    degree_id: Mapped[str] = mapped_column(Text)
    legacy_id: Mapped[str] = mapped_column(Text)
    batch: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[str] = mapped_column(String(20))
    document_type: Mapped[str] = mapped_column(String(16))
    facts: Mapped[str] = mapped_column(Text)
    event_seq: Mapped[int] = mapped_column(Integer)
    decision_seq: Mapped[int | None] = mapped_column(Integer)
    replaces: Mapped[str | None] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(16))
    state_seq: Mapped[int] = mapped_column(Integer)
    superseded_by: Mapped[str | None] = mapped_column(String(20))

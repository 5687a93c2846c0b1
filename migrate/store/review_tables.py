"""Tables of the review: who may decide, the queue of cases, second persons, proposals, imports."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from migrate.review.decisions import APPROVALS
from migrate.review.roles import OF_UNIVERSITY, ROLES
from migrate.store.base import Base
from migrate.store.code_tables import listed

# open: to be decided. awaiting: a second person. decided: by one, or by two where it needs two
WORK_STATES = ("open", "awaiting", "decided")
PROPOSAL_KINDS = ("change", "degree", "graduate")


class UserRow(Base):
    """A named user of the review desk. Who it is, of which university, and the role never change.

    ``university`` is ``migrate.review.addressee``'s key, null for the ministry's own. A password is
    kept as its Argon2 hash; a user of an OpenID provider is known by ``issuer`` and ``subject``.
    """

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("issuer", "subject"),
        CheckConstraint(f"role IN ({listed(ROLES)})", name="role"),
        CheckConstraint(
            f"(role IN ({listed(OF_UNIVERSITY)})) = (university IS NOT NULL)", name="university"
        ),
    )

    user_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(16))
    university: Mapped[str | None] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text)
    issuer: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[str] = mapped_column(String(20))
    created_by: Mapped[str] = mapped_column(Text)
    disabled_at: Mapped[str | None] = mapped_column(String(20))
    disabled_by: Mapped[str | None] = mapped_column(Text)


class SessionRow(Base):
    """A session at the desk, by the SHA-256 of its token. Times are seconds since 1970 (UTC)."""

    __tablename__ = "sessions"
    __table_args__ = (ForeignKeyConstraint(["user_id"], ["users.user_id"]), Index(None, "user_id"))

    token_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(64))
    csrf: Mapped[str] = mapped_column(String(64))
    begun_at: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)


class SignInRow(Base):
    """One try to sign in, for the lock-out and for auditors. Purged after its time."""

    __tablename__ = "sign_ins"
    __table_args__ = (Index(None, "user_id", "at"), Index(None, "address", "at"), Index(None, "at"))

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    user_id: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[str] = mapped_column(String(16))


class WorkRow(Base):
    """A case in its university's queue: where it stands, and who is at it. Follows cases and decisions.

    ``opened_on`` and ``due_on`` are ISO days; ``leased_until`` is seconds since 1970 (UTC). ``model`` is
    the SHA-256 of the trained model that the batch was linked by, '' where it is not known.
    """

    __tablename__ = "case_work"
    __table_args__ = (
        CheckConstraint(f"state IN ({listed(WORK_STATES)})", name="state"),
        Index("ix_case_work_queue", "university", "state", "due_on", "case_id"),
        Index(None, "batch"),
        Index(None, "legacy_id"),
        # of those who see all universities
        Index(None, "state", "due_on", "case_id"),
        Index(None, "university", "leased_by"),
        Index(None, "university", "batch"),
    )

    case_id: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    batch: Mapped[str] = mapped_column(Text)
    legacy_id: Mapped[str] = mapped_column(Text)
    row: Mapped[int] = mapped_column(Integer)
    university: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    opened_on: Mapped[str] = mapped_column(String(10))
    due_on: Mapped[str] = mapped_column(String(10))
    model: Mapped[str] = mapped_column(String(64))
    leased_by: Mapped[str | None] = mapped_column(String(64))
    leased_until: Mapped[int | None] = mapped_column(BigInteger)


class CaseWordRow(Base):
    """A word of a name on a case, for the desk's search within a university: see ``store.case_words``.

    ``word`` is compared byte by byte, so that one index finds what begins alike on either database.
    """

    __tablename__ = "case_words"
    __table_args__ = ({"sqlite_with_rowid": False},)

    university: Mapped[str] = mapped_column(Text, primary_key=True)
    word: Mapped[str] = mapped_column(
        Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True
    )
    case_id: Mapped[str] = mapped_column(Text, primary_key=True)


class ScoreViewRow(Base):
    """That somebody looked at the linker's score of a case. Never changed: what is seen stays seen."""

    __tablename__ = "score_views"

    case_id: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[str] = mapped_column(String(20))


class ApprovalRow(Base):
    """What a second person said of a decision: once, and never the one who decided."""

    __tablename__ = "approvals"
    __table_args__ = (
        ForeignKeyConstraint(["decision_seq"], ["decisions.seq"]),
        CheckConstraint(f"verdict IN ({listed(APPROVALS)})", name="verdict"),
    )

    decision_seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    verdict: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)


class ProposalRow(Base):
    """What a decision proposes to the registry: a change of one field, a degree, a graduate.

    ``old`` and ``new`` are JSON: a text for a change, a row in the registry's shape for the others.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        ForeignKeyConstraint(["decision_seq"], ["decisions.seq"]),
        CheckConstraint(f"kind IN ({listed(PROPOSAL_KINDS)})", name="kind"),
        Index(None, "decision_seq"),
    )

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    decision_seq: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))
    degree_id: Mapped[str | None] = mapped_column(Text)
    person_id: Mapped[str | None] = mapped_column(Text)
    field: Mapped[str | None] = mapped_column(Text)
    old: Mapped[str | None] = mapped_column(Text)
    new: Mapped[str] = mapped_column(Text)


class ProposalEventRow(Base):
    """What became of a proposal: exported, applied, refused. Never changed."""

    __tablename__ = "proposal_events"
    __table_args__ = (ForeignKeyConstraint(["proposal_seq"], ["proposals.seq"]),)

    proposal_seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)


class ImportRow(Base):
    """A returned workbook that was taken in, by the SHA-256 of its bytes. Never changed."""

    __tablename__ = "imports"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    file: Mapped[str] = mapped_column(Text)
    university: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[str] = mapped_column(String(20))
    counts: Mapped[str] = mapped_column(Text)


class SecretRow(Base):
    """A secret of this store, as the one that the tokens of packets are made with. Never changed."""

    __tablename__ = "store_secrets"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(64))

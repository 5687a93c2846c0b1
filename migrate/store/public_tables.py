"""Tables of the public side: graduates' requests, registered verifiers, inquiries, their limits."""

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

from migrate.store.base import Base


class RequestRow(Base):
    """A graduate's request for a code, as it was received. Never changed.

    ``body`` is the canonical JSON of the identity and the diploma's data, ``digest`` its SHA-256;
    ``scans`` is a JSON list of ``{"sha256", "path"}``; ``applied_on`` is Solar Hijri, 1402-05-01.
    """

    __tablename__ = "requests"
    __table_args__ = (Index(None, "digest"),)

    tracking_no: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    applied_on: Mapped[str] = mapped_column(String(10))
    received_at: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    scans: Mapped[str] = mapped_column(Text)


class RequestEventRow(Base):
    """What became of a request, step by step: ``n`` runs from 1. Never changed."""

    __tablename__ = "request_events"
    __table_args__ = (
        ForeignKeyConstraint(["tracking_no"], ["requests.tracking_no"]),
        CheckConstraint("n >= 1", name="n"),
        Index(None, "batch", "legacy_id"),
    )

    tracking_no: Mapped[str] = mapped_column(String(32), primary_key=True)
    n: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(16))
    at: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(Text)
    batch: Mapped[str | None] = mapped_column(Text)
    legacy_id: Mapped[str | None] = mapped_column(Text)
    rule: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)


class VerifierRow(Base):
    """A registered verifier: of its key only the SHA-256 is kept. It can be revoked, once."""

    __tablename__ = "verifiers"
    __table_args__ = (
        UniqueConstraint("key_digest"),
        CheckConstraint("per_minute >= 1", name="per_minute"),
    )

    verifier_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    key_digest: Mapped[str] = mapped_column(String(64))
    per_minute: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[str] = mapped_column(String(20))
    created_by: Mapped[str] = mapped_column(Text)
    revoked_at: Mapped[str | None] = mapped_column(String(20))
    revoked_by: Mapped[str | None] = mapped_column(Text)


class InquiryRow(Base):
    """One look-up of a code, by the code's digest. Purged after its time."""

    __tablename__ = "inquiries"
    __table_args__ = (Index(None, "code_digest"), Index(None, "at"))

    # SQLite counts up by itself only in a column that is just INTEGER
    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    at: Mapped[str] = mapped_column(String(20))
    code_digest: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    answer: Mapped[str] = mapped_column(String(16))
    verifier_id: Mapped[str | None] = mapped_column(String(32))


class LimitRow(Base):
    """A bucket of the rate limiter: when it will be empty again, in microseconds since 1970 (UTC)."""

    __tablename__ = "limits"

    bucket: Mapped[str] = mapped_column(Text, primary_key=True)
    tat: Mapped[int] = mapped_column(BigInteger)

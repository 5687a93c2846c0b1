"""The log of look-ups, by the code's digest: what the holder of a code may see, and no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine, delete, func, insert, literal, select
from sqlalchemy.sql import ColumnElement

from migrate.persian.calendars import solar_text
from migrate.store.public_tables import InquiryRow

# what counts as a look-up of somebody else; a holder's own view does not
LOOK_UPS = ("inquiry", "match", "bulk")
KINDS = (*LOOK_UPS, "holder")
KEEP_DAYS = 731
_CHUNK = 5_000
_LOGGED = 1_000


@dataclass(frozen=True)
class Entry:
    """One look-up: digest of the code, kind, answer, and the verifier whose key was used."""

    code_digest: str
    kind: str
    answer: str
    verifier_id: str | None = None


@dataclass(frozen=True)
class Count:
    """How often a code was looked up.

    :ivar total: within the time that the log is kept.
    :ivar months: (month, look-ups), newest first; a month is Solar Hijri, '1405-09'.
    """

    total: int
    months: tuple[tuple[str, int], ...]


def log(engine: Engine, entries: Sequence[Entry]) -> None:
    """Write look-ups down, by the database's clock, in one transaction.

    :param engine: an engine for the log: neither ``writing`` nor its lock is used.
    :raises ValueError: for a kind that is not known.
    """
    for entry in entries:
        if entry.kind not in KINDS:
            raise ValueError(f"no kind of inquiry: {entry.kind!r}")
    with engine.begin() as connection:
        statement = insert(InquiryRow).values(at=_clock(connection))
        for start in range(0, len(entries), _LOGGED):
            connection.execute(
                statement, [vars(entry) for entry in entries[start : start + _LOGGED]]
            )


def count(connection: Connection, code_digest: str) -> Count:
    """How often a code was looked up by anybody but its holder, in all and by month.

    :param connection: a transaction that reads the log.
    """
    day = func.substr(InquiryRow.at, 1, 10)
    rows = connection.execute(
        select(day, func.count())
        .where(InquiryRow.code_digest == code_digest, InquiryRow.kind.in_(LOOK_UPS))
        .group_by(day)
    )
    months: Counter[str] = Counter()
    for found, times in rows:
        months[solar_text(date.fromisoformat(found))[:7]] += times
    return Count(months.total(), tuple(sorted(months.items(), reverse=True)))


def purge(engine: Engine, *, keep_days: int = KEEP_DAYS) -> int:
    """Delete look-ups older than so many days, and give how many went.

    :raises ValueError: for less than one day.
    """
    if keep_days < 1:
        raise ValueError("at least one day is kept")
    deleted = 0
    while True:
        with engine.begin() as connection:
            old = (
                select(InquiryRow.seq)
                .where(InquiryRow.at < _clock(connection, days_ago=keep_days))
                .limit(_CHUNK)
            )
            found = connection.execute(delete(InquiryRow).where(InquiryRow.seq.in_(old))).rowcount
        deleted += found
        if found < _CHUNK:
            return deleted


def _clock(connection: Connection, *, days_ago: int = 0) -> ColumnElement[str]:
    """The database's time as the log writes it, so many days ago: an expression, no query."""
    if connection.dialect.name == "postgresql":
        seconds = func.make_interval(0, 0, 0, days_ago)
        utc = func.timezone("UTC", func.clock_timestamp() - seconds)
        return func.to_char(utc, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    return func.strftime(literal("%Y-%m-%dT%H:%M:%SZ"), "now", f"-{days_ago} days")

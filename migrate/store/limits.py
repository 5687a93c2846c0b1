"""Rate limits on the shared database: exact under any number of processes, by the database's clock.

The generic cell rate algorithm (ITU-T I.371, the virtual scheduling algorithm): a bucket is one
number, the time at which it will be empty again. A request of cost n moves that time on by n
emission intervals from the later of it and now, and fits where the result lies at most the
burst's length ahead. No request is counted, no window turns over, and a row that lies in the past
may be deleted at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, Engine, TextClause, delete, select, text

from migrate.store.public_tables import LimitRow

_SECOND = 1_000_000
# rows deleted at once: a purge must never hold others up
_CHUNK = 1_000


@dataclass(frozen=True)
class Rate:
    """How much a bucket takes: ``per_minute`` units in the long run, ``burst`` units at once.

    :raises ValueError: where either is not positive.
    """

    per_minute: float
    burst: int

    def __post_init__(self) -> None:
        if self.per_minute <= 0 or self.burst < 1:
            raise ValueError(f"a rate must be positive: {self}")

    @property
    def interval(self) -> int:
        """Microseconds that one unit takes to drain."""
        return max(1, round(60 * _SECOND / self.per_minute))

    @property
    def tolerance(self) -> int:
        """Microseconds that a full bucket takes to drain."""
        return self.interval * self.burst


@dataclass(frozen=True)
class Charge:
    """A cost put on a bucket. A cost above the burst can never fit."""

    bucket: str
    rate: Rate
    cost: int = 1


@dataclass(frozen=True)
class Verdict:
    """Whether all charges fit; else the bucket that refused, and the seconds until it would not."""

    allowed: bool
    bucket: str = ""
    retry_after: int = 0


ALLOWED = Verdict(True)


def take(engine: Engine, charges: Sequence[Charge]) -> Verdict:
    """Charge all buckets, or none where one of them has no room.

    One statement, the buckets in one order everywhere, so that two requests never wait for each
    other in a circle.

    :param engine: an engine for the limits alone: neither ``writing`` nor its lock is used. One
        that commits each statement by itself saves two trips to the server for a single bucket.
    :param charges: each bucket at most once.
    :raises ValueError: for a bucket named twice.
    :raises sqlalchemy.exc.DBAPIError: when the database fails; the caller must then refuse.
    """
    wanted = sorted((one for one in charges if one.cost), key=lambda one: one.bucket)
    if len({one.bucket for one in wanted}) != len(wanted):
        raise ValueError("a bucket is charged twice in one request")
    if not wanted:
        return ALLOWED
    for one in wanted:
        if one.cost > one.rate.burst:
            return Verdict(False, one.bucket, _seconds(one.rate.tolerance))
    with _connected(engine, single=len(wanted) == 1) as connection:
        fitting = _upsert(connection, wanted, only_fitting=True)
        refused = [one for one in wanted if one.bucket not in fitting]
        if not refused:
            connection.commit()
            return ALLOWED
        connection.rollback()
        return _refusal(connection, refused[0])


def charge(engine: Engine, charges: Sequence[Charge]) -> None:
    """Charge all buckets, room or none: what has happened already is paid for by waiting longer."""
    wanted = sorted((one for one in charges if one.cost), key=lambda one: one.bucket)
    if wanted:
        with _connected(engine, single=True) as connection:
            _upsert(connection, wanted, only_fitting=False)
            connection.commit()


def fits(engine: Engine, wanted: Charge) -> Verdict:
    """Whether a charge would fit now; nothing is charged."""
    with _connected(engine, single=True) as connection:
        wait = _wait(connection, wanted)
        connection.rollback()
    return ALLOWED if wait <= 0 else Verdict(False, wanted.bucket, _seconds(wait))


def purge(engine: Engine) -> int:
    """Delete buckets that are empty by now, and give how many. They say nothing any more."""
    deleted = 0
    while True:
        with engine.begin() as connection:
            old = select(LimitRow.bucket).where(LimitRow.tat < _now(connection)).limit(_CHUNK)
            # a bucket that is being charged is in use, and the purge waits for nobody
            old = old.with_for_update(skip_locked=True)
            found = connection.execute(delete(LimitRow).where(LimitRow.bucket.in_(old))).rowcount
        deleted += found
        if found < _CHUNK:
            return deleted


@contextmanager
def _connected(engine: Engine, *, single: bool) -> Iterator[Connection]:
    with engine.connect() as connection:
        if not single and engine.dialect.name == "postgresql":
            # one statement is a transaction already: such an engine commits each by itself
            connection = connection.execution_options(isolation_level="READ COMMITTED")
        yield connection


def _upsert(
    connection: Connection, wanted: Sequence[Charge], *, only_fitting: bool
) -> frozenset[str]:
    statement = _statement(connection.dialect.name, len(wanted), only_fitting)
    parameters: dict[str, object] = {}
    for place, one in enumerate(wanted):
        parameters |= {f"b{place}": one.bucket, f"c{place}": one.cost * one.rate.interval}
        if only_fitting:
            parameters[f"t{place}"] = one.rate.tolerance
    return frozenset(connection.execute(statement, parameters).scalars())


@cache
def _statement(dialect: str, count: int, only_fitting: bool) -> TextClause:
    """Names and numbers of bound parameters differ by ``count`` alone: no value is in the text."""
    now = _CLOCK[dialect]
    later = f"{'greatest' if dialect == 'postgresql' else 'max'}(limits.tat, {now})"
    rows = ", ".join(f"(:b{n}, {now} + CAST(:c{n} AS BIGINT))" for n in range(count))
    sql = (
        f"INSERT INTO limits (bucket, tat) VALUES {rows} "  # noqa: S608
        f"ON CONFLICT (bucket) DO UPDATE SET tat = {later} + excluded.tat - {now}"
    )
    if only_fitting:
        bound = " ".join(f"WHEN :b{n} THEN CAST(:t{n} AS BIGINT)" for n in range(count))
        sql += f" WHERE {later} - {now} + excluded.tat - {now} <= CASE excluded.bucket {bound} END"
    return text(sql + " RETURNING bucket")


# the same at every mention in one statement, so that a cost is what it is
_CLOCK = {
    "postgresql": "CAST(extract(epoch FROM statement_timestamp()) * 1000000 AS BIGINT)",
    "sqlite": "(CAST(round((julianday('now') - 2440587.5) * 86400000) AS BIGINT) * 1000)",
}


def _now(connection: Connection) -> int:
    clock = text(f"SELECT {_CLOCK[connection.dialect.name]}")
    return int(connection.execute(clock).scalar_one())


def _refusal(connection: Connection, refused: Charge) -> Verdict:
    wait = _wait(connection, refused)
    connection.rollback()
    return Verdict(False, refused.bucket, _seconds(wait))


def _wait(connection: Connection, wanted: Charge) -> int:
    """Microseconds until a charge fits; not above zero where it does now."""
    held = select(LimitRow.tat).where(LimitRow.bucket == wanted.bucket)
    tat = connection.execute(held).scalar_one_or_none() or 0
    ahead = max(tat - _now(connection), 0)
    return ahead + wanted.cost * wanted.rate.interval - wanted.rate.tolerance


def _seconds(microseconds: int) -> int:
    return max(1, -(-microseconds // _SECOND))

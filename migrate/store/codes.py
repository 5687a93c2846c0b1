"""Codes in the store: issued once a degree, in one transaction with their rows in the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Row, insert, select
from sqlalchemy.exc import IntegrityError

from migrate.codes.issuing import (
    IssuedCode,
    IssueRequest,
    IssueResult,
    canonical_json,
    differing,
    sha256_text,
)
from migrate.codes.ledger import GENESIS, LedgerEvent, sealed
from migrate.codes.numbers import SCHEME, new_code
from migrate.errors import RunError
from migrate.store.engine import now, reading, writing
from migrate.store.tables import ACTIVE, BatchRow, CodeRow, EventRow

Progress = Callable[[int, int, str], None]
_T = TypeVar("_T")

# bound parameters in one statement: far below what either database takes
_CHUNK = 500
# the odds of a clash are under one in 10^13 a code: more than this and the random source is broken
_ATTEMPTS = 8
_CODE = (
    CodeRow.code,
    CodeRow.scheme,
    CodeRow.degree_id,
    CodeRow.legacy_id,
    CodeRow.batch,
    CodeRow.issued_at,
)
_Facts = Mapping[str, str | None]


def issue(
    engine: Engine,
    requests: Sequence[IssueRequest],
    *,
    batch: str,
    actor: str,
    progress: Progress | None = None,
) -> IssueResult:
    """Give each degree asked for its code, in one transaction: all of them or, on any error, none.

    A degree that has an active code keeps it, so this may be repeated, and be done by several
    processes at once. A record that has a code from another batch of the very same source, for
    another degree, gets no second one: that code is among those ``elsewhere``. Each new code has an
    ``issued`` event in the ledger, in the order of the requests; its payload holds the scheme and
    the SHA-256 of the facts' canonical JSON.

    :param engine: the store, as ``open_store`` gives it.
    :param requests: the degrees. Asked for twice in one call, a degree gets one code, for the
        first record that asks.
    :param batch: the batch that asks; all requests must name it.
    :param actor: who or what issues, for the ledger.
    :param progress: told (done, total, "codes") as new codes are made.
    :raises RunError: when an active code of a degree was issued on other facts than those of the
        request: another registry uses the same degree_id for somebody else. Nothing is issued
        then. Also when the database fails.
    :raises ValueError: when a request names another batch.
    """
    for request in requests:
        if request.batch != batch:
            raise ValueError(f"a request of batch {request.batch!r} among those of {batch!r}")
    wanted = _one_a_degree(requests)
    for attempt in range(_ATTEMPTS):
        try:
            with writing(engine) as connection:
                return _issue(connection, wanted, batch, actor, progress or _silent)
        except RunError as error:
            # a writer that takes no lock got in between: look again at what is there now
            if not isinstance(error.__cause__, IntegrityError) or attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def disputed(engine: Engine, facts: Mapping[str, _Facts]) -> dict[str, tuple[str, ...]]:
    """Degrees whose active code was issued on other facts, with the names of those that differ.

    :param facts: what a registry says of each degree, by degree_id, as in a request.
    """
    with reading(engine) as connection:
        found = {
            row.degree_id: tuple(
                name for name, _, _ in differing(json.loads(row.facts), facts[row.degree_id])
            )
            for row in _active(connection, list(facts))
        }
    return {degree_id: names for degree_id, names in found.items() if names}


def codes_of_batch(engine: Engine, batch: str) -> list[IssuedCode]:
    """The active codes that a batch issued, in the order they were issued."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(*_CODE)
            .where(CodeRow.batch == batch, CodeRow.state == ACTIVE)
            .order_by(CodeRow.event_seq)
        )
        return [IssuedCode(*row) for row in rows]


def active_codes(engine: Engine) -> dict[str, IssuedCode]:
    """The active code of each degree that has one, by degree_id, in the order of issue."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(*_CODE).where(CodeRow.state == ACTIVE).order_by(CodeRow.event_seq)
        )
        return {row.degree_id: IssuedCode(*row) for row in rows}


def ledger(engine: Engine) -> list[LedgerEvent]:
    """All events of the ledger, from the first, for :func:`migrate.codes.ledger.first_broken`."""
    with reading(engine) as connection:
        columns = EventRow.__table__.columns
        rows = connection.execute(select(*columns).order_by(EventRow.seq))
        return [LedgerEvent(**row._mapping) for row in rows]


def _one_a_degree(requests: Sequence[IssueRequest]) -> dict[str, IssueRequest]:
    wanted: dict[str, IssueRequest] = {}
    for request in requests:
        first = wanted.setdefault(request.degree_id, request)
        _refuse(
            request.degree_id, f"record {first.legacy_id}", first.degree_facts, request.degree_facts
        )
    return wanted


def _issue(
    connection: Connection,
    wanted: Mapping[str, IssueRequest],
    batch: str,
    actor: str,
    progress: Progress,
) -> IssueResult:
    held: dict[str, IssuedCode] = {}
    for row in _active(connection, list(wanted)):
        _refuse_other_facts(row, wanted[row.degree_id].degree_facts)
        held[row.degree_id] = IssuedCode(*row[: len(_CODE)])
    new = [request for degree_id, request in wanted.items() if degree_id not in held]
    coded = _of_records(connection, batch, [request.legacy_id for request in new])
    issued = _insert(
        connection, [one for one in new if one.legacy_id not in coded], actor, progress
    )
    kept = [held[degree_id] for degree_id in wanted if degree_id in held]
    withheld = [coded[one.legacy_id] for one in new if one.legacy_id in coded]
    return IssueResult(
        issued=tuple(issued),
        repeated=tuple(code for code in kept if code.batch == batch),
        elsewhere=(*(code for code in kept if code.batch != batch), *withheld),
    )


def _active(connection: Connection, degree_ids: list[str]) -> Iterator[Any]:
    for chunk in _chunks(degree_ids):
        yield from connection.execute(
            select(*_CODE, CodeRow.facts)
            .where(CodeRow.degree_id.in_(chunk), CodeRow.state == ACTIVE)
            .order_by(CodeRow.event_seq)
        )


def _of_records(connection: Connection, batch: str, legacy_ids: list[str]) -> dict[str, IssuedCode]:
    """The active code of each record that has one from another batch of the very same source."""
    source = select(BatchRow.source_sha256).where(BatchRow.batch == batch).scalar_subquery()
    found: dict[str, IssuedCode] = {}
    for chunk in _chunks(legacy_ids):
        rows = connection.execute(
            select(*_CODE)
            .join(BatchRow, BatchRow.batch == CodeRow.batch)
            .where(
                BatchRow.source_sha256 == source,
                CodeRow.batch != batch,
                CodeRow.legacy_id.in_(chunk),
                CodeRow.state == ACTIVE,
            )
            .order_by(CodeRow.event_seq)
        )
        found |= {row.legacy_id: IssuedCode(*row) for row in rows}
    return found


def _insert(
    connection: Connection, requests: list[IssueRequest], actor: str, progress: Progress
) -> list[IssuedCode]:
    last = connection.execute(
        select(EventRow.seq, EventRow.hash).order_by(EventRow.seq.desc()).limit(1)
    ).one_or_none()
    seq, previous = (last.seq, last.hash) if last is not None else (0, GENESIS)
    at = now(connection)
    issued: list[IssuedCode] = []
    for chunk in _chunks(requests):
        events, codes = [], []
        for request, code in zip(chunk, _free_codes(connection, len(chunk)), strict=True):
            facts = canonical_json(dict(request.degree_facts))
            seq += 1
            event = sealed(
                LedgerEvent(
                    seq=seq,
                    event="issued",
                    code=code,
                    degree_id=request.degree_id,
                    legacy_id=request.legacy_id,
                    batch=request.batch,
                    actor=actor,
                    at=at,
                    payload=canonical_json({"facts_sha256": sha256_text(facts), "scheme": SCHEME}),
                    previous=previous,
                )
            )
            previous = event.hash
            value = IssuedCode(
                code=code,
                scheme=SCHEME,
                degree_id=request.degree_id,
                legacy_id=request.legacy_id,
                batch=request.batch,
                issued_at=at,
            )
            events.append(vars(event))
            codes.append({**asdict(value), "state": ACTIVE, "facts": facts, "event_seq": seq})
            issued.append(value)
        connection.execute(insert(EventRow), events)
        connection.execute(insert(CodeRow), codes)
        progress(len(issued), len(requests), "codes")
    return issued


def _free_codes(connection: Connection, count: int) -> list[str]:
    """So many new codes, none of which is in the store or twice among them."""
    free: dict[str, None] = {}
    for _ in range(_ATTEMPTS):
        drawn = dict.fromkeys(new_code() for _ in range(count - len(free)))
        taken = set(
            connection.execute(select(CodeRow.code).where(CodeRow.code.in_(list(drawn)))).scalars()
        )
        free |= {code: None for code in drawn if code not in taken}
        if len(free) == count:
            return list(free)
    raise RunError(
        "new codes keep falling on old ones: the random source is broken",
        fix="Issue nothing on this machine until its random source is mended",
    )


def _refuse_other_facts(row: Row[Any], asked: _Facts) -> None:
    _refuse(row.degree_id, f"the code of batch {row.batch}", json.loads(row.facts), asked)


def _refuse(degree_id: str, holder: str, held: _Facts, asked: _Facts) -> None:
    different = [
        f"{name} is {there or 'empty'} there and {here or 'empty'} here"
        for name, there, here in differing(held, asked)
    ]
    if different:
        raise RunError(
            f"degree {degree_id} is not the one that {holder} stands for: {'; '.join(different)}",
            column="degree_id",
            fix="Nothing was issued. Where another registry uses the same degree_id for somebody "
            "else, give its batches a store of their own",
        )


def _chunks(values: list[_T]) -> Iterator[list[_T]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def _silent(_done: int, _total: int, _what: str) -> None:
    """Progress that nobody watches."""

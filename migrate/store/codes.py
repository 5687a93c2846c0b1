"""Codes in the store: issued once a degree, in one transaction with their rows in the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Row, select
from sqlalchemy.exc import IntegrityError

from migrate.codes.documents import outranks
from migrate.codes.issuing import IssuedCode, IssueRequest, IssueResult, Refusal, differing
from migrate.codes.ledger import ACTIVE, HOLDING, LedgerEvent
from migrate.codes.policy import Ruling, day_in_tehran, ruling
from migrate.errors import RunError
from migrate.store import ledger as store_ledger
from migrate.store.code_tables import CodeRow
from migrate.store.contested import contested_records
from migrate.store.engine import now, reading, writing
from migrate.store.issued import Issue, free_codes, write_issued
from migrate.store.ledger import appending
from migrate.store.standing import not_standing
from migrate.store.tables import BatchRow

Progress = Callable[[int, int, str], None]
_T = TypeVar("_T")

# bound parameters in one statement: far below what either database takes
_CHUNK = 500
# rows written at once
_WRITTEN = 1000
# a writer that takes no lock may come in between so often
_ATTEMPTS = 8
_CODE = (
    CodeRow.code,
    CodeRow.scheme,
    CodeRow.degree_id,
    CodeRow.legacy_id,
    CodeRow.batch,
    CodeRow.issued_at,
    CodeRow.document_type,
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
    ``issued`` event in the ledger, in the order of the requests.

    Refused, one by one, is what the issuing policy does not allow by its channel and date; what
    rests on a decision that no longer stands, or says something else; a record that somebody opened
    a case of, without a decision that confirms it; a degree whose code is
    suspended; and one whose last code was revoked: that one a person gives a new code, or nobody.

    :param engine: the store, as ``open_store`` gives it.
    :param requests: the degrees. Asked for twice in one call, a degree gets one code, for the
        first record that asks.
    :param batch: the batch that asks; all requests must name it.
    :param actor: who or what issues, for the ledger.
    :param progress: told (done, total, "codes") as new codes are made.
    :raises RunError: when the code of a degree, and those before it, were issued on other facts than
        those of the request: another registry uses the same degree_id for somebody else. Nothing is
        issued then. Also when the database fails.
    :raises InputError: for a channel that the policy does not know, or a date that is none.
    :raises ValueError: when a request names another batch.
    """
    for request in requests:
        if request.batch != batch:
            raise ValueError(f"a request of batch {request.batch!r} among those of {batch!r}")
    for attempt in range(_ATTEMPTS):
        try:
            with writing(engine) as connection:
                return _issue(connection, requests, batch, actor, progress or _silent)
        except RunError as error:
            # a writer that takes no lock got in between: look again at what is there now
            if not isinstance(error.__cause__, IntegrityError) or attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def disputed(engine: Engine, facts: Mapping[str, _Facts]) -> dict[str, tuple[str, ...]]:
    """Degrees whose code was issued on other facts, with the names of those that differ.

    :param facts: what a registry says of each degree, by degree_id, as in a request.
    """
    with reading(engine) as connection:
        found = {
            row.degree_id: tuple(
                name for name, _, _ in differing(json.loads(row.facts), facts[row.degree_id])
            )
            for row in _held(connection, list(facts))
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
    """All events of the ledger, the first one first."""
    with reading(engine) as connection:
        return store_ledger.events(connection)


def _issue(
    connection: Connection,
    requests: Sequence[IssueRequest],
    batch: str,
    actor: str,
    progress: Progress,
) -> IssueResult:
    refused = _refused(connection, requests)
    wanted = _one_a_degree([one for at, one in enumerate(requests) if at not in refused])
    held: dict[str, IssuedCode] = {}
    suspended: dict[str, str] = {}
    for row in _held(connection, list(wanted)):
        _refuse_other_facts(connection, row, wanted[row.degree_id].degree_facts)
        if row.state == ACTIVE:
            held[row.degree_id] = IssuedCode(*row[: len(_CODE)])
        else:
            suspended[row.degree_id] = row.code
    left = [one for degree_id, one in wanted.items() if degree_id not in held]
    barred = _barred(connection, left, suspended)
    new = [one for one in left if one.degree_id not in barred]
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
        refused=(*refused.values(), *barred.values()),
        outranked=tuple(
            code
            for code in kept
            if outranks(wanted[code.degree_id].document_type, code.document_type)
        ),
    )


def _refused(connection: Connection, requests: Sequence[IssueRequest]) -> dict[int, Refusal]:
    """Requests that the policy, the decision they rest on, or an open case refuses, by place."""
    today = day_in_tehran(now(connection))
    rulings: dict[tuple[str, str | None], Ruling] = {}
    refused: dict[int, Refusal] = {}
    decided = [
        (one.decision_seq, one.degree_id, one.batch, one.legacy_id)
        for one in requests
        if one.decision_seq is not None
    ]
    fallen = not_standing(connection, decided)
    contested = contested_records(connection, requests[0].batch) if requests else {}
    for at, one in enumerate(requests):
        way = (one.channel, one.applied_on)
        if way not in rulings:
            rulings[way] = ruling(one.channel, applied_on=one.applied_on, on=today, act="issuing")
        said = rulings[way]
        if not said.allowed:
            words = " ".join(part.en for part in (said.words, said.instead) if part is not None)
            refused[at] = Refusal(one, said.rule, words)
        elif one.decision_seq in fallen:
            refused[at] = Refusal(one, "decision", fallen[one.decision_seq])
        elif one.decision_seq is None and one.legacy_id in contested:
            refused[at] = Refusal(one, "case", contested[one.legacy_id])
    return refused


def _one_a_degree(requests: Sequence[IssueRequest]) -> dict[str, IssueRequest]:
    wanted: dict[str, IssueRequest] = {}
    for request in requests:
        first = wanted.setdefault(request.degree_id, request)
        _refuse(
            request.degree_id, f"record {first.legacy_id}", first.degree_facts, request.degree_facts
        )
    return wanted


def _barred(
    connection: Connection, requests: Sequence[IssueRequest], suspended: Mapping[str, str]
) -> dict[str, Refusal]:
    """Requests for degrees whose code is suspended, or whose last one was revoked, by degree."""
    barred: dict[str, Refusal] = {}
    asked = {one.degree_id: one for one in requests}
    for degree_id, one in asked.items():
        if degree_id in suspended:
            barred[degree_id] = Refusal(
                one,
                "suspended",
                f"the degree has code {suspended[degree_id]}, which is suspended: reinstate or "
                "replace that one",
            )
    for chunk in _chunks([name for name in asked if name not in barred], _CHUNK):
        rows = connection.execute(
            select(CodeRow.degree_id, CodeRow.code)
            .where(CodeRow.degree_id.in_(chunk), CodeRow.state == "revoked")
            .order_by(CodeRow.state_seq)
        )
        for row in rows:
            barred[row.degree_id] = Refusal(
                asked[row.degree_id],
                "revoked",
                f"the degree's code {row.code} was revoked: `migrate code replace` gives it a new "
                "one, by a person who says why",
            )
    return barred


def _held(connection: Connection, degree_ids: list[str]) -> Iterator[Any]:
    for chunk in _chunks(degree_ids, _CHUNK):
        yield from connection.execute(
            select(*_CODE, CodeRow.facts, CodeRow.state)
            .where(CodeRow.degree_id.in_(chunk), CodeRow.state.in_(HOLDING))
            .order_by(CodeRow.event_seq)
        )


def _of_records(connection: Connection, batch: str, legacy_ids: list[str]) -> dict[str, IssuedCode]:
    """The active code of each record that has one from another batch of the very same source."""
    source = select(BatchRow.source_sha256).where(BatchRow.batch == batch).scalar_subquery()
    found: dict[str, IssuedCode] = {}
    for chunk in _chunks(legacy_ids, _CHUNK):
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
    issued: list[IssuedCode] = []
    with appending(connection) as events:
        for chunk in _chunks(requests, _WRITTEN):
            issues = [
                Issue(
                    code=code,
                    degree_id=one.degree_id,
                    legacy_id=one.legacy_id,
                    batch=one.batch,
                    facts=one.degree_facts,
                    document_type=one.document_type,
                    decision_seq=one.decision_seq,
                    channel=one.channel,
                )
                for one, code in zip(chunk, free_codes(connection, len(chunk)), strict=True)
            ]
            issued += write_issued(connection, events, issues, actor)
            progress(len(issued), len(requests), "codes")
    return issued


def _refuse_other_facts(connection: Connection, row: Row[Any], asked: _Facts) -> None:
    """Refuse a request on facts that neither the degree's code nor one that it replaced was issued on.

    A batch asks by its own snapshot, and the code may have been replaced on a corrected registry since.
    """
    held = json.loads(row.facts)
    if differing(held, asked):
        earlier = select(CodeRow.facts).where(
            CodeRow.degree_id == row.degree_id, CodeRow.code != row.code
        )
        facts = map(json.loads, connection.execute(earlier).scalars())
        if any(not differing(one, asked) for one in facts):
            return
    _refuse(row.degree_id, f"the code of batch {row.batch}", held, asked)


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


def _chunks(values: Sequence[_T], size: int) -> Iterator[list[_T]]:
    for start in range(0, len(values), size):
        yield list(values[start : start + size])


def _silent(_done: int, _total: int, _what: str) -> None:
    """Progress that nobody watches."""

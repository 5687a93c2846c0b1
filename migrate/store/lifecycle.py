"""What may happen to a code after it was issued: suspended, reinstated, revoked, replaced.

It is never deleted, its number never given again. Each step is an event, with the state it brings.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from migrate.codes.documents import DOCUMENTS
from migrate.codes.issuing import IssuedCode, canonical_json
from migrate.codes.ledger import (
    HOLDING,
    REINSTATED,
    REVOKED,
    SUPERSEDED,
    SUSPENDED,
    TRANSITIONS,
    Draft,
    LedgerEvent,
)
from migrate.errors import InputError
from migrate.store.code_tables import CodeRow
from migrate.store.engine import reading, writing
from migrate.store.issued import Issue, free_codes, write_issued
from migrate.store.ledger import Appending, appending, events_of
from migrate.store.lookup import CodeRecord, find
from migrate.store.replacing import (
    FactChange,
    RegistryFacts,
    answered_for,
    decision_for,
    fact_changes,
    rests_on,
)


def suspend(engine: Engine, code: str, *, actor: str, reason: str) -> LedgerEvent:
    """Let a code stand for nothing until it is reinstated; its degree gets no other meanwhile.

    :param engine: the store, as ``open_store`` gives it.
    :param code: 20 ASCII digits. :param actor: who does it. :param reason: why; both are kept.
    :raises InputError: no such code; a state that it cannot be done in; no actor or no reason.
    :raises RunError: when the database fails.
    """
    return _step(engine, code, SUSPENDED, actor, reason)


def reinstate(engine: Engine, code: str, *, actor: str, reason: str) -> LedgerEvent:
    """Let a suspended code stand again. Parameters and errors as for :func:`suspend`."""
    return _step(engine, code, REINSTATED, actor, reason)


def revoke(engine: Engine, code: str, *, actor: str, reason: str) -> LedgerEvent:
    """Let a code stand for nothing, for ever. Parameters and errors as for :func:`suspend`.

    Its degree gets no other by `migrate issue`: only :func:`replace`, by a person who says why.
    """
    return _step(engine, code, REVOKED, actor, reason)


def replace(
    engine: Engine,
    code: str,
    *,
    actor: str,
    reason: str,
    document_type: str | None = None,
    record: tuple[str, str] | None = None,
    registry: RegistryFacts | None = None,
) -> IssuedCode:
    """Give the degree of a code a new one, on the same facts or on what a registry says now.

    A code that is active or suspended is superseded by the new one; one that is revoked stays so.
    Both events are in one transaction: the degree is never without its code in between.

    :param document_type: the document that the new code proves; that of the old one for None.
    :param record: (batch, legacy_id) of the record that the new code is issued on, where it is
        another paper: the diploma after the provisional certificate.
    :param registry: what a registry says of the degree now, for a code on these facts. The event
        says what each that changed rests on.
    :raises InputError: as :func:`suspend` does; also for a code that was superseded already, for a
        revoked one whose degree has a code by now, where the decision that it rests on does not
        stand, and for facts that nobody answers for (``replacing.answered_for``).
    """
    with writing(engine) as connection:
        old, issue = _replacement(connection, code, actor, reason, document_type, record, registry)
        issue = dataclasses.replace(issue, code=free_codes(connection, 1)[0])
        with appending(connection) as ledger:
            if old.state in HOLDING:
                _happen(
                    connection,
                    ledger,
                    old,
                    SUPERSEDED,
                    actor,
                    {"reason": reason.strip(), "superseded_by": issue.code},
                )
            return write_issued(connection, ledger, [issue], actor.strip())[0]


def check_replace(
    engine: Engine,
    code: str,
    *,
    actor: str,
    reason: str,
    document_type: str | None = None,
    record: tuple[str, str] | None = None,
    registry: RegistryFacts | None = None,
) -> None:
    """Refuse all that :func:`replace` would refuse now, and do nothing."""
    with reading(engine) as connection:
        _replacement(connection, code, actor, reason, document_type, record, registry)


def changes(engine: Engine, code: str, registry: RegistryFacts) -> tuple[FactChange, ...]:
    """The facts that a registry has otherwise than a code. Raises InputError for no such code."""
    with reading(engine) as connection:
        return fact_changes(connection, _known(connection, code), registry)


def _replacement(
    connection: Connection,
    code: str,
    actor: str,
    reason: str,
    document_type: str | None,
    record: tuple[str, str] | None,
    registry: RegistryFacts | None,
) -> tuple[CodeRecord, Issue]:
    """The code that is to be replaced, and what is to be issued for it, but for its number."""
    if document_type is not None and document_type not in DOCUMENTS:
        raise InputError(
            "not a kind of document",
            found=document_type,
            fix=f"Name one of {', '.join(filter(None, DOCUMENTS))}",
        )
    old = _known(connection, code)
    _named(actor, reason)
    if old.superseded_by is not None:
        raise InputError(
            f"code {code} was superseded by {old.superseded_by}",
            fix="Replace that one, if it must be",
        )
    if old.state == "revoked":
        _refuse_held(connection, old)
    changed: tuple[FactChange, ...] = ()
    if registry is not None:
        another_paper = document_type is not None or record is not None
        changed = answered_for(connection, old, registry, another_paper=another_paper)
    batch, legacy_id = record or (old.batch, old.legacy_id)
    return old, Issue(
        code="",
        degree_id=old.degree_id,
        legacy_id=legacy_id,
        batch=batch,
        facts=old.facts if registry is None else registry.facts,
        document_type=old.document_type if document_type is None else document_type,
        decision_seq=decision_for(connection, old, record, changed),
        replaces=code,
        reason=reason.strip(),
        facts_from=None if registry is None else rests_on(connection, registry, changed),
    )


def happen(
    connection: Connection, code: str, event: str, *, actor: str, reason: str
) -> LedgerEvent:
    """Let an event happen to a code in the caller's transaction. Raises as :func:`suspend` does."""
    record = _known(connection, code)
    _named(actor, reason)
    with appending(connection) as ledger:
        return _happen(connection, ledger, record, event, actor, {"reason": reason.strip()})


def _step(engine: Engine, code: str, event: str, actor: str, reason: str) -> LedgerEvent:
    with writing(engine) as connection:
        return happen(connection, code, event, actor=actor, reason=reason)


def _happen(
    connection: Connection,
    ledger: Appending,
    old: CodeRecord,
    event: str,
    actor: str,
    payload: Mapping[str, Any],
) -> LedgerEvent:
    state, before = TRANSITIONS[event]
    if old.state not in before:
        last = events_of(connection, old.code)[-1]
        raise InputError(
            f"code {old.code} is {old.state} since {last.at}, by {last.actor}: it cannot be {event}",
            fix=f"Only a code that is {' or '.join(filter(None, before))} can",
        )
    draft = Draft(
        event=event,
        code=old.code,
        degree_id=old.degree_id,
        legacy_id=old.legacy_id,
        batch=old.batch,
        actor=actor.strip(),
        payload=canonical_json(dict(payload)),
    )
    written = ledger.add([draft])[0]
    connection.execute(
        update(CodeRow)
        .where(CodeRow.code == old.code)
        .values(
            state=state,
            state_seq=written.seq,
            superseded_by=payload.get("superseded_by"),
        )
    )
    return written


def _known(connection: Connection, code: str) -> CodeRecord:
    record = find(connection, code)
    if record is None:
        raise InputError(
            "the store has no such code",
            found=code,
            fix="Check its digits, and the store's address",
        )
    return record


def _named(actor: str, reason: str) -> None:
    if not actor.strip() or not reason.strip():
        raise InputError(
            "what happens to a code names who does it and why",
            fix="Give both an actor and a reason",
        )


def _refuse_held(connection: Connection, old: CodeRecord) -> None:
    held = connection.execute(
        select(CodeRow.code).where(CodeRow.degree_id == old.degree_id, CodeRow.state.in_(HOLDING))
    ).scalar_one_or_none()
    if held is not None:
        raise InputError(
            f"the degree of code {old.code} has another code by now: {held}",
            fix="Replace that one, if it must be",
        )

"""The audit: the whole log, every code against its events, every event against its batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select, text

from migrate.codes.keys import PublicKey
from migrate.codes.ledger import KEY_EVENTS, LedgerEvent, hash_of
from migrate.store.audit_codes import CodeAudit
from migrate.store.audit_findings import (
    DELETED,
    EDITED,
    REORDERED,
    Finding,
    Findings,
    text_of,
)
from migrate.store.audit_reports import check_reports
from migrate.store.audit_tree import TreeAudit, unhex
from migrate.store.audit_witness import check_trust, check_witness, read_head
from migrate.store.code_tables import EventRow
from migrate.store.engine import reading

Progress = Callable[[int, int, str], None]

_EVENT = [getattr(EventRow, field.name) for field in fields(LedgerEvent)]
_CHUNK = 8192


@dataclass(frozen=True)
class Audit:
    """What was looked at, and what does not fit: nothing, where ``count`` is 0.

    ``size`` and ``root`` (64 hexadecimal digits) are of the log as its events stand. ``signed`` is
    the size of the newest signed head that fits, 0 where none does. ``findings`` are the first
    hundred of ``count``: of the log in its order, then of codes; ``warnings`` those of ``warned``.
    """

    size: int
    root: str
    signed: int
    codes: int
    tree_heads: int
    signed_heads: int
    witnesses: int
    findings: tuple[Finding, ...]
    count: int
    warnings: tuple[str, ...]
    warned: int


def verify(
    engine: Engine,
    *,
    witnesses: Sequence[Path] = (),
    keys: Sequence[PublicKey] = (),
    reports: Path | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Check the store as it stands at this moment, from the first event on; nothing is written.

    It takes one pass over the events and constant memory, whatever their number. An edited row
    whose hashes were all worked out anew, up to the heads, is found only by a signed head; a head
    that was signed anew, or a store put back whole, only by a witness.

    :param engine: the store, as ``open_store`` gives it.
    :param witnesses: files of signed heads that others hold.
    :param keys: keys as they were published: the newest signed head must be of one of them, or of
        one that took over from one by rotation.
    :param reports: the folder of the batches' folders, to hold ``codes.csv`` against the codes.
    :param progress: told (done, total, "events").
    :raises InputError: when a witness's file is not a signed head.
    :raises RunError: when the database fails.
    """
    with _snapshot(engine) as connection:
        return verify_within(
            connection, witnesses=witnesses, keys=keys, reports=reports, progress=progress
        )


def verify_within(
    connection: Connection,
    *,
    witnesses: Sequence[Path] = (),
    keys: Sequence[PublicKey] = (),
    reports: Path | None = None,
    progress: Progress | None = None,
) -> Audit:
    """As :func:`verify`, of what the caller's transaction sees; it must see one state throughout."""
    notes = [(path, read_head(path)) for path in witnesses]
    found = Findings()
    tree = TreeAudit(found, (note.size for _, note in notes))
    codes = CodeAudit(Findings())
    _check_events(connection, tree, codes, progress)
    tree.finish(connection)
    codes.finish(connection, tree.size)
    # the log first: a code is held against what the log says
    found.follow(codes.found)
    if reports is not None:
        check_reports(connection, reports, found)
    for path, note in notes:
        check_witness(tree, path, note)
    check_trust(tree, keys)
    return Audit(
        size=tree.size,
        root=tree.root().hex(),
        signed=tree.newest_signed[0] if tree.newest_signed else 0,
        codes=codes.codes,
        tree_heads=tree.heads,
        signed_heads=tree.signed,
        witnesses=len(notes),
        findings=tuple(found.kept),
        count=found.count,
        warnings=tuple(found.warnings),
        warned=found.warned,
    )


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """The store as it is now, whoever writes to it meanwhile."""
    with reading(engine) as connection:
        if engine.dialect.name == "postgresql":
            # of the transaction: an option of this engine would yield to the store's own
            level = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
            connection.execute(text(level))
        yield connection


def _check_events(
    connection: Connection, tree: TreeAudit, codes: CodeAudit, progress: Progress | None
) -> None:
    total = connection.execute(select(func.count()).select_from(EventRow)).scalar_one()
    misfits: list[tuple[int, LedgerEvent, bytes | None]] = []
    asked = select(*_EVENT, EventRow.leaf_hash).order_by(EventRow.seq).limit(_CHUNK)
    done, last = 0, 0
    while rows := connection.execute(asked.where(EventRow.seq > last)).all():
        tree.fetch(connection, rows[-1].seq)
        events = []
        for row in rows:
            event = LedgerEvent(row.seq, *map(text_of, row[1:-1]))
            events.append(event)
            if event.seq != last + 1:
                _tell_gap(tree, last + 1, event.seq)
            last = event.seq
            leaf, stored = _leaf(event), unhex(text_of(row.leaf_hash))
            if leaf != stored:
                place = _tell_edited(tree.found, event.seq, leaf, row.leaf_hash)
                if place is not None:
                    misfits.append((place, event, stored))
            tree.grow(event, stored or leaf or b"")
        codes.check(connection, events)
        done += len(rows)
        if progress is not None:
            progress(done, total, "events")
    _tell_moved(tree.found, misfits)


def _leaf(event: LedgerEvent) -> bytes | None:
    """The hash of the event's leaf, None where its values cannot be those of one."""
    # the leaf of a key's event does not tell of these: they are blank
    if event.event in KEY_EVENTS and (event.code or event.degree_id or event.legacy_id):
        return None
    try:
        return hash_of(event)
    except (ValueError, TypeError):
        return None


def _tell_gap(tree: TreeAudit, expected: int, found: int) -> None:
    tree.found.add(
        DELETED,
        "code_events",
        f"seq {expected}",
        expected=f"event {expected}",
        found=f"event {found} next",
    )
    # the tree of what is left has nothing to do with the one that was
    tree.whole = False


def _tell_edited(found: Findings, seq: int, leaf: bytes | None, stored: str) -> int | None:
    return found.add(
        EDITED,
        "code_events",
        f"seq {seq}",
        expected=f"values of the leaf hash {stored}",
        found=f"values of {leaf.hex()}" if leaf is not None else "values that no leaf can have",
    )


def _tell_moved(found: Findings, misfits: Sequence[tuple[int, LedgerEvent, bytes | None]]) -> None:
    """Tell rows that stand in another's place, and those that are gone, from rows that changed."""
    stored = {event.seq: hash_ for _, event, hash_ in misfits}
    came_from: dict[int, int] = {}
    for _, event, hash_ in misfits:
        for seq in {*stored, event.seq - 1, event.seq + 1} - {event.seq}:
            moved = _leaf(replace(event, seq=seq))
            if moved is not None and moved in (hash_, stored.get(seq)):
                came_from[event.seq] = seq
                break
    taken = set(came_from.values())
    for place, event, _ in misfits:
        if event.seq in came_from:
            told = found.kept[place]
            found.kept[place] = replace(
                told,
                kind=REORDERED if event.seq in taken else DELETED,
                expected=f"event {event.seq}",
                found=f"what was written as event {came_from[event.seq]}",
            )

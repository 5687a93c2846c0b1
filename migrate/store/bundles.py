"""Bundles out of the store: the whole log, or one code, as ``migrate.codes.bundle`` writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TextIO

from sqlalchemy import Connection, Engine, select

from migrate.codes import bundle, checkpoint
from migrate.codes.checkpoint import Checkpoint
from migrate.codes.keyring import ROTATION, LogKey
from migrate.codes.ledger import leaf_of
from migrate.errors import InputError, RunError
from migrate.store import heads, ledger
from migrate.store.code_tables import CodeRow
from migrate.store.engine import reading
from migrate.store.heads import SignedHead
from migrate.store.lookup import find

_CHUNK = 8192
Progress = Callable[[int, int, str], None]


def write_log(engine: Engine, stream: TextIO, *, progress: Progress | None = None) -> SignedHead:
    """Write a bundle of the whole log up to its newest signed head, with all signed heads.

    :param engine: the store, as ``open_store`` gives it.
    :param stream: text in UTF-8 whose newlines stay as they are.
    :returns: the head the bundle is of.
    :raises InputError: when no head is signed. RunError: when the log or the database fails.
    """
    with reading(engine) as connection:
        newest, keys = _newest(connection)
        earlier = [one for one in heads.signed(connection) if one.size < newest.size]
        stream.write(_head(connection, bundle.LOG, keys, newest, earlier))
        for first in range(1, newest.size + 1, _CHUNK):
            last = min(first + _CHUNK - 1, newest.size)
            for event in ledger.events(connection, first, last):
                stream.write(bundle.leaf_line(leaf_of(event)))
            if progress is not None:
                progress(last, newest.size, "events")
    return newest


def write_code(
    engine: Engine,
    code: str,
    stream: TextIO,
    *,
    disclose: bool = False,
    witnesses: Sequence[Checkpoint] = (),
) -> SignedHead:
    """Write a bundle of one code: its leaves up to the newest signed head, with proofs.

    It proves that these events are in the log, not that no other is: whether the code stands is
    told by an inquiry.

    :param disclose: whether to tell what the leaves commit to: degree, record, actor, facts. Such a
        bundle holds personal data, and is for the holder.
    :param witnesses: heads that the bundle is to be held against; each must be one the log signed.
    :raises InputError: no such code; no signed head, or none since the code was issued; a head of a
        witness that the log did not sign, or signed only since. RunError as :func:`write_log` does.
    """
    with reading(engine) as connection:
        record = find(connection, code)
        if record is None:
            raise InputError("the store has no such code", found=code, fix="Check its digits")
        newest, keys = _newest(connection)
        events = ledger.events_of(connection, code)
        facts = connection.execute(select(CodeRow.facts).where(CodeRow.code == code)).scalar_one()
        if record.event_seq > newest.size:
            raise InputError(
                "no head was signed since this code was issued",
                fix="Sign one: `migrate audit sign`",
            )
        earlier = _needed(connection, keys, newest, witnesses)
        stream.write(_head(connection, bundle.CODE, keys, newest, earlier))
        # events of keys have no code
        ours = [*ledger.events_of(connection, ""), *events]
        for event in sorted(ours, key=lambda one: one.seq):
            if event.seq <= newest.size:
                stream.write(
                    bundle.proved_line(
                        event,
                        ledger.inclusion(connection, event.seq, newest.size),
                        disclosed=disclose,
                        facts=facts if event.seq == record.event_seq else None,
                    )
                )
    return newest


def _newest(connection: Connection) -> tuple[SignedHead, tuple[LogKey, ...]]:
    newest = heads.newest(connection)
    if newest is None:
        raise InputError("no head of the log is signed yet", fix="Sign one: `migrate audit sign`")
    return newest, heads.keys(connection, upto=newest.size)


def _needed(
    connection: Connection,
    keys: Iterable[LogKey],
    newest: SignedHead,
    witnesses: Sequence[Checkpoint],
) -> list[SignedHead]:
    """The heads by which keys vouch for others, and those of witnesses, the smallest first."""
    sizes = {key.added for key in keys if key.how == ROTATION}
    signed = {one.size: one for one in heads.signed(connection)}
    for note in witnesses:
        held = signed.get(note.size)
        if held is None or checkpoint.parse(held.note).text() != note.text():
            raise InputError(
                f"the log did not sign the witness's head of {note.size} events as it stands there",
                fix="Run `migrate audit verify --witness` with it",
            )
        sizes.add(note.size)
    return [signed[size] for size in sorted(sizes) if size in signed and size < newest.size]


def _head(
    connection: Connection,
    kind: str,
    keys: Sequence[LogKey],
    newest: SignedHead,
    earlier: Sequence[SignedHead],
) -> str:
    proved = [(one.note, ledger.consistency(connection, one.size, newest.size)) for one in earlier]
    if not keys:
        raise RunError(
            "the ledger is damaged: it has a signed head and no key",
            fix="Run `migrate audit verify`",
        )
    return bundle.head_line(kind, keys, newest.note, proved)

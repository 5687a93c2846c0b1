"""Signed heads in the store: made only of a tree that continues what was signed before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, insert, select

from migrate.codes import merkle
from migrate.codes.checkpoint import Checkpoint, head, parse
from migrate.codes.keyring import KeyEventError, LogKey, misfit, read_keys
from migrate.codes.keys import PublicKey, SigningKey
from migrate.errors import InputError, RunError
from migrate.store import ledger
from migrate.store.code_tables import EventRow, SignedHeadRow
from migrate.store.engine import now, writing

_DAMAGED = "Nothing was signed. Run `migrate audit verify`, and find out who changed the store"
_COLUMNS = (SignedHeadRow.size, SignedHeadRow.key_id, SignedHeadRow.note, SignedHeadRow.at)


@dataclass(frozen=True)
class SignedHead:
    """A note over the tree of ``size`` events, by the key of an id of 8 hexadecimal digits."""

    size: int
    key_id: str
    note: str
    at: str


def sign(engine: Engine, key: SigningKey, *, held: Sequence[Checkpoint] = ()) -> SignedHead:
    """Sign the newest tree head, once it is seen to continue the last one that was signed.

    Signed already by this key, it is given back as it was: one size has one note.

    :param engine: the store, as ``open_store`` gives it.
    :param key: the key that signs the log now.
    :param held: heads that stand outside the store, such as the last that this key signed: a store
        put back to an older state continues none of them.
    :raises InputError: when the key does not sign this log, or a head in ``held`` is of another.
    :raises RunError: when the log does not continue what was signed; nothing is signed then. Also
        when the database fails.
    """
    with writing(engine) as connection:
        known = keys(connection)
        require_current(known, key.public)
        check_held(connection, known, held)
        return sign_within(connection, key)


def keys(connection: Connection, upto: int | None = None) -> tuple[LogKey, ...]:
    """The keys of the log, or of its first ``upto`` events, in the order they were added.

    :raises RunError: when they cannot be a log's.
    """
    # events of keys have no code: the index on it finds them
    asked = select(EventRow.seq, EventRow.event, EventRow.payload).where(EventRow.code == "")
    if upto is not None:
        asked = asked.where(EventRow.seq <= upto)
    rows = connection.execute(asked.order_by(EventRow.seq))
    try:
        return read_keys([(row.seq, row.event, row.payload) for row in rows])
    except KeyEventError as error:
        raise RunError(
            f"the ledger is damaged: {error}", file="code_events", row=error.seq, fix=_DAMAGED
        ) from None


def current_key(known: Sequence[LogKey]) -> LogKey | None:
    """The key that signs now, None where none does."""
    return next((key for key in known if key.retired is None), None)


def newest(connection: Connection, upto: int | None = None) -> SignedHead | None:
    """The signed head of the most events, or of the most up to a size; None where there is none."""
    asked = select(*_COLUMNS).order_by(SignedHeadRow.size.desc(), SignedHeadRow.at).limit(1)
    if upto is not None:
        asked = asked.where(SignedHeadRow.size <= upto)
    row = connection.execute(asked).one_or_none()
    return SignedHead(*row) if row is not None else None


def signed(connection: Connection) -> list[SignedHead]:
    """All signed heads, the smallest first."""
    rows = connection.execute(
        select(*_COLUMNS).order_by(SignedHeadRow.size, SignedHeadRow.at, SignedHeadRow.key_id)
    )
    return [SignedHead(*row) for row in rows]


def continues(connection: Connection, size: int, root: bytes, earlier: Checkpoint) -> bool:
    """Whether the tree of ``size`` events and ``root`` begins with that of an earlier head.

    Proved from what is stored (RFC 9162, 2.1.4).
    """
    if earlier.size > size:
        return False
    path = ledger.consistency(connection, earlier.size, size)
    return merkle.verify_consistency(earlier.size, earlier.root, size, root, path)


def sign_within(connection: Connection, key: SigningKey) -> SignedHead:
    """As :func:`sign`, in the caller's transaction of `writing`."""
    known = keys(connection)
    tree = ledger.head(connection)
    assert tree is not None  # an event of a key is there
    stored = merkle.range_hash(
        0, tree.size, lambda start, stop: ledger.node(connection, start, stop)
    )
    if not tree.root == tree.frontier.root() == stored:
        raise RunError(
            f"the ledger is damaged: its nodes do not give the root of head {tree.size}",
            fix=_DAMAGED,
        )
    last = newest(connection)
    if last is not None:
        _check_continues(connection, known, tree, _parsed(last))
        if (last.size, last.key_id) == (tree.size, key.public.key_id.hex()):
            return last
    at = now(connection)
    note = head(known[0].public.name, tree.size, tree.root, at).signed(key)
    why = misfit(note, known)
    if why is not None:
        raise InputError(f"this key may not sign the newest head: {why}", fix="Name another key")
    signed_head = SignedHead(tree.size, key.public.key_id.hex(), note.note(), at)
    connection.execute(insert(SignedHeadRow), [vars(signed_head)])
    return signed_head


def _check_continues(
    connection: Connection,
    known: tuple[LogKey, ...],
    tree: ledger.TreeHead,
    earlier: Checkpoint,
) -> None:
    why = misfit(earlier, known)
    if why is not None:
        raise RunError(f"the signed head of {earlier.size} events is not one: {why}", fix=_DAMAGED)
    if not continues(connection, tree.size, tree.root, earlier):
        raise RunError(
            f"the log of {tree.size} events does not continue the signed head of {earlier.size}: it "
            "was put back to an older state, or written anew",
            fix=_DAMAGED,
        )


def check_held(
    connection: Connection, known: tuple[LogKey, ...], held: Sequence[Checkpoint]
) -> None:
    """Raise RunError unless the log continues each of these heads; InputError for another log's."""
    tree = ledger.head(connection)
    for note in held:
        if known and note.origin != known[0].public.name:
            raise InputError(
                "a head that was given is of another log",
                found=note.origin,
                fix=f"This one is {known[0].public.name}",
            )
        if tree is not None:
            _check_continues(connection, known, tree, note)


def _parsed(signed_head: SignedHead) -> Checkpoint:
    try:
        return parse(signed_head.note)
    except ValueError as error:
        raise RunError(
            f"the signed head of {signed_head.size} events cannot be read",
            found=error,
            fix=_DAMAGED,
        ) from None


def require_current(known: Sequence[LogKey], public: PublicKey) -> None:
    """Raise InputError unless it is this key that signs the log now."""
    current = current_key(known)
    if current is None:
        raise InputError("the log has no key yet", fix="Enter one with `migrate audit key add`")
    if current.public != public:
        raise InputError(
            "this key does not sign this log now",
            found=public.text(),
            fix=f"The one that does is {current.public.text()}",
        )

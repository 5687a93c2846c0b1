"""The ledger in the store: events appended as leaves of a Merkle log, and proofs read out of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields

from sqlalchemy import Connection, func, select

from migrate.codes import merkle
from migrate.codes.ledger import Draft, LedgerEvent, hash_of
from migrate.codes.merkle import TILE_HEIGHT, Frontier, Growth
from migrate.errors import RunError
from migrate.store.bulk import insert_rows
from migrate.store.code_tables import EventRow, HeadRow, NodeRow
from migrate.store.engine import now

_COLUMNS = [getattr(EventRow, field.name) for field in fields(LedgerEvent)]
_SALT_BYTES = 16


@dataclass(frozen=True)
class TreeHead:
    """The tree of the first ``size`` leaves as a transaction left it, at its time ``at``."""

    size: int
    root: bytes
    frontier: Frontier
    at: str


class Appending:
    """Events on their way into the ledger, within one transaction: see :func:`appending`."""

    def __init__(self, connection: Connection, frontier: Frontier) -> None:
        self._connection = connection
        self._growth = Growth(frontier)
        self.at = now(connection)

    def add(self, drafts: Sequence[Draft]) -> list[LedgerEvent]:
        """Write events after the last one, in the order given."""
        events, rows = [], []
        for draft in drafts:
            event = LedgerEvent(
                seq=self._growth.size + 1,
                event=draft.event,
                code=draft.code,
                degree_id=draft.degree_id,
                legacy_id=draft.legacy_id,
                batch=draft.batch,
                actor=draft.actor,
                at=self.at,
                payload=draft.payload,
                salt=secrets.token_hex(_SALT_BYTES),
            )
            leaf = hash_of(event)
            self._growth.append(leaf)
            events.append(event)
            rows.append(
                {column.key: getattr(event, column.key) for column in _COLUMNS}
                | {"leaf_hash": leaf.hex()}
            )
        insert_rows(self._connection, EventRow, rows)
        return events

    def finish(self) -> None:
        """Write the nodes that were completed and the head; the tree is then as its events are."""
        nodes = [
            {"level": level, "position": position, "hash": held.hex()}
            for level, position, held in self._growth.nodes
        ]
        insert_rows(self._connection, NodeRow, nodes)
        frontier = self._growth.frontier()
        head = {
            "size": frontier.size,
            "root": frontier.root().hex(),
            "frontier": frontier.text(),
            "at": self.at,
        }
        insert_rows(self._connection, HeadRow, [head])


@contextmanager
def appending(connection: Connection) -> Iterator[Appending]:
    """Append events within a transaction of :func:`migrate.store.engine.writing`.

    The tree head is written when the block ends, if anything was appended.

    :raises RunError: when the newest head is not of the newest event: the ledger is damaged.
    """
    last = head(connection)
    size = connection.execute(select(func.coalesce(func.max(EventRow.seq), 0))).scalar_one()
    frontier = last.frontier if last is not None else Frontier()
    if frontier.size != size:
        raise RunError(
            f"the ledger is damaged: it holds {size} events, and its newest tree head is of "
            f"{frontier.size}",
            fix="Nothing was written. Run `migrate audit verify`, and restore the store",
        )
    started = Appending(connection, frontier)
    yield started
    if started._growth.size > size:
        started.finish()


def head(connection: Connection, size: int | None = None) -> TreeHead | None:
    """The newest tree head, or the one of ``size`` leaves; None where there is none.

    :raises RunError: when its frontier is not of its size.
    """
    asked = select(HeadRow.size, HeadRow.root, HeadRow.frontier, HeadRow.at)
    if size is None:
        asked = asked.order_by(HeadRow.size.desc()).limit(1)
    else:
        asked = asked.where(HeadRow.size == size)
    row = connection.execute(asked).one_or_none()
    if row is None:
        return None
    try:
        frontier = Frontier.parse(row.size, row.frontier)
        return TreeHead(row.size, bytes.fromhex(row.root), frontier, row.at)
    except ValueError as error:
        raise RunError(
            f"the ledger is damaged: the tree head of {row.size} events cannot be read",
            found=error,
            fix="Run `migrate audit verify`, and restore the store",
        ) from None


def events(connection: Connection, first: int = 1, last: int | None = None) -> list[LedgerEvent]:
    """Events by their ``seq``, from ``first`` to ``last``, both among them; to the end for None."""
    asked = select(*_COLUMNS).where(EventRow.seq >= first).order_by(EventRow.seq)
    if last is not None:
        asked = asked.where(EventRow.seq <= last)
    return [LedgerEvent(*row) for row in connection.execute(asked)]


def events_of(connection: Connection, code: str) -> list[LedgerEvent]:
    """The events of one code, the first one first."""
    asked = select(*_COLUMNS).where(EventRow.code == code).order_by(EventRow.seq)
    return [LedgerEvent(*row) for row in connection.execute(asked)]


def node(connection: Connection, start: int, stop: int) -> bytes:
    """The hash of the perfect subtree over leaves ``start`` to ``stop``, out of what is stored.

    :raises RunError: when leaves or nodes that it needs are not there.
    """
    height = (stop - start).bit_length() - 1
    level = height // TILE_HEIGHT
    if level == 0:
        rows = select(EventRow.leaf_hash).where(EventRow.seq > start, EventRow.seq <= stop)
        found = list(connection.execute(rows.order_by(EventRow.seq)).scalars())
    else:
        unit = TILE_HEIGHT * level
        rows = select(NodeRow.hash).where(
            NodeRow.level == level,
            NodeRow.position >= start >> unit,
            NodeRow.position < stop >> unit,
        )
        found = list(connection.execute(rows.order_by(NodeRow.position)).scalars())
    if len(found) != 1 << (height - TILE_HEIGHT * level):
        raise RunError(
            f"the ledger is damaged: nodes over events {start + 1} to {stop} are missing",
            fix="Run `migrate audit verify`, and restore the store",
        )
    hashes = [bytes.fromhex(one) for one in found]
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [merkle.node_hash(left, right) for left, right in pairs]
    return hashes[0]


def inclusion(connection: Connection, seq: int, size: int) -> list[bytes]:
    """The proof that event ``seq`` is in the tree of the first ``size`` events (RFC 9162, 2.1.3)."""
    return merkle.inclusion_path(seq - 1, size, lambda start, stop: node(connection, start, stop))


def consistency(connection: Connection, old: int, new: int) -> list[bytes]:
    """The proof that the tree of ``new`` events begins with that of ``old`` (RFC 9162, 2.1.4)."""
    return merkle.consistency_path(old, new, lambda start, stop: node(connection, start, stop))

"""The tree of an audit: grown leaf by leaf, and held against the nodes and heads that are stored."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from migrate.codes import checkpoint
from migrate.codes.keyring import ROTATION, KeyEventError, LogKey, misfit, read_keys, signer
from migrate.codes.ledger import KEY_EVENTS, LedgerEvent
from migrate.codes.merkle import TILE_HEIGHT, Frontier, Growth
from migrate.store.audit_findings import (
    ADDED,
    DELETED,
    EDITED,
    FORGED,
    ROLLED_BACK,
    TRUNCATED,
    Findings,
    text_of,
)
from migrate.store.code_tables import HeadRow, NodeRow, SignedHeadRow

_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


class TreeAudit:
    """A tree that grows with the events, in constant memory but for the roots that are ``wanted``.

    :param wanted: sizes whose roots are kept, for the heads of witnesses.
    """

    def __init__(self, found: Findings, wanted: Iterable[int]) -> None:
        self.found = found
        self.roots: dict[int, bytes] = {}
        self.keys: tuple[LogKey, ...] = ()
        self.whole = True
        self.heads = self.signed = 0
        self.newest_signed: tuple[int, LogKey] | None = None
        self._growth = Growth(Frontier())
        self._wanted = frozenset(wanted)
        # the size up to which all that is stored fits
        self._fits = 0
        self._key_events: list[tuple[int, str, str]] = []
        self._keys_fit = True
        self._vouched: set[int] = set()
        self._nodes = 0
        self._stored_nodes: dict[tuple[int, int], str] = {}
        self._stored_heads: dict[int, tuple[str, str]] = {}
        self._stored_signed: dict[int, list[tuple[str, str]]] = {}

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._growth.size

    def root(self) -> bytes:
        """The tree's root."""
        return self._growth.frontier().root()

    def fetch(self, connection: Connection, last: int) -> None:
        """Read what is stored of the tree from where it is up to ``last`` leaves."""
        first = self.size
        self._stored_nodes.clear()
        level = 1
        while last >> (unit := TILE_HEIGHT * level):
            rows = connection.execute(
                select(NodeRow.position, NodeRow.hash).where(
                    NodeRow.level == level,
                    NodeRow.position >= first >> unit,
                    NodeRow.position < last >> unit,
                )
            )
            self._stored_nodes |= {(level, row.position): row.hash for row in rows}
            level += 1
        heads = select(HeadRow.size, HeadRow.root, HeadRow.frontier)
        found = connection.execute(heads.where(HeadRow.size > first, HeadRow.size <= last))
        self._stored_heads = {row.size: (row.root, row.frontier) for row in found}
        self._stored_signed = {}
        for row in connection.execute(
            select(SignedHeadRow.size, SignedHeadRow.key_id, SignedHeadRow.note)
            .where(SignedHeadRow.size > first, SignedHeadRow.size <= last)
            .order_by(SignedHeadRow.size, SignedHeadRow.key_id)
        ):
            self._stored_signed.setdefault(row.size, []).append((row.key_id, text_of(row.note)))

    def grow(self, event: LedgerEvent, leaf_hash: bytes) -> None:
        """Append a leaf, and hold all that is stored of the tree at this size against it."""
        self._growth.append(leaf_hash)
        for level, position, held in self._growth.nodes:
            self._nodes += 1
            self._check_node(level, position, held)
        self._growth.nodes.clear()
        if event.event in KEY_EVENTS:
            self._add_key(event)
        size = self.size
        stored, notes = self._stored_heads.pop(size, None), self._stored_signed.pop(size, [])
        if stored is None and not notes and size not in self._wanted:
            return
        frontier = self._growth.frontier()
        if size in self._wanted:
            self.roots[size] = frontier.root()
        if stored is not None:
            self.heads += 1
            self._check_head(frontier, *stored)
        for key_id, note in notes:
            self.signed += 1
            self._check_signed(frontier, key_id, note, stored is not None)

    def finish(self, connection: Connection) -> None:
        """Look at what is stored beyond the last event, and whether each key is vouched for."""
        if not self.whole:
            return
        newest = connection.execute(select(func.max(HeadRow.size))).scalar_one() or 0
        signed = connection.execute(select(func.max(SignedHeadRow.size))).scalar_one() or 0
        nodes = connection.execute(select(func.count()).select_from(NodeRow)).scalar_one()
        size = self.size
        if newest > size:
            self.found.add(
                TRUNCATED,
                "code_events",
                f"seq {size + 1}",
                expected=f"{newest} events, as the newest tree head has",
                found=size,
            )
        elif newest < size:
            self.found.add(
                ADDED,
                "code_events",
                f"seq {newest + 1}",
                expected=f"no event after the newest tree head, of {newest}",
                found=f"{size} events",
            )
        if signed > size:
            self.found.add(
                ROLLED_BACK if newest == size else TRUNCATED,
                "signed_heads",
                f"size {signed}",
                expected=f"{signed} events, as were signed",
                found=size,
            )
        if nodes > self._nodes and newest <= size:
            self.found.add(
                ADDED,
                "log_nodes",
                f"of {size} events",
                expected=f"{self._nodes} nodes",
                found=nodes,
            )
        for key in self.keys:
            if key.how == ROTATION and key.added not in self._vouched:
                self.found.add(
                    FORGED,
                    "signed_heads",
                    f"size {key.added}",
                    expected=f"a head by which the key before vouches for {key.public.text()}",
                    found="none",
                )

    def _check_node(self, level: int, position: int, held: bytes) -> None:
        if not self.whole:
            return
        stored = self._stored_nodes.get((level, position))
        if stored != held.hex():
            first = position << (TILE_HEIGHT * level)
            self.found.add(
                DELETED if stored is None else EDITED,
                "log_nodes",
                f"level {level} position {position}",
                expected=f"the hash {held.hex()} of events {max(first, self._fits) + 1} to {self.size}",
                found=stored or "no row",
            )

    def _check_head(self, frontier: Frontier, root: str, text: str) -> None:
        if not self.whole:
            return
        if root == frontier.root().hex() and text == frontier.text():
            self._fits = self.size
            return
        what = "root" if root != frontier.root().hex() else "frontier"
        self.found.add(
            EDITED,
            "tree_heads",
            f"size {self.size}",
            expected=f"the {what} that events {self._fits + 1} to {self.size} give, after those of "
            f"head {self._fits}: {frontier.root().hex() if what == 'root' else frontier.text()}",
            found=root if what == "root" else text,
        )
        # all later ones would be told of too
        self.whole = what != "root"

    def _check_signed(self, frontier: Frontier, key_id: str, text: str, has_head: bool) -> None:
        row = f"size {self.size} key {key_id}"
        try:
            note = checkpoint.parse(text)
            why = misfit(note, self.keys)
        except ValueError as error:
            note, why = None, str(error)
        right = signer(self.keys, self.size)
        if note is not None and why is None:
            if note.size != self.size:
                why = f"it is of {note.size} events"
            elif right is None or right.public.key_id.hex() != key_id:
                why = "it is kept as of another key"
        if note is None or why is not None:
            self.found.add(
                FORGED, "signed_heads", row, expected="a head signed by the key for it", found=why
            )
            return
        if not has_head:
            self.found.add(
                DELETED,
                "tree_heads",
                f"size {self.size}",
                expected="the head signed",
                found="no row",
            )
        if note.root != frontier.root():
            if self.whole:
                self.found.add(
                    EDITED,
                    "signed_heads",
                    row,
                    expected=f"the root that was signed, {note.root.hex()}",
                    found=f"{frontier.root().hex()}: events up to {self.size} were written anew since",
                )
                self.whole = False
            return
        assert right is not None
        self.newest_signed = (self.size, right)
        if self.keys[-1].added == self.size:
            self._vouched.add(self.size)

    def _add_key(self, event: LedgerEvent) -> None:
        self._key_events.append((event.seq, event.event, event.payload))
        if not self._keys_fit:
            return
        try:
            self.keys = read_keys(self._key_events)
        except KeyEventError as error:
            self._keys_fit = False
            self.found.add(
                FORGED,
                "code_events",
                f"seq {error.seq}",
                expected="an event of a key that can stand here",
                found=error,
            )


def unhex(text: str) -> bytes | None:
    """A hash as it is stored, or None where it cannot be one."""
    return bytes.fromhex(text) if _HASH.fullmatch(text) else None

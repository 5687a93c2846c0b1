"""Whether the ledger of a store is whole: every leaf its event's, every head its leaves'."""

from __future__ import annotations

from sqlalchemy import Engine, text

from migrate.codes.ledger import hash_of
from migrate.codes.merkle import Frontier
from migrate.store import ledger
from migrate.store.engine import reading


def whole(engine: Engine) -> int:
    """Assert that the log fits from its first event to its last, and give how many there are."""
    with reading(engine) as connection:
        events = ledger.events(connection)
        leaves = list(
            connection.execute(text("SELECT leaf_hash FROM code_events ORDER BY seq")).scalars()
        )
        heads = {
            row.size: (row.root, row.frontier)
            for row in connection.execute(text("SELECT size, root, frontier FROM tree_heads"))
        }
    frontier = Frontier()
    for expected, (event, leaf) in enumerate(zip(events, leaves, strict=True), 1):
        assert event.seq == expected
        assert hash_of(event).hex() == leaf
        frontier = frontier.append(hash_of(event))
        if expected in heads:
            assert heads.pop(expected) == (frontier.root().hex(), frontier.text())
    assert heads == {}
    if events:
        with reading(engine) as connection:
            last = ledger.head(connection)
        assert last is not None
        assert last.size == len(events)
    return len(events)

"""Codes that a corrected registry has left behind: in force, on facts that it has otherwise by now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select

from migrate.codes.ledger import HOLDING
from migrate.store.code_tables import CodeRow
from migrate.store.engine import reading

_CHUNK = 500


@dataclass(frozen=True)
class Outdated:
    """A code in force, active or suspended; ``facts`` names those that the registry has otherwise."""

    code: str
    degree_id: str
    state: str
    facts: tuple[str, ...]


def outdated(engine: Engine, facts: Mapping[str, Mapping[str, str | None]]) -> list[Outdated]:
    """The codes in force that stand for other facts, in the order of issue.

    A fact that a code was issued without knowing of (older ones lack the year) is not another one.

    :param facts: what a registry says of each degree, canonical values by degree_id and name.
    """
    degrees = list(facts)
    rows: list[Any] = []
    with reading(engine) as connection:
        for start in range(0, len(degrees), _CHUNK):
            rows += connection.execute(
                select(
                    CodeRow.code,
                    CodeRow.degree_id,
                    CodeRow.state,
                    CodeRow.facts,
                    CodeRow.event_seq,
                ).where(
                    CodeRow.degree_id.in_(degrees[start : start + _CHUNK]),
                    CodeRow.state.in_(HOLDING),
                )
            ).all()
    found = []
    for row in sorted(rows, key=lambda row: row.event_seq):
        held, now = json.loads(row.facts), facts[row.degree_id]
        names = tuple(name for name in sorted(held.keys() & now.keys()) if held[name] != now[name])
        if names:
            found.append(Outdated(row.code, row.degree_id, row.state, names))
    return found

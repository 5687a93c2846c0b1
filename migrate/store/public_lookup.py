"""Codes as an inquiry needs them: four columns, so that whoever serves need not read the others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from migrate.store.code_tables import CodeRow

# bound parameters in one statement: far below what either database takes
_CHUNK = 500
# all that an inquiry may read; the grants of docs/inquiry.md name the same columns
COLUMNS = ("code", "state", "document_type", "facts", "superseded_by")


@dataclass(frozen=True)
class PublicRecord:
    """What a code says, and whether it stands. ``facts`` hold the holder's national ID too."""

    state: str
    document_type: str
    facts: Mapping[str, str | None]
    superseded_by: str | None


_ASKED = select(*(getattr(CodeRow, name) for name in COLUMNS))
_ONE = _ASKED.where(CodeRow.code == bindparam("code"))
_SEVERAL = _ASKED.where(CodeRow.code.in_(bindparam("codes", expanding=True)))


def find_public(connection: Connection, codes: Sequence[str]) -> dict[str, PublicRecord]:
    """The record of each code that was ever issued, by code; one indexed read for 500 codes.

    :param codes: 20 ASCII digits each, as ``migrate.codes.numbers.normalise_code`` gives them.
    """
    found: dict[str, PublicRecord] = {}
    for start in range(0, len(codes), _CHUNK):
        chunk = codes[start : start + _CHUNK]
        # one code is by far the most frequent question, and needs no list to be expanded
        rows = (
            connection.execute(_ONE, {"code": chunk[0]})
            if len(chunk) == 1
            else connection.execute(_SEVERAL, {"codes": chunk})
        )
        for code, state, document_type, facts, superseded_by in rows:
            found[code] = PublicRecord(state, document_type, json.loads(facts), superseded_by)
    return found

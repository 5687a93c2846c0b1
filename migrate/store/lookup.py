"""One code, looked up: what the store knows of it, in one indexed read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from migrate.store.code_tables import CodeRow


@dataclass(frozen=True)
class CodeRecord:
    """A code as it stands. ``facts`` are the degree's, as the registry had them; some may be None.

    ``event_seq`` is the event that issued it, ``state_seq`` the last one that happened to it.
    """

    code: str
    scheme: int
    degree_id: str
    legacy_id: str
    batch: str
    issued_at: str
    document_type: str
    facts: Mapping[str, str | None]
    event_seq: int
    decision_seq: int | None
    replaces: str | None
    state: str
    state_seq: int
    superseded_by: str | None


_ASKED = select(*(getattr(CodeRow, name) for name in CodeRecord.__dataclass_fields__))


def find(connection: Connection, code: str) -> CodeRecord | None:
    """The code's record, or None where no such code was ever issued.

    :param code: 20 ASCII digits, as ``migrate.codes.numbers.normalise_code`` gives them.
    """
    row = connection.execute(_ASKED.where(CodeRow.code == code)).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    return CodeRecord(**{**values, "facts": json.loads(values["facts"])})

"""What a code's certificate sheet says, read from the store in one go."""

from __future__ import annotations

import json

from sqlalchemy import Connection, select

from migrate.codes.checkpoint import parse
from migrate.codes.numbers import normalise_code
from migrate.codes.sheet_values import SheetHead, SheetValues
from migrate.errors import InputError, RunError
from migrate.store import heads
from migrate.store.code_tables import CodeRow
from migrate.store.engine import now

# all that is read of a code; the grants of docs/inquiry.md name the same columns
COLUMNS = ("code", "state", "document_type", "facts", "issued_at", "event_seq")
_ASKED = select(*(getattr(CodeRow, name) for name in COLUMNS))


def sheet_values(
    connection: Connection, code: str, *, public_url: str, lookups: int | None = None
) -> SheetValues:
    """The values of a sheet that is made now. Its national ID is left behind here.

    :param code: as typed, in any digits, with spaces or dashes.
    :param public_url: of the inquiry service, for ``migrate.codes.sheet.inquiry_url``.
    :param lookups: how often the code was looked up, where that is known.
    :raises InputError: for what is no code, or one that was never issued.
    :raises RunError: when the newest signed head cannot be read.
    """
    digits = normalise_code(code)
    row = connection.execute(_ASKED.where(CodeRow.code == digits)).one_or_none() if digits else None
    if row is None:
        raise InputError("no such code was issued", found=code)
    facts = json.loads(row.facts)
    return SheetValues(
        code=row.code,
        state=row.state,
        document_type=row.document_type,
        first_name=facts.get("first_name"),
        last_name=facts.get("last_name"),
        degree=facts.get("degree"),
        field_of_study=facts.get("field_of_study"),
        university=facts.get("university"),
        graduation_year=facts.get("graduation_year"),
        issued_at=row.issued_at,
        made_at=now(connection),
        public_url=public_url,
        event_seq=row.event_seq,
        head=newest_head(connection),
        lookups=lookups,
    )


def newest_head(connection: Connection) -> SheetHead | None:
    """The newest signed head as a sheet shows it, or None where none is signed.

    :raises RunError: when its note is damaged, or is of another size than its row.
    """
    signed = heads.newest(connection)
    if signed is None:
        return None
    try:
        note = parse(signed.note)
    except ValueError as error:
        raise _damaged(signed.size, error) from None
    if note.size != signed.size:
        raise _damaged(signed.size, f"the note is of size {note.size}")
    name = next((one.name for one in note.signatures if one.key_id.hex() == signed.key_id), "")
    if not name:
        raise _damaged(signed.size, f"the note has no signature of key {signed.key_id}")
    return SheetHead(note.size, note.root.hex(), f"{name} {signed.key_id}", signed.at)


def _damaged(size: int, found: object) -> RunError:
    return RunError(
        "the newest signed head is damaged",
        file="signed_heads",
        row=size,
        found=found,
        fix="Run `migrate audit verify`",
    )

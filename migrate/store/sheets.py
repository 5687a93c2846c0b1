"""What a code's certificate sheet says, read from the store in one go."""

from __future__ import annotations

from sqlalchemy import Connection

from migrate.codes.checkpoint import parse
from migrate.codes.numbers import normalise_code
from migrate.codes.sheet_values import SheetHead, SheetValues
from migrate.errors import InputError, RunError
from migrate.store import heads
from migrate.store.engine import now
from migrate.store.lookup import find


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
    record = find(connection, digits) if digits else None
    if record is None:
        raise InputError("no such code was issued", found=code)
    facts = record.facts
    return SheetValues(
        code=record.code,
        state=record.state,
        document_type=record.document_type,
        first_name=facts.get("first_name"),
        last_name=facts.get("last_name"),
        degree=facts.get("degree"),
        field_of_study=facts.get("field_of_study"),
        university=facts.get("university"),
        graduation_year=facts.get("graduation_year"),
        issued_at=record.issued_at,
        made_at=now(connection),
        public_url=public_url,
        event_seq=record.event_seq,
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

"""What a certificate sheet says, as plain values, and the address that its QR holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from migrate.errors import InputError

_LOCAL = ("localhost", "127.0.0.1", "::1")
_LONGEST = 120
# no query, no fragment, and nothing that a PDF or a reader of QR could take for anything else
_PLAIN = re.compile(r"https?://[A-Za-z0-9._:\[\]-]+(/[A-Za-z0-9._~%/-]*)?", re.ASCII)


@dataclass(frozen=True)
class SheetHead:
    """A signed tree head: ``root`` in 64 hexadecimal digits, ``at`` ISO 8601 in UTC."""

    size: int
    root: str
    key_name: str
    at: str


@dataclass(frozen=True)
class SheetValues:
    """All that a sheet says. Facts are as the registry has them, None where it says nothing.

    ``issued_at`` and ``made_at`` (when the sheet is made) are ISO 8601 in UTC; ``document_type`` is
    '', provisional or diploma; ``event_seq`` is the number of the code's issuing in the ledger;
    ``head`` is the newest signed head, None where none is signed; ``lookups`` may be left out.
    """

    code: str
    state: str
    document_type: str
    first_name: str | None
    last_name: str | None
    degree: str | None
    field_of_study: str | None
    university: str | None
    graduation_year: str | None
    issued_at: str
    made_at: str
    public_url: str
    event_seq: int | None = None
    head: SheetHead | None = None
    lookups: int | None = None


def inquiry_url(public_url: str, code: str) -> str:
    """Where a code is asked for: what the QR holds.

    :param public_url: of the service, with https; plain http only for this machine.
    :raises InputError: where that is no such address.
    """
    try:
        parts = urlsplit(public_url)
    except ValueError:
        parts = urlsplit("")
    plain = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
    whole = _PLAIN.fullmatch(public_url) and len(public_url) <= _LONGEST
    if not (plain and whole and parts.hostname) or parts.username:
        raise InputError(
            "not the address of an inquiry service",
            found=public_url,
            fix="Give it as https://host or https://host/path, in ASCII, 120 characters at most.",
        )
    return f"{public_url.rstrip('/')}/c/{code}"

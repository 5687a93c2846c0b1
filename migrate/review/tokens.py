"""Tokens of packets: what ties a row of a workbook to a case, its version and its university."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass

from migrate.persian import letters

# 50 bits: who may try a token has the whole workbook to fill in anyway, so this is against slips
# and against packets that nobody handed out, not a key to anything
_LETTERS = 10
_TOKEN = re.compile(r"(?P<case>\S+)-(?P<version>\d{1,9})-(?P<after>\d{1,9})-(?P<seal>[A-Z2-7]{10})")


@dataclass(frozen=True)
class Token:
    """A token as read: the case, its version, the decision that stood when it was handed out.

    ``after`` is 0 where none stood. ``seal`` is worth nothing before :func:`genuine` has looked.
    """

    case_id: str
    version: int
    after: int
    seal: str


def make(secret: str, case_id: str, version: int, university: str, *, after: int = 0) -> str:
    """The token of a case, as ``C-ABCD-EFGH-IJKL-1-0-QWERTYUIOP``; no spreadsheet takes it for a number.

    The last part is HMAC-SHA256 (RFC 2104) of the others and the university, 50 bits in base 32.

    :param secret: of the store. :param university: the key of ``addressee``.
    :param after: the ``seq`` of the decision that stands on the case, 0 where none does.
    """
    return f"{case_id}-{version}-{after}-{_seal(secret, case_id, version, after, university)}"


def read(text: str) -> Token | None:
    """A token as people return it: any digits, dashes and case of letters, spaces between; else None."""
    folded = letters.fold(text).replace(" ", "").upper()
    found = _TOKEN.fullmatch(folded)
    if found is None:
        return None
    return Token(found["case"], int(found["version"]), int(found["after"]), found["seal"])


def genuine(secret: str, token: Token, university: str) -> bool:
    """Whether a token was made by this store, for this university."""
    expected = _seal(secret, token.case_id, token.version, token.after, university)
    return hmac.compare_digest(expected, token.seal)


def _seal(secret: str, case_id: str, version: int, after: int, university: str) -> str:
    said = json.dumps([case_id, version, after, university], ensure_ascii=False)
    digest = hmac.new(secret.encode(), said.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode()[:_LETTERS]

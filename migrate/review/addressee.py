"""Which university a case goes to: one key for its packet's folder, its users and its queue."""

from __future__ import annotations

import hashlib
import re

from migrate.persian import letters

_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*")


def addressee(university_id: str | None, university: str) -> str:
    """The key of a university: its slug, or ``unknown-`` and 8 hexadecimal digits of its name.

    :param university_id: as the curated list has it, None where the list does not know it.
    :param university: its name, as a record has it.
    """
    if university_id is not None and _SLUG.fullmatch(university_id):
        return university_id
    name = letters.key(university_id or university)
    return f"unknown-{hashlib.sha256(name.encode()).hexdigest()[:8]}"

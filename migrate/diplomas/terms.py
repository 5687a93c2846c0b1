"""The words for what becomes of a legacy record, for those who need no more than the words."""

from __future__ import annotations

OUTCOMES = (
    "linked",
    "mismatch",
    "ambiguous",
    "degree_missing",
    "person_missing",
    "duplicate",
    "already_coded",
    "quarantined",
)
# those that a university must decide
CASES = OUTCOMES[1:5]
# those that say which degree a row is of
FOUND = ("linked", "duplicate", "already_coded")
# those that name a degree
NAMED = ("linked", "mismatch", "duplicate", "already_coded")

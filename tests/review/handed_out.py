"""Cases handed out as a store would do it, with a secret that tests know."""

from __future__ import annotations

from collections.abc import Iterable

from migrate.review import tokens
from migrate.review.addressee import addressee
from migrate.review.cases import Case
from migrate.review.deadlines import due_on
from migrate.review.handing import Handed

SECRET = "5" * 64
OPENED = "2026-11-28"


def handed_out(cases: Iterable[Case], *, after: int = 0, opened: str = OPENED) -> dict[str, Handed]:
    found = {}
    for case in cases:
        university = addressee(case.university_id, case.university)
        token = tokens.make(SECRET, case.case_id, case.version, university, after=after)
        found[case.case_id] = Handed(token, opened, due_on(opened))
    return found

"""Which decisions need a second, different person: those whose error would be a forged diploma."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrate.review.decisions import CHOOSE, CONFIRM, CORRECT, NEW_DEGREE, NEW_GRADUATE

# under this, what the linker itself thought of the pair is no help to a hurried clerk
WEAK = 0.5
# fields that tell people apart
TELLING = ("national_id", "first_name", "last_name", "father_name", "birth_cert_no", "birth_date")


def needs_second(case: Mapping[str, Any], verdict: str, degree_id: str | None) -> bool:
    """Whether an answer counts only once a second person has approved it.

    What adds a degree or a graduate, or changes the registry, always does. A confirmed or chosen
    degree does on weak evidence: the linker gave it less than an even chance or never proposed it,
    the national ID contradicts, or two telling fields do.

    :param case: the case's body, as :meth:`migrate.review.cases.Case.canonical_json` gives it, read.
    """
    if verdict in (NEW_DEGREE, NEW_GRADUATE, CORRECT):
        return True
    if verdict not in (CONFIRM, CHOOSE):
        return False
    named = [one for one in case["candidates"] if one["degree_id"] == degree_id]
    if not named or named[0]["probability"] < WEAK:
        return True
    against = [name for name in case["contradicts"] if name in TELLING]
    return "national_id" in against or len(against) > 1

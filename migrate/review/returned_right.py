"""Right values as a clerk wrote them, each against the document's and the registry's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.intake.readings import READINGS
from migrate.persian import letters
from migrate.review.answers import MEANINGS
from migrate.review.cases import Case
from migrate.review.decisions import CORRECT

_MOST_CHARACTERS = 300


@dataclass(frozen=True)
class Corrections:
    """What is to be corrected, canonical values by field, on either side."""

    record: Mapping[str, str]
    registry: Mapping[str, str]

    def body(self) -> dict[str, dict[str, str]]:
        """As a decision's body keeps it."""
        return {"record": dict(self.record), "registry": dict(self.registry)}

    @property
    def is_empty(self) -> bool:
        """Whether all values that were given stand there already."""
        return not self.record and not self.registry


def read_value(field: str, text: str) -> str | None:
    """A right value as the field's canonical one; None where it is not understood."""
    if len(text) > _MOST_CHARACTERS or letters.is_blank(text):
        return None
    found = READINGS[LEGACY.field(field).kind].read(text).get("")
    return str(found) if found else None


def corrections(case: Case, answer: str, right: Mapping[str, str]) -> Corrections:
    """Which side each right value corrects: the one, or both, that say otherwise.

    Only an answer that a mismatch is to be corrected speaks of the registry: where the degree or the
    person is new, there is nothing of it there yet.

    :param right: canonical values, as :func:`read_value` gives them.
    """
    held = case.candidates[0].values if MEANINGS[answer].verdict == CORRECT else {}
    record = {
        field: value
        for field, value in right.items()
        if not _agrees(field, case.legacy_read.get(field) or case.legacy.get(field, ""), value)
    }
    registry = {
        field: value
        for field, value in right.items()
        if held and field in REGISTRY.names and not _agrees(field, held.get(field, ""), value)
    }
    return Corrections(record, registry)


def _agrees(field: str, stands: str, right: str) -> bool:
    if LEGACY.field(field).kind == "date":
        # a year alone does not correct the day that stands in it
        return stands == right or stands.startswith(f"{right}-")
    return letters.key(stands) == letters.key(right)

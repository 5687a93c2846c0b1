"""Match mode: whether claims about a degree agree with it, field by field, without showing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from migrate.codes.inquiry import Record, degree_id, document_id
from migrate.persian import letters
from migrate.persian.calendars import IMPERIAL, YEARS
from migrate.persian.fields import lookup_field
from migrate.persian.identifiers import normalise_national_id
from migrate.persian.institutions import lookup_unit, lookup_university
from migrate.persian.names import name_key

Verdict = Literal["yes", "no", "cannot"]
# what may be claimed, in the order that it is shown
CLAIMS = (
    "first_name",
    "last_name",
    "national_id",
    "degree",
    "field_of_study",
    "university",
    "year",
    "document",
)
_FACT = {"year": "graduation_year"}


def match(record: Record, claims: Mapping[str, str | None]) -> dict[str, Verdict]:
    """Compare what is claimed with what a code stands for; no value of the record is in the answer.

    *No* is said only where both sides are understood and differ. A claim or a fact that no list
    knows, a less exact one (a university without its branch, a field without its orientation) and
    a fact that the registry lacks *cannot* be compared. A blank claim is not compared at all.

    :param record: what the store has of the code.
    :param claims: texts as typed, by the names of ``CLAIMS``; other names are ignored.
    """
    found: dict[str, Verdict] = {}
    for name in CLAIMS:
        claim = claims.get(name)
        if claim is None or letters.is_blank(claim):
            continue
        fact = (
            record.document_type if name == "document" else record.facts.get(_FACT.get(name, name))
        )
        found[name] = _COMPARE[name](claim, fact) if fact else "cannot"
    return found


def _name(claim: str, fact: str) -> Verdict:
    said, held = name_key(claim), name_key(fact)
    return "cannot" if said is None or held is None else _same(said, held)


def _national_id(claim: str, fact: str) -> Verdict:
    said, held = normalise_national_id(claim), normalise_national_id(fact)
    if said is None or held is None:
        return "cannot"
    if said.digits == held.digits:
        return "yes"
    return "cannot" if "invalid" in (said.state, held.state) else "no"


def _degree(claim: str, fact: str) -> Verdict:
    return _listed(claim, fact, degree_id)


def _document(claim: str, fact: str) -> Verdict:
    return _listed(claim, fact, document_id)


def _field(claim: str, fact: str) -> Verdict:
    said, held = lookup_field(claim), lookup_field(fact)
    if said and held and (said.parent == held.id or held.parent == said.id):
        # one is a branch of the other: less exact, and no contradiction
        return "cannot"
    return _listed(claim, fact, lambda text: getattr(lookup_field(text), "id", None))


def _university(claim: str, fact: str) -> Verdict:
    said, held = lookup_university(claim), lookup_university(fact)
    if said and held and said.id == held.id:
        branch, held_branch = letters.key(lookup_unit(claim)), letters.key(lookup_unit(fact))
        if branch and held_branch:
            return _same(branch, held_branch)
        return "yes" if branch == held_branch else "cannot"
    return _listed(claim, fact, lambda text: getattr(lookup_university(text), "id", None))


def _year(claim: str, fact: str) -> Verdict:
    said, held = _solar_year(claim), _solar_year(fact)
    return "cannot" if said is None or held is None else _same(str(said), str(held))


def _solar_year(text: str) -> int | None:
    """A Solar Hijri year, imperial years among them; any other text cannot be compared."""
    digits = letters.key(text)
    if len(digits) != 4 or not (digits.isascii() and digits.isdigit()):
        return None
    year = int(digits)
    if year in YEARS["imperial"]:
        year -= IMPERIAL
    return year if year in YEARS["solar"] else None


def _listed(claim: str, fact: str, lookup: Callable[[str], str | None]) -> Verdict:
    if letters.key(claim) == letters.key(fact):
        return "yes"
    said, held = lookup(claim), lookup(fact)
    return "cannot" if said is None or held is None else _same(said, held)


def _same(said: str, held: str) -> Verdict:
    return "yes" if said == held else "no"


_COMPARE: dict[str, Callable[[str, str], Verdict]] = {
    "first_name": _name,
    "last_name": _name,
    "national_id": _national_id,
    "degree": _degree,
    "field_of_study": _field,
    "university": _university,
    "year": _year,
    "document": _document,
}

"""Values in the registry's shape: what a person typed checked and written, cells compared."""

from __future__ import annotations

import re
from collections.abc import Mapping

from migrate.diplomas.schema import REGISTRY
from migrate.errors import InputError
from migrate.intake.known import known
from migrate.intake.readings import READINGS
from migrate.persian import letters

# what says who a person is, as every degree of that person has it
IDENTITY = (
    "national_id",
    "first_name",
    "last_name",
    "father_name",
    "sex",
    "birth_cert_no",
    "birth_place",
    "birth_date",
)
OF_DEGREE = ("university", "field_of_study", "degree", "graduation_date", "diploma_no")
CORRECTABLE = (*IDENTITY, *OF_DEGREE)
# a degree without one of these is no row of the registry
REQUIRED = ("first_name", "last_name", "university")
_SEX = {"m": "مرد", "f": "زن"}
_DATE = re.compile(r"1[234]\d\d(-\d\d(-\d\d)?)?")
# kinds that are written as they were typed: names and numbers of diplomas lose something otherwise
_AS_TYPED = ("name", "place", "diploma_no")
_HALF_SPACE = "\u200c"


def canonical(name: str, text: str | None) -> str | None:
    """What a registry cell is taken for, as staging has it; None for a blank and for what is not read.

    :param name: a field of ``REGISTRY``. :param text: the cell.
    """
    if letters.is_blank(text):
        return None
    found = READINGS[REGISTRY.field(name).kind].read(text or "").get("")
    return None if found is None else str(found)


def canonical_row(cells: Mapping[str, str | None]) -> dict[str, str | None]:
    """The canonical values of a registry's row, by field."""
    return {name: canonical(name, cells.get(name)) for name in REGISTRY.names}


def is_same(one: str | None, other: str | None) -> bool:
    """Whether two cells hold one text, but for spaces, digits' script and letters' variants."""
    return (letters.fold(one).strip()) == (letters.fold(other).strip())


def still_holds(name: str, cell: str | None, old: str | None) -> bool:
    """Whether a cell holds what it held: the same text, or one that is read as the same value.

    :param name: a field of ``REGISTRY``. :param cell: as the registry has it now.
    :param old: as it was shown to the person who decided, raw or canonical; None for a blank.
    """
    if is_same(cell, old):
        return True
    was, now = canonical(name, old), canonical(name, cell)
    # a canonical sex is a letter, which reads as itself
    return was is not None and was == now


def changes(name: str, old: str | None, new: str) -> bool:
    """Whether a field would hold another value by ``new``: a title added to a name is one."""
    if REGISTRY.field(name).kind in _AS_TYPED:
        return not is_same(old, new)
    return not still_holds(name, old, new)


def checked(name: str, text: str) -> str:
    """A value for the registry as a person gave it, written as the registry writes it.

    A national ID has ten digits and the check digit that belongs to them; a date is Solar Hijri with
    a whole year; a university, field or degree is one that its list knows, under its usual name.

    :param name: one of ``CORRECTABLE``. :param text: digits in any script.
    :raises InputError: naming the field, for anything else.
    """
    if name not in CORRECTABLE:
        raise InputError(
            "the registry's field cannot be corrected",
            column=name,
            found=text,
            fix=f"These can: {', '.join(CORRECTABLE)}",
        )
    kind = REGISTRY.field(name).kind
    found = READINGS[kind].read(text)
    value = str(found.get("") or "")
    match kind:
        case "national_id" if found.get("_state") != "valid":
            _refuse(
                name, text, "not a national ID", "Give its ten digits; the last one checks them"
            )
        case "date" if not _DATE.fullmatch(value) or found.get("_note"):
            _refuse(name, text, "not a date of the Solar Hijri calendar", "Write it as 1362-07-03")
        case "university" | "field_of_study" | "degree" if known(kind).lookup(text) is None:
            near = known(kind).suggest(text)
            _refuse(
                name,
                text,
                f"the list of {known(kind).plural} does not know this name",
                f"Perhaps {' or '.join(near.values())}" if near else "Give its usual name",
            )
    if not value:
        _refuse(name, text, "this value cannot be read", "Give it as the registry would have it")
    return _SEX[value] if kind == "sex" else _written(kind, text, value)


def as_written(name: str, raw: str | None, read: str | None) -> str | None:
    """A value that was read from paper or the registry, as the registry writes it; None for a blank.

    A date that is no day, month or year of the Solar Hijri calendar is left out.

    :param raw: as it stood. :param read: what it was taken for, None where it was not understood.
    """
    kind = REGISTRY.field(name).kind
    if kind == "date":
        return read if read and _DATE.fullmatch(read) else None
    if kind == "sex":
        return _SEX.get(read or "")
    if letters.is_blank(read):
        return None
    return _written(kind, raw or read or "", read or "")


def _written(kind: str, text: str, value: str) -> str:
    """Names and numbers of diplomas keep their half spaces and separators, all else is canonical."""
    if kind in _AS_TYPED:
        parts = [letters.fold(part).strip() for part in text.split(_HALF_SPACE)]
        return _HALF_SPACE.join(part for part in parts if part)
    return value


def _refuse(name: str, text: str, message: str, fix: str) -> None:
    raise InputError(message, column=name, found=text, fix=fix)

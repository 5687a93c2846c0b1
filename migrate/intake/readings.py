"""How each kind of value is read: text of a source in, canonical value and what comes of it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import pyarrow as pa

from migrate.intake.plain import Plain, as_it_stands, national_ids, solar_days
from migrate.intake.profiles import DateRule
from migrate.intake.schema import Kind
from migrate.persian import letters, names
from migrate.persian.dates import UnreadDate, parse_date
from migrate.persian.degrees import degrees, lookup_degree, lookup_document_type, lookup_sex
from migrate.persian.fields import fields, lookup_field, root_of
from migrate.persian.identifiers import (
    normalise_certificate_no,
    normalise_diploma_no,
    normalise_national_id,
)
from migrate.persian.institutions import lookup_unit, lookup_university, universities
from migrate.persian.places import place_key

# what one value gives: the canonical value under '', the others under their suffix
Read = Callable[[str], Mapping[str, object]]
# ids of curated lists by ``letters.key`` of the text that people decided stands for them, by kind
Meanings = Mapping[Any, Mapping[str, str]]


@dataclass(frozen=True)
class Reading:
    """How a kind of value is read, and the columns that come of it, by suffix.

    ``plain`` reads, a column at a time, the values that stand there as they should; it must give
    what ``read`` gives, and leaves all others to it. ``tells_blanks`` is whether ``read`` gives
    nothing for a blank; where it does not, it is given none. ``repeats`` is whether most values come
    again within some ten thousand rows.
    """

    read: Read
    columns: Mapping[str, pa.DataType]
    plain: Plain | None = None
    tells_blanks: bool = False
    repeats: bool = True


def reading_of(
    kind: Kind,
    *,
    rule: DateRule | None = None,
    meanings: Meanings | None = None,
) -> Reading:
    """How values of a kind are read in one source.

    :param rule: how its profile says that dates are written in this field.
    :param meanings: what people decided that unknown universities, fields and degrees stand for;
        such a decision comes before the curated list.
    """
    reading = READINGS[kind]
    if kind == "date" and rule is not None:
        return replace(reading, read=_dated(rule), plain=None)
    decided = (meanings or {}).get(kind)
    if decided and kind in _BY_ID:
        return replace(reading, read=_decided(reading.read, decided, _BY_ID[kind]()))
    return reading


def _name(text: str) -> dict[str, object]:
    name = names.parse_name(text)
    if name is None:
        return {}
    joined = "".join(name.parts)
    return {
        "": name.text,
        "_key": joined,
        "_sound": names.sound(joined),
        "_skeleton": names.skeleton(joined),
        "_parts": " ".join(name.parts),
    }


def _dated(rule: DateRule) -> Read:
    said: dict[str, Any] = {name: said for name, said in asdict(rule).items() if said is not None}

    def read(text: str) -> dict[str, object]:
        found = parse_date(text, **said)
        if found is None:
            return {}
        if isinstance(found, UnreadDate):
            return {"_note": found.reason}
        notes = [] if found.calendar == "solar" else [f"{found.calendar} calendar"]
        if not found.certain:
            notes.append("century assumed")
        return {
            "": found.text,
            "_first": found.first,
            "_last": found.last,
            "_note": "; ".join(notes) or None,
        }

    return read


def _known(lookup: Callable[[str], Any], suffix: str) -> Read:
    def read(text: str) -> dict[str, object]:
        found = lookup(text)
        if found is None:
            return {"": letters.fold(text), suffix: None}
        return {"": found.name, suffix: found.id}

    return read


def _university(text: str) -> dict[str, object]:
    found = lookup_university(text)
    if found is None:
        return {"": letters.fold(text)}
    return {"": found.name, "_id": found.id, "_unit": letters.key(lookup_unit(text)) or None}


def _field_of_study(text: str) -> dict[str, object]:
    found = lookup_field(text)
    if found is None:
        return {"": letters.fold(text)}
    return {"": found.name, "_id": found.id, "_root": root_of(found.id)}


def _decided(
    read: Read, decided: Mapping[str, str], by_id: Mapping[str, Mapping[str, object]]
) -> Read:
    def read_decided(text: str) -> Mapping[str, object]:
        return by_id.get(decided.get(letters.key(text), ""), None) or read(text)

    return read_decided


def _national_id(text: str) -> dict[str, object]:
    found = normalise_national_id(text)
    if found is None:
        return {}
    return {"": None if found.state == "invalid" else found.digits, "_state": found.state}


def _place(text: str) -> dict[str, object]:
    return {"": letters.fold(text), "_key": place_key(text)}


def _one(function: Callable[[str], str | None]) -> Read:
    return lambda text: {"": function(text) or None}


def _identifier(text: str) -> str:
    return letters.digits(text).strip()


def _names_by_id(all: Iterable[Any], suffix: str) -> dict[str, Mapping[str, object]]:
    return {one.id: {"": one.name, suffix: one.id} for one in all}


# what an id of a curated list gives, where a person decided on it
_BY_ID: Mapping[Kind, Callable[[], Mapping[str, Mapping[str, object]]]] = {
    "university": lambda: _names_by_id(universities(), "_id"),
    "field_of_study": lambda: {
        id: {**given, "_root": root_of(id)} for id, given in _names_by_id(fields(), "_id").items()
    },
    "degree": lambda: _names_by_id(degrees(), "_level"),
}
_TEXT = pa.string()
# letters, digits and what stands between them in a number: never a blank where a digit is there
_NUMBERED = as_it_stands("^[0-9A-Za-z./-]*[0-9][0-9A-Za-z./-]*$")
_WORD = "[0-9A-Za-z./:,()ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی-]+"
READINGS: Mapping[Kind, Reading] = {
    "id": Reading(_one(_identifier), {"": _TEXT}, _NUMBERED, repeats=False),
    "code": Reading(_one(_identifier), {"": _TEXT}, _NUMBERED, repeats=False),
    "text": Reading(
        _one(letters.fold),
        {"": _TEXT},
        as_it_stands(f"^({_WORD} )*{_WORD}$", digit="[0-9]"),
        repeats=False,
    ),
    "name": Reading(
        _name,
        dict.fromkeys(("", "_key", "_sound", "_skeleton", "_parts"), _TEXT),
        tells_blanks=True,
    ),
    "sex": Reading(_one(lookup_sex), {"": _TEXT}, tells_blanks=True),
    "national_id": Reading(_national_id, {"": _TEXT, "_state": _TEXT}, national_ids, True, False),
    "certificate_no": Reading(
        _one(normalise_certificate_no),
        {"": _TEXT},
        as_it_stands("^[1-9][0-9]{0,9}$"),
        tells_blanks=True,
        repeats=False,
    ),
    "diploma_no": Reading(
        _one(normalise_diploma_no),
        {"": _TEXT},
        as_it_stands("^(شماره ?:? ?)?[0-9]+( ?[/-] ?[0-9]+)?$", without="[^0-9]+", digit="[1-9]"),
        tells_blanks=True,
        repeats=False,
    ),
    "place": Reading(_place, {"": _TEXT, "_key": _TEXT}),
    "date": Reading(
        _dated(DateRule()),
        {"": _TEXT, "_first": pa.date32(), "_last": pa.date32(), "_note": _TEXT},
        solar_days,
        tells_blanks=True,
        repeats=False,
    ),
    "university": Reading(_university, {"": _TEXT, "_id": _TEXT, "_unit": _TEXT}),
    "field_of_study": Reading(_field_of_study, {"": _TEXT, "_id": _TEXT, "_root": _TEXT}),
    # not degree_id, which is the registry's key
    "degree": Reading(_known(lookup_degree, "_level"), {"": _TEXT, "_level": _TEXT}),
    "document_type": Reading(_one(lookup_document_type), {"": _TEXT}, tells_blanks=True),
}

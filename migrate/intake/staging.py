"""Raw columns to staged ones: each distinct value is read once, its raw text is kept for ever."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from migrate.intake.schema import Field, Kind, Schema
from migrate.intake.sources import PLACE, VALUES
from migrate.persian import letters, names
from migrate.persian.bulk import map_distinct
from migrate.persian.dates import UnreadDate, parse_date
from migrate.persian.degrees import lookup_degree, lookup_document_type, lookup_sex
from migrate.persian.fields import lookup_field, root_of
from migrate.persian.identifiers import (
    normalise_certificate_no,
    normalise_diploma_no,
    normalise_national_id,
)
from migrate.persian.institutions import lookup_unit, lookup_university
from migrate.persian.places import place_key

# what one value gives: the canonical value under '', the others under their suffix
Read = Callable[[str], Mapping[str, object]]


@dataclass(frozen=True)
class Reading:
    """How a kind of value is read, and the columns that come of it, by suffix."""

    read: Read
    columns: Mapping[str, pa.DataType]


def stage(table: pa.Table, schema: Schema) -> pa.Table:
    """The staged table of a raw one, row for row, in the same order.

    Columns: ``row``, ``sheet``, ``sheet_row``; then for each field ``raw_<f>`` as it was read,
    ``<f>`` canonical, and what is derived from it: ``_key``, ``_sound``, ``_skeleton``, ``_parts``
    of a name; ``_first``, ``_last`` (date32) and ``_note`` of a date; ``_id`` of a university, and
    ``_unit``, its branch or campus; ``_id`` of a field of study, and ``_root``, its whole field;
    ``_level`` of a degree;
    ``_state`` of a national ID; ``_key`` of a place. All are null where the raw value is missing or
    blank. A value that is there and not understood keeps its raw text and has a null canonical
    value; an unknown university, field or degree has its folded text, and a null ``_id`` or
    ``_level``.

    :param table: ``row`` and ``raw_<field>`` string for each field, as ``read_source`` and
        ``read_registry`` give it. A raw column may carry its profile's value codes.
    :param schema: the fields.
    """
    has = table.column_names
    columns: dict[str, Any] = {name: table.column(name) for name in PLACE if name in has}
    columns.setdefault("sheet", pa.nulls(table.num_rows, pa.string()))
    columns.setdefault("sheet_row", table.column("row"))
    for field in schema.fields:
        raw = f"raw_{field.name}"
        columns[raw] = table.column(raw)
        staged = _staged(field, table.column(raw), _codes(table.schema.field(raw)))
        if not columns.keys().isdisjoint(staged):
            raise ValueError(f"two fields of {schema.name} give the column {field.name}…")
        columns.update(staged)
    return pa.table(columns)


def staged_names(schema: Schema) -> tuple[str, ...]:
    """The columns of a staged table, in order."""
    found = list(PLACE)
    for field in schema.fields:
        found.append(f"raw_{field.name}")
        found.extend(field.name + suffix for suffix in READINGS[field.kind].columns)
    return tuple(found)


def _codes(field: pa.Field[Any]) -> dict[str, str]:
    written = (field.metadata or {}).get(VALUES)
    codes: dict[str, str] = json.loads(written) if written else {}
    return {letters.fold(code): meant for code, meant in codes.items()}


def _staged(field: Field, raw: Any, codes: Mapping[str, str]) -> dict[str, Any]:
    reading = READINGS[field.kind]
    # a column by its place: '' is no name for a child of a struct
    kind = pa.struct([(str(n), type) for n, type in enumerate(reading.columns.values())])

    def read(text: str | None) -> tuple[object, ...] | None:
        if text is not None and codes:
            text = codes.get(letters.fold(text), text)
        if text is None or letters.is_blank(text):
            return None
        found = reading.read(text)
        return tuple([found.get(suffix) for suffix in reading.columns])

    parsed = map_distinct(raw, read, kind)
    return {
        field.name + suffix: pc.struct_field(parsed, [n])
        for n, suffix in enumerate(reading.columns)
    }


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


def _date(text: str) -> dict[str, object]:
    found = parse_date(text)
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


_TEXT = pa.string()
READINGS: Mapping[Kind, Reading] = {
    "id": Reading(_one(_identifier), {"": _TEXT}),
    "code": Reading(_one(_identifier), {"": _TEXT}),
    "text": Reading(_one(letters.fold), {"": _TEXT}),
    "name": Reading(_name, dict.fromkeys(("", "_key", "_sound", "_skeleton", "_parts"), _TEXT)),
    "sex": Reading(_one(lookup_sex), {"": _TEXT}),
    "national_id": Reading(_national_id, {"": _TEXT, "_state": _TEXT}),
    "certificate_no": Reading(_one(normalise_certificate_no), {"": _TEXT}),
    "diploma_no": Reading(_one(normalise_diploma_no), {"": _TEXT}),
    "place": Reading(_place, {"": _TEXT, "_key": _TEXT}),
    "date": Reading(
        _date, {"": _TEXT, "_first": pa.date32(), "_last": pa.date32(), "_note": _TEXT}
    ),
    "university": Reading(_university, {"": _TEXT, "_id": _TEXT, "_unit": _TEXT}),
    "field_of_study": Reading(_field_of_study, {"": _TEXT, "_id": _TEXT, "_root": _TEXT}),
    # not degree_id, which is the registry's key
    "degree": Reading(_known(lookup_degree, "_level"), {"": _TEXT, "_level": _TEXT}),
    "document_type": Reading(_one(lookup_document_type), {"": _TEXT}),
}

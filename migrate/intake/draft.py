"""A first profile of a source, for a person to correct: what its headings and its values say."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from migrate.intake.look import Column, Look, date_orders, fields_of, shown_kind
from migrate.intake.profile_schema import FILE
from migrate.intake.schema import Field, Kind, Schema
from migrate.persian.degrees import lookup_degree, lookup_document_type, lookup_sex

# values of these kinds are of a short closed list, so a source may write codes for them
_CODED = {"sex": lookup_sex, "degree": lookup_degree, "document_type": lookup_document_type}
# a column with more values than this holds no codes
_MOST_CODES = 30
# rows whose order of a date shows, so that the others may be read by it
_ENOUGH = 20


def draft(look: Look, schema: Schema, *, beside: Path | None = None) -> str:
    """The YAML of a profile for a source that was looked at; what is not sure stands as a comment.

    It can be used as it is. A heading that names a field is mapped; so is a column whose values
    leave no doubt. No value of a column is shown that might be of one person: only codes are.

    :param look: the source.
    :param schema: the fields.
    :param beside: the folder that the profile is written to, to name the JSON Schema from there.
    """
    taken = {column.field for column in look.columns if column.field}
    mapped: dict[str, Column] = {column.field: column for column in look.columns if column.field}
    free = [field for field in schema.fields if field.name not in taken]
    guessed = {}
    for column in look.columns:
        guess = _sure(column, look, free)
        if guess:
            guessed[column.heading] = guess
            mapped[guess] = column
    left = [field for field in free if field.name not in guessed.values()]
    lines = [
        f"# yaml-language-server: $schema={_schema_file(beside)}",
        "#",
        f"# A draft for {look.path.name}: {shown_kind(look.shape)}; {look.rows:,} rows looked at.",
        "# Correct it; docs/intake/profiles.md says what each key does. Then see what is missing:",
        "#   migrate profile FILE --check --profile THIS_FILE",
        "",
        *_headings(look, guessed, left),
        *_several(look),
        *_ignored(look),
        *_missing(left),
        *_codes(mapped, schema),
        *_dates(mapped, schema),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _schema_file(beside: Path | None) -> str:
    if beside is None:
        return str(FILE)
    try:
        return Path(os.path.relpath(FILE, beside.resolve())).as_posix()
    except ValueError:
        # another drive
        return str(FILE)


def _sure(column: Column, look: Look, free: Sequence[Field]) -> str | None:
    """The one field that a column's values leave it: one such column, one such field."""
    if column.field or column.twin or column.kind in (None, "date", "place"):
        return None
    rivals = [
        one for one in look.columns if one.kind == column.kind and not one.field and not one.twin
    ]
    fields = fields_of(column.kind, free)
    return fields[0] if len(rivals) == len(fields) == 1 else None


def _headings(look: Look, guessed: dict[str, str], left: Sequence[Field]) -> Iterator[str]:
    several = _of_several(look)
    live = [
        column
        for column in look.columns
        if (column.field and column.field not in several) or column.heading in guessed
    ]
    yield "headings:" if live else "headings: {}"
    for column in look.columns:
        heading = scalar(column.heading)
        if column.field in several:
            continue
        if column.field:
            by = f"  # as in the shipped profile {column.shape}" if column.shape else ""
            yield f"  {heading}: {column.field}{by}"
        elif column.heading in guessed:
            why = f"{column.share:.0%} of its values are of this kind; its heading does not say so"
            yield f"  {heading}: {guessed[column.heading]}  # {why}"
        elif not column.twin:
            yield f"  # {heading}: {_suggested(column, left)}"
    yield ""


def _of_several(look: Look) -> dict[str, list[str]]:
    """Headings by field, of those fields that go by several in the tables of one file."""
    found: dict[str, list[str]] = {}
    for column in look.columns:
        if column.field:
            found.setdefault(column.field, []).append(column.heading)
    return {field: headings for field, headings in found.items() if len(headings) > 1}


def _several(look: Look) -> Iterator[str]:
    several = _of_several(look)
    if several:
        yield "# fields that go by another heading in each table"
        yield "synonyms:"
        for field, headings in several.items():
            yield f"  {field}:"
            yield from (f"    - {scalar(heading)}" for heading in headings)
        yield ""


def _suggested(column: Column, left: Sequence[Field]) -> str:
    free = {field.name for field in left}
    of_kind = fields_of(column.kind, left) if column.kind else ()
    near = tuple(name for name in column.near if name in free and (name in of_kind or not of_kind))
    key = next((field.name for field in left if field.kind == "id"), None)
    different = key and column.filled == 1 and len(column.values) == column.rows > 1
    names = " | ".join(dict.fromkeys((*of_kind, *near, *((key,) if key and different else ()))))
    said = []
    if different:
        said.append("its values are all different")
    if column.kind:
        said.append(f"{column.share:.0%} of its values look like {_WORDS[column.kind]}")
    if near:
        said.append("its heading is near")
    if not column.values:
        said.append("it is empty")
    return f"{names or '…'}  # {'; '.join(said) or 'names no field that is known'}"


_WORDS: dict[Kind, str] = {
    "national_id": "national IDs",
    "date": "dates",
    "sex": "sexes",
    "document_type": "kinds of document",
    "degree": "degree levels",
    "university": "universities",
    "field_of_study": "fields of study",
    "place": "places",
}


def _ignored(look: Look) -> Iterator[str]:
    twins = [column for column in look.columns if column.twin]
    if not twins:
        return
    yield "# headings of a field that another column has already: one of the two is right"
    yield "ignore:"
    for column in twins:
        held = look.column_of(column.twin or "")
        other = f", and so does '{held.heading}'" if held else ""
        yield f"  - {scalar(column.heading)}  # names {column.twin}{other}"
    yield ""


def _missing(left: Sequence[Field]) -> Iterator[str]:
    required = [field for field in left if field.required]
    if required:
        yield "# A batch cannot run without a column for these:"
        for field in required:
            yield f"#   {field.name}  {(*field.headings, field.name)[0]}"
        if any(field.kind == "university" for field in required):
            yield "# A university that is the same for all rows may be said once instead:"
            yield "# constants:"
            yield "#   university: …"
        yield ""
    others = [field for field in left if not field.required]
    if others:
        yield "# No heading was taken for these fields of the form:"
        for field in others:
            yield f"#   {field.name}  {(*field.headings, field.name)[0]}"
        yield ""


def _codes(mapped: dict[str, Column], schema: Schema) -> Iterator[str]:
    lines: list[str] = []
    for field in schema.fields:
        column = mapped.get(field.name)
        if field.kind not in _CODED or column is None or len(column.values) > _MOST_CODES:
            continue
        lookup = _CODED[field.kind]
        unknown = {value: rows for value, rows in column.values.items() if lookup(value) is None}
        if unknown:
            lines.append(f"#   {field.name}:")
            lines += [f"#     {scalar(value)}: …  # {n:,} rows" for value, n in unknown.items()]
    if lines:
        yield "# Values that are not understood: say what each means, in words. Never guess here: a"
        yield "# wrong degree code leads a record to another degree of the same person."
        yield "# values:"
        yield from lines
        yield ""


def _dates(mapped: dict[str, Column], schema: Schema) -> Iterator[str]:
    live: list[str] = []
    notes: list[str] = []
    for field in schema.fields:
        column = mapped.get(field.name)
        if field.kind != "date" or column is None:
            continue
        shown, either = date_orders(column.values)
        if not either:
            continue
        counts = ", ".join(f"{rows:,} rows show {order}" for order, rows in shown.most_common())
        said = f"{either:,} rows could be either; {counts or 'no row shows the order'}"
        # one row of the other order, and nothing is sure
        if len(shown) == 1 and shown.total() >= _ENOUGH:
            live.append(f"  {field.name}: {{order: {next(iter(shown))}}}  # {said}")
        else:
            notes.append(f"#   {field.name}: {{order: …}}  # {said}")
    if live:
        yield "# Dates such as 10/5/20 are read by the order that the other rows show."
        yield "dates:"
        yield from live
        yield ""
    if notes:
        yield "# Dates such as 10/5/20 are not read unless their order is said: ymd or dmy."
        yield "# dates:"
        yield from notes
        yield ""


def scalar(text: str) -> str:
    """A text as a YAML scalar on one line, quoted only where it must be."""
    written = yaml.safe_dump(text, allow_unicode=True, width=float("inf"))
    return str(written).removesuffix("\n").removesuffix("...").rstrip("\n")

"""A source's headings, and the fields that they name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from migrate.errors import InputError
from migrate.intake.schema import Field, Schema
from migrate.persian import letters

# rows above a heading: titles, 'sep=;', blank lines
SEARCHED = 20
# what an Arabic keyboard or code page puts for the letters it has not: دانشكاه
_ARABIC = str.maketrans("پچژگ", "بجزک")

# a date, an identifier
_RECORD = re.compile(r"\d{4}|\d[/-]\d")


def names(field: Field) -> tuple[str, ...]:
    """All headings that a field goes by without a profile, its own name first."""
    return (field.name, *field.headings)


def dictionary(
    schema: Schema, given: Mapping[str, str] | None = None, ignore: Sequence[str] = ()
) -> dict[str, str | None]:
    """Field names by the key of each heading; None for a heading that is to be ignored.

    :param schema: the fields looked for.
    :param given: a profile's headings with their fields. A field named there goes by these only.
    :param ignore: a profile's headings that name nothing, whatever they look like.
    """
    given = given or {}
    found: dict[str, str | None] = {}
    for field in schema.fields:
        if field.name not in given.values():
            keys = [letters.key(name) for name in names(field)]
            found.update(dict.fromkeys(keys, field.name))
            for key in keys:
                found.setdefault(key.translate(_ARABIC), field.name)
    found.update({letters.key(heading): name for heading, name in given.items()})
    found.update({letters.key(heading): None for heading in ignore})
    return found


def spellings(schema: Schema, given: Mapping[str, str]) -> dict[str, str]:
    """Field names by heading as it is written, for the fields that ``dictionary`` has."""
    usual = (field for field in schema.fields if field.name not in given.values())
    return {name: field.name for field in usual for name in names(field)} | dict(given)


def count_known(cells: Sequence[str], known: Mapping[str, str | None]) -> int:
    """How many cells of a row are headings of fields."""
    return sum(known.get(letters.key(cell)) is not None for cell in cells if cell)


def find_heading(rows: Sequence[Sequence[str]], known: Mapping[str, str | None]) -> int | None:
    """Where the heading stands: the first row with two known headings or more.

    Without such a row it is the first with any text, and the error that follows names it. None when
    all of the first rows are blank.
    """
    some = None
    for place, cells in enumerate(rows[:SEARCHED]):
        if count_known(cells, known) >= 2:
            return place
        if some is None and any(cell.strip() for cell in cells):
            some = place
    return some


def map_headings(
    headings: Sequence[str],
    schema: Schema,
    *,
    file: object,
    row: int | None = 1,
    given: Mapping[str, str] | None = None,
    ignore: Sequence[str] = (),
) -> tuple[str | None, ...]:
    """The field that each heading names, or None, in the headings' order.

    Headings are matched by ``persian.letters.key``: spacing, Arabic letters, punctuation and case
    do not matter.

    :param headings: as they stand in the file.
    :param schema: the fields looked for.
    :param file: what an error names as the file.
    :param row: the row that the headings stand in, None for a database.
    :param given: a profile's headings with their fields.
    :param ignore: a profile's headings that name nothing.
    :raises InputError: two headings name one field; a heading of the profile is not in the file; a
        required field has no heading.
    """
    known = dictionary(schema, given, ignore)
    found = tuple(known.get(letters.key(heading)) if heading else None for heading in headings)
    shown = _shown(headings, known)
    _refuse_absent(headings, given or {}, file, row, shown)
    _refuse_twice(headings, found, file, row)
    missing = [name for name in schema.required if name not in found]
    if missing:
        wanted = "; ".join(f"{name}: {_taken(schema.field(name), given)}" for name in missing)
        raise InputError(
            f"there is no column for {', '.join(missing)}",
            file=file,
            row=row,
            found=shown,
            fix=f"Name the column, or map its heading in a source profile ({wanted})",
        )
    return found


def _shown(headings: Sequence[str], known: Mapping[str, str | None]) -> str:
    cells = [heading for heading in headings if heading]
    if count_known(cells, known) < 2 and any(
        _RECORD.search(letters.digits(cell)) for cell in cells
    ):
        # a file without a heading: a person's record is not for an error message
        return f"{len(cells)} cells with numbers among them, as a record has and a heading has not"
    return " | ".join(cells) or "no heading"


def _taken(field: Field, given: Mapping[str, str] | None) -> str:
    chosen = [heading for heading, name in (given or {}).items() if name == field.name]
    return " or ".join(chosen or names(field))


def _refuse_absent(
    headings: Sequence[str], given: Mapping[str, str], file: object, row: int | None, shown: str
) -> None:
    present = {letters.key(heading) for heading in headings}
    for heading, name in given.items():
        if letters.key(heading) not in present:
            raise InputError(
                f"the source profile maps the heading '{heading}' to {name}, but it is not here",
                file=file,
                row=row,
                found=shown,
                fix="Correct the heading in the profile, or take it out",
            )


def _refuse_twice(
    headings: Sequence[str], found: Sequence[str | None], file: object, row: int | None
) -> None:
    first: dict[str, int] = {}
    for place, name in enumerate(found):
        if name is None:
            continue
        if name in first:
            before = first[name]
            raise InputError(
                f"two columns are headed as {name}: column {before + 1} '{headings[before]}' "
                f"and column {place + 1} '{headings[place]}'",
                file=file,
                row=row,
                fix="Rename one, or say in a source profile which is which",
            )
        first[name] = place

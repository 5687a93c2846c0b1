"""A source held against the form of today: which fields it lacks, and how well it fills the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from migrate.intake import profiles
from migrate.intake.schema import Field, Schema
from migrate.intake.sources import open_source
from migrate.intake.staging import Staging
from migrate.persian.bulk import map_distinct
from migrate.persian.letters import is_blank

# rows that are looked at, about: a share of them is a share of the source
ROWS = 50_000
_EXAMPLES = 5
# what a value of these kinds says of one person is little; others are not shown
_SHOWN = ("date", "sex", "university", "field_of_study", "degree", "document_type")


@dataclass(frozen=True)
class FormField:
    """One field of the form, as a source has it.

    ``heading`` is its column, None where it has none; ``constant`` the value that the profile gives
    all rows instead. ``filled`` is the share of rows with a value, ``read`` the share with one that
    was understood. ``unread`` are the commonest values that were not, with their rows; none for names
    and identifiers, which are of one person.
    """

    name: str
    required: bool
    heading: str | None
    constant: str | None
    filled: float
    read: float
    unread: tuple[tuple[str, int], ...]

    @property
    def lacks(self) -> bool:
        """Whether no row has a value of it: there is no column, or it is empty throughout."""
        return self.filled == 0


def check_form(
    path: Path, schema: Schema, *, profile: Path | None = None, rows: int = ROWS
) -> tuple[FormField, ...]:
    """Hold the first rows of a source against the form, field by field in the schema's order.

    :param path: the file.
    :param schema: the form.
    :param profile: a source profile, see ``migrate.intake.profiles``.
    :param rows: about how many rows are looked at.
    :raises InputError: it is no table that can be read, or the profile does not fit it.
    """
    said = profiles.NONE if profile is None else profiles.read_profile(profile, schema)
    # a form that asks for nothing can be held against anything
    lax = replace(schema, fields=tuple(replace(one, required=False) for one in schema.fields))
    source = open_source(path, lax, profile=profile)
    staging = Staging(lax)
    staged: list[pa.Table] = []
    seen = 0
    for batch in source.batches(size=min(rows, 65_536)):
        staged.append(staging.stage(batch.table))
        seen += batch.table.num_rows
        if seen >= rows:
            break
    headings = {field: heading for heading, field in source.findings.headings if field}
    table = pa.concat_tables(staged) if staged else None
    return tuple(_field(one, headings.get(one.name), said, table) for one in schema.fields)


def understood(field: Field) -> str:
    """The staged column that is null where a value of ``field`` was not understood."""
    closed = {"university": "_id", "field_of_study": "_id", "degree": "_level", "name": "_key"}
    return field.name + closed.get(field.kind, "")


def _field(
    field: Field, heading: str | None, said: profiles.Profile, table: pa.Table | None
) -> FormField:
    constant = said.constants.get(field.name)
    if table is None or not table.num_rows:
        return FormField(field.name, field.required, heading, constant, 0.0, 0.0, ())
    raw = table.column(f"raw_{field.name}")
    blank: Any = pc.fill_null(map_distinct(raw, is_blank, pa.bool_()), True)
    null: Any = table.column(understood(field)).is_null()
    unread = pc.value_counts(raw.filter(pc.and_(pc.invert(blank), null))).to_pylist()
    unread.sort(key=lambda one: (-one["counts"], one["values"]))
    filled = table.num_rows - (pc.sum(blank).as_py() or 0)
    lost = sum(one["counts"] for one in unread)
    return FormField(
        name=field.name,
        required=field.required,
        heading=heading,
        constant=constant,
        filled=filled / table.num_rows,
        read=(filled - lost) / table.num_rows,
        unread=tuple((one["values"], one["counts"]) for one in unread[:_EXAMPLES])
        if field.kind in _SHOWN
        else (),
    )

"""A first look at a source that nobody has described: its columns, and what their values are like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from rapidfuzz import fuzz, process

from migrate.intake import profiles
from migrate.intake.headings import dictionary, names
from migrate.intake.readers.kind import kind_of
from migrate.intake.readers.rows import Shape
from migrate.intake.schema import Field, Kind, Schema
from migrate.intake.sources import READERS, Reader
from migrate.persian import letters
from migrate.persian.dates import DateInterval, Order, UnreadDate, parse_date
from migrate.persian.degrees import lookup_degree, lookup_document_type, lookup_sex
from migrate.persian.fields import lookup_field
from migrate.persian.identifiers import normalise_national_id
from migrate.persian.institutions import lookup_university
from migrate.persian.places import is_place

# rows that a look takes: enough to know a column by, and a second's work
ROWS = 10_000
# how many values of a column must be of a kind, so that it is worth saying
_MOST = 0.8
_NEAR = 70
_YEAR = re.compile(r"1[2-4]\d\d|19\d\d|20\d\d")
_YEAR_FIRST = re.compile(r"\d{4}\D")
_YEAR_LAST = re.compile(r"\D\d{4}$")


@dataclass(frozen=True)
class Column:
    """One column of a source.

    ``field`` is what its heading names, None where it names nothing, or a field that another column
    of the same table has: ``twin`` then says which. ``tables`` are the places of the tables that have
    it, in a file of several. ``shape`` is the shipped profile that knows the heading,
    where the usual headings do not. ``values`` counts its distinct values, blanks left out,
    the commonest first. ``kind`` is what most values are, ``share`` how many of them. ``near`` are
    fields whose headings are like this one's, best first.
    """

    heading: str
    field: str | None
    twin: str | None
    rows: int
    values: Mapping[str, int]
    kind: Kind | None
    share: float
    near: tuple[str, ...]
    shape: str | None = None
    tables: frozenset[int] = frozenset({0})

    @property
    def filled(self) -> float:
        """The share of rows with a value."""
        return sum(self.values.values()) / self.rows if self.rows else 0.0


@dataclass(frozen=True)
class Look:
    """A source looked at: what its file is, and its columns; ``rows`` were looked at."""

    path: Path
    shape: Shape
    rows: int
    columns: tuple[Column, ...]

    def column_of(self, field: str) -> Column | None:
        """The column whose heading names a field."""
        return next((one for one in self.columns if one.field == field), None)


def look_at(path: Path, schema: Schema, *, profile: Path | None = None, rows: int = ROWS) -> Look:
    """Look at the first rows of a source, whatever its headings.

    :param path: the file.
    :param schema: the fields looked for.
    :param profile: a source profile; where its headings or synonyms name fields, they count.
    :param rows: how many rows are looked at in each of its tables, about.
    :raises InputError: it is no table that can be read.
    """
    said = profiles.NONE if profile is None else profiles.read_profile(profile, schema)
    known = dictionary(said.widen(schema), said.headings, said.ignore)
    reader = cast(Reader, import_module(READERS[kind_of(path)]))
    shape = reader.look(path, said, known)
    counted: dict[str, tuple[str, Counter[str], set[int]]] = {}
    seen = 0
    for table, part in enumerate(shape.parts or (shape,)):
        headed = [place for place, heading in enumerate(part.headings) if letters.key(heading)]
        left = rows
        for batch in reader.batches(path, part, headed, size=rows):
            taken = min(left, len(batch.row))
            for place, column in zip(headed, batch.columns, strict=True):
                heading = part.headings[place]
                start: tuple[str, Counter[str], set[int]] = (heading, Counter(), set())
                _, values, tables = counted.setdefault(letters.key(heading), start)
                tables.add(table)
                texts = column.slice(0, taken).to_pylist()
                values.update(text for text in texts if text and not letters.is_blank(text))
            left -= taken
            seen += taken
            if left <= 0:
                break
    columns: list[Column] = []
    # a usual heading comes before one that only a shape has
    known_fields = {known.get(key) for key in counted}
    shapes = _of_shapes(schema)
    for key, (heading, values, tables) in counted.items():
        field, of_shape = known.get(key), None
        if field is None and key not in known and key in shapes:
            name, of_shape = shapes[key]
            field = None if name in known_fields else name
        held = next(
            (
                one.heading
                for one in columns
                if field and one.field == field and one.tables & tables
            ),
            None,
        )
        kind, share = kind_of_values(values)
        columns.append(
            Column(
                heading=heading,
                field=None if held else field,
                twin=held and field,
                rows=seen,
                values=dict(values.most_common()),
                kind=kind,
                share=share,
                near=_near(key, schema),
                shape=of_shape if field else None,
                tables=frozenset(tables),
            )
        )
    return Look(path, shape, seen, tuple(columns))


def kind_of_values(values: Mapping[str, int]) -> tuple[Kind | None, float]:
    """The kind that most values are of, and the share of them; None where they are of none.

    :param values: rows by distinct value, blanks left out. Kinds that any text could be are not
        looked for: names, identifiers.
    """
    rows = sum(values.values())
    if not rows:
        return None, 0.0
    for kind, is_one in _KINDS.items():
        share = sum(count for value, count in values.items() if is_one(value)) / rows
        if share >= _MOST:
            return kind, share
    return None, 0.0


def date_orders(values: Mapping[str, int]) -> tuple[Counter[Order], int]:
    """In how many rows a date shows its order, by order, and in how many it could be either.

    :param values: rows by distinct value of a date column.
    """
    shown: Counter[Order] = Counter()
    either = 0
    for value, count in values.items():
        plain = letters.digits(value).strip()
        if _YEAR_FIRST.match(plain):
            shown["ymd"] += count
            continue
        found = parse_date(value)
        read = {order: parse_date(value, order=order) for order in _ORDERS}
        if isinstance(found, UnreadDate):
            either += count if all(isinstance(one, DateInterval) for one in read.values()) else 0
        elif _YEAR_LAST.search(plain):
            shown["dmy"] += count
        elif found is not None:
            same = [order for order, one in read.items() if one == found]
            if len(same) == 1:
                shown[same[0]] += count
    return shown, either


_ORDERS: tuple[Order, ...] = ("ymd", "dmy")


def _is_date(text: str) -> bool:
    found = parse_date(text)
    if not isinstance(found, DateInterval):
        # 10/5/20 is a date too: of which order, the column says
        return isinstance(parse_date(text, order="ymd"), DateInterval) and "/" in text
    # a page number is no year of two digits
    return found.precision != "year" or bool(_YEAR.fullmatch(letters.digits(text).strip()))


def _is_national_id(text: str) -> bool:
    found = normalise_national_id(text)
    return found is not None and found.state != "invalid"


_KINDS: Mapping[Kind, Callable[[str], bool]] = {
    "national_id": _is_national_id,
    "date": _is_date,
    "sex": lambda text: lookup_sex(text) is not None,
    "document_type": lambda text: lookup_document_type(text) is not None,
    "degree": lambda text: lookup_degree(text) is not None,
    "university": lambda text: lookup_university(text) is not None,
    "field_of_study": lambda text: lookup_field(text) is not None,
    "place": is_place,
}


def _of_shapes(schema: Schema) -> dict[str, tuple[str, str]]:
    """Field and shipped profile by the key of each heading that one of them knows."""
    found: dict[str, tuple[str, str]] = {}
    doubtful = set()
    for name in profiles.shipped():
        said = profiles.read_profile(profiles.locate(name, bare=True), schema)
        for field, headings in said.synonyms.items():
            for heading in headings:
                key = letters.key(heading)
                if found.setdefault(key, (field, name))[0] != field:
                    doubtful.add(key)
    return {key: held for key, held in found.items() if key not in doubtful}


def _near(key: str, schema: Schema) -> tuple[str, ...]:
    forms = {letters.key(name): field.name for field in schema.fields for name in names(field)}
    near = process.extract(key, forms.keys(), scorer=fuzz.ratio, score_cutoff=_NEAR, limit=5)
    return tuple(dict.fromkeys(forms[form] for form, _, _ in near))


def fields_of(kind: Kind | None, fields: Sequence[Field]) -> tuple[str, ...]:
    """The names of those fields that are of a kind."""
    return tuple(field.name for field in fields if field.kind == kind)


def shown_kind(shape: Shape) -> str:
    """What a file is, in a few words."""
    said: list[Any] = [shape.kind, shape.encoding, shape.sheet and f"sheet {shape.sheet}"]
    return ", ".join(str(one) for one in said if one)

"""Raw columns to staged ones: each distinct value is read once, its raw text is kept for ever."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from migrate.intake.plain import Plain, ascii_digits
from migrate.intake.profiles import DATES, VALUES, DateRule
from migrate.intake.readers.rows import chunked
from migrate.intake.readings import READINGS, Meanings, Reading, reading_of
from migrate.intake.recall import LIMIT, Recall
from migrate.intake.schema import Field, Schema
from migrate.intake.sources import PLACE
from migrate.persian import letters


def stage(table: pa.Table, schema: Schema, *, meanings: Meanings | None = None) -> pa.Table:
    """The staged table of a raw one, row for row, in the same order.

    Columns: ``row``, ``sheet``, ``sheet_row``; then for each field ``raw_<f>`` as it was read,
    ``<f>`` canonical, and what is derived from it: ``_key``, ``_sound``, ``_skeleton``, ``_parts``
    of a name; ``_first``, ``_last`` (date32) and ``_note`` of a date; ``_id`` of a university, and
    ``_unit``, its branch or campus; ``_id`` of a field of study, and ``_root``, its whole field;
    ``_level`` of a degree; ``_state`` of a national ID; ``_key`` of a place. All are null where the
    raw value is missing or blank. A value that is there and not understood keeps its raw text and
    has a null canonical value; an unknown university, field or degree has its folded text, and a
    null ``_id`` or ``_level``.

    :param table: ``row`` and ``raw_<field>`` string for each field, as ``read_source`` and
        ``read_registry`` give it. A raw column may carry what its profile says of its values.
    :param schema: the fields.
    :param meanings: by kind, ids of the curated list by ``letters.key`` of the text that a person
        decided stands for them.
    """
    return Staging(schema, meanings=meanings).stage(table)


def staged_names(schema: Schema) -> tuple[str, ...]:
    """The columns of a staged table, in order."""
    found = list(PLACE)
    for field in schema.fields:
        found.append(f"raw_{field.name}")
        found.extend(field.name + suffix for suffix in READINGS[field.kind].columns)
    return tuple(found)


class Staging:
    """Stages the batches of one source. What a value gave is remembered from batch to batch.

    :param schema: the fields.
    :param meanings: as for ``stage``.
    :param remembered: how many distinct values of a field are remembered.
    """

    def __init__(
        self, schema: Schema, *, meanings: Meanings | None = None, remembered: int = LIMIT
    ) -> None:
        self._schema = schema
        self._meanings = meanings
        self._remembered = remembered
        self._columns: dict[tuple[str, str], _Column] = {}
        # fields of one kind share what is remembered, where they are read alike
        self._recalls: dict[tuple[str, str], Recall] = {}

    @property
    def repeating(self) -> tuple[str, ...]:
        """The columns of a staged table whose values come again and again."""
        found = ["sheet"]
        for field in self._schema.fields:
            if READINGS[field.kind].repeats:
                found.append(f"raw_{field.name}")
                found += [field.name + suffix for suffix in READINGS[field.kind].columns]
        return tuple(found)

    def stage(self, table: pa.Table) -> pa.Table:
        """The staged rows of some raw ones, see ``stage``; one batch may follow another."""
        has = table.column_names
        columns: dict[str, Any] = {name: table.column(name) for name in PLACE if name in has}
        columns.setdefault("sheet", pa.nulls(table.num_rows, pa.string()))
        columns.setdefault("sheet_row", table.column("row"))
        for field in self._schema.fields:
            raw = f"raw_{field.name}"
            columns[raw] = table.column(raw)
            staged = self._column(field, table.schema.field(raw)).stage(table.column(raw))
            if not columns.keys().isdisjoint(staged):
                raise ValueError(f"two fields of {self._schema.name} give the column {field.name}…")
            columns.update(staged)
        # in this order, whatever the raw table's
        return pa.table({name: columns[name] for name in staged_names(self._schema)})

    def _column(self, field: Field, raw: pa.Field[Any]) -> _Column:
        said = raw.metadata or {}
        # parts of one source may differ in what their profiles say
        at = (field.name, repr(sorted(said.items())))
        if at not in self._columns:
            rule = DateRule(**json.loads(said[DATES])) if DATES in said else None
            reading = reading_of(field.kind, rule=rule, meanings=self._meanings)
            codes = json.loads(said[VALUES]) if VALUES in said else {}
            kind = (field.kind, at[1])
            if kind not in self._recalls:
                columns = list(reading.columns.values())
                self._recalls[kind] = Recall(_reader(reading, codes), columns, self._remembered)
            # a code may stand as anything, a sound identifier too
            plain = None if codes else reading.plain
            self._columns[at] = _Column(field.name, reading, plain, self._recalls[kind])
        return self._columns[at]


class _Column:
    """Stages one field."""

    def __init__(self, name: str, reading: Reading, plain: Plain | None, recall: Recall) -> None:
        self._names = [name + suffix for suffix in reading.columns]
        self._reading = reading
        self._plain = plain
        self._recall = recall

    def stage(self, raw: Any) -> dict[str, Any]:
        parts = [self._stage(chunk) for chunk in raw.chunks]
        return {
            name: chunked([part[n] for part in parts], type)
            for n, (name, type) in enumerate(
                zip(self._names, self._reading.columns.values(), strict=True)
            )
        }

    def _stage(self, raw: Any) -> list[Any]:
        if self._plain is None or raw.null_count == len(raw):
            return self._recall(raw)
        matched, given = self._plain(ascii_digits(raw))
        matched = pc.fill_null(matched, False)
        left = pc.invert(matched)
        if not pc.any(left).as_py():
            return [given[suffix] for suffix in self._reading.columns]
        read = self._recall(raw.filter(left))
        return [
            pc.replace_with_mask(given[suffix], left, column)
            for suffix, column in zip(self._reading.columns, read, strict=True)
        ]


def _reader(
    reading: Reading, codes: Mapping[str, str]
) -> Callable[[str | None], tuple[object, ...] | None]:
    meant = {letters.fold(code): text for code, text in codes.items()}

    def read(text: str | None) -> tuple[object, ...] | None:
        if text is not None and meant:
            text = meant.get(letters.fold(text), text)
        if text is None or (not reading.tells_blanks and letters.is_blank(text)):
            return None
        found = reading.read(text)
        return tuple([found.get(suffix) for suffix in reading.columns])

    return read

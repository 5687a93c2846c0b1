"""What a table is expected to hold: its fields, what kind of value each is, and its headings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "id",
    "name",
    "sex",
    "national_id",
    "certificate_no",
    "diploma_no",
    "place",
    "date",
    "university",
    "field_of_study",
    "degree",
    "document_type",
    "code",
    "text",
]


@dataclass(frozen=True)
class Field:
    """One field: its name, its kind, whether a table must have it, and the headings it goes by.

    ``headings`` are usual names of the field in a source, beside ``name`` itself.
    """

    name: str
    kind: Kind
    required: bool = False
    headings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schema:
    """The fields of a table in order, and the one that identifies a row."""

    name: str
    key: str
    fields: tuple[Field, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields, in order."""
        return tuple(field.name for field in self.fields)

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the fields that a table must have."""
        return tuple(field.name for field in self.fields if field.required)

    def field(self, name: str) -> Field:
        """The field called ``name``. Raises KeyError."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

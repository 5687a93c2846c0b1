"""The curated lists that a text is looked up in, beside what people decided that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from migrate.persian import degrees, fields, institutions

AliasKind = Literal["university", "field_of_study", "degree"]
# ids by ``letters.key`` of the text that stands for them, by kind
Meanings = Mapping[AliasKind, Mapping[str, str]]


@dataclass(frozen=True)
class Known:
    """One curated list: ``names`` by id; ``lookup`` gives the id of a text, None where unknown."""

    plural: str
    names: Mapping[str, str]
    lookup: Callable[[str], str | None]
    near: Callable[[str], tuple[str, ...]]

    def resolve(self, wanted: str) -> str | None:
        """The id that an id, or a text that the list knows, means; None where it means nothing."""
        return wanted if wanted in self.names else self.lookup(wanted)

    def suggest(self, text: str) -> dict[str, str]:
        """Names by id of what a person may have meant, best first; never for a silent guess."""
        by_name = {name: id for id, name in self.names.items()}
        return {by_name[name]: name for name in self.near(text) if name in by_name}


@cache
def known(kind: AliasKind) -> Known:
    """The curated list of a kind."""
    match kind:
        case "university":
            return Known(
                "universities",
                {one.id: one.name for one in institutions.universities()},
                lambda text: _id(institutions.lookup_university(text)),
                institutions.suggest_university,
            )
        case "field_of_study":
            return Known(
                "fields of study",
                {one.id: one.name for one in fields.fields()},
                lambda text: _id(fields.lookup_field(text)),
                fields.suggest_field,
            )
        case "degree":
            return Known(
                "degrees",
                {one.id: one.name for one in degrees.degrees()},
                lambda text: _id(degrees.lookup_degree(text)),
                degrees.suggest_degree,
            )


def _id(
    found: institutions.Institution | fields.FieldOfStudy | degrees.Degree | None,
) -> str | None:
    return None if found is None else found.id

"""What cases need out of a batch's tables: documents, candidates, degrees, rival documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.errors import RunError

# a code is proof of a degree by itself: it does not travel with cases
_REGISTRY_FIELDS = tuple(name for name in REGISTRY.names if name != "validity_code")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Evidence:
    """The parts of a batch's tables that its cases are made of.

    ``documents``: staged rows by row number. ``proposed``: candidates by row number, best first.
    ``degrees``: what the registry says, by degree. ``of_person``: degrees by person, for people
    whose degree is missing. ``claims``: by degree, the rows that stand for it, with their ids.
    """

    documents: Mapping[int, Row]
    proposed: Mapping[int, Sequence[Row]]
    degrees: Mapping[str, Mapping[str, str]]
    of_person: Mapping[str, Sequence[str]]
    claims: Mapping[str, Sequence[tuple[int, str]]]

    def document(self, row: int) -> Row:
        """The staged row. Raises RunError when the batch has none of this number."""
        if row not in self.documents:
            raise RunError("an outcome's row is not among the staged ones", row=row)
        return self.documents[row]

    def degree(self, degree_id: str) -> Mapping[str, str]:
        """A degree's values. Raises RunError when the registry, as read, does not have it."""
        if degree_id not in self.degrees:
            raise RunError("a candidate's degree is not in the registry as read", found=degree_id)
        return self.degrees[degree_id]


def gather(
    outcomes: pa.Table,
    entries: Sequence[Row],
    candidates: pa.Table,
    staged: pa.Table,
    registry: pa.Table,
) -> Evidence:
    """Take from the tables what ``entries``, the outcomes that become cases, are about."""
    rows = pa.array([int(entry["row"]) for entry in entries], pa.int64())
    proposed = _proposed(candidates, rows)
    people = {
        by_person(proposed[int(entry["row"])])[0]["person_id"]
        for entry in entries
        if entry["outcome"] == "degree_missing" and proposed.get(int(entry["row"]))
    }
    named = {entry["degree_id"] for entry in entries if entry["degree_id"]}
    named |= {candidate["degree_id"] for of_row in proposed.values() for candidate in of_row}
    degrees, of_person = _degrees(registry, named, people)
    return Evidence(_documents(staged, rows), proposed, degrees, of_person, _claims(outcomes))


def by_person(proposed: Sequence[Row]) -> list[Row]:
    """Candidates, likeliest person first: their rank weighs the degree too."""
    return sorted(
        proposed,
        key=lambda candidate: (-float(candidate["person_weight"] or 0), int(candidate["rank"])),
    )


def texts(row: Row, names: Iterable[str], *, prefix: str = "") -> dict[str, str]:
    """The values of a row that are not blank, by field; ``prefix`` is 'raw_' for those as read."""
    found = ((name, row.get(prefix + name)) for name in names)
    return {name: value for name, value in found if value is not None and value.strip()}


def _documents(staged: pa.Table, rows: pa.Int64Array) -> dict[int, Row]:
    wanted = ["row", "university_id"]
    wanted += [prefix + name for name in LEGACY.names for prefix in ("raw_", "")]
    held = staged.select([name for name in wanted if name in staged.column_names])
    kept = held.filter(pc.is_in(held["row"], rows))
    return {document["row"]: document for document in kept.to_pylist()}


def _proposed(candidates: pa.Table, rows: pa.Int64Array) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for candidate in candidates.filter(pc.is_in(candidates["row"], rows)).to_pylist():
        found[candidate["row"]].append(candidate)
    for of_row in found.values():
        of_row.sort(key=lambda candidate: int(candidate["rank"]))
    return found


def _degrees(
    registry: pa.Table, named: set[str], people: set[str]
) -> tuple[dict[str, Mapping[str, str]], dict[str, list[str]]]:
    wanted = pc.or_(
        pc.is_in(registry["degree_id"], pa.array(sorted(named), pa.string())),
        pc.is_in(registry["person_id"], pa.array(sorted(people), pa.string())),
    )
    columns = [prefix + name for name in _REGISTRY_FIELDS for prefix in ("raw_", "")]
    held = registry.select([name for name in columns if name in registry.column_names])
    values: dict[str, Mapping[str, str]] = {}
    of_person: dict[str, list[str]] = defaultdict(list)
    for degree in held.filter(wanted).sort_by("degree_id").to_pylist():
        # what could not be read is shown as it stands, not left out
        as_read = texts(degree, _REGISTRY_FIELDS, prefix="raw_")
        values[degree["degree_id"]] = as_read | texts(degree, _REGISTRY_FIELDS)
        if degree["person_id"] in people:
            of_person[degree["person_id"]].append(degree["degree_id"])
    return values, of_person


def _claims(outcomes: pa.Table) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for entry in outcomes.select(["row", "legacy_id", "degree_id"]).to_pylist():
        if entry["degree_id"]:
            found[entry["degree_id"]].append((int(entry["row"]), entry["legacy_id"] or ""))
    return found

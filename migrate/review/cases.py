"""Cases: outcomes that a university must decide, with all that it needs to decide them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.errors import RunError
from migrate.review.words import OUTCOMES

# a person with more degrees, or more people near, than this helps nobody
MOST_CANDIDATES = 5
MOST_NEAREST = 3
# a code is proof of a degree by itself: it does not travel with cases
_REGISTRY_FIELDS = tuple(name for name in REGISTRY.names if name != "validity_code")


@dataclass(frozen=True)
class CaseCandidate:
    """A degree of the registry that a case is about, and how it compares to the document.

    ``rank`` is 1 for the best. ``levels`` and ``weights`` (match weights, log2 of the likelihood
    ratio) are by compared field, and empty for a degree that blocking did not propose: another
    degree of the same person, shown for help; its probability and weights are 0.
    """

    degree_id: str
    person_id: str
    rank: int
    probability: float
    person_weight: float
    degree_weight: float
    values: Mapping[str, str]
    levels: Mapping[str, str]
    weights: Mapping[str, float]


@dataclass(frozen=True)
class Case:
    """An outcome that a university must decide, as it stood when the case was made.

    ``legacy`` holds the document's values exactly as read, ``legacy_read`` what they were taken
    for; blank ones are left out of both. ``contradicts`` names fields. ``reason`` is the linker's,
    in English.
    """

    case_id: str
    version: int
    batch: str
    row: int
    legacy_id: str
    outcome: str
    university_id: str | None
    university: str
    legacy: Mapping[str, str]
    legacy_read: Mapping[str, str]
    candidates: tuple[CaseCandidate, ...]
    contradicts: tuple[str, ...]
    reason: str
    page_ref: str | None

    def canonical_json(self) -> str:
        """The case as JSON with sorted keys and no spaces: the same case, the same text."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def digest(self) -> str:
        """SHA-256 of the canonical JSON, as 64 hexadecimal digits."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()


def case_id(batch: str, row: int, legacy_id: str) -> str:
    """The name of the case of a source row: the same row of the same batch has the same name.

    60 bits of a SHA-256 in base 32, as ``C-XXXX-XXXX-XXXX``: short enough to read out on the
    telephone, and no spreadsheet takes it for a number.
    """
    identity = json.dumps([batch, row, legacy_id], ensure_ascii=False).encode()
    letters = base64.b32encode(hashlib.sha256(identity).digest()).decode()[:12]
    return f"C-{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def build_cases(
    outcomes: pa.Table,
    candidates: pa.Table,
    staged: pa.Table,
    registry: pa.Table,
    *,
    batch: str,
) -> list[Case]:
    """Make a case of each outcome that a university must decide, in the order of the source.

    A mismatch carries the one degree it fits, an ambiguous record its rivals, a missing degree the
    other degrees of its person (at most five), a missing person the nearest people (at most three).

    Parameters
    ----------
    outcomes : one row a legacy record; ``row``, ``legacy_id``, ``outcome``, ``degree_id``,
        ``contradicts`` (names joined by ``;``) and ``reason`` are read, as numbers or as text.
    candidates : ``candidates.parquet`` of the batch.
    staged, registry : the staged tables, with ``raw_<field>`` and ``<field>`` columns.
    batch : name of the batch.

    Raises RunError when an outcome's row is not in ``staged``, or its degree not in ``registry``.
    """
    open_ = outcomes.filter(pc.is_in(outcomes["outcome"], pa.array(OUTCOMES, pa.string())))
    entries = sorted(open_.to_pylist(), key=lambda entry: int(entry["row"]))
    rows = pa.array([int(entry["row"]) for entry in entries], pa.int64())
    documents = _documents(staged, rows)
    proposed: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for candidate in candidates.filter(pc.is_in(candidates["row"], rows)).to_pylist():
        proposed[candidate["row"]].append(candidate)
    for of_row in proposed.values():
        of_row.sort(key=lambda candidate: int(candidate["rank"]))
    degrees = _degrees(registry, entries, proposed)
    cases = []
    for entry in entries:
        row = int(entry["row"])
        if row not in documents:
            raise RunError("an outcome's row is not among the staged ones", row=row)
        cases.append(_case(entry, documents[row], proposed.get(row, []), degrees, batch))
    return cases


@dataclass(frozen=True)
class _Degrees:
    """Degrees of the registry that cases need: values by degree, degrees by person."""

    values: Mapping[str, Mapping[str, str]]
    of_person: Mapping[str, tuple[str, ...]]


def _case(
    entry: Mapping[str, Any],
    document: Mapping[str, Any],
    proposed: list[dict[str, Any]],
    degrees: _Degrees,
    batch: str,
) -> Case:
    row = int(entry["row"])
    legacy_id = entry["legacy_id"] or ""
    read = _texts(document, LEGACY.names)
    raw = _texts(document, LEGACY.names, prefix="raw_")
    chosen = _chosen(entry, proposed, degrees)
    return Case(
        case_id=case_id(batch, row, legacy_id),
        version=1,
        batch=batch,
        row=row,
        legacy_id=legacy_id,
        outcome=entry["outcome"],
        university_id=document.get("university_id"),
        university=read.get("university", ""),
        legacy=raw,
        legacy_read=read,
        candidates=tuple(chosen),
        contradicts=tuple(name for name in (entry["contradicts"] or "").split(";") if name),
        reason=entry["reason"] or "",
        page_ref=read.get("page_ref") or raw.get("page_ref"),
    )


def _chosen(
    entry: Mapping[str, Any], proposed: list[dict[str, Any]], degrees: _Degrees
) -> Iterable[CaseCandidate]:
    outcome = entry["outcome"]
    if outcome == "mismatch":
        named = entry["degree_id"]
        found = [candidate for candidate in proposed if candidate["degree_id"] == named]
        return [_candidate(found[0], degrees)] if found else [_unproposed(named, 1, degrees)]
    if outcome == "ambiguous":
        rivals = [candidate for candidate in proposed if candidate["rival"]]
        return [_candidate(rival, degrees) for rival in (rivals or proposed)]
    if outcome == "person_missing":
        nearest: dict[str, dict[str, Any]] = {}
        for candidate in proposed:
            nearest.setdefault(candidate["person_id"], candidate)
        return [_candidate(near, degrees) for near in list(nearest.values())[:MOST_NEAREST]]
    if not proposed:
        return []
    person = proposed[0]["person_id"]
    own = [_candidate(one, degrees) for one in proposed if one["person_id"] == person]
    known = {one.degree_id for one in own}
    rank = proposed[-1]["rank"]
    for degree_id in degrees.of_person.get(person, ()):
        if degree_id not in known:
            rank += 1
            own.append(_unproposed(degree_id, rank, degrees))
    return own[:MOST_CANDIDATES]


def _candidate(proposed: Mapping[str, Any], degrees: _Degrees) -> CaseCandidate:
    levels = {}
    weights = {}
    for name, value in proposed.items():
        if value is not None and name.startswith("level_"):
            levels[name.removeprefix("level_")] = value
        elif value is not None and name.startswith("weight_"):
            weights[name.removeprefix("weight_")] = float(value)
    return CaseCandidate(
        degree_id=proposed["degree_id"],
        person_id=proposed["person_id"],
        rank=int(proposed["rank"]),
        probability=float(proposed["probability"] or 0),
        person_weight=float(proposed["person_weight"] or 0),
        degree_weight=float(proposed["degree_weight"] or 0),
        values=_values(proposed["degree_id"], degrees),
        levels=levels,
        weights=weights,
    )


def _unproposed(degree_id: str, rank: int, degrees: _Degrees) -> CaseCandidate:
    values = _values(degree_id, degrees)
    return CaseCandidate(degree_id, values["person_id"], rank, 0.0, 0.0, 0.0, values, {}, {})


def _values(degree_id: str, degrees: _Degrees) -> Mapping[str, str]:
    if degree_id not in degrees.values:
        raise RunError("a candidate's degree is not in the registry as read", found=degree_id)
    return degrees.values[degree_id]


def _documents(staged: pa.Table, rows: pa.Int64Array) -> dict[int, dict[str, Any]]:
    wanted = ["row", "university_id"]
    wanted += [prefix + name for name in LEGACY.names for prefix in ("raw_", "")]
    held = staged.select([name for name in wanted if name in staged.column_names])
    kept = held.filter(pc.is_in(held["row"], rows))
    return {document["row"]: document for document in kept.to_pylist()}


def _degrees(
    registry: pa.Table,
    entries: list[dict[str, Any]],
    proposed: Mapping[int, list[dict[str, Any]]],
) -> _Degrees:
    degree_ids = {entry["degree_id"] for entry in entries if entry["degree_id"]}
    degree_ids |= {one["degree_id"] for of_row in proposed.values() for one in of_row}
    person_ids = {
        proposed[int(entry["row"])][0]["person_id"]
        for entry in entries
        if entry["outcome"] == "degree_missing" and proposed.get(int(entry["row"]))
    }
    wanted = pc.or_(
        pc.is_in(registry["degree_id"], pa.array(sorted(degree_ids), pa.string())),
        pc.is_in(registry["person_id"], pa.array(sorted(person_ids), pa.string())),
    )
    columns = [prefix + name for name in _REGISTRY_FIELDS for prefix in ("raw_", "")]
    held = registry.select([name for name in columns if name in registry.column_names])
    values: dict[str, Mapping[str, str]] = {}
    of_person: dict[str, list[str]] = defaultdict(list)
    for degree in held.filter(wanted).to_pylist():
        # what could not be read is shown as it stands, not left out
        raw = _texts(degree, _REGISTRY_FIELDS, prefix="raw_")
        values[degree["degree_id"]] = raw | _texts(degree, _REGISTRY_FIELDS)
        if degree["person_id"] in person_ids:
            of_person[degree["person_id"]].append(degree["degree_id"])
    return _Degrees(values, {person: tuple(sorted(ids)) for person, ids in of_person.items()})


def _texts(row: Mapping[str, Any], names: Iterable[str], *, prefix: str = "") -> dict[str, str]:
    found = ((name, row.get(prefix + name)) for name in names)
    return {name: value for name, value in found if value is not None and value.strip()}

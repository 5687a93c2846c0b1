"""Cases: outcomes that a university must decide, with all that it needs to decide them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa
import pyarrow.compute as pc

from migrate.diplomas.schema import LEGACY
from migrate.diplomas.terms import CASES
from migrate.review.evidence import Evidence, Row, by_person, gather, texts

# a person with more degrees, or more people near, than this helps nobody
MOST_CANDIDATES = 5
MOST_NEAREST = 3


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
    in English. ``contested_by`` holds the ``legacy_id`` of other records of the batch that stand for the
    same degree as a mismatch.
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
    contested_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # JSON, as the store keeps it, has no tuples
        object.__setattr__(self, "contested_by", tuple(self.contested_by))

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
    undecided = outcomes.filter(pc.is_in(outcomes["outcome"], pa.array(CASES, pa.string())))
    entries = sorted(undecided.to_pylist(), key=lambda entry: int(entry["row"]))
    evidence = gather(outcomes, entries, candidates, staged, registry)
    return [_case(entry, evidence, batch) for entry in entries]


def _case(entry: Row, evidence: Evidence, batch: str) -> Case:
    row, outcome = int(entry["row"]), entry["outcome"]
    legacy_id = entry["legacy_id"] or ""
    document = evidence.document(row)
    read = texts(document, LEGACY.names)
    raw = texts(document, LEGACY.names, prefix="raw_")
    claims = evidence.claims.get(entry["degree_id"], ()) if outcome == "mismatch" else ()
    return Case(
        case_id=case_id(batch, row, legacy_id),
        version=1,
        batch=batch,
        row=row,
        legacy_id=legacy_id,
        outcome=outcome,
        university_id=document.get("university_id"),
        university=read.get("university", ""),
        legacy=raw,
        legacy_read=read,
        candidates=tuple(_candidates(entry, evidence)),
        contradicts=tuple(name for name in (entry["contradicts"] or "").split(";") if name),
        reason=entry["reason"] or "",
        page_ref=read.get("page_ref") or raw.get("page_ref"),
        contested_by=tuple(other for at, other in claims if at != row),
    )


def _candidates(entry: Row, evidence: Evidence) -> list[CaseCandidate]:
    proposed = evidence.proposed.get(int(entry["row"]), ())
    match entry["outcome"]:
        case "mismatch":
            named = entry["degree_id"]
            found = [_candidate(one, evidence) for one in proposed if one["degree_id"] == named]
            return found or [_unproposed(named, 1, evidence)]
        case "ambiguous":
            rivals = [one for one in proposed if one["rival"]]
            return [_candidate(one, evidence) for one in rivals or proposed]
        case "degree_missing":
            return _other_degrees(proposed, evidence)
        case _:
            return _nearest(proposed, evidence)


def _other_degrees(proposed: Sequence[Row], evidence: Evidence) -> list[CaseCandidate]:
    if not proposed:
        return []
    person = by_person(proposed)[0]["person_id"]
    own = [_candidate(one, evidence) for one in proposed if one["person_id"] == person]
    known = {one.degree_id for one in own}
    rank = int(proposed[-1]["rank"])
    for degree_id in evidence.of_person.get(person, ()):
        if degree_id not in known:
            rank += 1
            own.append(_unproposed(degree_id, rank, evidence))
    return own[:MOST_CANDIDATES]


def _nearest(proposed: Sequence[Row], evidence: Evidence) -> list[CaseCandidate]:
    people: dict[str, Row] = {}
    for one in by_person(proposed):
        # with less than nothing in favour, a person is nobody's neighbour
        if (one["person_weight"] or 0) > 0:
            people.setdefault(one["person_id"], one)
    return [_candidate(one, evidence) for one in list(people.values())[:MOST_NEAREST]]


def _candidate(proposed: Row, evidence: Evidence) -> CaseCandidate:
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
        values=evidence.degree(proposed["degree_id"]),
        levels=levels,
        weights=weights,
    )


def _unproposed(degree_id: str, rank: int, evidence: Evidence) -> CaseCandidate:
    values = evidence.degree(degree_id)
    return CaseCandidate(degree_id, values["person_id"], rank, 0.0, 0.0, 0.0, values, {}, {})

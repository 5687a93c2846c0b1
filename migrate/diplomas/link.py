"""A batch's records linked to the registry's degrees: candidates and outcomes as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from migrate.diplomas.duplicates import settle
from migrate.diplomas.keys import with_keys
from migrate.diplomas.outcomes import Decisions, Thresholds, decide
from migrate.diplomas.reasons import reason_of
from migrate.diplomas.terms import NAMED
from migrate.intake.quarantine import Problem
from migrate.linkage.link import Linkage, link_tables
from migrate.linkage.model import LinkageModel, read_model

Progress = Callable[[int, int, str], None]
MODEL = Path(__file__).parent / "model.yaml"
KEPT = 5
OUTCOME_COLUMNS = (
    "legacy_id",
    "outcome",
    "degree_id",
    "probability",
    "person_weight",
    "degree_weight",
    "margin",
    "contradicts",
    "reason",
)


@dataclass(frozen=True)
class Linked:
    """What linking a batch gives.

    ``outcomes``: `row` (int64) and OUTCOME_COLUMNS (string; numbers with fixed decimals), one line
    a row of the source, in its order. ``candidates``: the best five of each record, and all rivals.
    ``linkage``: the whole evidence, None where no row could be linked.
    """

    outcomes: pa.Table
    candidates: pa.Table
    linkage: Linkage | None


def diploma_model() -> LinkageModel:
    """The linkage model of diplomas, from ``model.yaml`` beside this module."""
    return read_model(MODEL)


def link(
    staged: pa.Table,
    registry: pa.Table,
    *,
    problems: Sequence[Problem] = (),
    thresholds: Thresholds | None = None,
    model: LinkageModel | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Linked:
    """Link staged legacy rows to degrees, and give each row of the source its outcome.

    ``staged`` and ``registry`` are as staging leaves them; the registry has ``coded_in_store`` too.
    Rows that a problem names are `quarantined` and not compared. Raises RunError.
    """
    thresholds = thresholds or Thresholds()
    model = model or diploma_model()
    unusable = {problem.row for problem in problems if problem.row is not None}
    usable = staged.filter(
        pc.invert(pc.is_in(staged.column("row"), pa.array(sorted(unusable), pa.int64())))
    )
    lines = _quarantined(staged, problems)
    if not usable.num_rows or not registry.num_rows:
        lines += [_line(row, "person_missing", "the registry is empty") for row in _named(usable)]
        return Linked(_outcomes(lines), _no_candidates(model), None)
    left, right = with_keys(usable), with_keys(registry)
    linkage = link_tables(left, right, model, threads=threads, progress=progress)
    if not len(linkage.left):
        lines += [_line(row, "person_missing", NOBODY) for row in _named(usable)]
        return Linked(_outcomes(lines), _no_candidates(model), linkage)
    decisions = decide(linkage, thresholds)
    settled = settle(decisions, linkage, left, right)
    ids: list[Any] = usable.column("legacy_id").to_pylist()
    degrees: list[Any] = registry.column("degree_id").to_pylist()
    rows: list[Any] = usable.column("row").to_pylist()
    seen = np.zeros(usable.num_rows, dtype=bool)
    seen[decisions.record] = True
    for place, record in enumerate(decisions.record.tolist()):
        outcome = settled.outcome[place]
        pair = int(decisions.pair[place])
        lines.append(
            {
                "row": rows[record],
                "legacy_id": ids[record],
                "outcome": outcome,
                "degree_id": degrees[linkage.right[pair]] if outcome in NAMED else None,
                "probability": f"{decisions.probability[place]:.8f}",
                "person_weight": f"{linkage.shares.entity_weight[pair]:.2f}",
                "degree_weight": f"{linkage.shares.item_weight[pair]:.2f}",
                "margin": _bits(float(decisions.margin[place])),
                "contradicts": ";".join(settled.contradicts[place]) or None,
                "reason": reason_of(place, decisions, settled, linkage, thresholds, ids, rows),
            }
        )
    lines += [
        _line(row, "person_missing", NOBODY) for row in _named(usable.filter(pa.array(~seen)))
    ]
    return Linked(
        _outcomes(lines), _candidates(linkage, decisions, left, right, settled.outcome), linkage
    )


NOBODY = "nobody in the registry shares enough with this record to be compared"


def _bits(margin: float) -> str | None:
    return None if np.isnan(margin) else f"{margin:.2f}"


def _named(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.select(["row", "legacy_id"]).to_pylist()
    return rows


def _line(row: dict[str, Any], outcome: str, reason: str) -> dict[str, Any]:
    empty = dict.fromkeys(OUTCOME_COLUMNS)
    return empty | row | {"outcome": outcome, "reason": reason}


def _quarantined(staged: pa.Table, problems: Sequence[Problem]) -> list[dict[str, Any]]:
    ids = dict(
        zip(staged.column("row").to_pylist(), staged.column("legacy_id").to_pylist(), strict=True)
    )
    reasons: dict[int, list[str]] = {}
    for problem in problems:
        if problem.row is not None:
            # the source's people read it in Persian too; here English is enough
            reasons.setdefault(problem.row, []).append(problem.reason.partition(" | ")[0])
            ids.setdefault(problem.row, problem.legacy_id)
    return [
        _line({"row": row, "legacy_id": ids[row]}, "quarantined", "; ".join(dict.fromkeys(said)))
        for row, said in reasons.items()
    ]


def _outcomes(lines: list[dict[str, Any]]) -> pa.Table:
    lines = sorted(lines, key=lambda line: line["row"])
    columns: dict[str, Any] = {"row": pa.array([line["row"] for line in lines], pa.int64())}
    for name in OUTCOME_COLUMNS:
        columns[name] = pa.array([line[name] for line in lines], pa.string())
    return pa.table(columns)


def _candidates(
    linkage: Linkage, decisions: Decisions, left: pa.Table, right: pa.Table, outcome: list[str]
) -> pa.Table:
    """The five likeliest candidates of each record and every rival, with the levels in words."""
    shares, levels = linkage.shares, linkage.compared.levels
    probability = shares.entity_share * shares.item_share
    weight = shares.entity_weight + shares.item_weight
    order = np.lexsort((linkage.right, -weight, -probability, linkage.left))
    begins = np.flatnonzero(np.r_[True, linkage.left[order][1:] != linkage.left[order][:-1]])
    lengths = np.diff(np.r_[begins, len(order)])
    rank = np.arange(len(order)) - np.repeat(begins, lengths) + 1
    kept = (rank <= KEPT) | decisions.rival[order]
    pairs = order[kept]
    one, other = pa.array(linkage.left[pairs]), pa.array(linkage.right[pairs])
    columns: dict[str, Any] = {
        "row": left.column("row").take(one),
        "legacy_id": left.column("legacy_id").take(one),
        "degree_id": right.column("degree_id").take(other),
        "person_id": right.column("person_id").take(other),
        "rank": pa.array(rank[kept], pa.int32()),
        "rival": pa.array(decisions.rival[pairs]),
        "probability": pa.array(np.round(probability[pairs], 8)),
        "person_weight": pa.array(np.round(shares.entity_weight[pairs], 4)),
        "degree_weight": pa.array(np.round(shares.item_weight[pairs], 4)),
    }
    for position, field in enumerate(linkage.model.fields):
        words = np.array([*(level.name for level in field.levels), "uncomparable", "missing"])
        found = levels[position][pairs]
        bits = linkage.learned.weights(field.name)[found] + linkage.compared.terms[position][pairs]
        columns[f"level_{field.name}"] = pa.array(words[found], pa.string())
        columns[f"weight_{field.name}"] = pa.array(np.round(bits, 4))
    columns["together_weight"] = pa.array(np.round(linkage.shares.item_together[pairs], 4))
    return pa.table(columns).combine_chunks()


def _no_candidates(model: LinkageModel) -> pa.Table:
    text, number = pa.string(), pa.float64()
    columns: list[tuple[str, pa.DataType]] = [
        ("row", pa.int64()),
        ("legacy_id", text),
        ("degree_id", text),
        ("person_id", text),
        ("rank", pa.int32()),
        ("rival", pa.bool_()),
        ("probability", number),
        ("person_weight", number),
        ("degree_weight", number),
    ]
    for field in model.fields:
        columns += [(f"level_{field.name}", text), (f"weight_{field.name}", number)]
    columns.append(("together_weight", number))
    return pa.schema(columns).empty_table()

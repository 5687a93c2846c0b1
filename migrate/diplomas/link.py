"""A batch's records linked to the registry's degrees: candidates and outcomes as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from migrate.diplomas.duplicates import Settled, settle
from migrate.diplomas.keys import with_keys
from migrate.diplomas.outcomes import Decisions, Thresholds, decide
from migrate.diplomas.reasons import agreements, reason_of
from migrate.diplomas.terms import NAMED
from migrate.intake.quarantine import Problem
from migrate.linkage.link import Linkage, link_tables
from migrate.linkage.model import LinkageModel, read_model
from migrate.linkage.trained import Trained

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
_SCHEMA = pa.schema({"row": pa.int64()} | dict.fromkeys(OUTCOME_COLUMNS, pa.string()))


@dataclass(frozen=True)
class Linked:
    """What linking a batch gives.

    ``outcomes``: `row` (int64) and OUTCOME_COLUMNS (string; numbers with fixed decimals), one line
    a row of the source, in its order. ``linkage``: the whole evidence, None where no row could be
    linked.
    """

    outcomes: pa.Table
    linkage: Linkage | None
    propose: Callable[[], pa.Table]

    @cached_property
    def candidates(self) -> pa.Table:
        """The best five of each record, and all rivals, with their evidence; made when asked for."""
        return self.propose()


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
    trained: Trained | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Linked:
    """Link staged legacy rows to degrees, and give each row of the source its outcome.

    ``staged`` and ``registry`` are as staging leaves them; the registry has ``coded_in_store`` too.
    Rows that a problem names are `quarantined` and not compared. With a ``trained`` model nothing is
    learned from these tables: its probabilities and its calibration hold. Raises RunError.
    """
    thresholds = thresholds or Thresholds()
    model = model or diploma_model()
    unusable = {problem.row for problem in problems if problem.row is not None}
    usable = staged
    if unusable:
        refused = pc.is_in(staged.column("row"), pa.array(sorted(unusable), pa.int64()))
        usable = staged.filter(pc.invert(refused))
    lines = _quarantined(staged, problems)
    if not usable.num_rows or not registry.num_rows:
        lines += [_line(row, "person_missing", "the registry is empty") for row in _named(usable)]
        return Linked(_in_order(_SCHEMA.empty_table(), lines), None, lambda: _no_candidates(model))
    left, right = with_keys(usable), with_keys(registry)
    linkage = link_tables(
        left,
        right,
        model,
        threads=threads,
        learned=trained.learned if trained else None,
        progress=progress,
    )
    if not len(linkage.left):
        lines += [_line(row, "person_missing", NOBODY) for row in _named(usable)]
        return Linked(
            _in_order(_SCHEMA.empty_table(), lines), linkage, lambda: _no_candidates(model)
        )
    decisions = decide(linkage, thresholds, trained.calibration if trained else None)
    settled = settle(
        decisions, linkage, left, right, thresholds, trained.calibration if trained else None
    )
    decisions = settled.decisions
    ids: list[Any] = usable.column("legacy_id").to_pylist()
    rows: list[Any] = usable.column("row").to_pylist()
    seen = np.zeros(usable.num_rows, dtype=bool)
    seen[decisions.record] = True
    lines += [
        _line(row, "person_missing", NOBODY) for row in _named(usable.filter(pa.array(~seen)))
    ]
    said = agreements(decisions, linkage)
    reasons = [
        reason_of(place, decisions, settled, linkage, thresholds, ids, rows, said[place])
        for place in range(len(decisions.record))
    ]
    # the tables as a whole need not be kept for what candidates are named by
    names = (left.select(["row", "legacy_id"]), right.select(["degree_id", "person_id"]))
    return Linked(
        _in_order(_decided(decisions, settled, linkage, usable, registry, reasons), lines),
        linkage,
        lambda: _candidates(linkage, decisions, names),
    )


def _decided(
    decisions: Decisions,
    settled: Settled,
    linkage: Linkage,
    usable: pa.Table,
    registry: pa.Table,
    reasons: list[str],
) -> pa.Table:
    """The outcomes of records that have a candidate, in the order of decisions."""
    records, pairs = pa.array(decisions.record), decisions.pair
    named = np.isin(settled.outcome, NAMED)
    degrees: Any = registry.column("degree_id").take(pa.array(linkage.right[pairs]))
    shares = linkage.shares
    columns: dict[str, Any] = {
        "row": usable.column("row").take(records),
        "legacy_id": usable.column("legacy_id").take(records),
        "outcome": settled.outcome,
        "degree_id": pc.if_else(pa.array(named), degrees, None),
        "probability": [f"{value:.8f}" for value in decisions.probability.tolist()],
        "person_weight": [f"{bits:.2f}" for bits in shares.entity_weight[pairs].tolist()],
        "degree_weight": [f"{bits:.2f}" for bits in shares.item_weight[pairs].tolist()],
        "margin": [_bits(bits) for bits in decisions.margin.tolist()],
        "contradicts": [";".join(names) or None for names in settled.contradicts],
        "reason": reasons,
    }
    return pa.table(columns, schema=_SCHEMA)


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


def _in_order(decided: pa.Table, lines: list[dict[str, Any]]) -> pa.Table:
    """All outcomes in the order of the source's rows."""
    table = pa.concat_tables([decided, pa.Table.from_pylist(lines, schema=_SCHEMA)])
    return table.sort_by("row").combine_chunks()


def _candidates(
    linkage: Linkage, decisions: Decisions, names: tuple[pa.Table, pa.Table]
) -> pa.Table:
    """The five likeliest candidates of each record and every rival, with the levels in words.

    Words are dictionary-encoded: a column of levels has a handful of them.
    """
    left, right = names
    shares = linkage.shares
    probability = shares.entity_share * shares.item_share
    weight = shares.entity_weight + shares.item_weight
    source: Any = left.column("row").to_numpy()
    likely = _likely(probability, linkage.left, KEPT) | decisions.rival
    chosen = np.flatnonzero(likely)
    order = chosen[
        np.lexsort(
            (
                # pairs stand in an order that does not hang on that of rows
                chosen,
                -weight[chosen],
                -probability[chosen],
                source[linkage.left[chosen]],
            )
        )
    ]
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
        words = [*(level.name for level in field.levels), "uncomparable", "missing"]
        found, bits = linkage.evidence(position, pairs)
        places = np.where(found < 0, found + len(words), found).astype(np.int8)
        columns[f"level_{field.name}"] = pa.DictionaryArray.from_arrays(
            pa.array(places), pa.array(words)
        )
        columns[f"weight_{field.name}"] = pa.array(np.round(bits, 4))
    columns["together_weight"] = pa.array(np.round(linkage.shares.item_together[pairs], 4))
    return pa.table(columns).combine_chunks()


def _likely(probability: Any, record: Any, number: int) -> Any:
    """Marks, for each record, its ``number`` most probable pairs, and all that tie with them."""
    starts = np.flatnonzero(np.r_[True, record[1:] != record[:-1]])
    lengths = np.diff(np.r_[starts, len(record)])
    left_over = probability.copy()
    for _ in range(number):
        top = np.repeat(np.maximum.reduceat(left_over, starts), lengths)
        left_over[left_over == top] = -1.0
    return left_over < 0


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

"""This project's linkage on one cleaned input: ``python linkage_ours.py INPUT OUTPUT``.

Diplomas go through ``migrate.diplomas.link``, as stage 3 of a batch sends them, with the model and
the thresholds that every batch has: outcomes and reasons are made too, which no peer makes. FEBRL goes
through ``migrate.linkage`` with a generic model.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas  # noqa: F401  pyarrow imports it at its first look at a value
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from linkage_febrl import guide_model
from linkage_phases import Phases

from migrate.diplomas.link import diploma_model, link
from migrate.diplomas.tables import read_for_linking
from migrate.diplomas.terms import FOUND
from migrate.linkage.clusters import cluster
from migrate.linkage.link import dedupe_table, link_tables
from migrate.linkage.links import one_to_one
from migrate.linkage.model import LinkageModel

THREADS = 2
# the words that the linkage tells its progress by -> phases of the table
_PHASE_OF = {
    "numbering": "block",
    "blocking": "block",
    "chance": "train",
    "comparing": "compare",
    "learning": "train",
    "weighing": "compare",
    "weighed": "decide",
}


class Stopwatch:
    """Seconds by phase, told by a progress callback: a word says what begins."""

    def __init__(self, phases: Phases) -> None:
        self.phases, self.name, self.since = phases, "block", time.perf_counter()

    def tell(self, done: int, total: int, what: str) -> None:
        """Book what has passed on the phase that was running, and begin the one named."""
        now = time.perf_counter()
        spent = self.phases.seconds.get(self.name, 0.0)
        self.phases.seconds[self.name] = spent + now - self.since
        self.since = now
        self.name = _PHASE_OF.get(what.split(" ", 1)[0], self.name)


def diplomas(source: Path, target: Path, phases: Phases) -> None:
    """Link, and write ``links.parquet``: every record's best candidate, ``accepted`` where it counts."""
    with phases("load"):
        model = diploma_model()
        staged = read_for_linking(source / "left.parquet", model)
        registry = read_for_linking(source / "right.parquet", model)
    watch = Stopwatch(phases)
    linked = link(staged, registry, threads=THREADS, progress=watch.tell)
    watch.tell(1, 1, "weighed")
    with phases("decide"):
        pq.write_table(linked.outcomes, target / "outcomes.parquet")
    # every record's best candidate, to try thresholds on: not what a batch decides by, and not timed
    best = linked.candidates.filter(pc.equal(linked.candidates.column("rank"), 1))
    outcomes = linked.outcomes
    places = pc.index_in(best.column("row"), value_set=outcomes.column("row").combine_chunks())
    of_best = outcomes.take(places)
    links = {
        "left_id": best.column("legacy_id"),
        "right_id": best.column("degree_id"),
        "score": _bits(best.column("probability").to_numpy()),
        "margin": pc.cast(of_best.column("margin"), pa.float64()),
        "accepted": pc.is_in(of_best.column("outcome"), value_set=pa.array(FOUND)),
    }
    pq.write_table(pa.table(links), target / "links.parquet")
    if linked.linkage is not None:
        phases.counts["pairs"] = len(linked.linkage.left)
    for name, count in outcomes.column("outcome").to_pandas().value_counts().items():
        phases.counts[f"outcome {name}"] = int(count)


def _bits(probability: np.ndarray) -> pa.Array:
    """log2 of the odds; 50 at most, where a double says 1."""
    kept = np.clip(probability, 2.0**-50, 1 - 2.0**-50)
    return pa.array(np.log2(kept / (1 - kept)))


def febrl4(source: Path, target: Path, phases: Phases) -> None:
    """Link two tables by the model of the guide, one to one."""
    left, right, model = _tables(source, phases)
    watch = Stopwatch(phases)
    found = link_tables(left, right, model, threads=THREADS, progress=watch.tell)
    watch.tell(1, 1, "weighed")
    with phases("decide"):
        links = one_to_one(found, accept=0.5, clear=0)
        one, other = links["left"].to_numpy(), links["right"].to_numpy()
        # the probability of each link, to try thresholds on
        share = dict(
            zip(zip(found.left, found.right, strict=True), found.shares.entity_share, strict=True)
        )
        score = _bits(np.array([share[pair] for pair in zip(one, other, strict=True)]))
        chosen = one_to_one(found, accept=0.99)
        sure = set(zip(chosen["left"].to_pylist(), chosen["right"].to_pylist(), strict=True))
        accepted = [pair in sure for pair in zip(one.tolist(), other.tolist(), strict=True)]
    _write(target, left["id"].take(one), right["id"].take(other), score, pa.array(accepted))
    phases.counts["pairs"] = len(found.left)


def febrl3(source: Path, target: Path, phases: Phases) -> None:
    """Deduplicate one table by the model of the guide; pairs, and clusters of rows."""
    table, _, model = _tables(source, phases)
    watch = Stopwatch(phases)
    found = dedupe_table(table, model, threads=THREADS, progress=watch.tell)
    watch.tell(1, 1, "weighed")
    with phases("decide"):
        share = found.shares.entity_share
        label = cluster(table.num_rows, found.left, found.right, share).label
    pq.write_table(
        pa.table({"id": table["id"], "label": pa.array(label)}), target / "clusters.parquet"
    )
    _write(
        target,
        table["id"].take(found.left),
        table["id"].take(found.right),
        _bits(share),
        pa.array(label[found.left] == label[found.right]),
    )
    phases.counts["pairs"] = len(found.left)


def _tables(source: Path, phases: Phases) -> tuple[pa.Table, pa.Table | None, LinkageModel]:
    with phases("load"):
        left = pq.read_table(source / "left.parquet")
        path = source / "right.parquet"
        right = pq.read_table(path) if path.exists() else None
    return left, right, guide_model()


def _write(target: Path, left: Any, right: Any, score: pa.Array, accepted: pa.Array) -> None:
    links = {"left_id": left, "right_id": right, "score": score, "accepted": accepted}
    margin = pa.nulls(len(score), pa.float64())
    pq.write_table(pa.table(links | {"margin": margin}), target / "links.parquet")


TASKS: dict[str, Callable[[Path, Path, Phases], None]] = {
    "diplomas": diplomas,
    "febrl4": febrl4,
    "febrl3": febrl3,
}


def main(source: Path, target: Path) -> None:
    """Run the task that ``input.json`` of ``source`` names; results go into ``target``."""
    phases = Phases()
    task = json.loads((source / "input.json").read_text(encoding="utf-8"))["task"]
    TASKS[task](source, target, phases)
    phases.write(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

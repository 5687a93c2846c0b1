"""A batch's links are drawn with both sides' values, and labels teach only where probability decides."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from migrate.diplomas.decided import (
    calibration_of,
    known_links,
    links_of,
    sample_links,
)
from migrate.diplomas.link import Linked, link
from migrate.diplomas.outcomes import contradictions
from migrate.diplomas.sample import make
from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.diplomas.terms import FOUND
from migrate.errors import InputError
from migrate.intake.registry import read_registry
from migrate.intake.sources import read_source
from migrate.intake.staging import stage
from migrate.linkage.clerical import read_sample
from migrate.linkage.labels import Label, read_labels
from migrate.linkage.verdict import verdict


@dataclass(frozen=True)
class Batch:
    staged: pa.Table
    registry: pa.Table
    linked: Linked
    own: dict[str, str]


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    folder = tmp_path_factory.mktemp("decided")
    sample = make(folder, degrees=4_000, records=800, seed=31, form="design")
    staged = stage(read_source(sample.source, LEGACY).table, LEGACY)
    registry = stage(read_registry(sample.registry, REGISTRY).table, REGISTRY)
    registry = registry.append_column("coded_in_store", pa.array([False] * registry.num_rows))
    with sample.truth.open(encoding="utf-8", newline="") as stream:
        own = {line["legacy_id"]: line["degree_id"] for line in csv.DictReader(stream)}
    ids = staged.column("legacy_id").to_pylist()
    twice = pa.array([ids.count(name) == 1 for name in ids])
    staged = staged.filter(twice)
    return Batch(staged, registry, link(staged, registry), own)


def test_links_are_the_accepted_and_those_whose_evidence_is_thin(batch: Batch) -> None:
    links = links_of(batch.linked.outcomes)
    lines = {line["row"]: line for line in batch.linked.outcomes.to_pylist()}
    assert {lines[row]["outcome"] in FOUND for row in links.row} == {True, False}
    for row, accepted, degree in zip(links.row, links.accepted, links.degree_id, strict=True):
        assert accepted == (lines[row]["outcome"] in FOUND)
        assert accepted or (lines[row]["outcome"], lines[row]["contradicts"]) == ("mismatch", None)
        assert degree == lines[row]["degree_id"]
    assert links.accepted.sum() == sum(line["outcome"] in FOUND for line in lines.values())


def sampled(batch: Batch, path: Path, *, size: int = 200) -> Path:
    """A sample of the batch with labels from its truth."""
    sample_links(path, batch.linked.outcomes, batch.staged, batch.registry, size=size)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    for line in lines:
        right = batch.own[line["left_id"]] == line["right_id"]
        line["label"] = "match" if right else "no match"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return path


def test_a_line_of_the_sample_shows_both_sides_as_they_were_read(
    batch: Batch, tmp_path: Path
) -> None:
    path = tmp_path / "sample.csv"
    sample_links(path, batch.linked.outcomes, batch.staged, batch.registry, size=50)
    records = {line["legacy_id"]: line for line in batch.staged.to_pylist()}
    degrees = {line["degree_id"]: line for line in batch.registry.to_pylist()}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == 50
    for line in lines:
        for name in ("first_name", "birth_date", "university"):
            assert line[f"{name} (record)"] == (records[line["left_id"]][f"raw_{name}"] or "")
            assert line[f"{name} (degree)"] == (degrees[line["right_id"]][f"raw_{name}"] or "")


def test_a_sample_drawn_from_rows_in_another_order_is_the_same(
    batch: Batch, tmp_path: Path
) -> None:
    order = pa.array(np.random.default_rng(1).permutation(batch.linked.outcomes.num_rows))
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    sample_links(one, batch.linked.outcomes, batch.staged, batch.registry, size=60)
    mixed = batch.linked.outcomes.take(order)
    sample_links(
        other,
        mixed,
        batch.staged,
        batch.registry.take(pa.array(np.arange(batch.registry.num_rows)[::-1])),
        size=60,
    )
    assert one.read_bytes() == other.read_bytes()


def test_the_truth_of_a_sample_agrees_with_the_batch(batch: Batch, tmp_path: Path) -> None:
    path = sampled(batch, tmp_path / "sample.csv")
    strata, judged = read_sample(path)
    links = links_of(batch.linked.outcomes)
    right = np.array(
        [batch.own[i] == d for i, d in zip(links.legacy_id, links.degree_id, strict=True)]
    )
    found = verdict(strata, judged)
    assert found.population == links.accepted.sum()
    assert found.lower <= (~right & links.accepted).sum() / links.accepted.sum() <= found.upper
    assert found.answer == "open"


def test_labels_are_found_among_the_batchs_candidates(batch: Batch, tmp_path: Path) -> None:
    linkage = batch.linked.linkage
    assert linkage is not None
    labels = read_labels(sampled(batch, tmp_path / "sample.csv"))
    known = known_links(labels, linkage, batch.linked.outcomes, batch.staged, batch.registry)
    assert len(known.pairs) == 200
    assert known.absent == ()
    quarantined = pc.equal(batch.linked.outcomes.column("outcome"), "quarantined")
    assert pc.sum(quarantined).as_py() == 0
    ids = batch.staged.column("legacy_id").to_pylist()
    degrees = batch.registry.column("degree_id").to_pylist()
    said = {(label.left_id, label.right_id): label.label == "match" for label in labels}
    for pair, match in zip(known.pairs, known.match, strict=True):
        assert said[ids[linkage.left[pair]], degrees[linkage.right[pair]]] == match
    assert calibration_of(known, linkage).labels <= 200


def test_a_candidate_that_a_field_contradicts_teaches_nothing(batch: Batch) -> None:
    linkage = batch.linked.linkage
    assert linkage is not None
    pairs = np.arange(len(linkage.left))
    against = next(place for place, names in enumerate(contradictions(linkage, pairs)) if names)
    label = Label(
        batch.staged.column("legacy_id")[int(linkage.left[against])].as_py(),
        batch.registry.column("degree_id")[int(linkage.right[against])].as_py(),
        "match",
    )
    known = known_links([label], linkage, batch.linked.outcomes, batch.staged, batch.registry)
    assert known.pairs.tolist() == [against]
    with pytest.raises(InputError, match="no label to calibrate by"):
        calibration_of(known, linkage)

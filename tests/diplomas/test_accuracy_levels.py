"""A sample at each level of error, from its files to its outcomes: no wrong link, and few needless."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from migrate.diplomas.evaluate import Evaluation, evaluate
from migrate.diplomas.link import link
from migrate.diplomas.sample import ErrorModel, make, people
from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.intake.quarantine import Problem
from migrate.intake.registry import read_registry
from migrate.intake.sources import read_source
from migrate.intake.staging import stage

# `make bench-accuracy` has the measured shares; these leave a small sample's chance its room
FLOORS = {0.5: (0.97, 0.03), 1.0: (0.96, 0.04), 2.0: (0.94, 0.05)}


def outcomes_of(folder: Path, errors: ErrorModel, *, seed: int) -> Evaluation:
    """What came of a sample, by the way that a batch goes; broken rows are told as stage 2 does."""
    sample = make(folder, degrees=12_000, records=4_000, seed=seed, form="design", errors=errors)
    staged = stage(read_source(sample.source, LEGACY).table, LEGACY)
    registry = stage(read_registry(sample.registry, REGISTRY).table, REGISTRY)
    registry = registry.append_column("coded_in_store", pa.array([False] * registry.num_rows))
    lines = staged.select(["row", "legacy_id", "last_name_key", "university"]).to_pylist()
    often = Counter(line["legacy_id"] for line in lines)
    problems = [
        Problem(line["row"], line["legacy_id"], None, None, "broken", "broken")
        for line in lines
        if None in line.values() or often[line["legacy_id"]] > 1
    ]
    done = link(staged, registry, problems=problems)
    done.outcomes.to_pandas().to_csv(folder / "outcomes.csv", index=False)
    return evaluate(folder / "outcomes.csv", sample.truth)


@pytest.mark.parametrize("level", FLOORS)
def test_at_every_level_of_error_nothing_is_linked_wrong_and_most_is_linked(
    level: float, tmp_path: Path
) -> None:
    found = outcomes_of(tmp_path, ErrorModel().scaled(level), seed=6001)
    linked, needless = FLOORS[level]
    assert found.wrong == ()
    assert found.share_linked >= linked
    assert found.share_needless <= needless
    assert found.linkable > 3_000


def test_twins_whose_own_degrees_are_missing_are_not_linked_to_their_twins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a fifth of the people are twins, and a third of the rows are of people the registry has not
    monkeypatch.setattr(people, "TWINS", 0.20)
    errors = replace(ErrorModel().scaled(2.0), person_missing=0.30)
    found = outcomes_of(tmp_path, errors, seed=6002)
    assert found.wrong_by_kind["twin or sibling"] == 0
    assert found.share_linked >= 0.90

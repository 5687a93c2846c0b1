"""One sample made, staged, linked and held against its truth: a run of ``accuracy``.

``python tests/benchmarks/accuracy_run.py FOLDER '{"records": …, "degrees": …, "seed": …, "level": …,
"variant": …}'`` leaves ``result.json`` and ``decided.npz`` (probability, and whether right, of each
record that probability alone decides) in FOLDER, and nothing else.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections import Counter
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from migrate.diplomas.evaluate import Evaluation, WrongLink, evaluate
from migrate.diplomas.link import Linked, link
from migrate.diplomas.outcomes import Decisions, Thresholds, decide
from migrate.diplomas.sample import ErrorModel, Sample, make
from migrate.diplomas.sample import people as population
from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.diplomas.terms import FOUND
from migrate.intake.quarantine import Problem
from migrate.intake.registry import read_registry
from migrate.intake.sources import read_source
from migrate.intake.staging import stage
from migrate.linkage.link import Linkage
from migrate.linkage.meaning import level_name

# as many wrong links are told field by field
TOLD = 60
# page_ref is nothing that a record is linked by
_MISSING = tuple(
    entry.name
    for entry in fields(ErrorModel)
    if entry.name.startswith("no_") and entry.name != "no_page_ref"
)
_CUSTOMS = (
    "birth_year_only",
    "graduation_year_only",
    "two_digit_year",
    "former_name",
    "short_name",
    "bare_city",
    "old_level",
    "field_variant",
    "former_place",
)


def _multiplied(factor: float, names: tuple[str, ...]) -> dict[str, float]:
    usual = ErrorModel()
    return {name: min(0.95, round(getattr(usual, name) * factor, 4)) for name in names}


@dataclass(frozen=True)
class Variant:
    """What is not as usual in a sample: rates of the error model, and shares of relatives."""

    words: str
    errors: dict[str, float]
    relatives: float = 1.0


VARIANTS = {
    "usual": Variant("the generator as it is", {}),
    "fuller": Variant("half as many fields missing", _multiplied(0.5, _MISSING)),
    "barer": Variant(
        "half as many again missing (national ID 95%, father 38%, birth date 30%, diploma number 68%)",
        _multiplied(1.5, _MISSING),
    ),
    "vaguer": Variant(
        "years without a day, old, short and former names half as often again",
        _multiplied(1.5, _CUSTOMS),
    ),
    "absent": Variant(
        "15% of rows of people that the registry has not, 15% of degrees that it has not",
        {"person_missing": 0.15, "degree_missing": 0.15},
    ),
    "kin": Variant("twins, siblings and planted namesakes twice as many", {}, relatives=2.0),
}


def run(folder: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """Make, stage, link and evaluate one sample; what is returned is what ``result.json`` holds."""
    begun = time.perf_counter()
    variant = VARIANTS[asked["variant"]]
    for name in ("TWINS", "SIBLINGS", "NAMESAKES"):
        setattr(population, name, getattr(population, name) * variant.relatives)
    sample = make(
        folder / "sample",
        degrees=asked["degrees"],
        records=asked["records"],
        seed=asked["seed"],
        form="design",
        errors=replace(ErrorModel().scaled(asked["level"]), **variant.errors),
    )
    staged = stage(read_source(sample.source, LEGACY).table, LEGACY)
    registry = stage(read_registry(sample.registry, REGISTRY).table, REGISTRY)
    registry = registry.append_column("coded_in_store", pa.array([False] * registry.num_rows))
    made = time.perf_counter()
    problems = broken(staged)
    done = link(staged, registry, problems=problems)
    linked = time.perf_counter()
    outcomes = folder / "outcomes.csv"
    done.outcomes.drop_columns(["row"]).to_pandas().to_csv(outcomes, index=False)
    found = evaluate(outcomes, sample.truth)
    truth = pd.read_csv(sample.truth, dtype=str, keep_default_na=False)
    relations = pd.read_csv(sample.relations, dtype=str, keep_default_na=False)
    kept = Evidence(done, staged, registry, problems, truth)
    np.savez_compressed(folder / "decided.npz", **kept.decided())
    accepted = done.outcomes.to_pandas()
    accepted = accepted[accepted["outcome"].isin(FOUND)]
    twins = relations[relations["twin"] != ""]
    result = asked | {
        "model": "" if done.linkage is None else done.linkage.model.digest[:12],
        "seconds": {"made": made - begun, "linked": linked - made},
        "rows": found.rows,
        "linkable": found.linkable,
        "right": found.right,
        "findable": found.findable,
        "needless": found.needless,
        "lost": found.lost,
        "accepted": len(accepted),
        "expected_wrong": float((1 - accepted["probability"].astype(float)).sum()),
        "of_twins": int(truth["person_id"].isin(twins["person_id"]).sum()),
        "confusion": {" > ".join(pair): n for pair, n in sorted(found.confusion.items())},
        "misses": misses(done, truth),
        "wrong": [
            {"row": w.row, "outcome": w.outcome, "kind": kind_of(w, truth, relations)}
            for w in found.wrong
        ],
        "told": [kept.told(w) for w in found.wrong[:TOLD]],
        "priors": {} if done.linkage is None else done.linkage.learned.priors,
    }
    tidy(folder, sample, found)
    return result


def broken(staged: pa.Table) -> list[Problem]:
    """Rows that stage 2 of a batch quarantines, found here without Great Expectations."""
    columns = staged.select(["row", "legacy_id", "last_name_key", "university"]).to_pylist()
    often = Counter(line["legacy_id"] for line in columns)
    return [
        Problem(line["row"], line["legacy_id"], None, None, "broken", "a row that is broken")
        for line in columns
        if line["legacy_id"] is None
        or often[line["legacy_id"]] > 1
        or line["last_name_key"] is None
        or line["university"] is None
    ]


def misses(done: Linked, truth: pd.DataFrame) -> dict[str, int]:
    """Why rows that should be linked are not: how many of each outcome and reason."""
    said = done.outcomes.to_pandas().fillna("").reset_index(drop=True)
    wanted = truth["outcome"] == "linked"
    shared = said["outcome"].eq("duplicate") & said["degree_id"].isin(
        said.loc[said["outcome"] == "linked", "degree_id"]
    )
    right = (said["outcome"].eq("linked") | shared) & said["degree_id"].eq(truth["degree_id"])
    lost = said[wanted & ~right]
    return dict(Counter(_why(*line) for line in lost[_TOLD_OF].itertuples(index=False)))


_TOLD_OF = ["outcome", "contradicts", "reason"]


def _why(outcome: str, contradicts: str, reason: str) -> str:
    if outcome == "mismatch" and "claims the same degree" in reason:
        return "disputed with another row"
    if outcome == "mismatch" and contradicts:
        fields = contradicts.split(";")
        return f"contradicts {fields[0]}" if len(fields) == 1 else "contradicts in several fields"
    if outcome == "mismatch":
        return "thin" if "thin" in reason else "the person rests on the degree"
    if outcome == "ambiguous":
        return "ambiguous persons" if "persons" in reason else "ambiguous degrees of one person"
    return outcome


def kind_of(wrong: WrongLink, truth: pd.DataFrame, relations: pd.DataFrame) -> str:
    """``WrongLink.kind`` with twins and siblings apart."""
    if wrong.kind != "twin or sibling":
        return wrong.kind
    given = relations[relations["degree_id"] == wrong.degree_id]
    # nobody in the sample has both a twin and another sibling
    return "twin" if given["twin"].iloc[0] else "sibling"


class Evidence:
    """What linking knew of the records, asked after by rows of the source."""

    def __init__(
        self,
        done: Linked,
        staged: pa.Table,
        registry: pa.Table,
        problems: list[Problem],
        truth: pd.DataFrame,
    ) -> None:
        unusable = {problem.row for problem in problems}
        rows = [row for row in staged.column("row").to_pylist() if row not in unusable]
        self.record_of = {row: number for number, row in enumerate(rows)}
        self.rows = np.array(rows)
        self.staged, self.registry, self.truth = staged, registry, truth
        assert done.linkage is not None
        self.linkage: Linkage = done.linkage
        self.decisions: Decisions = decide(self.linkage, Thresholds())
        self.degrees = registry.column("degree_id").to_numpy(zero_copy_only=False)

    def decided(self) -> dict[str, npt.NDArray[Any]]:
        """Probability, and whether it is right, of records that probability alone decides."""
        made = self.decisions
        alone = np.isin(made.outcome, ("linked", "mismatch")) & (made.alone >= Thresholds().person)
        alone &= np.array([not names for names in made.contradicts])
        own = self.truth["degree_id"].to_numpy()[self.rows[made.record] - 2]
        right = self.degrees[self.linkage.right[made.pair]] == own
        return {"probability": made.probability[alone], "right": right[alone]}

    def told(self, wrong: WrongLink) -> dict[str, Any]:
        """A wrong link field by field, beside the right one where that was a candidate."""
        record = self.record_of[wrong.row]
        pairs = np.flatnonzero(self.linkage.left == record)
        names = self.degrees[self.linkage.right[pairs]]
        shares = self.linkage.shares
        sides = {}
        for side, degree in (("given", wrong.degree_id), ("own", wrong.right)):
            at = pairs[names == degree]
            sides[side] = self._side(int(at[0])) if len(at) else {}
        values = self.staged.slice(wrong.row - 2, 1).to_pylist()[0]
        return {
            "row": wrong.row,
            "truth": self.truth.loc[wrong.row - 2].to_dict(),
            "persons": len(np.unique(self.linkage.compared.entity[pairs])),
            "shares": [
                float(f"{value:.3g}")
                for value in sorted(shares.entity_share[pairs] * shares.item_share[pairs])[-3:]
            ],
            "record": {f.name: values.get(f"raw_{f.name}") for f in self.linkage.model.fields},
            **sides,
        }

    def _side(self, pair: int) -> dict[str, Any]:
        shares = self.linkage.shares
        values = self.registry.slice(int(self.linkage.right[pair]), 1).to_pylist()[0]
        told = {}
        for position, field in enumerate(self.linkage.model.fields):
            levels, bits = self.linkage.evidence(position, np.array([pair]))
            name = level_name(field, int(levels[0]))
            told[field.name] = (values[f"raw_{field.name}"], name, round(float(bits[0]), 1))
        return {
            "degree_id": values["degree_id"],
            "person_weight": round(float(shares.entity_weight[pair]), 2),
            "degree_weight": round(float(shares.item_weight[pair]), 2),
            "person": float(shares.entity_share[pair]),
            "alone": float(shares.entity_alone[pair]),
            "degree": float(shares.item_share[pair]),
            "fields": told,
        }


def tidy(folder: Path, sample: Sample, found: Evaluation) -> None:
    """Leave what a reader needs: the sample is made again by its seed."""
    shutil.rmtree(sample.source.parent)
    if not found.wrong:
        (folder / "outcomes.csv").unlink()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    answer = run(target, json.loads(sys.argv[2]))
    # last, because it says that the rest is there
    (target / "result.json").write_text(
        json.dumps(answer, ensure_ascii=False, indent=1), encoding="utf-8"
    )

"""How right the links of one run are: precision and recall at thresholds, wrong links by kind.

What is scored is a file of links, one a record: ``left_id``, ``right_id``, ``score`` and ``margin``
(how far the record's next candidate is; null where there is none). The scores are the tool's own, in
its own unit; thresholds are found with the truth, so that every tool gets its best.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from linkage_febrl import people

from migrate.diplomas.evaluate import KINDS
from migrate.diplomas.terms import CASES, FOUND

# shares of wrong links among those accepted, at most
PRECISIONS = (0.95, 0.99, 0.999, 0.9999)
# least margins that are tried, in bits or whatever unit the score has
MARGINS = (-np.inf, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 20.0, 24.0, 32.0)

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Point:
    """What comes of accepting links of ``score`` >= ``threshold`` (and ``margin`` >= that)."""

    threshold: float
    margin: float
    accepted: int
    right: int
    wrong: int
    precision: float
    recall: float


def at(score: Floats, right: Truths, threshold: float, total: int, margin: float = 0.0) -> Point:
    """Accept what reaches ``threshold``; ``total`` right links are there to be found."""
    kept = score >= threshold
    accepted, good = int(kept.sum()), int((kept & right).sum())
    return Point(
        threshold=threshold,
        margin=margin,
        accepted=accepted,
        right=good,
        wrong=accepted - good,
        precision=good / accepted if accepted else 1.0,
        recall=good / total if total else 0.0,
    )


def best(score: Floats, right: Truths, precision: float, total: int, margin: float = 0.0) -> Point:
    """The lowest threshold that keeps ``precision``, equal scores accepted together or not at all."""
    if not len(score):
        return at(score, right, np.inf, total, margin)
    order = np.argsort(-score, kind="stable")
    ranked, good = score[order], np.cumsum(right[order])
    last = np.append(ranked[1:] != ranked[:-1], True)
    count = np.arange(1, len(ranked) + 1)
    holds = np.flatnonzero(last & (count - good <= (1 - precision) * count + 1e-9))
    threshold = float(ranked[holds[-1]]) if len(holds) else np.inf
    return at(score, right, threshold, total, margin)


def best_with_margin(
    score: Floats, margin: Floats, right: Truths, precision: float, total: int
) -> Point:
    """The same where a link must also be clear of the next, by the best of MARGINS."""
    tried = [
        best(score[clear], right[clear], precision, total, least)
        for least in MARGINS
        for clear in [np.isnan(margin) | (margin >= least)]
    ]
    return max(tried, key=lambda point: point.right)


def diplomas(source: Path, links: Path) -> dict[str, Any]:
    """Score the links of one run on diplomas; a row whose truth is no degree must not be linked."""
    truth = pd.read_parquet(source / "truth.parquet").set_index("id")
    found = pd.read_parquet(links)
    own = truth.loc[found["left_id"]]
    right = (own["degree_id"].to_numpy() == found["right_id"].to_numpy()) & own[
        "degree_id"
    ].notna().to_numpy()
    score = found["score"].to_numpy(np.float64)
    margin = found["margin"].to_numpy(np.float64)
    findable = int(truth["degree_id"].notna().sum())
    points = {str(p): asdict(best(score, right, p, findable)) for p in PRECISIONS}
    clear = {
        str(p): asdict(best_with_margin(score, margin, right, p, findable)) for p in PRECISIONS
    }
    wrong = {"all": ~right, "0.99": ~right & (score >= points["0.99"]["threshold"])}
    scored = {
        "findable": findable,
        "records": len(found),
        "all": asdict(at(score, right, -np.inf, findable)),
        "points": points,
        "points_with_margin": clear,
    }
    if "accepted" in found:
        accepted = found["accepted"].to_numpy()
        wrong["decided"] = ~right & accepted
        scored["decided"] = asdict(at(accepted.astype(np.float64), right, 1.0, findable)) | _cases(
            truth, links.parent / "outcomes.parquet"
        )
    relations = pd.read_parquet(source / "relations.parquet").set_index("degree_id")
    scored["wrong"] = {
        name: _kinds(relations, found[which], own[which]) for name, which in wrong.items()
    }
    return scored


def _cases(truth: pd.DataFrame, outcomes: Path) -> dict[str, int]:
    """Rows that should be linked, those that were, and rows sent to a university without need.

    As ``migrate.diplomas.evaluate`` counts them, less the rows that no linker was given.
    """
    said = pd.read_parquet(outcomes).set_index("legacy_id").loc[truth.index]
    own = (said["degree_id"] == truth["degree_id"]).to_numpy()
    linked = set(said.loc[said["outcome"] == "linked", "degree_id"])
    shared = (said["outcome"] == "duplicate") & said["degree_id"].isin(linked)
    good = own & ((said["outcome"] == "linked") | shared).to_numpy()
    linkable = (truth["outcome"] == "linked").to_numpy()
    certain = truth["outcome"].isin(FOUND).to_numpy()
    return {
        "linkable": int(linkable.sum()),
        "linked": int((good & linkable).sum()),
        "certain": int(certain.sum()),
        "needless": int((certain & said["outcome"].isin(CASES).to_numpy()).sum()),
    }


def _kinds(relations: pd.DataFrame, found: pd.DataFrame, own: pd.DataFrame) -> dict[str, int]:
    """Whose the degrees of wrong links are, as ``migrate.diplomas.evaluate`` has it."""
    given = relations.reindex(found["right_id"])
    same = {
        name: (given[name].to_numpy() == own[name].to_numpy()) & own[name].notna().to_numpy()
        for name in ("person_id", "family", "namesake")
    }
    kind = np.select(
        [same["person_id"], same["family"], same["namesake"]], KINDS[:3], default=KINDS[3]
    )
    return {name: int((kind == name).sum()) for name in KINDS}


def febrl(source: Path, links: Path) -> dict[str, Any]:
    """Score links or pairs of FEBRL: who a row is stands in its identifier."""
    facts = json.loads((source / "input.json").read_text(encoding="utf-8"))
    found = pd.read_parquet(links)
    if facts["task"] == "febrl4":
        # for every tool alike: a row of the right table goes to whoever likes it best
        found = found.sort_values(["score", "left_id"], ascending=[False, True])
        found = found.drop_duplicates("right_id")
    right = people(found["left_id"]) == people(found["right_id"])
    score = found["score"].to_numpy(np.float64)
    total = int(facts["findable"])
    scored = {
        "findable": total,
        "records": len(found),
        "all": asdict(at(score, right, -np.inf, total)),
        "points": {
            str(p): asdict(best(score, right, p, total)) for p in (0.99, 0.999, 0.9999, 1.0)
        },
        "f1": asdict(highest_f1(score, right, total)),
    }
    if "accepted" in found:
        accepted = found["accepted"].to_numpy().astype(np.float64)
        scored["decided"] = asdict(at(accepted, right, 1.0, total))
    clusters = links.parent / "clusters.parquet"
    if clusters.exists():
        scored["clusters"] = asdict(_within(pd.read_parquet(clusters), total))
    return scored


def highest_f1(score: Floats, right: Truths, total: int) -> Point:
    """The threshold of the greatest F1; of equals the highest."""
    values = np.unique(score)[::-1]
    order = np.argsort(-score, kind="stable")
    good = np.cumsum(right[order])
    count = np.searchsorted(-score[order], -values, side="right")
    f1 = 2 * good[count - 1] / (count + total)
    return at(score, right, float(values[np.argmax(f1)]), total)


def _within(clusters: pd.DataFrame, total: int) -> Point:
    """All pairs within one cluster, against all pairs of one person."""

    def pairs(*labels: Any) -> int:
        sizes = np.unique(np.stack(labels), axis=1, return_counts=True)[1]
        return int((sizes * (sizes - 1) // 2).sum())

    label, person = clusters["label"].to_numpy(), people(clusters["id"])
    said, good = pairs(label), pairs(label, person)
    return Point(0.0, 0.0, said, good, said - good, good / max(said, 1), good / total)


def f1(point: dict[str, Any]) -> float:
    """Harmonic mean of a point's precision and recall."""
    both: float = point["precision"] + point["recall"]
    return 2 * point["precision"] * point["recall"] / both if both else 0.0


def main(source: Path, target: Path) -> None:
    """Score ``links.parquet`` of ``target`` against the truth of ``source``; write ``score.json``."""
    task = json.loads((source / "input.json").read_text(encoding="utf-8"))["task"]
    score = diplomas if task == "diplomas" else febrl
    text = json.dumps(score(source, target / "links.parquet"))
    (target / "score.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""How right the links of one run are: precision and recall at thresholds, wrong links by kind.

What is scored is a file of links, one a record: ``left_id``, ``right_id``, ``score`` and ``margin``
(how far the record's next candidate is; null where there is none). The scores are the tool's own, in
its own unit; thresholds are found with the truth, so that every tool gets its best.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

KINDS = ("second degree", "twin or sibling", "namesake", "other")
# shares of wrong links among those accepted, at most
PRECISIONS = (0.95, 0.99, 0.999, 0.9999)
# least margins that are tried, in bits or whatever unit the score has
MARGINS = (0.0, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 20.0, 24.0, 32.0)

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
    linkable = (own["outcome"] == "linked").to_numpy()
    points = {str(p): asdict(best(score, right, p, findable)) for p in PRECISIONS}
    clear = {
        str(p): asdict(best_with_margin(score, margin, right, p, findable)) for p in PRECISIONS
    }
    chosen = clear["0.9999"]
    kept = (score >= chosen["threshold"]) & (np.isnan(margin) | (margin >= chosen["margin"]))
    return {
        "findable": findable,
        "linkable": int((truth["outcome"] == "linked").sum()),
        "records": len(found),
        "all": asdict(at(score, right, -np.inf, findable)),
        "points": points,
        "points_with_margin": clear,
        "linkable_accepted": int((kept & right & linkable).sum()),
        "wrong": {
            "all": _kinds(source, found[~right], own[~right]),
            "0.99": _kinds_at(source, found, own, right, points["0.99"]),
        },
    }


def _kinds_at(
    source: Path, found: pd.DataFrame, own: pd.DataFrame, right: Truths, point: dict[str, Any]
) -> dict[str, int]:
    wrong = ~right & (found["score"].to_numpy() >= point["threshold"])
    return _kinds(source, found[wrong], own[wrong])


def _kinds(source: Path, found: pd.DataFrame, own: pd.DataFrame) -> dict[str, int]:
    """Whose the degrees of wrong links are, as ``migrate.diplomas.evaluate`` has it."""
    relations = pd.read_parquet(source / "relations.parquet").set_index("degree_id")
    given = relations.reindex(found["right_id"])
    same = {
        name: (given[name].to_numpy() == own[name].to_numpy()) & own[name].notna().to_numpy()
        for name in ("person_id", "family", "namesake")
    }
    kind = np.select(
        [same["person_id"], same["family"], same["namesake"]], KINDS[:3], default=KINDS[3]
    )
    return {name: int((kind == name).sum()) for name in KINDS}

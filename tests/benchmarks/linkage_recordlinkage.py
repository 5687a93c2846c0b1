"""recordlinkage 0.16 on one cleaned input: ``python linkage_recordlinkage.py INPUT OUTPUT``.

Candidates by the same blocking rules as Splink's, unioned by ``Index``; features by ``Compare``, each
yes or no, because its ECM classifier knows nothing else: what is missing does not agree. ECM with the
defaults of its documentation. A pair's score is the sum of the log weights of its features, which
ranks as the probability does, and does not end at 1.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import recordlinkage
from linkage_peers import FEBRL_RULES, best_candidates
from linkage_phases import Phases


@dataclass(frozen=True)
class Model:
    """Columns that must be equal, texts with their least Jaro-Winkler similarity, and rules."""

    equal: Sequence[str]
    similar: dict[str, float]
    rules: Sequence[Sequence[str]]


MODELS = {
    "diplomas": Model(
        equal=(
            *("sex", "national_id", "birth_cert_no", "birth_date", "year_of_birth"),
            *("university_id", "field_of_study_id", "degree_level"),
            *("graduation_date", "year_of_graduation", "diploma_no"),
        ),
        similar={
            "first_name_key": 0.88,
            "last_name_key": 0.88,
            "father_name_key": 0.88,
            "birth_place_key": 0.88,
        },
        rules=(
            ("first_name_skeleton", "last_name_skeleton", "university_id"),
            ("first_name_sound", "last_name_sound", "year_of_birth"),
            ("first_name_sound", "last_name_sound", "father_name_sound"),
            ("first_name_sound", "last_name_sound", "birth_cert_no"),
            ("diploma_no", "university_id"),
            ("first_name_sound", "birth_cert_no", "year_of_birth"),
            ("last_name_sound", "father_name_sound", "year_of_birth"),
            ("last_name_sound", "year_of_graduation", "university_id", "field_of_study_id"),
        ),
    ),
}
FEBRL = Model(
    equal=("street_number", "postcode", "state", "date_of_birth", "soc_sec_id"),
    similar=dict.fromkeys(("given_name", "surname", "address_1", "suburb"), 0.85),
    rules=FEBRL_RULES,
)
MODELS |= {"febrl4": FEBRL, "febrl3": FEBRL}


def main(source: Path, target: Path) -> None:
    """Link or deduplicate the tables of ``source`` and write ``links.parquet`` into ``target``."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    task = json.loads((source / "input.json").read_text(encoding="utf-8"))["task"]
    model = MODELS[task]
    phases = Phases()
    with phases("load"):
        columns = sorted({*model.equal, *model.similar, *(c for r in model.rules for c in r)})
        names = ("left", "right") if (source / "right.parquet").exists() else ("left",)
        tables = [
            pd.read_parquet(source / f"{name}.parquet", columns=["id", *columns]).set_index("id")
            for name in names
        ]
    with phases("block"):
        indexer = recordlinkage.Index()
        for rule in model.rules:
            indexer.block(left_on=list(rule), right_on=list(rule))
        pairs = indexer.index(*tables)
    with phases("compare"):
        compare = recordlinkage.Compare(n_jobs=1)
        for name in model.equal:
            compare.exact(name, name, label=name)
        for name, least in model.similar.items():
            compare.string(name, name, method="jarowinkler", threshold=least, label=name)
        features = compare.compute(pairs, *tables)
    with phases("train"):
        classifier = recordlinkage.ECMClassifier()
        classifier.fit(features.astype("int8"))
    with phases("decide"):
        weights = _weights(classifier, list(features.columns))
        found = pd.DataFrame(
            {
                "left_id": pairs.get_level_values(0),
                "right_id": pairs.get_level_values(1),
                "score": features.to_numpy(np.float64) @ weights,
            }
        )
        if len(tables) > 1:
            found = best_candidates(found)
        else:
            found["margin"] = np.nan
        found.to_parquet(target / "links.parquet")
    phases.counts["pairs"] = len(pairs)
    phases.write(target)


def _weights(classifier: recordlinkage.ECMClassifier, names: list[str]) -> np.ndarray:
    """log2 of (m / u) less log2 of ((1 - m) / (1 - u)) of each feature; their sum ranks the pairs."""
    bits = []
    for name in names:
        weight = classifier.log_weights[name]
        bits.append((weight.get(1, 0.0) - weight.get(0, 0.0)) / np.log(2))
    return np.array(bits)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

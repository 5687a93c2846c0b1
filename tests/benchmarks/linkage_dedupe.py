"""dedupe 3 on one cleaned input: ``python linkage_dedupe.py INPUT OUTPUT``.

dedupe learns from pairs that a person marks. Here the truth marks them: LABELLED right pairs and as
many wrong ones, drawn from pairs that sound alike, of which half are another degree of the person.
No other tool is shown a label. Index predicates are off, as its documentation says for large tables.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dedupe
import numpy as np
import pandas as pd
from dedupe import variables
from linkage_phases import Phases

LABELLED = 1_000
SEED = 20
CORES = 2
# pairs below it are not looked at again; dedupe's probabilities are float32
LEAST = 0.0

Record = dict[str, Any]


def _diploma_variables() -> list[Any]:
    texts = ("first_name_key", "last_name_key", "father_name_key", "birth_place_key")
    short = ("national_id", "birth_cert_no", "diploma_no", "birth_date", "graduation_date")
    exact = (
        *("first_name_sound", "last_name_sound", "father_name_sound", "sex", "university_id"),
        *("field_of_study_id", "degree_level", "year_of_birth", "year_of_graduation"),
    )
    return [
        *(variables.String(name, has_missing=True) for name in texts),
        *(variables.ShortString(name, has_missing=True) for name in short),
        *(variables.Exact(name, has_missing=True) for name in exact),
    ]


VARIABLES: dict[str, Callable[[], list[Any]]] = {"diplomas": _diploma_variables}


def main(source: Path, target: Path) -> None:
    """Link the tables of ``source`` and write ``links.parquet`` into ``target``."""
    random.seed(SEED)
    np.random.seed(SEED)  # dedupe draws from the global one
    task = json.loads((source / "input.json").read_text(encoding="utf-8"))["task"]
    defined = VARIABLES[task]()
    fields = [variable.field for variable in defined]
    phases = Phases()
    with phases("load"):
        left, right = (_records(source / f"{name}.parquet", fields) for name in ("left", "right"))
    pairs = labelled(source, left, right)
    with phases("train"):
        linker = dedupe.RecordLink(defined, num_cores=CORES, in_memory=True)
        linker.prepare_training(left, right)
        linker.mark_pairs(pairs)
        linker.train(recall=1.0, index_predicates=False)
        phases.notes["predicates"] = [str(predicate) for predicate in linker.predicates]
    # candidates come out one by one, and are compared as they come
    with phases("compare"):
        scores = linker.score(linker.pairs(left, right))
    with phases("decide"):
        found = pd.DataFrame(
            {
                "left_id": scores["pairs"][:, 0],
                "right_id": scores["pairs"][:, 1],
                "score": scores["score"].astype(np.float64),
            }
        )
        _best(found).to_parquet(target / "links.parquet")
    phases.counts["pairs"] = len(found)
    phases.counts["labelled"] = 2 * LABELLED
    phases.write(target)


def _records(path: Path, fields: Sequence[str]) -> dict[str, Record]:
    table = pd.read_parquet(path, columns=["id", *fields]).set_index("id").astype(object)
    return table.where(table.notna(), None).to_dict("index")


def labelled(source: Path, left: dict[str, Record], right: dict[str, Record]) -> dict[str, Any]:
    """Right and wrong pairs, as ``mark_pairs`` wants them; a person would not be timed, nor is this."""
    truth = pd.read_parquet(source / "truth.parquet").dropna(subset=["degree_id"])
    truth = truth[truth["degree_id"].isin(right.keys())]
    drawn = truth.sample(2 * LABELLED, random_state=SEED)
    match = [
        (left[one], right[other])
        for one, other in zip(drawn["id"][:LABELLED], drawn["degree_id"][:LABELLED], strict=True)
    ]
    relations = pd.read_parquet(source / "relations.parquet")
    others = drawn.merge(relations, on="person_id", suffixes=("", "_other"))
    others = others[others["degree_id"] != others["degree_id_other"]].head(LABELLED // 2)
    distinct = [
        (left[one], right[other])
        for one, other in zip(others["id"], others["degree_id_other"], strict=True)
    ]
    sounds = ["last_name_sound", "year_of_birth"]
    alike = pd.merge(
        pd.DataFrame.from_dict({key: left[key] for key in drawn["id"]}, orient="index")[sounds]
        .dropna()
        .rename_axis("left_id")
        .reset_index(),
        pd.DataFrame.from_dict(right, orient="index")[sounds]
        .dropna()
        .rename_axis("right_id")
        .reset_index(),
        on=sounds,
    )
    own = dict(zip(drawn["id"], drawn["person_id"], strict=True))
    whose = dict(zip(relations["degree_id"], relations["person_id"], strict=True))
    alike = alike[alike["left_id"].map(own) != alike["right_id"].map(whose)]
    alike = alike.sample(min(LABELLED - len(distinct), len(alike)), random_state=SEED)
    distinct += [
        (left[one], right[other])
        for one, other in zip(alike["left_id"], alike["right_id"], strict=True)
    ]
    return {"match": match, "distinct": distinct}


def _best(found: pd.DataFrame) -> pd.DataFrame:
    """The best candidate of each record, and how far the next one is."""
    ranked = found.sort_values(
        ["left_id", "score", "right_id"], ascending=[True, False, True], kind="stable"
    )
    same = ranked["left_id"].eq(ranked["left_id"].shift(-1))
    ranked["margin"] = (ranked["score"] - ranked["score"].shift(-1)).where(same)
    return ranked.drop_duplicates("left_id")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

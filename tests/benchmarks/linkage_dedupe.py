"""dedupe 3 on one cleaned input: ``python linkage_dedupe.py INPUT OUTPUT``.

dedupe learns from pairs that a person marks. Here the truth marks them: LABELLED right pairs and as
many wrong ones, drawn from pairs that sound alike, of which half are another degree of the person.
No other tool is shown a label. Index predicates are off, and blocking is learned from SAMPLED rows:
otherwise 5,000 rows take more than eight minutes, or more than 19 GB.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dedupe
import linkage_labels
import numpy as np
import pandas as pd
from dedupe import predicates, variables
from linkage_peers import best_candidates
from linkage_phases import Phases

LABELLED = 500
# rows a table that blocking is learned from: dedupe itself takes 4,000, and 19 GB for them
SAMPLED = 1_000
SEED = 20
CORES = 2

Record = dict[str, Any]


def _same(name: str) -> Any:
    """Whether two values are equal. No blocking comes of it: blocks of one sex, say, are huge."""
    return variables.Custom(name, comparator=_differ, has_missing=True)


def _differ(one: str, other: str) -> int:
    return int(one != other)


def _diploma_variables() -> list[Any]:
    texts = ("first_name_key", "last_name_key", "father_name_key", "birth_place_key")
    short = ("national_id", "birth_cert_no", "diploma_no", "birth_date", "graduation_date")
    same = (
        *("first_name_sound", "last_name_sound", "father_name_sound", "sex", "university_id"),
        *("field_of_study_id", "degree_level", "year_of_birth", "year_of_graduation"),
    )
    return [
        *(variables.String(name, has_missing=True) for name in texts),
        *(variables.ShortString(name, has_missing=True) for name in short),
        *map(_same, same),
    ]


def _febrl_variables() -> list[Any]:
    texts = ("given_name", "surname", "address_1", "suburb")
    short = ("street_number", "postcode", "date_of_birth", "soc_sec_id")
    return [
        *(variables.String(name, has_missing=True) for name in texts),
        *(variables.ShortString(name, has_missing=True) for name in short),
        _same("state"),
    ]


def without_indexes(defined: list[Any]) -> list[Any]:
    """Variables less their index predicates, which alone take minutes on 5,000 rows."""
    for variable in defined:
        kept = [p for p in variable.predicates if not isinstance(p, predicates.IndexPredicate)]
        variable.predicates = kept
    return defined


VARIABLES: dict[str, Callable[[], list[Any]]] = {
    "diplomas": _diploma_variables,
    "febrl4": _febrl_variables,
    "febrl3": _febrl_variables,
}


def main(source: Path, target: Path) -> None:
    """Link the tables of ``source`` and write ``links.parquet`` into ``target``."""
    random.seed(SEED)
    np.random.seed(SEED)  # dedupe draws from the global one
    task = json.loads((source / "input.json").read_text(encoding="utf-8"))["task"]
    defined = without_indexes(VARIABLES[task]())
    fields = [variable.field for variable in defined]
    phases = Phases()
    with phases("load"):
        names = ("left", "right") if (source / "right.parquet").exists() else ("left",)
        tables = [_records(source / f"{name}.parquet", fields) for name in names]
    pairs = linkage_labels.pairs(source, tables, LABELLED, SEED)
    with phases("train"):
        kind = dedupe.RecordLink if len(tables) > 1 else dedupe.Dedupe
        linker = kind(defined, num_cores=CORES, in_memory=True)
        linker.prepare_training(*linkage_labels.sample(pairs, tables, SAMPLED, SEED))
        linker.mark_pairs(pairs)
        linker.train(recall=1.0, index_predicates=False)
        phases.notes["predicates"] = [str(predicate) for predicate in linker.predicates]
    # candidates come out one by one, and are compared as they come
    with phases("compare"):
        scores = linker.score(linker.pairs(*tables))
    with phases("decide"):
        found = pd.DataFrame(
            {
                "left_id": scores["pairs"][:, 0],
                "right_id": scores["pairs"][:, 1],
                "score": scores["score"].astype(np.float64),
            }
        )
        found = best_candidates(found) if len(tables) > 1 else found.assign(margin=np.nan)
        found.to_parquet(target / "links.parquet")
    phases.counts["pairs"] = len(scores)
    phases.counts["labelled"] = sum(map(len, pairs.values()))
    phases.write(target)


def _records(path: Path, fields: Sequence[str]) -> dict[str, Record]:
    table = pd.read_parquet(path, columns=["id", *fields]).set_index("id").astype(object)
    return table.where(table.notna(), None).to_dict("index")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

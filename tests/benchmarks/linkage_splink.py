"""Splink 5 on one cleaned input: ``python linkage_splink.py INPUT OUTPUT``, in the peers' environment.

Set up as its documentation advises: the prior from deterministic rules, u by random sampling, m by
EM under two blocking rules that share no column, term frequencies on names, places, universities
and fields, dates with levels for a slip and a year, and blocking rules that are tight each and
together miss little. DuckDB with as many threads as cores. Of every record's candidates the best is
kept, with how far the next one is.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import duckdb
import linkage_splink_models as models
from linkage_phases import Phases
from splink import DuckDBAPI, Linker, SettingsCreator

SEED = 20
# the default; its documentation says that more is better, but with 1e7 nothing here got better
U_PAIRS = 1e6
# pairs that EM learns from; the documentation leaves it open, and more made nothing better
EM_PAIRS = 1e7
# bits under which a pair is not kept; the runner-up of a link is mostly over it
LEAST_WEIGHT = -10
THREADS = 2


def main(source: Path, target: Path, u_pairs: float = U_PAIRS) -> None:
    """Link or deduplicate the tables of ``source`` and write ``links.parquet`` into ``target``."""
    logging.getLogger("splink").setLevel(logging.WARNING)
    task = json.loads((source / "input.json").read_text(encoding="utf-8"))["task"]
    model = models.MODELS[task]
    phases = Phases()
    connection = duckdb.connect(config={"threads": THREADS})
    api = DuckDBAPI(connection)
    with phases("load"):
        names = ("left", "right") if (source / "right.parquet").exists() else ("left",)
        for name in names:
            columns = ", ".join(model.columns)
            connection.execute(
                f"CREATE TABLE {name}_table AS SELECT {columns} "
                f"FROM read_parquet('{source / name}.parquet')"
            )
        tables = [
            api.register(f"{name}_table", dataset_display_name=f"{place}_{name}")
            for place, name in enumerate(names)
        ]
        linker = Linker(
            tables if len(tables) > 1 else tables[0],
            SettingsCreator(
                link_type="link_only" if len(tables) > 1 else "dedupe_only",
                comparisons=model.comparisons(),
                blocking_rules_to_generate_predictions=model.blocking(),
                retain_matching_columns=False,
                retain_intermediate_calculation_columns=False,
            ),
            log_level=logging.WARNING,
        )
    with phases("train"):
        linker.training.estimate_probability_two_random_records_match(
            model.deterministic(), recall=model.recall
        )
        linker.training.estimate_u_using_random_sampling(max_pairs=u_pairs, seed=SEED)
        for rule in model.training():
            linker.training.estimate_parameters_using_expectation_maximisation(
                rule, estimate_without_term_frequencies=True, max_pairs=EM_PAIRS
            )
    with phases("block"):
        pairs = linker.inference.compute_blocked_pairs_for_predict()
    with phases("compare"):
        scored = linker.inference.predict(threshold_match_weight=LEAST_WEIGHT)
    with phases("decide"):
        best = (
            "QUALIFY row_number() OVER (PARTITION BY unique_id_l ORDER BY match_weight DESC, "
            "unique_id_r) = 1"
        )
        connection.execute(
            "COPY (SELECT unique_id_l AS left_id, unique_id_r AS right_id, match_weight AS score, "
            "match_weight - lead(match_weight) OVER (PARTITION BY unique_id_l ORDER BY "
            "match_weight DESC, unique_id_r) AS margin "
            f"FROM {scored.physical_name} {best if len(tables) > 1 else ''}) "
            f"TO '{target / 'links.parquet'}' (FORMAT parquet)"
        )
    (count,) = connection.execute(f"SELECT count(*) FROM {pairs.physical_name}").fetchone()
    phases.counts["pairs"] = count
    linker.misc.save_model_to_json(str(target / "splink.json"), overwrite=True)
    phases.write(target)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--u-pairs", type=float, default=U_PAIRS)
    given = parser.parse_args()
    main(given.source, given.target, given.u_pairs)

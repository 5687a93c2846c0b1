"""Pairs that a person would have marked for dedupe, marked by the truth instead."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd

Record = dict[str, Any]
Pairs = dict[str, list[tuple[Record, Record]]]


def pairs(source: Path, tables: Sequence[dict[str, Record]], count: int, seed: int) -> Pairs:
    """At most ``count`` right and as many wrong pairs of ``tables``, as ``mark_pairs`` wants them."""
    task = json.loads((source / "input.json").read_text(encoding="utf-8"))["task"]
    left, right = tables[0], tables[-1]
    right_pairs, wrong_pairs = (_diplomas if task == "diplomas" else _febrl)(
        source, left, right, count, seed
    )
    return {
        "match": [(left[one], right[other]) for one, other in right_pairs[:count]],
        "distinct": [(left[one], right[other]) for one, other in wrong_pairs[:count]],
    }


def sample(
    marked: Pairs, tables: Sequence[dict[str, Record]], count: int, seed: int
) -> list[dict[str, Record]]:
    """``count`` rows of each table, half of them out of the right pairs: a random sample has none."""
    drawn = []
    random = Random(seed)
    for place, table in enumerate(tables):
        wanted = {id(pair[place]) for pair in marked["match"][: count // 2]}
        kept = [key for key, record in table.items() if id(record) in wanted]
        others = random.sample(list(table), min(count, len(table)))
        drawn.append({key: table[key] for key in dict.fromkeys([*kept, *others][:count])})
    return drawn


def _diplomas(
    source: Path, left: dict[str, Record], right: dict[str, Record], count: int, seed: int
) -> tuple[list[Any], list[Any]]:
    """Of the wrong pairs half are another degree of the person, half people who sound alike."""
    truth = pd.read_parquet(source / "truth.parquet").dropna(subset=["degree_id"])
    drawn = truth.sample(min(4 * count, len(truth)), random_state=seed)
    relations = pd.read_parquet(source / "relations.parquet")
    others = drawn.merge(relations, on="person_id", suffixes=("", "_other"))
    others = others[others["degree_id"] != others["degree_id_other"]]
    second = list(zip(others["id"], others["degree_id_other"], strict=True))[: count // 2]
    alike = _alike(
        {key: left[key] for key in drawn["id"]}, right, ["last_name_sound", "year_of_birth"]
    )
    own = dict(zip(drawn["id"], drawn["person_id"], strict=True))
    whose = dict(zip(relations["degree_id"], relations["person_id"], strict=True))
    alike = alike[alike["left"].map(own) != alike["right"].map(whose)]
    drawn_alike = alike.sample(min(count - len(second), len(alike)), random_state=seed)
    return (
        list(zip(drawn["id"], drawn["degree_id"], strict=True)),
        second + list(zip(drawn_alike["left"], drawn_alike["right"], strict=True)),
    )


def _febrl(
    source: Path, left: dict[str, Record], right: dict[str, Record], count: int, seed: int
) -> tuple[list[Any], list[Any]]:
    """Pairs of one person, and of two who share a surname or a postcode."""
    numbers = pd.DataFrame({"left": list(left)}).assign(person=lambda t: _person(t["left"]))
    same = numbers.merge(
        pd.DataFrame({"right": list(right)}).assign(person=lambda t: _person(t["right"])),
        on="person",
    )
    same = same[same["left"] != same["right"]].sample(frac=1, random_state=seed)
    alike = pd.concat([_alike(left, right, [name]) for name in ("surname", "postcode")])
    alike = alike[_person(alike["left"]) != _person(alike["right"])]
    alike = alike.sample(min(count, len(alike)), random_state=seed)
    return (
        list(zip(same["left"], same["right"], strict=True)),
        list(zip(alike["left"], alike["right"], strict=True)),
    )


def _person(ids: pd.Series) -> pd.Series:
    return ids.str.split("-").str[1]


def _alike(left: dict[str, Record], right: dict[str, Record], on: list[str]) -> pd.DataFrame:
    """Pairs that agree on the columns ``on``."""
    sides = [
        pd.DataFrame.from_dict(table, orient="index")[on].dropna().rename_axis(name).reset_index()
        for name, table in (("left", left), ("right", right))
    ]
    return sides[0].merge(sides[1], on=on)[["left", "right"]]

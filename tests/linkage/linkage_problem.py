"""A small linkage problem that knows nothing of diplomas: people, and the boats they own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

MODEL: dict[str, Any] = {
    "version": 1,
    "groups": {
        "owner": {
            "key": "owner_id",
            "prior": 0.9,
            "confounders": [
                {"name": "twin", "odds": 0.02, "shares": ["name", "born"], "differs": ["given"]}
            ],
        },
        "boat": {"key": "boat_id", "prior": 0.95},
    },
    "fields": {
        "given": {
            "group": "owner",
            "levels": [
                {"name": "exact", "equal": "given", "m": 0.9, "term_frequency": True},
                {"name": "swapped", "m": 0.01},
                {"name": "close", "similar": "given", "bound": 0.85, "m": 0.06},
                {"name": "different", "m": 0.03, "contradicts": True},
            ],
        },
        "name": {
            "group": "owner",
            "levels": [
                {"name": "exact", "equal": "name", "m": 0.9, "term_frequency": True},
                {"name": "swapped", "m": 0.01},
                {"name": "close", "similar": "name", "bound": 0.85, "m": 0.06},
                {"name": "different", "m": 0.03, "contradicts": True},
            ],
        },
        "born": {
            "group": "owner",
            "unread": "born_unread",
            "levels": [
                {"name": "exact", "equal": "born", "m": 0.95},
                {"name": "different", "m": 0.05, "contradicts": True},
            ],
        },
        "built": {
            "group": "boat",
            "levels": [
                {"name": "exact", "equal": "built", "m": 0.97},
                {"name": "different", "m": 0.03, "contradicts": True},
            ],
        },
    },
    "swaps": {"fields": [["given", "name"]], "columns": {"given": "given", "name": "name"}},
    "blocking": [
        {"name": "names", "columns": ["given", "name"]},
        {"name": "surname and birth", "columns": ["name", "born"]},
        {"name": "given and birth", "columns": ["given", "born"]},
        {"name": "swapped", "left": ["given", "name"], "right": ["name", "given"]},
    ],
}


def draw(
    number: int, *, seed: int, names: int = 400, no_birth: float = 0.05
) -> tuple[pa.Table, pa.Table, list[int]]:
    """``number`` records, the boats of three times as many owners, and each record's boat's row.

    A third of the owners own two boats. One record in ten has a slip in a surname, a share of
    ``no_birth`` lacks its birth. Years are drawn evenly, given names from 60, surnames from ``names``.
    """
    dice = np.random.default_rng(seed)
    syllables = ["ka", "lo", "mi", "ren", "tas", "ulf", "vex", "bor", "dan", "eri", "fos", "gul"]
    words = [a + b + c for a in syllables for b in syllables for c in syllables]
    given, surnames = words[:60], words[200 : 200 + names]
    owners = [
        (given[dice.integers(60)], surnames[dice.integers(names)], str(1900 + dice.integers(80)))
        for _ in range(number * 3)
    ]
    boats = []
    for owner, (first, last, born) in enumerate(owners):
        for _ in range(2 if owner % 3 == 0 else 1):
            year = str(1950 + dice.integers(50))
            boats.append((f"o{owner}", f"b{len(boats)}", first, last, born, year))
    truth = dice.choice(len(boats), number, replace=False)
    records = []
    for row in truth:
        _, _, first, last, born, year = boats[row]
        if dice.random() < 0.1:
            last = last[:-1] + "x"
        records.append((first, last, None if dice.random() < no_birth else born, year))
    left = pa.table(
        {
            column: pa.array([record[place] for record in records], pa.string())
            for place, column in enumerate(("given", "name", "born", "built"))
        }
    ).append_column("born_unread", pa.array([False] * number))
    right = pa.table(
        {
            column: pa.array([boat[place] for boat in boats], pa.string())
            for place, column in enumerate(
                ("owner_id", "boat_id", "given", "name", "born", "built")
            )
        }
    ).append_column("born_unread", pa.array([False] * len(boats)))
    return left, right, truth.tolist()

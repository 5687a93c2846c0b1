"""What several peers are given alike: the rules for FEBRL, and the choice of a best candidate."""

from __future__ import annotations

import pandas as pd

# the rules of the guide, docs/link-any-tables.md
FEBRL_RULES = (
    ("soc_sec_id",),
    ("date_of_birth",),
    ("given_name", "surname"),
    ("given_name", "suburb"),
    ("surname", "postcode"),
    ("address_1", "state"),
    ("street_number", "postcode"),
)


def best_candidates(found: pd.DataFrame) -> pd.DataFrame:
    """The best candidate of each record, and how far the next one is."""
    ranked = found.sort_values(
        ["left_id", "score", "right_id"], ascending=[True, False, True], kind="stable"
    )
    same = ranked["left_id"].eq(ranked["left_id"].shift(-1))
    ranked["margin"] = (ranked["score"] - ranked["score"].shift(-1)).where(same)
    return ranked.drop_duplicates("left_id")

"""Linking two tables: right, the same in any order and on any number of threads."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from linkage_problem import draw

from migrate.linkage.link import Linkage, link_tables
from migrate.linkage.model import LinkageModel


def best(linkage: Linkage) -> dict[int, tuple[int, float]]:
    """Each record's likeliest right row and its probability."""
    probability = linkage.shares.entity_share * linkage.shares.item_share
    found: dict[int, tuple[int, float]] = {}
    for left, right, share in zip(
        linkage.left.tolist(), linkage.right.tolist(), probability.tolist(), strict=True
    ):
        if left not in found or share > found[left][1]:
            found[left] = (right, share)
    return found


def test_sure_links_are_right_and_most_records_have_one(model: LinkageModel) -> None:
    left, right, truth = draw(1500, seed=29)
    found = best(link_tables(left, right, model))
    sure = {record: row for record, (row, share) in found.items() if share >= 0.999}
    assert sum(row != truth[record] for record, row in sure.items()) == 0
    assert len(sure) > 0.5 * len(truth)


def test_probabilities_mean_what_they_say(model: LinkageModel) -> None:
    left, right, truth = draw(3000, seed=31, names=60, no_birth=0.6)
    found = best(link_tables(left, right, model))
    shares = np.array([share for _, share in found.values()])
    right_ones = np.array([row == truth[record] for record, (row, _) in found.items()])
    middling = (shares > 0.2) & (shares < 0.9)
    assert middling.sum() > 30
    assert abs(right_ones[middling].mean() - shares[middling].mean()) < 0.15


def test_the_other_item_of_the_right_entity_is_not_taken(model: LinkageModel) -> None:
    left, right, truth = draw(1500, seed=37)
    found = best(link_tables(left, right, model))
    owners = right.column("owner_id").to_pylist()
    other = [
        record
        for record, (row, share) in found.items()
        if share > 0.999 and row != truth[record] and owners[row] == owners[truth[record]]
    ]
    assert other == []


def test_the_order_of_rows_changes_no_share(model: LinkageModel) -> None:
    left, right, _ = draw(300, seed=5)
    turned = pa.array(np.random.default_rng(0).permutation(right.num_rows))
    straight = best(link_tables(left, right, model))
    shuffled = best(link_tables(left, right.take(turned), model))
    boats = right.column("boat_id").to_pylist()
    mixed = right.take(turned).column("boat_id").to_pylist()
    assert straight.keys() == shuffled.keys()
    for record, (row, share) in straight.items():
        other, other_share = shuffled[record]
        assert abs(share - other_share) < 0.01
        if share > 0.9:
            assert boats[row] == mixed[other]


def test_any_number_of_threads_gives_the_same_bits(model: LinkageModel) -> None:
    left, right, _ = draw(300, seed=6)
    one, two = (link_tables(left, right, model, threads=n) for n in (1, 2))
    assert one.left.tobytes() == two.left.tobytes()
    assert one.right.tobytes() == two.right.tobytes()
    assert one.shares.entity_share.tobytes() == two.shares.entity_share.tobytes()
    assert one.shares.item_share.tobytes() == two.shares.item_share.tobytes()


def test_a_right_table_without_a_partner_gives_no_candidate(model: LinkageModel) -> None:
    left, right, _ = draw(20, seed=7)
    numbers = pa.array([f"n{i}" for i in range(right.num_rows)])
    strangers = right.set_column(2, "given", numbers).set_column(3, "name", numbers)
    assert len(link_tables(left, strangers, model).left) == 0

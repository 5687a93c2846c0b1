"""Labels are read without guessing, found among candidates, and held as what is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.errors import InputError
from migrate.linkage.labels import Label, Labelled, emphasis, hold, labelled, read_labels


def written(folder: Path, *lines: str) -> Path:
    path = folder / "labels.csv"
    text = "\n".join(("left_id,right_id,label,who,when,note", *lines)) + "\n"
    path.write_text(text, encoding="utf-8")
    return path


def known(*pairs: tuple[int, bool]) -> Labelled:
    return Labelled(
        np.array([pair for pair, _ in pairs], dtype=np.int64),
        np.array([match for _, match in pairs], dtype=bool),
    )


def test_labels_are_read_with_who_when_and_why(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "a,x,match,mina,1403-05-01,the paper says so",
        "a,y,No_Match,,,",
        "b,x,,,,",
        "c,x, UNSURE ,,,",
    )
    assert read_labels(path) == (
        Label("a", "x", "match", "mina", "1403-05-01", "the paper says so", 2),
        Label("a", "y", "no match", row=3),
        Label("c", "x", "unsure", row=5),
    )


def test_two_labels_that_contradict_are_refused_with_both_rows(tmp_path: Path) -> None:
    path = written(tmp_path, "a,x,match,,,", "b,x,match,,,", "a,x,no match,,,")
    with pytest.raises(InputError, match="rows 2 and 4 contradict each other") as caught:
        read_labels(path)
    assert caught.value.row == 4


def test_a_decision_stands_above_unsure_whichever_came_first(tmp_path: Path) -> None:
    path = written(tmp_path, "a,x,unsure,,,", "a,x,match,,,", "b,x,no match,,,", "b,x,unsure,,,")
    assert [label.label for label in read_labels(path)] == ["match", "no match"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a,x,yes,,,", r"row 2, column label: .*found: yes"),
        (",x,match,,,", "row 2, column left_id"),
    ],
)
def test_what_is_no_label_is_refused_with_its_place(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_labels(written(tmp_path, line))


LEFT = pa.chunked_array([["a", "b", "c"]])
RIGHT = pa.chunked_array([["x", "y"], ["z", "x2", "x2"]])


def test_labels_are_found_among_candidates_in_any_order_of_rows() -> None:
    labels = [
        Label("c", "y", "match"),
        Label("a", "z", "no match"),
        Label("a", "y", "match"),
        Label("nobody", "x", "match"),
        Label("b", "x", "unsure"),
    ]
    # candidates: (c, y), (a, x), (a, z)
    found = labelled(labels, LEFT, RIGHT, np.array([2, 0, 0]), np.array([1, 0, 2]))
    assert found.pairs.tolist() == [0, 2]
    assert found.match.tolist() == [True, False]
    assert [label.left_id for label in found.absent] == ["a", "nobody"]
    assert [label.left_id for label in found.unsure] == ["b"]


def test_an_id_that_stands_twice_cannot_be_labelled() -> None:
    with pytest.raises(InputError, match=r"column right_id.*two rows.*x2"):
        labelled([Label("a", "x2", "match")], LEFT, RIGHT, np.array([0]), np.array([3]))


def test_a_pair_of_one_table_is_found_either_way_round() -> None:
    left, right = np.array([0, 0, 1]), np.array([1, 2, 2])
    labels = [Label("c", "a", "match"), Label("b", "c", "no match")]
    found = labelled(labels, LEFT, LEFT, left, right, same=True)
    assert found.pairs.tolist() == [1, 2]
    assert found.match.tolist() == [True, False]
    with pytest.raises(InputError, match="one way round"):
        labelled([*labels, Label("a", "c", "no match")], LEFT, LEFT, left, right, same=True)


def test_labels_keep_their_pairs_where_candidates_are_left_out() -> None:
    kept = np.array([False, True, True, False, True])
    some = known((1, True), (3, False), (4, False)).within(kept)
    assert some.pairs.tolist() == [0, 2]
    assert some.match.tolist() == [True, False]


# one record: an entity with two items (0.6 × 0.5, 0.6 × 0.25), another with one (0.3 × 0.8)
ENTITY_SHARE = np.array([0.6, 0.6, 0.3])
ITEM_SHARE = np.array([0.5, 0.25, 0.8])
RECORD, ENTITY = np.zeros(3, dtype=np.int64), np.array([4, 4, 9])


def test_a_match_takes_the_whole_share_of_its_record() -> None:
    entities, items = hold(ENTITY_SHARE, ITEM_SHARE, RECORD, ENTITY, known((1, True)))
    assert entities.tolist() == [1, 1, 0]
    assert (entities * items).tolist() == [0, 1, 0]


def test_what_a_refused_pair_had_goes_to_the_others_by_bayes() -> None:
    entities, items = hold(ENTITY_SHARE, ITEM_SHARE, RECORD, ENTITY, known((0, False)))
    # by hand: 0.3 of the whole is refused, 0.7 is left: every other possibility is divided by 0.7
    assert (entities * items).tolist() == pytest.approx([0, 0.15 / 0.7, 0.24 / 0.7])
    assert entities.tolist() == pytest.approx([0.3 / 0.7, 0.3 / 0.7, 0.3 / 0.7])


def test_a_pair_that_was_certain_and_is_refused_leaves_nobody() -> None:
    entities, items = hold(
        np.array([1.0, 0.0]), np.ones(2), RECORD[:2], ENTITY[1:], known((0, False))
    )
    assert (entities * items).tolist() == [0, 0]


def test_only_refusals_are_held_where_matches_are_not_to_be() -> None:
    labels = known((1, True), (2, False))
    entities, items = hold(ENTITY_SHARE, ITEM_SHARE, RECORD, ENTITY, labels, matches=False)
    assert (entities * items).tolist() == pytest.approx([0.3 / 0.76, 0.15 / 0.76, 0])


def test_two_matches_of_one_record_are_refused() -> None:
    with pytest.raises(InputError, match="match of two"):
        hold(ENTITY_SHARE, ITEM_SHARE, RECORD, ENTITY, known((0, True), (2, True)))


@given(
    st.lists(st.floats(0.001, 1), min_size=4, max_size=4),
    st.lists(st.floats(0.001, 1), min_size=4, max_size=4),
    st.sets(st.integers(0, 3), max_size=3),
)
def test_held_shares_stay_probabilities_and_other_records_as_they_were(
    weights: list[float], within: list[float], refused: set[int]
) -> None:
    # record 0: entity 0 with items 0 and 1, entity 1 with item 2; record 1: entity 0 with item 3
    record, entity = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 0])
    total = weights[0] + weights[2] + weights[3]
    entities = np.array([weights[0], weights[0], weights[2], weights[3]]) / total
    items = np.array(within)
    items[:2] /= items[:2].sum() + within[3]
    kept = known(*((pair, False) for pair in sorted(refused)))
    new_entities, new_items = hold(entities, items, record, entity, kept)
    joint = new_entities * new_items
    assert (joint[sorted(refused)] == 0).all()
    assert joint[:3].sum() <= 1 + 1e-9
    assert ((new_entities >= 0) & (new_entities <= 1) & (new_items >= 0)).all()
    # ratios of what is left are as before
    left = [pair for pair in range(3) if pair not in refused]
    before = (entities * items)[left]
    if len(left) > 1 and (joint[left] > 1e-9).all():
        assert joint[left] / joint[left].sum() == pytest.approx(before / before.sum(), rel=1e-6)
    if 3 not in refused:
        assert new_entities[3] == entities[3]
        assert new_items[3] == items[3]


def test_only_labelled_records_are_emphasised() -> None:
    record = np.array([0, 0, 1, 2, 2])
    assert emphasis(record, replace(known((1, False), (3, True)), weight=5.0)).tolist() == [
        5,
        5,
        1,
        5,
        5,
    ]

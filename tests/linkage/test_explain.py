"""Explanations say what the engine did: their sums are its weights, their shares its probabilities."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from linkage_problem import MODEL, draw

from migrate.errors import RunError
from migrate.linkage.explain import explain
from migrate.linkage.link import Linkage, dedupe_table, link_tables
from migrate.linkage.meaning import meaning
from migrate.linkage.missed import lacking, why_missed
from migrate.linkage.model import OPERATORS, LinkageModel, model_of
from migrate.linkage.runner_up import candidates_of, why_not
from migrate.linkage.waterfall import bars


@pytest.fixture(scope="module")
def problem(model: LinkageModel) -> tuple[Linkage, pa.Table, pa.Table, list[int]]:
    left, right, truth = draw(400, seed=11, names=60)
    return link_tables(left, right, model), left, right, truth


def some(linkage: Linkage, number: int = 40) -> list[int]:
    return np.linspace(0, len(linkage.left) - 1, number).astype(int).tolist()


def pair_of(linkage: Linkage, place: int) -> tuple[int, int]:
    return int(linkage.left[place]), int(linkage.right[place])


def test_bits_sum_to_the_weights_of_the_linkage(problem: Any) -> None:
    linkage, left, right, _ = problem
    for place in some(linkage):
        table = explain(linkage, left, right, pair_of(linkage, place)).table()
        sums = table.groupby("group")["bits"].sum()
        assert sums["owner"] == pytest.approx(linkage.shares.entity_weight[place])
        assert sums["boat"] == pytest.approx(linkage.shares.item_weight[place])
        assert np.allclose(table["level (bits)"] + table["term (bits)"], table["bits"])


def test_shares_are_those_of_the_linkage(problem: Any) -> None:
    linkage, left, right, _ = problem
    for place in some(linkage):
        found = explain(linkage, left, right, pair_of(linkage, place))
        owner, boat = found.questions
        assert found.candidate
        assert owner.share == pytest.approx(linkage.shares.entity_share[place], abs=1e-9)
        assert boat.share == pytest.approx(linkage.shares.item_share[place], abs=1e-9)
        assert found.alone == pytest.approx(linkage.shares.entity_alone[place], abs=1e-9)
        assert found.probability == pytest.approx(owner.share * boat.share)


def test_shares_of_all_that_competes_sum_to_one(problem: Any) -> None:
    linkage, left, right, _ = problem
    for place in some(linkage, 10):
        for question in explain(linkage, left, right, pair_of(linkage, place)).questions:
            total = question.share + sum(other.share for other in question.competitors)
            assert total == pytest.approx(1.0)
            kinds = {other.kind for other in question.competitors}
            assert "nobody" in kinds


def test_prior_and_weight_are_the_odds_against_nobody(problem: Any) -> None:
    linkage, left, right, _ = problem
    owner, boat = explain(linkage, left, right, pair_of(linkage, 0)).questions
    for question, spoken in ((owner, owner.spoken), (boat, 0.0)):
        nobody = next(other for other in question.competitors if other.kind == "nobody")
        odds = np.log2(question.share / nobody.share)
        assert question.prior + question.weight + spoken == pytest.approx(odds)


def test_a_pair_that_is_no_candidate_is_weighed_as_the_engine_would_have(
    problem: Any, model: LinkageModel
) -> None:
    _, left, right, _ = problem
    data = {**MODEL, "blocking": MODEL["blocking"][:1]}
    full = link_tables(left, right, model)
    narrow = link_tables(left, right, model_of(data), learned=full.learned)
    held = set(zip(narrow.left.tolist(), narrow.right.tolist(), strict=True))
    places = [place for place in range(len(full.left)) if pair_of(full, place) not in held]
    assert len(places) > 20
    for place in places[:20]:
        found = explain(narrow, left, right, pair_of(full, place))
        assert not found.candidate
        assert "No candidate" in found.text()
        weights = [question.weight for question in found.questions]
        assert weights[0] == pytest.approx(full.shares.entity_weight[place], abs=1e-4)
        assert weights[1] == pytest.approx(full.shares.item_weight[place], abs=1e-4)


def test_levels_are_told_with_their_values_and_their_meaning(problem: Any) -> None:
    linkage, left, right, truth = problem
    record = next(row for row in range(400) if left["name"][row].as_py().endswith("x"))
    found = explain(linkage, left, right, (record, truth[record]))
    name = next(entry for entry in found.fields if entry.field == "name")
    assert (name.left, name.right) == (
        left["name"][record].as_py(),
        right["name"][truth[record]].as_py(),
    )
    assert name.level == "close"
    assert "Jaro-Winkler" in name.meaning
    assert name.weight == pytest.approx(np.log2(name.m / name.u))


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_every_operator_is_told_in_words(operator: str) -> None:
    level = {"name": "exact", operator: "born", "bound": 1, "m": 0.9}
    last = {"name": "different", "m": 0.1, "contradicts": True}
    fields = {**MODEL["fields"], "born": {"group": "owner", "levels": [level, last]}}
    field = next(f for f in model_of({**MODEL, "fields": fields}).fields if f.name == "born")
    # the operator's own name stands in for words that are not there
    assert not meaning(field, 0).startswith(f"{operator} in")
    assert meaning(field, 1) == "no level before it holds; speaks against a link"


def test_missing_says_nothing_and_is_not_different(problem: Any) -> None:
    linkage, left, right, truth = problem
    record = left["born"].to_pylist().index(None)
    found = explain(linkage, left, right, (record, truth[record]))
    born = next(entry for entry in found.fields if entry.field == "born")
    assert (born.level, born.bits, born.m, born.contradicts) == ("missing", 0.0, None, False)


def test_values_as_read_stand_beside_those_compared(problem: Any) -> None:
    linkage, left, right, truth = problem
    raw = pa.array([f"  {value}" for value in left["name"].to_pylist()])
    found = explain(linkage, left.append_column("raw_name", raw), right, (0, truth[0]), raw="raw_")
    table = found.table().set_index("field")
    assert table.loc["name", "left as read"] == f"  {left['name'][0].as_py()}"
    assert "as read" in found.text()
    assert "left as read" not in explain(linkage, left, right, (0, truth[0])).table()


def test_rivals_are_called_by_their_names(problem: Any) -> None:
    linkage, left, right, _ = problem
    record = int(linkage.left[np.argmax(np.bincount(linkage.left)[linkage.left])])
    rows = candidates_of(linkage, record)
    found = explain(linkage, left, right, (record, rows[0]), names="boat_id")
    ids = right["boat_id"].to_pylist()
    said = {other.name for other in found.questions[0].competitors if other.kind == "rival"}
    assert said <= {f"another owner, {ids[row]}" for row in rows}
    assert said


def test_a_row_that_is_not_there_is_refused(problem: Any) -> None:
    linkage, left, right, _ = problem
    with pytest.raises(RunError, match="the right table has no such row"):
        explain(linkage, left, right, (0, right.num_rows))
    with pytest.raises(RunError, match="the left table has no such row"):
        explain(linkage, left, right, (-1, 0))


def test_a_table_linked_to_itself_is_explained_pair_by_pair(model: LinkageModel) -> None:
    _, right, _ = draw(60, seed=3, names=60)
    data: dict[str, Any] = {
        "version": 1,
        "groups": {"owner": {"key": "boat_id", "prior": 0.5}},
        "fields": {
            name: {**MODEL["fields"][name], "group": "owner"} for name in ("given", "name", "born")
        },
        "swaps": MODEL["swaps"],
        "blocking": MODEL["blocking"][:1],
    }
    linkage = dedupe_table(right, model_of(data))
    for place in some(linkage, 10):
        pair = pair_of(linkage, place)
        found = explain(linkage, right, right, pair)
        assert found.probability == pytest.approx(linkage.shares.entity_share[place], abs=1e-9)
        assert explain(linkage, right, right, pair[::-1]) == found
        assert [bar.name for bar in bars(found)][1:] == ["prior", "given", "name", "born", "total"]


def test_differences_to_the_runner_up_sum_to_the_difference_of_weights(problem: Any) -> None:
    linkage, left, right, _ = problem
    record = int(linkage.left[np.argmax(np.bincount(linkage.left)[linkage.left])])
    one, two = (
        explain(linkage, left, right, (record, row)) for row in candidates_of(linkage, record)[:2]
    )
    found = why_not(one, two)
    sums = found.table().groupby("group")["difference"].sum()
    for a, b in zip(one.questions, two.questions, strict=True):
        assert sums[a.group] == pytest.approx(a.weight - b.weight)
    assert found.margin == pytest.approx(np.log2(one.probability / two.probability))
    assert f"margin {found.margin:+.2f} bits" in found.text()


def test_a_value_that_one_of_two_candidates_lacks_is_told_as_none(problem: Any) -> None:
    linkage, left, right, truth = problem
    record = left["born"].to_pylist().index(None)
    best, other = (
        explain(linkage, left, right, (record, row)) for row in (truth[record], truth[record - 1])
    )
    lacking = replace(
        other, fields=tuple(replace(entry, right=None, weight=-1.0) for entry in other.fields)
    )
    assert " | –\n" in why_not(best, lacking).text()
    assert why_not(best, lacking).table()["runner-up"].isna().all()


def test_two_items_of_one_entity_are_told_apart_by_nested_fields_alone(problem: Any) -> None:
    linkage, left, right, truth = problem
    owners = right["owner_id"].to_pylist()
    record, row, mate = next(
        (record, row, other)
        for record, row in enumerate(truth)
        for other in (row - 1, row + 1)
        if 0 <= other < len(owners)
        and owners[other] == owners[row]
        and row in candidates_of(linkage, record)
    )
    found = why_not(*(explain(linkage, left, right, (record, place)) for place in (row, mate)))
    assert found.same_entity
    table = found.table()
    assert (table[table["group"] == "owner"]["difference"] == 0).all()


def test_the_best_is_the_likeliest_item_of_the_likeliest_entity(problem: Any) -> None:
    linkage, _, _, _ = problem
    probability = linkage.shares.entity_share * linkage.shares.item_share
    for record in range(0, 400, 20):
        places = np.flatnonzero(linkage.left == record)
        rows = candidates_of(linkage, record)
        assert sorted(rows) == sorted(linkage.right[places].tolist())
        by_row = dict(zip(linkage.right[places].tolist(), probability[places], strict=True))
        others = [by_row[row] for row in rows[1:]]
        assert others == sorted(others, reverse=True)


def test_a_pair_that_no_rule_proposes_is_told_what_it_lacks(problem: Any) -> None:
    linkage, left, right, _ = problem
    found = why_missed(linkage, left, right, (0, int(np.setdiff1d(range(50), linkage.right)[0])))
    assert not found.pair.candidate
    assert found.lost.startswith("No rule proposes it.")
    for rule, standing in zip(linkage.model.rules, found.rules, strict=True):
        assert not standing.proposed
        for column, one, other in zip(standing.columns, rule.left, rule.right, strict=True):
            ours, theirs = left[one][0].as_py(), right[other][found.pair.right].as_py()
            state = (
                "missing" if None in (ours, theirs) else "differs" if ours != theirs else "agrees"
            )
            assert column.state == state
    assert len(found.nearest.lacks) == min(len(rule.lacks) for rule in found.rules)


def test_the_rules_that_proposed_a_pair_are_those_of_the_linkage(problem: Any) -> None:
    linkage, left, right, _ = problem
    for place in some(linkage, 15):
        found = why_missed(linkage, left, right, pair_of(linkage, place))
        bits = sum(1 << n for n, rule in enumerate(found.rules) if rule.proposed)
        assert bits == int(linkage.rules[place])


def test_what_pairs_want_of_their_nearest_rules_is_counted(model: LinkageModel) -> None:
    right = pa.table(
        {
            "given": ["a", "b", "c"],
            "name": ["x", "y", "z"],
            "born": ["1", "2", None],
        }
    )
    left = pa.table({"given": ["a", "q", "c"], "name": ["w", "y", "v"], "born": ["1", "2", "3"]})
    # by given and birth; by surname and birth; of names the surname differs
    assert lacking(model, left, right, [(0, 0), (1, 1)]) == {}
    assert lacking(model, left, right, [(2, 2), (0, 1)]) == {
        "name differs": 2,
        "given differs": 1,
    }


def test_a_block_over_its_budget_is_named() -> None:
    _, right, _ = draw(100, seed=2)
    crowd = pa.table(
        {name: pa.array([right[name][0].as_py()] * 300) for name in ("given", "name", "born")}
        | {
            "owner_id": pa.array([f"o{n}" for n in range(300)]),
            "boat_id": pa.array([f"b{n}" for n in range(300)]),
            "built": pa.array([str(1950 + n % 50) for n in range(300)]),
            "born_unread": pa.array([False] * 300),
        }
    )
    rules = [{"name": "names", "columns": ["given", "name"], "split": ["built"], "budget": 10}]
    record = crowd.slice(0, 1).drop_columns(["owner_id", "boat_id"])
    linkage = link_tables(record, crowd, model_of({**MODEL, "blocking": rules}))
    (standing,) = why_missed(linkage, record, crowd, (0, 1)).rules
    assert (standing.block, standing.budget, standing.proposed) == (300, 10, False)
    assert "its block of 300 rows is over the budget of 10" in standing.said()
    assert "built differs (1950 | 1951)" in standing.said()
    (inside,) = why_missed(linkage, record, crowd, (0, 50)).rules
    assert inside.proposed
    assert inside.said() == "proposed it, its block split"


def test_a_candidate_is_told_at_which_step_it_lost(problem: Any) -> None:
    linkage, left, right, _ = problem
    record = int(linkage.left[np.argmax(np.bincount(linkage.left)[linkage.left])])
    best, *_, last = candidates_of(linkage, record)
    assert "lost the question of the" in why_missed(linkage, left, right, (record, last)).lost
    sure = int(np.argmax(linkage.shares.entity_share * linkage.shares.item_share))
    pair = pair_of(linkage, sure)
    assert why_missed(linkage, left, right, pair).lost.startswith("Not missed")
    strict = why_missed(linkage, left, right, pair, accept=1.0).lost
    assert "is under 1" in strict
    against = explain(linkage, left, right, pair)
    assert against.contradicts == ()
    assert best != last

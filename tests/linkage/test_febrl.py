"""FEBRL4 and FEBRL3 by the code of docs/link-any-tables.md, run as it stands; truth only scores."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
import yaml

from migrate.linkage.link import link_tables
from migrate.linkage.links import one_to_one
from migrate.linkage.model import OPERATORS, model_of

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "link-any-tables.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What stands after each block of the page, typed one after another in one session."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "tests").symlink_to(ROOT / "tests")
    session: dict[str, Any] = {}
    after = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for body in BLOCKS:
            exec(body, session)
            after.append(dict(session))
    return after


def people(table: pa.Table) -> npt.NDArray[Any]:
    """Who each row is: `rec-1070-dup-0` is of `1070`."""
    return np.array([name.split("-")[1] for name in table["rec_id"].to_pylist()])


def pairs_within(*labels: npt.NDArray[Any]) -> int:
    """How many pairs of rows agree on all labels."""
    counts = np.unique(np.stack(labels), axis=1, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())


def right_links(links: pa.Table, a: pa.Table, b: pa.Table) -> int:
    left, right = people(a)[links["left"].to_numpy()], people(b)[links["right"].to_numpy()]
    return int((left == right).sum())


def test_a_newcomer_links_febrl4_in_25_lines() -> None:
    assert "link_tables(a, b, model)" in BLOCKS[0]
    assert len([line for line in BLOCKS[0].splitlines() if line.strip()]) <= 25


def test_febrl4_is_linked_without_a_wrong_link(typed: list[dict[str, Any]]) -> None:
    a, b, links = (typed[0][name] for name in ("a", "b", "links"))
    assert a.num_rows == b.num_rows == 5_000
    assert right_links(links, a, b) == links.num_rows
    assert links.num_rows >= 0.995 * 5_000
    assert not links["tied"].to_numpy(zero_copy_only=False).any()


def test_rows_whose_partner_is_gone_are_linked_to_nobody(typed: list[dict[str, Any]]) -> None:
    a, b, model = (typed[0][name] for name in ("a", "b", "model"))
    few = b.take(np.arange(0, 5_000, 10))
    links = one_to_one(link_tables(a, few, model), accept=0.99)
    assert right_links(links, a, few) == links.num_rows
    assert links.num_rows >= 0.995 * 500


def test_febrl4_needs_no_number_that_is_all_but_unique() -> None:
    without = BLOCKS[0].replace(', "soc_sec_id"]', "]").replace('"soc_sec_id", ', "")
    assert "soc_sec_id" not in without
    session: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        exec(without, session)
    links = session["links"]
    assert right_links(links, session["a"], session["b"]) == links.num_rows
    assert links.num_rows >= 0.995 * 5_000


def test_the_order_of_rows_changes_no_link_of_febrl4(typed: list[dict[str, Any]]) -> None:
    a, b, links = (typed[0][name] for name in ("a", "b", "links"))
    dice = np.random.default_rng(5)
    first, second = dice.permutation(5_000), dice.permutation(5_000)
    moved = one_to_one(link_tables(a.take(first), b.take(second), typed[0]["model"]), accept=0.99)
    named = {(int(first[x]), int(second[y])) for x, y in zip(*columns(moved), strict=True)}
    assert named == set(zip(*columns(links), strict=True))


def columns(links: pa.Table) -> tuple[list[int], list[int]]:
    return links["left"].to_pylist(), links["right"].to_pylist()


def test_febrl3_is_parted_into_its_people(typed: list[dict[str, Any]]) -> None:
    session = next(after for after in typed if "clusters" in after)
    who, label = people(session["people"]), session["clusters"].label
    both, found, true = pairs_within(who, label), pairs_within(label), pairs_within(who)
    assert true == 6_538
    assert 2 * both / (found + true) >= 0.991
    assert found == both


def test_a_trained_model_links_a_part_as_the_whole_was(typed: list[dict[str, Any]]) -> None:
    a, b, links = (typed[-1][name] for name in ("a", "b", "links"))
    assert columns(links)[0] == list(range(10))
    assert right_links(links, a, b) == 10


def test_the_page_names_every_operator() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == OPERATORS


def test_the_model_in_yaml_links_tables_as_the_page_describes_them() -> None:
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    model = model_of(yaml.safe_load(text))
    names = ["moreau", "ibsen", "tanaka", "okafor", "novak", "silva", "haddad", "lindgren"]
    days = [date(1950 + n, 1 + n, 3 + n) for n in range(8)]
    # Moreau is known to the year, Ibsen's day and month are exchanged, Tanaka has a letter changed
    first, last = [date(1950, 1, 1), *days[1:]], [date(1950, 12, 31), *days[1:]]
    born = [None, "1951-04-02", *map(str, days[2:])]
    first[1] = last[1] = date(1951, 4, 2)
    left = pa.table(
        {
            "customer_no": [f"c{n}" for n in range(8)],
            "surname": ["moreau", "ibsen", "tanada", *names[3:]],
            "born": ["1950", *born[1:]],
            "born_first": pa.array(first, pa.date32()),
            "born_last": pa.array(last, pa.date32()),
            "given_name": [f"given {n}" for n in range(8)],
            "city": ["oslo"] * 8,
            "street": [None] * 8,
        }
    )
    right = pa.table(
        {
            "person_id": [f"p{n}" for n in range(8)],
            "surname": names,
            "born": [str(day) for day in days],
            "born_first": pa.array(days, pa.date32()),
            "born_last": pa.array(days, pa.date32()),
            "first_name": [f"given {n}" for n in range(8)],
            "town": ["oslo"] * 8,
            "street": pa.array([None] * 8, pa.string()),
        }
    )
    found = link_tables(left, right, model)
    assert found.left.tolist() == found.right.tolist() == list(range(8))
    level = {field.name: [level.name for level in field.levels] for field in model.fields}
    seen = [
        [level[name][code] for code in found.evidence(place, np.arange(3))[0]]
        for place, name in enumerate(("surname", "born"))
    ]
    assert seen == [["exact", "exact", "close"], ["interval", "slip", "exact"]]


def test_a_linkage_of_two_questions_is_not_one_to_one(typed: list[dict[str, Any]]) -> None:
    a, b, model = (typed[0][name] for name in ("a", "b", "model"))
    nested = model_of(
        {
            "version": 1,
            "groups": {
                "person": {"key": "rec_id", "prior": 0.5},
                "home": {"key": "rec_id", "prior": 0.5},
            },
            "fields": {
                column: {
                    "group": group,
                    "levels": [
                        {"name": "exact", "equal": column, "m": 0.9},
                        {"name": "different", "m": 0.1},
                    ],
                }
                for column, group in (("surname", "person"), ("suburb", "home"))
            },
            "blocking": [{"name": "all", "columns": ["surname", "suburb"]}],
        }
    )
    with pytest.raises(ValueError, match="two groups"):
        one_to_one(link_tables(a.slice(0, 50), b.slice(0, 50), nested))
    assert len(model.groups) == 1

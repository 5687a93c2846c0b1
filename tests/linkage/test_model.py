"""A model that cannot be used is refused with the entry's name."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from linkage_problem import MODEL

from migrate.errors import InputError
from migrate.linkage.model import model_of, read_model


def broken(change: str) -> dict[str, Any]:
    data = copy.deepcopy(MODEL)
    levels = data["fields"]["born"]["levels"]
    match change:
        case "sum":
            levels[0]["m"] = 0.5
        case "zero":
            levels[0]["m"], levels[1]["m"] = 1.0, 0.0
        case "group":
            data["fields"]["born"]["group"] = "harbour"
        case "twice":
            levels[1]["name"] = "exact"
        case "typo":
            levels[0]["contradict"] = True
        case "two operators":
            levels[0]["similar"] = "born"
        case "confounder":
            data["groups"]["owner"]["confounders"][0]["shares"] = ["nose"]
        case "rule":
            data["blocking"][0] = {"name": "names", "left": ["given", "name"], "right": ["name"]}
    return data


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("sum", "field born: the m of its levels sum to 0.550"),
        ("zero", "field born: every m must be over 0"),
        ("group", "field born: unknown group harbour"),
        ("twice", "field born: two levels have one name"),
        ("typo", "field born: unknown entries"),
        ("two operators", "one operator at most"),
        ("confounder", "confounder twin: unknown fields"),
        ("rule", "blocking rule names: left and right must pair up"),
    ],
)
def test_an_entry_that_cannot_be_used_is_named(change: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(yaml.safe_dump(broken(change)), encoding="utf-8")
    with pytest.raises(InputError, match=said) as caught:
        read_model(path)
    assert str(path) in str(caught.value)


def test_a_model_file_that_is_not_yaml_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text("fields: [", encoding="utf-8")
    with pytest.raises(InputError, match=r"model\.yaml"):
        read_model(path)


def test_the_digest_follows_the_content() -> None:
    other = copy.deepcopy(MODEL)
    other["groups"]["owner"]["prior"] = 0.8
    assert model_of(MODEL).digest == model_of(copy.deepcopy(MODEL)).digest
    assert model_of(MODEL).digest != model_of(other).digest

"""A trained model comes back bit for bit, and nothing else is taken for one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linkage_problem import MODEL, draw

from migrate.errors import InputError
from migrate.linkage.calibration import calibrate
from migrate.linkage.estimate import Probabilities
from migrate.linkage.link import Linkage, link_tables
from migrate.linkage.model import LinkageModel, model_of
from migrate.linkage.trained import FORMAT, Trained, read_trained, trained_of, write_trained


@pytest.fixture(scope="module")
def linkage(model: LinkageModel) -> Linkage:
    left, right, _ = draw(400, seed=5)
    return link_tables(left, right, model)


@pytest.fixture
def path(tmp_path: Path, linkage: Linkage) -> Path:
    calibration = calibrate(np.array([0.3, 0.97, 0.99999]), np.array([False, True, True]))
    path = tmp_path / "trained.json"
    write_trained(path, trained_of(linkage, labels=3, calibration=calibration))
    return path


def assert_same(one: Probabilities, other: Probabilities) -> None:
    for name in ("m", "u", "stranger"):
        assert getattr(one, name).keys() == getattr(other, name).keys()
        for field, values in getattr(one, name).items():
            assert values.tobytes() == getattr(other, name)[field].tobytes()
    assert one.joint.tobytes() == other.joint.tobytes()
    assert one.priors == other.priors


def test_what_was_learned_comes_back_bit_for_bit(
    path: Path, linkage: Linkage, model: LinkageModel
) -> None:
    read = read_trained(path, model)
    assert_same(read.learned, linkage.learned)
    assert (read.model_version, read.model_digest) == (model.version, model.digest)
    assert (read.records, read.pairs, read.labels) == (
        len(np.unique(linkage.left)),
        len(linkage.left),
        3,
    )
    assert read.calibration is not None
    assert read.calibration.labels == 3
    again = path.with_name("again.json")
    write_trained(again, read)
    assert again.read_bytes() == path.read_bytes()
    assert read.sha256 == json.loads(path.read_text(encoding="utf-8"))["sha256"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(min_value=1e-300, max_value=1.0), min_size=4, max_size=4))
def test_any_probability_comes_back_bit_for_bit(
    tmp_path: Path, linkage: Linkage, model: LinkageModel, values: list[float]
) -> None:
    learned = replace(
        linkage.learned, u=linkage.learned.u | {"name": np.array(values, dtype=np.float64)}
    )
    write_trained(tmp_path / "t.json", replace(trained_of(linkage), learned=learned))
    assert_same(read_trained(tmp_path / "t.json", model).learned, learned)


def test_the_file_is_small(path: Path) -> None:
    assert path.stat().st_size < 10_000


def test_nothing_that_is_learned_is_left_out_of_the_file() -> None:
    assert {entry.name for entry in fields(Probabilities)} == {
        "m",
        "u",
        "priors",
        "stranger",
        "joint",
    }


def test_a_trained_model_links_as_the_linkage_it_is_of(
    path: Path, linkage: Linkage, model: LinkageModel
) -> None:
    left, right, _ = draw(400, seed=5)
    again = link_tables(left, right, model, learned=read_trained(path, model).learned)
    assert again.shares.entity_share.tobytes() == linkage.shares.entity_share.tobytes()
    assert again.shares.item_share.tobytes() == linkage.shares.item_share.tobytes()


def test_a_number_that_was_edited_is_found_out(path: Path, model: LinkageModel) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    content["priors"]["owner"] = 0.5
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match="changed after it was written"):
        read_trained(path, model)


def test_another_layout_of_the_same_content_is_the_same(path: Path, model: LinkageModel) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")
    assert read_trained(path, model).labels == 3


def test_a_trained_model_of_another_model_is_refused_with_both_named(
    path: Path, model: LinkageModel
) -> None:
    other = model_of(MODEL | {"version": 7})
    with pytest.raises(InputError) as caught:
        read_trained(path, other)
    said = str(caught.value)
    assert f"version 1, sha256 {model.digest[:12]}" in said
    assert f"version 7, sha256 {other.digest[:12]}" in said


def _without_level(content: dict[str, Any]) -> None:
    content["m"]["name"].pop()


def _without_field(content: dict[str, Any]) -> None:
    del content["u"]["born"]


def _without_model(content: dict[str, Any]) -> None:
    del content["model"]


def _of_zero(content: dict[str, Any]) -> None:
    content["m"]["name"][0] = 0.0


def _half_calibrated(content: dict[str, Any]) -> None:
    content["calibration"]["said"].pop()


@pytest.mark.parametrize(
    "spoil", [_without_level, _without_field, _without_model, _of_zero, _half_calibrated]
)
def test_what_lacks_a_probability_is_refused_though_its_hash_fits(
    path: Path, model: LinkageModel, spoil: Callable[[dict[str, Any]], None]
) -> None:
    from migrate.linkage.trained import _hash

    content = json.loads(path.read_text(encoding="utf-8"))
    del content["sha256"]
    spoil(content)
    path.write_text(json.dumps(content | {"sha256": _hash(content)}), encoding="utf-8")
    with pytest.raises(InputError, match="cannot be used"):
        read_trained(path, model)


def test_another_format_is_refused(path: Path, model: LinkageModel) -> None:
    content = json.loads(path.read_text(encoding="utf-8")) | {"format": FORMAT + 1}
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match=f"of format {FORMAT + 1}; this version reads {FORMAT}"):
        read_trained(path, model)


@pytest.mark.parametrize(
    "text", ["", "no json", "[1]", "{}", '{"kind": NaN}', "\x00", "[" * 100_000]
)
def test_any_other_file_is_refused(tmp_path: Path, model: LinkageModel, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="not a trained model"):
        read_trained(path, model)


def test_a_file_that_is_not_there_is_named(tmp_path: Path, model: LinkageModel) -> None:
    with pytest.raises(InputError, match=r"none\.json: this trained model cannot be read"):
        read_trained(tmp_path / "none.json", model)


def test_no_number_that_is_none_is_written(tmp_path: Path, linkage: Linkage) -> None:
    learned = replace(linkage.learned, joint=np.array([np.nan]))
    trained: Trained = replace(trained_of(linkage), learned=learned)
    with pytest.raises(ValueError):
        write_trained(tmp_path / "nan.json", trained)
    assert not (tmp_path / "nan.json").exists()

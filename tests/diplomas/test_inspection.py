"""A record is accounted for by the evidence its outcome was decided on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small_batch import DEGREE, RECORD, legacy, registry

from migrate.diplomas.inspection import Inspected, account, inspect, truth_of
from migrate.diplomas.link import link
from migrate.errors import InputError
from migrate.intake.quarantine import Problem
from migrate.linkage.calibration import calibrate
from migrate.linkage.trained import trained_of

MASTER = DEGREE | {
    "degree_id": "D2",
    "degree": "کارشناسی ارشد",
    "graduation_date": "1361-11-20",
}
STRANGER = RECORD | {
    "first_name": "هوشنگ",
    "last_name": "بی‌مانند",
    "father_name": "گشتاسب",
    "birth_cert_no": "۹۹۹۹۹",
}
UNUSABLE = [Problem(4, "L3", "last_name", "حسيني", "a rule", "a reason")]


@pytest.fixture(scope="module")
def inspected() -> Inspected:
    vague = {name: RECORD[name] for name in RECORD if name not in ("degree", "graduation_date")}
    staged = legacy(RECORD, vague, RECORD, STRANGER)
    degrees = registry(DEGREE, MASTER)
    done = link(staged, degrees, problems=UNUSABLE)
    return inspect(staged, degrees, done.outcomes)


def test_the_other_degree_of_the_person_is_the_runner_up(inspected: Inspected) -> None:
    found = account(inspected, "L1")
    assert (found.outcome["outcome"], found.degree_id, found.rival_id) == ("linked", "D1", "D2")
    assert found.rival is not None
    assert found.rival.same_entity
    assert found.rival.margin > 6.65
    text = found.text()
    assert text.startswith("Legacy record L1 (row 2): linked, degree D1.")
    assert "Both are of one person" in text


def test_an_ambiguous_record_is_told_as_it_was_decided(inspected: Inspected) -> None:
    found = account(inspected, "L2")
    assert found.outcome["outcome"] == "ambiguous"
    assert found.missed is not None
    assert found.missed.lost == "The record's best candidate, and ambiguous."
    assert found.rival is not None
    assert abs(found.rival.margin) < 6.65


def test_a_named_degree_is_told_where_it_lost(inspected: Inspected) -> None:
    found = account(inspected, "L1", "D2")
    assert found.missed is not None
    assert found.rival_id == "D1"
    assert "lost the question of the degree: another degree, D1" in found.missed.lost
    stranger = account(inspected, "L1", "X3")
    assert stranger.missed is not None
    assert stranger.missed.lost.startswith("No rule proposes it.")


def test_a_record_for_which_nobody_was_proposed_has_no_pair(inspected: Inspected) -> None:
    found = account(inspected, "L4")
    assert (found.pair, found.outcome["outcome"]) == (None, "person_missing")
    assert "No rule proposed anybody for it" in found.text()
    assert account(inspected, "L4", "D1").missed is not None


def test_what_was_not_compared_is_said_to_be(inspected: Inspected) -> None:
    with pytest.raises(InputError, match="row 4, column legacy_id: this record was not compared"):
        account(inspected, "L3")
    with pytest.raises(InputError, match="no such legacy record"):
        account(inspected, "L9")
    with pytest.raises(InputError, match="has no such degree"):
        account(inspected, "L1", "D9")


def test_one_record_by_what_was_learned_is_as_among_all(inspected: Inspected) -> None:
    staged = legacy(RECORD, RECORD | {"first_name": "رضا"}, RECORD, STRANGER)
    degrees = registry(DEGREE, MASTER)
    alone = inspect(
        staged,
        degrees,
        inspected.outcomes,
        trained=trained_of(inspected.linkage),
        only="L1",
    )
    assert alone.left.num_rows == 1
    one, all_ = account(alone, "L1"), account(inspected, "L1")
    assert one.pair is not None
    assert all_.pair is not None
    assert one.degree_id == all_.degree_id
    assert one.pair.fields == all_.pair.fields
    assert one.pair.probability == pytest.approx(all_.pair.probability)


def test_a_calibrated_model_tells_both_probabilities(inspected: Inspected) -> None:
    # of 400 links said to be sure a tenth was wrong
    wrong = calibrate(np.full(400, 0.999999), np.arange(400) % 10 > 0)
    found = account(replace(inspected, calibration=wrong), "L1")
    assert found.pair is not None
    assert found.calibrated is not None
    assert found.calibrated < 0.95 < found.pair.probability
    assert f"as labels corrected it: {found.calibrated:.8f}" in found.text()
    assert account(inspected, "L1").calibrated is None


def test_lines_of_a_truth_file_are_found_or_counted_apart(inspected: Inspected) -> None:
    # one pair told twice is one pair
    lines = [("L1", "D1"), ("L1", "D1"), ("L3", "D1"), ("L9", "D1"), ("L2", "gone"), ("L4", "")]
    found = truth_of(inspected, lines)
    ids: list[Any] = inspected.left["legacy_id"].to_pylist()
    assert [ids[place] for place in found.left] == ["L1"]
    assert inspected.right["degree_id"][found.right[0]].as_py() == "D1"
    assert (found.not_compared, found.not_in_registry) == (2, 1)
    with pytest.raises(InputError, match="no line of the truth file"):
        truth_of(inspected, [("L9", "D1")])

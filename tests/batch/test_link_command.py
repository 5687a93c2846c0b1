"""`migrate link` looks into a finished batch, and leaves it as it was."""

from __future__ import annotations

import csv
import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from batch_room import BATCH, Ended, Room, Whole, migrate, rows_of

from migrate.cli import main
from migrate.intake.files import sha256


@pytest.fixture(scope="module")
def room(whole: Whole, tmp_path_factory: pytest.TempPathFactory) -> Room:
    return whole.room.copied(tmp_path_factory.mktemp("looked-into"))


def link(*arguments: str) -> Ended:
    """The command in this process, which has loaded all of it already."""
    out, err = io.StringIO(), io.StringIO()
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        patch.object(sys, "argv", ["migrate", "link", *arguments]),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return Ended(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def of(room: Room, *options: str) -> Ended:
    return link("--batch", BATCH, "--reports", str(room.reports), *options)


def ask(room: Room, *options: str) -> str:
    """What the command says of the room's batch."""
    done = of(room, *options)
    assert done.code == 0, done.err
    return done.out


def ask_json(room: Room, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ask(room, *options, "--json"))
    return found


def candidates(room: Room) -> pd.DataFrame:
    return pq.read_table(room.folder / "candidates.parquet").to_pandas()


def first_of(room: Room, outcome: str) -> dict[str, str]:
    return next(row for row in rows_of(room.folder / "outcomes.csv") if row["outcome"] == outcome)


def hashes(room: Room) -> dict[str, str]:
    return {
        str(path.relative_to(room.root)): sha256(path)
        for path in sorted(room.root.rglob("*"))
        if path.is_file()
    }


def test_the_evidence_is_that_of_the_batch_and_the_batch_is_left_as_it_was(room: Room) -> None:
    before = hashes(room)
    best = candidates(room).query("rank == 1").set_index("legacy_id")
    ids = best.index[:: max(len(best) // 4, 1)]
    assert len(ids) >= 3
    for legacy_id in ids:
        wanted = best.loc[legacy_id]
        found = ask_json(room, "--explain", legacy_id)
        assert found["degree_id"] == wanted["degree_id"]
        pair = found["pair"]
        assert pair["candidate"]
        assert pair["probability"] == pytest.approx(wanted["probability"], abs=1e-7)
        for line in pair["fields"]:
            name = "together_weight" if line["field"] == "together" else f"weight_{line['field']}"
            assert line["bits"] == pytest.approx(wanted[name], abs=1e-3), name
        person, degree = pair["groups"]
        assert person["weight"] == pytest.approx(wanted["person_weight"], abs=1e-3)
        assert degree["weight"] == pytest.approx(wanted["degree_weight"], abs=1e-3)
    assert hashes(room) == before


def test_an_explanation_tells_values_outcome_and_rules(room: Room) -> None:
    linked = first_of(room, "linked")
    said = ask(room, "--explain", linked["legacy_id"])
    assert said.startswith(f"Legacy record {linked['legacy_id']} (row ")
    assert f"linked, degree {linked['degree_id']}." in said
    assert "The record's best candidate, and linked." in said
    assert "both names by sound" in said
    assert "as read" in said


def test_a_degree_that_was_never_proposed_is_explained_too(room: Room) -> None:
    linked = first_of(room, "linked")
    proposed = set(candidates(room).query("legacy_id == @linked['legacy_id']")["degree_id"])
    ids = pq.read_table(room.folder / "registry.parquet")["degree_id"].to_pylist()
    stranger = next(degree for degree in ids if degree not in proposed)
    found = ask_json(room, "--explain", linked["legacy_id"], "--degree", stranger)
    assert not found["pair"]["candidate"]
    assert found["lost"].startswith("No rule proposes it. The nearest is")
    assert not any(rule["proposed"] for rule in found["rules"])
    assert found["runner_up"]["degree_id"] == linked["degree_id"]
    assert found["runner_up"]["margin"] < 0


def test_a_picture_is_the_same_each_time_and_never_written_over(room: Room, tmp_path: Path) -> None:
    legacy_id = first_of(room, "linked")["legacy_id"]
    for form in ("png", "svg"):
        files = [tmp_path / f"{name}.{form}" for name in "ab"]
        for path in files:
            assert f"wrote {path}" in ask(room, "--explain", legacy_id, "--picture", str(path))
        assert files[0].read_bytes() == files[1].read_bytes()
    again = ("--explain", legacy_id, "--picture", str(tmp_path / "a.png"))
    assert "a.png: this file is there already" in of(room, *again).refused(2)


def test_recall_is_counted_against_truth(room: Room) -> None:
    truth = room.root / "sample" / "truth" / "truth.csv"
    found = ask_json(room, "--blocking-report", "--truth", str(truth))
    outcomes = {row["legacy_id"]: row["outcome"] for row in rows_of(room.folder / "outcomes.csv")}
    pairs = [(row["legacy_id"], row["degree_id"]) for row in rows_of(truth) if row["degree_id"]]
    compared = [pair for pair in pairs if outcomes.get(pair[0]) != "quarantined"]
    known = pq.read_table(room.folder / "registry.parquet")["degree_id"].to_pylist()
    there = [pair for pair in compared if pair[1] in set(known)]
    assert found["links"] == len(there)
    assert found["not_compared"] == len(pairs) - len(compared)
    kept = set(zip(*(candidates(room)[name] for name in ("legacy_id", "degree_id")), strict=True))
    missed = {(link["legacy_id"], link["degree_id"]) for link in found["missed_links"]}
    assert missed.isdisjoint(kept)
    assert missed <= set(there)
    assert found["found"] == len(there) - len(missed)
    assert found["recall"] == pytest.approx(found["found"] / len(there))
    for rule in found["rules"]:
        without = (found["found"] - rule["by it alone"]) / len(there)
        assert rule["recall without it"] == pytest.approx(without)


def test_without_truth_what_is_missed_is_estimated(room: Room) -> None:
    found = ask_json(room, "--blocking-report")
    assert found["judged_by"] == "sure links"
    assert found["missed"] >= 0
    assert "Chao 1989" in ask(room, "--blocking-report")


def test_a_truth_file_of_another_batch_is_refused(room: Room, tmp_path: Path) -> None:
    strange = tmp_path / "truth.csv"
    strange.write_text("legacy_id,degree_id\nnobody,D1\n")
    options = ("--blocking-report", "--truth", str(strange))
    done = of(room, *options)
    assert "no line of the truth file is of a record and a degree that" in done.refused(2)
    strange.write_text("id,degree\n1,2\n")
    done = of(room, *options)
    assert "a column is missing (found: legacy_id, degree_id)" in done.refused(2)


def test_a_sample_is_drawn_labelled_and_read_back(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "sample.csv"
    assert "wrote" in ask(room, "--sample", "12", "--out", str(path))
    lines = rows_of(path)
    assert 0 < len(lines) <= 12
    assert "no line of this sample is labelled yet" in of(room, "--labels", str(path)).refused(2)
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(lines[0]))
        writer.writeheader()
        writer.writerows(line | {"label": "match", "who": "Z. K."} for line in lines)
    found = ask_json(room, "--labels", str(path), "--rate", "0.1")
    accepted = [line for line in lines if line["accepted"] == "yes"]
    assert (found["verdict"]["looked"], found["verdict"]["wrong"]) == (len(accepted), 0)
    assert found["reliability"]["pairs"] == len(lines)
    assert found["threshold"]["rate"] == 0.1
    said = ask(room, "--labels", str(path))
    assert "accepted links were looked at: 0 wrong" in said
    assert "| probability | pairs |" in said
    model = tmp_path / "model.json"
    assert f", with {len(lines)} labels" in ask(room, "--labels", str(path), "--train", str(model))
    content = json.loads(model.read_text())
    assert content["trained_on"]["labels"] == len(lines)
    assert content["calibration"]["labels"] > 0


def test_a_trained_model_gives_the_same_evidence_without_learning(
    room: Room, tmp_path: Path
) -> None:
    path = tmp_path / "model.json"
    assert ask(room, "--train", str(path)).startswith(f"wrote {path}: learned from")
    for row in (first_of(room, "linked"), first_of(room, "mismatch")):
        options = ("--explain", row["legacy_id"])
        learned, taken = (
            ask_json(room, *options),
            ask_json(room, *options, "--model", str(path)),
        )
        assert learned["degree_id"] == taken["degree_id"]
        bits = [[line["bits"] for line in one["pair"]["fields"]] for one in (learned, taken)]
        assert np.allclose(*bits, atol=1e-6)
        assert learned["pair"]["probability"] == pytest.approx(taken["pair"]["probability"])
        assert learned["rules"] == taken["rules"]


def test_a_batch_is_explained_by_what_it_learned(room: Room, tmp_path: Path) -> None:
    model = room.folder / "trained.json"
    row = first_of(room, "linked")
    assert ask(room, "--explain", row["legacy_id"]) == ask(
        room, "--explain", row["legacy_id"], "--model", str(model)
    )
    changed = room.copied(tmp_path / "room")
    (changed.folder / "trained.json").write_text(model.read_text() + " ")
    assert "trained.json" in of(changed, "--explain", row["legacy_id"]).refused(1)


REFUSED = {
    "nothing to do": ((), "one of --blocking-report, --explain, --sample, --labels, --train must"),
    "two things": (("--explain", "1", "--blocking-report"), "(found: --blocking-report and --expl"),
    "a stray option": (("--blocking-report", "--degree", "D1"), "--degree goes with --explain"),
    "no such record": (("--explain", "none"), "column legacy_id: the batch has no such legacy"),
    "no such degree": (("--explain", "{linked}", "--degree", "none"), "has no such degree (found:"),
    "no picture": (("--explain", "{linked}", "--picture", "a.pdf"), "a.pdf: a picture is a .png"),
    "nowhere to write": (("--sample", "3"), "--sample needs --out"),
    "no model": (("--explain", "{linked}", "--model", "none.json"), "none.json: this trained mod"),
    "no sample": (("--labels", "none.csv"), "none.csv: this file cannot be read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_refused_in_one_line(
    room: Room, case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options, said = REFUSED[case]
    linked = first_of(room, "linked")["legacy_id"]
    given = [option.format(linked=linked) for option in options]
    assert said in of(room, *given).refused(2)
    assert list(tmp_path.iterdir()) == []


def test_without_an_option_it_tells_what_it_can_do(room: Room) -> None:
    done = migrate("link")
    assert done.code == 2
    assert "Usage: migrate link" in done.out
    missing = link("--batch", "none", "--reports", str(room.reports), "--explain", "1")
    assert "there is no such batch" in missing.refused(2)
    assert "--batch must be given" in link("--blocking-report").refused(2)


def test_a_batch_that_has_not_linked_is_refused(sample: Room, tmp_path: Path) -> None:
    room = sample.copied(tmp_path / "room")
    folder = room.reports / "early"
    folder.mkdir(parents=True)
    manifest = {"format": 1, "batch": "early", "stages": {"1-intake": {"artefacts": {}}}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    done = link("--batch", "early", "--reports", str(room.reports), "--blocking-report")
    assert "stage 3-link of batch early has not run" in done.refused(2)

"""Corrected rows run as a batch of their own: nothing lost, nothing doubled, every change kept."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from batch_room import Ended, Room, active_codes, migrate, rows_of

from migrate.intake.files import sha256

Line = dict[str, str]


@pytest.fixture(scope="module")
def damaged(sample: Room, tmp_path_factory: pytest.TempPathFactory) -> Room:
    """A finished batch with four rows in quarantine.

    Rows 11 and 12 lost their last names, row 13 took the identifier of row 14.
    """
    room = sample.copied(tmp_path_factory.mktemp("damaged"))
    lines = room.source.read_text(encoding="windows-1256").splitlines()
    rows = [line.split(",") for line in lines]
    for row in (11, 12):
        rows[row - 1][2] = ""
    rows[12][0] = rows[13][0]
    text = "\n".join(",".join(row) for row in rows) + "\n"
    room.source.write_text(text, encoding="windows-1256")
    ended = migrate("run", *room.options)
    assert ended.code == 0, ended.err
    quarantined = {int(row["row"]) for row in rows_of(room.folder / "quarantine.csv")}
    assert {11, 12, 13, 14} <= quarantined
    return room


@pytest.fixture
def room(damaged: Room, tmp_path: Path) -> Room:
    return damaged.copied(tmp_path / "room")


def undamaged(sample: Room, row: int) -> list[str]:
    return sample.source.read_text(encoding="windows-1256").splitlines()[row - 1].split(",")


def edited(room: Room, change: Callable[[list[Line]], object], batch: str = "b") -> Path:
    """A copy of a batch's quarantine on which somebody has worked."""
    lines = rows_of(room.reports / batch / "quarantine.csv")
    change(lines)
    path = room.root / "corrected.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(lines[0]), restval="")
        writer.writeheader()
        writer.writerows(lines)
    return path


def correcting(values: dict[tuple[int, str], str]) -> Callable[[list[Line]], object]:
    def change(lines: list[Line]) -> None:
        for line in lines:
            value = values.get((int(line["row"]), line["column"]))
            if value is not None:
                line.update(corrected=value, corrected_by="Zahra")

    return change


def corrected_run(room: Room, path: Path, *more: str) -> Ended:
    return migrate("run", "--corrections", str(path), "--reports", str(room.reports), *more)


def store_rows(room: Room, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(room.store_file)) as connection:
        return connection.execute(query).fetchall()


def test_corrected_rows_are_settled_once_and_their_provenance_is_kept(
    room: Room, sample: Room
) -> None:
    before = {
        path.relative_to(room.folder): sha256(path)
        for path in room.folder.rglob("*")
        if path.is_file()
    }
    codes_before = active_codes(room.store_file)
    names = {row: undamaged(sample, row)[2] for row in (11, 12)}
    path = edited(room, correcting({(11, "last_name"): names[11], (12, "last_name"): "-"}))
    ended = corrected_run(room, path)
    assert ended.code == 0, ended.err
    folder = room.reports / "b-corrected"

    # the rows keep their place, and what the source holds
    staged = pq.read_table(folder / "staged.parquet").to_pylist()
    assert [(row["row"], row["sheet_row"]) for row in staged] == [(11, 11), (12, 12)]
    assert staged[0]["raw_last_name"] == names[11]
    assert staged[0]["original_last_name"] in (None, "")
    assert staged[0]["original_first_name"] == staged[0]["raw_first_name"]
    cells = rows_of(folder / "corrections.csv")
    assert [
        (c["row"], c["column"], c["original"], c["corrected"], c["corrected_by"]) for c in cells
    ] == [
        ("11", "last_name", "", names[11], "Zahra"),
        ("12", "last_name", "", "-", "Zahra"),
    ]

    # one outcome each; the blank one is in quarantine again, in a file of this batch
    outcomes = rows_of(folder / "outcomes.csv")
    assert len(outcomes) == 2
    assert outcomes[0]["outcome"] != "quarantined"
    assert outcomes[1]["outcome"] == "quarantined"
    again = rows_of(folder / "quarantine.csv")
    assert {(line["row"], line["batch"]) for line in again} == {("12", "b-corrected")}

    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["counts"]["rows"] == 2
    assert manifest["inputs"]["source"]["sha256"] == sha256(room.source)
    assert manifest["inputs"]["corrections"]["sha256"] == sha256(path)
    assert manifest["inputs"]["corrects"] == {
        "batch": "b",
        "quarantine_sha256": sha256(room.folder / "quarantine.csv"),
        "cells": 2,
    }
    assert store_rows(room, "SELECT row, batch, corrects, changes FROM corrections") == [
        (
            11,
            "b-corrected",
            "b",
            json.dumps(
                [
                    {
                        "column": "last_name",
                        "corrected": names[11],
                        "corrected_by": "Zahra",
                        "original": None,
                    }
                ],
                ensure_ascii=False,
                separators=(",", ":"),
            ),
        )
    ]

    # no code was lost or doubled, and the earlier batch is as it was
    codes = active_codes(room.store_file)
    assert codes.items() >= codes_before.items()
    assert len(set(codes.values())) == len(codes)
    issued = {row["degree_id"] for row in rows_of(folder / "codes.csv")}
    assert set(codes) == set(codes_before) | issued
    after = {
        path.relative_to(room.folder): sha256(path)
        for path in room.folder.rglob("*")
        if path.is_file()
    }
    assert after == before

    # run again, it changes nothing; as another batch it is refused before anything is linked
    assert corrected_run(room, path).code == 0
    assert active_codes(room.store_file) == codes
    refused = corrected_run(room, path, "--batch", "twice")
    assert refused.code == 2
    assert "row 11" in refused.err
    assert "settled in batch b-corrected" in refused.err
    assert active_codes(room.store_file) == codes

    # what is in quarantine again is corrected again, from that batch's own file
    path = edited(room, correcting({(12, "last_name"): names[12]}), batch="b-corrected")
    ended = corrected_run(room, path, "--batch", "third")
    assert ended.code == 0, ended.err
    third = rows_of(room.reports / "third" / "outcomes.csv")
    assert [row["outcome"] == "quarantined" for row in third] == [False]
    assert [row[:2] for row in store_rows(room, "SELECT row, batch FROM corrections")] == [
        (11, "b-corrected"),
        (12, "third"),
    ]
    events = store_rows(room, "SELECT count(*) FROM code_events")
    assert events == [(len(active_codes(room.store_file)),)]


def test_a_corrected_row_links_as_it_would_have_undamaged(
    room: Room, sample: Room, whole: object
) -> None:
    own = undamaged(sample, 13)[0]
    names = {(row, "last_name"): undamaged(sample, row)[2] for row in (11, 12)}
    keep = undamaged(sample, 14)[0]
    values = {**names, (13, "legacy_id"): own, (14, "legacy_id"): keep}
    ended = corrected_run(room, edited(room, correcting(values)), "--batch", "mended")
    assert ended.code == 0, ended.err
    undisturbed = {
        row["legacy_id"]: row
        for row in rows_of(whole.room.folder / "outcomes.csv")  # type: ignore[attr-defined]
    }
    mended = rows_of(room.reports / "mended" / "outcomes.csv")
    assert [row["legacy_id"] for row in mended] == [
        undamaged(sample, row)[0] for row in (11, 12, 13, 14)
    ]
    # a record may share its degree with one of the earlier batch; none goes to another degree
    for row in mended:
        wanted = undisturbed[row["legacy_id"]]
        if row["outcome"] in ("linked", "already_coded"):
            assert row["degree_id"] == wanted["degree_id"]
        if wanted["outcome"] == "linked":
            assert row["outcome"] in ("linked", "already_coded")


def remove_the_row(lines: list[Line]) -> None:
    lines[0].update(corrected="x", row="20")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: None, "no line is corrected"),
        (remove_the_row, "row 20 of the source is not in the quarantine"),
        (lambda lines: [line.update(batch="gone") for line in lines], "batch gone"),
        (lambda lines: [line.update(batch="../b") for line in lines], "batch ../b"),
    ],
)
def test_what_cannot_be_corrected_begins_nothing(
    room: Room, change: Callable[[list[Line]], object], said: str
) -> None:
    line = corrected_run(room, edited(room, change), "--batch", "new").refused(2)
    assert said in line
    assert not (room.reports / "new").exists()


def test_another_source_or_option_begins_nothing(room: Room, tmp_path: Path) -> None:
    path = edited(room, correcting({(11, "last_name"): "رضایی"}))
    options = ["--batch", "new"]
    assert "cannot be given with it" in corrected_run(room, path, "--profile", "x").refused(2)
    assert "cannot correct itself" in corrected_run(room, path, "--batch", "b").refused(2)
    other = tmp_path / "other.csv"
    other.write_bytes(room.source.read_bytes() + b"9999999\n")
    line = corrected_run(room, path, *options, "--source", str(other)).refused(2)
    assert "this source is not what batch b was run with" in line
    manifest = json.loads((room.folder / "manifest.json").read_text())
    del manifest["stages"]["5-issue"]
    (room.folder / "manifest.json").write_text(json.dumps(manifest))
    assert "has not issued its codes" in corrected_run(room, path, *options).refused(2)
    assert not (room.reports / "new").exists()


def test_an_identifier_that_another_row_has_is_refused(room: Room, sample: Room) -> None:
    # that of row 20, which the batch has settled
    path = edited(room, correcting({(13, "legacy_id"): undamaged(sample, 20)[0]}))
    ended = corrected_run(room, path)
    assert ended.code == 2
    assert "row 13" in ended.err
    taken = "has a code already" in ended.err or "row 20 of the source has the same" in ended.err
    assert taken, ended.err
    # and that of row 14, which is still in quarantine under it
    path = edited(room, correcting({(13, "legacy_id"): undamaged(sample, 14)[0]}))
    ended = corrected_run(room, path, "--batch", "other")
    assert ended.code == 2
    assert "row 14 of the source has the same identifier" in ended.err
    assert store_rows(room, "SELECT count(*) FROM corrections") == [(0,)]

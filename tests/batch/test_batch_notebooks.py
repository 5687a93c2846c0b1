"""Notebooks by hand, and notebooks that fail."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pyarrow as pa
import pyarrow.parquet as pq
from batch_room import ROWS, Room, migrate
from nbclient import NotebookClient

from migrate.batch import samples
from migrate.batch.project import STAGES
from migrate.batch.project import notebook as notebook_of
from migrate.intake.files import sha256


def test_the_notebooks_run_by_hand_in_order(tmp_path: Path, monkeypatch: object) -> None:
    reports = tmp_path / "reports"
    # the sample that the first notebook would make, made smaller: it asks for 50,000 degrees
    samples.make_once(reports / "notebook-sample", degrees=300, records=ROWS)
    note = reports / "notebook-sample" / "sample.json"
    made = json.loads(note.read_text())
    made["parameters"] |= {"degrees": 50_000, "records": 10_000}
    note.write_text(json.dumps(made))
    for stage in STAGES:
        source = notebook_of(stage)
        notebook = nbformat.read(source, as_version=4)
        parameters = next(
            cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])
        )
        parameters.source, changed = re.subn(
            r'^reports = "\.\./reports"',
            f"reports = {str(reports)!r}",
            parameters.source,
            flags=re.M,
        )
        assert changed == 1
        NotebookClient(notebook, resources={"metadata": {"path": str(source.parent)}}).execute()
        assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code"), (
            stage
        )
    manifest = json.loads((reports / "by-hand" / "manifest.json").read_text())
    assert list(manifest["stages"]) == list(STAGES)
    assert sum(manifest["counts"]["outcomes"].values()) == manifest["counts"]["rows"] == ROWS
    assert manifest["counts"]["codes"] > 0


def test_a_failing_notebook_keeps_its_output_and_names_the_cell_and_the_row(
    before: Callable[[str], Room],
) -> None:
    room = before("1-intake")
    # a registry with a row that no reader can take: one cell too many
    degrees = room.root / "degrees.csv"
    degrees.write_text(
        "degree_id,person_id,first_name,last_name,university\n"
        "D1,P1,علی,رضایی,دانشگاه تهران\n"
        "D2,P2,علی,رضایی,دانشگاه تهران,1362,7\n"
    )
    path = room.folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["parameters"]["registry"] = str(degrees)
    path.write_text(json.dumps(manifest))
    line = migrate(*room.resume).failed(2)
    cell = re.search(r"notebook 1-intake, cell (\d+): ", line)
    assert cell, line
    assert f"{degrees}, row 3" in line
    executed = room.folder / "notebooks" / "1-intake.ipynb"
    assert str(executed) in line
    content = json.loads(executed.read_text())
    broken = [
        entry
        for entry in content["cells"]
        if any(output["output_type"] == "error" for output in entry.get("outputs", []))
    ]
    assert [entry["execution_count"] for entry in broken] == [int(cell[1])]
    assert "intake.run" in "".join(broken[0]["source"])
    assert "row 3" in executed.with_suffix(".html").read_text()
    assert room.manifest["notebooks"] == {}


def test_an_artefact_lost_between_stages_is_named(before: Callable[[str], Room]) -> None:
    room = before("4-mismatches")
    lost = room.folder / "candidates.parquet"
    lost.unlink()
    line = migrate(*room.resume).refused(1)
    assert str(lost) in line
    assert not (room.folder / "cases.csv").exists()


def test_a_defect_in_a_stage_is_told_with_its_kind(before: Callable[[str], Room]) -> None:
    room = before("3-link")
    # an artefact that its own manifest vouches for, yet lacks a column
    staged = room.folder / "staged.parquet"
    pq.write_table(pa.table({"row": pa.array([2], pa.int64())}), staged)
    path = room.folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["stages"]["1-intake"]["artefacts"]["staged.parquet"] = sha256(staged)
    path.write_text(json.dumps(manifest))
    line = migrate(*room.resume).failed(1)
    assert "notebook 3-link, cell" in line
    assert not (room.folder / "outcomes.csv").exists()

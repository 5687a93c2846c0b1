"""Intake takes as much memory for many rows as for some; its benchmark runs."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "intake.py"


def ledger(path: Path, rows: int) -> Path:
    """A ledger in which every line has values of its own."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write("legacy_id,first_name,last_name,father_name,birth_cert_no,birth_date,")
        stream.write("university,diploma_no,page_ref\n")
        for n in range(rows):
            day = f"13{n % 80 + 10}/{n // 80 % 12 + 1}/{n // 960 % 29 + 1}"
            stream.write(f"{n},علی,رضایی {n % 50_021},حسین,{n * 7},{day},تهران,{n * 3},ص {n}\n")
    return path


def peak(path: Path) -> float:
    """MB that the intake of a file takes at most, in a process of its own."""
    command = [sys.executable, str(BENCHMARK), "--one", "intake", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1])["memory"])


def test_four_times_the_rows_take_hardly_more_memory(tmp_path: Path) -> None:
    some = peak(ledger(tmp_path / "some.csv", 200_000))
    many = peak(ledger(tmp_path / "many.csv", 800_000))
    # what is remembered fills up first; the table itself would be some 600 MB more
    assert many < 1.5 * some, f"{some:.0f} MB for 200,000 rows, {many:.0f} MB for 800,000"


def test_the_benchmark_measures_pandas_and_intake(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARK.parent))
    spec = importlib.util.spec_from_file_location("benchmark_of_intake", BENCHMARK)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    module.main(["2000", "--runs", "1", "--folder", str(tmp_path)])
    printed = capsys.readouterr().out
    lines = [line for line in printed.splitlines() if line.startswith("| 2,000 |")]
    assert [line.split("|")[3].strip() for line in lines] == ["pandas", "intake"]
    page = tmp_path / "page.md"
    page.write_text(f"before\n{module.BEGIN}\nold\n{module.END}\nafter\n")
    monkeypatch.setattr(module, "PAGE", page)
    module._write("new")
    assert page.read_text() == f"before\n{module.BEGIN}\nnew\n{module.END}\nafter\n"

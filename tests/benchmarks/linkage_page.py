"""Tables and pictures of what ``linkage.py`` measured, printed or put into ``docs/``."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import linkage_growth
import linkage_tables
from linkage_phases import PHASES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
MEASURED = ROOT / "docs" / "linkage-measured.json"
BEGIN, END = "<!-- bench-linkage: begin -->", "<!-- bench-linkage: end -->"

Measured = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables of all runs in a folder, or write them, their numbers and the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args(arguments)
    measured = summary(given.folder)
    text = "\n".join([machine(measured), "", *linkage_tables.lines(measured)])
    print(text)
    if given.write:
        MEASURED.write_text(
            json.dumps(measured, indent=1, sort_keys=True).replace("-Infinity", "null") + "\n",
            encoding="utf-8",
        )
        pictures = linkage_growth.draw(measured, ROOT / "docs")
        shown = [f"![{said}]({path.name})" for path, said in pictures]
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        numbers = f"The numbers behind the tables are in [{MEASURED.name}]({MEASURED.name})."
        text = "\n".join([text, numbers, "", *shown])
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def summary(folder: Path) -> list[Measured]:
    """One entry an input and tool, inputs by size: medians of the runs, and the first run's score."""
    entries = [
        _entry(folder, source, tool, runs) for (source, tool), runs in sorted(_runs(folder).items())
    ]
    return sorted(entries, key=lambda entry: (entry["rows"], entry["input"]))


def _runs(folder: Path) -> dict[tuple[str, str], list[Measured]]:
    found: dict[tuple[str, str], list[Measured]] = {}
    for path in sorted((folder / "runs").glob("*/*/result.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        found.setdefault((result["input"], result["tool"]), []).append(result)
    return found


def _entry(folder: Path, source: str, tool: str, runs: list[Measured]) -> Measured:
    facts = json.loads((folder / "inputs" / source / "input.json").read_text(encoding="utf-8"))
    good = [run for run in runs if not run["failed"]]
    totals = [sum(run["seconds"].values()) for run in good]
    entry: Measured = {
        "input": source,
        "tool": tool,
        "task": facts["task"],
        "left": facts["left"],
        "right": facts["right"],
        "rows": facts["left"] + facts["right"],
        "runs": len(runs),
        "growth": all(run["growth"] for run in runs),
        "failed": next((run["failed"] for run in runs if run["failed"]), ""),
        "memory": median(run["memory"] for run in runs),
        "wall": median(run["wall"] for run in runs),
        "commits": sorted({run["commit"] for run in runs}),
        "dates": sorted({run["date"] for run in runs}),
        "load": max(run["load"] for run in runs),
    }
    if good:
        entry |= {
            "seconds": {name: median(_phase(good, name)) for name in PHASES},
            "total": median(totals),
            "least": min(totals),
            "most": max(totals),
            "pairs": int(good[0]["counts"].get("pairs", 0)),
            "score": good[0]["score"],
        }
    return entry


def _phase(runs: list[Measured], name: str) -> Iterator[float]:
    return (run["seconds"].get(name, 0.0) for run in runs)


def machine(measured: list[Measured]) -> str:
    """What it was measured on, when, and at which commit."""
    commits = sorted({commit for entry in measured for commit in entry["commits"]})
    dates = sorted({date for entry in measured for date in entry["dates"]})
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    load = max((entry["load"] for entry in measured), default=0.0)
    versions = ", ".join(f"{name} {version}" for name, version in sorted(_versions().items()))
    return (
        f"Commit {', '.join(commits)}, {' to '.join(dates[:: max(len(dates) - 1, 1)])}. "
        f"Machine: {next(models, platform.processor())}, {os.cpu_count()} cores, {memory:.0f} GB, "
        f"{platform.system()}, Python {platform.python_version()}; load at most {load:.1f} as a run "
        f"ended. {versions}."
    )


def _versions() -> dict[str, str]:
    wanted = ("splink", "recordlinkage", "dedupe", "duckdb", "pandas")
    lock = (ROOT / "requirements" / "peers.lock").read_text(encoding="utf-8")
    pins = (line.split(" ")[0].split("==") for line in lock.splitlines() if "==" in line)
    return {pin[0]: pin[1] for pin in pins if pin[0] in wanted}


if __name__ == "__main__":
    main()

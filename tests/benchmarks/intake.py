"""How fast intake is, and how much memory it takes, beside plain ``pandas.read_csv`` on the same file.

``python tests/benchmarks/intake.py 100000 1000000 5000000`` measures each size in processes of
their own: pandas, which reads the file and does nothing with it, and intake, which finds out what it
is, reads, normalises and writes ``staged.parquet``, and takes the file's SHA-256, as stage 1 does of
a source. Times are of the wall clock from after the imports, of the run with the least; beside them
stand the seconds that all cores were busy, which other programs on the machine change less. Memory
is the peak of the process's resident set. With ``--write`` the table goes into
``docs/benchmarks.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- bench-intake: begin -->", "<!-- bench-intake: end -->"


@dataclass(frozen=True)
class Measured:
    """Seconds of the clock and of all cores, peak memory in MB, and rows of one run."""

    seconds: float
    cores: float
    memory: float
    rows: int


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and write where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("rows", nargs="*", type=int, default=[100_000, 1_000_000, 5_000_000])
    parser.add_argument(
        "--runs", type=int, default=3, help="runs of each, of which the best counts"
    )
    parser.add_argument("--folder", type=Path, help="where the ledgers are made and kept")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    parser.add_argument("--one", nargs=2, metavar=("WHAT", "FILE"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.one:
        what, file = given.one
        print(json.dumps(vars(_intake(Path(file)) if what == "intake" else _pandas(Path(file)))))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        lines = [line for rows in given.rows for line in _size(rows, folder, given.runs)]
    table = "\n".join([*_HEAD, *lines])
    print(f"\n{_machine()}\n\n{table}")
    if given.write:
        _write(f"{_machine()}\n\n{table}")


_HEAD = (
    "| rows | file, MB | | seconds | rows a second | seconds of all cores | peak memory, MB "
    "| times pandas | times pandas, all cores |",
    "|---|---|---|---|---|---|---|---|---|",
)


def _size(rows: int, folder: Path, runs: int) -> list[str]:
    path = folder / f"ledger-{rows}.csv"
    if not path.exists():
        import ledger_of_any_size

        print(f"making {path}", flush=True)
        ledger_of_any_size.write(path, rows)
    best: dict[str, Measured] = {}
    # in turn, so that what else the machine does falls on both
    for run in range(runs):
        for what in ("pandas", "intake"):
            found = _apart(what, path)
            print(f"{rows:,} {what} run {run + 1}: {found.seconds:.2f} s", flush=True)
            if what not in best or found.seconds < best[what].seconds:
                best[what] = found
    size = path.stat().st_size / 1e6
    return [
        f"| {rows:,} | {size:,.0f} | {what} | {found.seconds:.2f} | {rows / found.seconds:,.0f} "
        f"| {found.cores:.2f} | {found.memory:,.0f} "
        f"| {found.seconds / best['pandas'].seconds:.1f} "
        f"| {found.cores / best['pandas'].cores:.1f} |"
        for what, found in best.items()
    ]


def _apart(what: str, path: Path) -> Measured:
    command = [sys.executable, __file__, "--one", what, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def _pandas(path: Path) -> Measured:
    import pandas as pd

    begun = time.perf_counter(), time.process_time()
    rows = len(pd.read_csv(path))
    return _measured(begun, rows)


def _intake(path: Path) -> Measured:
    # pyarrow imports it at its first look at a value, and stage 1 has it anyway
    import pandas  # noqa: F401

    from migrate.diplomas.schema import LEGACY
    from migrate.intake.files import sha256
    from migrate.intake.sources import open_source
    from migrate.intake.staged import SOURCE, write_staged
    from migrate.intake.staging import Staging

    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        begun = time.perf_counter(), time.process_time()
        source = open_source(path, LEGACY)
        done = write_staged(
            source,
            Staging(LEGACY),
            Path(folder) / "staged.parquet",
            Path(folder) / "unreadable.csv",
            metadata={SOURCE: sha256(path)},
        )
        return _measured(begun, done.rows)


def _measured(begun: tuple[float, float], rows: int) -> Measured:
    seconds, cores = time.perf_counter() - begun[0], time.process_time() - begun[1]
    # KiB on Linux
    return Measured(seconds, cores, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, rows)


def _machine() -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT
    ).stdout.strip()
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    load = os.getloadavg()[0]
    return (
        f"Commit {commit}, {time.strftime('%Y-%m-%d')}. Machine: {model}, {os.cpu_count()} cores, "
        f"{platform.system()}, Python {platform.python_version()}; load {load:.1f} when it ended."
    )


def _write(text: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()

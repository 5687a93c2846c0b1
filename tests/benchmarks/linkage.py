"""This linkage beside Splink, recordlinkage and dedupe, on the same inputs: ``make bench-linkage``.

``python tests/benchmarks/linkage.py 60000x190000 febrl4`` makes each input once (see
``linkage_inputs``), then runs every tool on it, one after another, ``--runs`` times, each run a
process of its own on ``--cores`` cores. Of a run are kept: seconds by phase from after the imports,
peak memory, pairs, and how right its links are, which is not timed. Everything stays in ``--folder``;
``--write`` puts the tables and pictures of all that lies there into the docs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import linkage_process

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOLDER = ROOT / "reports" / "bench-linkage"
PEERS = ROOT / ".venv-peers" / "bin" / "python"
# nobody looked at this seed when the model was made or changed
SEED = 4004
FEBRL = ("febrl4", "febrl3")


@dataclass(frozen=True)
class Tool:
    """A program to measure: script, arguments, the most records and runs that it is given."""

    name: str
    script: str
    arguments: tuple[str, ...] = ()
    most: int = sys.maxsize
    runs: int = sys.maxsize
    peer: bool = True


TOOLS = (
    Tool("ours", "linkage_ours.py", peer=False),
    Tool("splink", "linkage_splink.py"),
    # what its documentation calls adequate while a model is tried; slower, and no more accurate
    Tool("splink-u10m", "linkage_splink.py", ("--u-pairs", "1e7"), most=300_000),
    Tool("recordlinkage", "linkage_recordlinkage.py", most=300_000),
    Tool("dedupe", "linkage_dedupe.py", most=60_000, runs=1),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make what is missing, measure, score, and write where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("inputs", nargs="*", help="RECORDSxDEGREES, febrl4 or febrl3")
    parser.add_argument("--growth", nargs="*", default=[], metavar="SIZE", help="once, two tools")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--tools", nargs="*", default=[tool.name for tool in TOOLS])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="inputs and results stay here")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--limit", type=float, default=3600, help="seconds a run may take")
    parser.add_argument("--write", action="store_true", help="put tables and pictures into docs/")
    given = parser.parse_args(arguments)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    tools = [tool for tool in TOOLS if tool.name in given.tools]
    for name in given.inputs:
        measure(given.folder, prepare(given.folder, name, given.seed), tools, given)
    two = [tool for tool in tools if tool.name in ("ours", "splink")]
    for name in given.growth:
        measure(given.folder, prepare(given.folder, name, given.seed), two, given, growth=True)
    report = [sys.executable, str(HERE / "linkage_page.py"), str(given.folder)]
    subprocess.run([*report, *(["--write"] if given.write else [])], check=True)


def prepare(folder: Path, name: str, seed: int) -> Path:
    """The folder of the input ``name``, made where it is not there yet."""
    source = folder / "inputs" / (name if name in FEBRL else f"{name}-seed{seed}")
    if not (source / "input.json").exists():
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir(parents=True)
        print(f"making {source}", flush=True)
        command = [sys.executable, str(HERE / "linkage_inputs.py"), str(source), name, str(seed)]
        done = linkage_process.run(command, source / "making.log", limit=7200)
        if done.code != 0:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.words}")
    return source


def measure(
    folder: Path,
    source: Path,
    tools: Sequence[Tool],
    given: argparse.Namespace,
    *,
    growth: bool = False,
) -> None:
    """Run the tools on ``source`` in turn, so that what else the machine does falls on all.

    What was measured before is thrown away; with ``growth`` it stays, and one run is enough. A tool
    that fails is not run again.
    """
    facts = json.loads((source / "input.json").read_text(encoding="utf-8"))
    fit = [tool for tool in tools if facts["left"] <= tool.most or facts["task"] in FEBRL]
    runs = folder / "runs" / source.name
    if not growth:
        for tool in fit:
            for old in runs.glob(f"{tool.name}-[0-9]*"):
                shutil.rmtree(old)
    failed: set[str] = set()
    for number in range(1, 2 if growth else given.runs + 1):
        for tool in fit:
            if tool.name in failed or number > tool.runs:
                continue
            target = runs / f"{tool.name}-{number}"
            if growth and (target / "result.json").exists():
                continue
            result = once(source, target, tool, given.limit) | {"growth": growth}
            (target / "result.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
            if result["failed"]:
                failed.add(tool.name)
            total = sum(result["seconds"].values())
            print(
                f"{source.name} {tool.name} run {number}: {total:.1f} s, "
                f"{result['memory']:,.0f} MB{' FAILED' if result['failed'] else ''}",
                flush=True,
            )


def once(source: Path, target: Path, tool: Tool, limit: float) -> dict[str, Any]:
    """One run of one tool, scored; its links and its log stay in ``target``."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    python = str(PEERS) if tool.peer else sys.executable
    command = [python, str(HERE / tool.script), str(source), str(target), *tool.arguments]
    done = linkage_process.run(command, target / "log.txt", limit=limit)
    result: dict[str, Any] = {
        "input": source.name,
        "tool": tool.name,
        "wall": done.wall,
        "memory": done.memory,
        "failed": "" if done.code == 0 else _why(done, limit),
        "seconds": {},
        "counts": {},
        "commit": _commit(),
        "date": time.strftime("%Y-%m-%d"),
        "load": os.getloadavg()[0],
    }
    if done.code == 0:
        result |= json.loads((target / "phases.json").read_text(encoding="utf-8"))
        command = [sys.executable, str(HERE / "linkage_score.py"), str(source), str(target)]
        subprocess.run(command, check=True)
        result["score"] = json.loads((target / "score.json").read_text(encoding="utf-8"))
    return result


def _why(done: linkage_process.Finished, limit: float) -> str:
    if done.code is None:
        return f"stopped after {limit:,.0f} s"
    last = done.words.splitlines()[-1] if done.words else "no word"
    return f"exit code {done.code}: {last[:300]}"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.strip()


if __name__ == "__main__":
    main()

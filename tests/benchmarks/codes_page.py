"""The results of codes_load as the section "Codes" of docs/benchmarks.md.

python tests/benchmarks/codes_page.py results.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_WAYS = {"api": "`POST /api/v1/inquiry`", "page": "`GET /c/…` (page)"}


def markdown(found: dict[str, Any]) -> str:
    """The section, as text."""
    machine, filled, mix = found["machine"], found["filled"], found["mix"]
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    settings = ", ".join(f"{name} {value}" for name, value in found["settings"].items())
    size = filled["bytes"]
    lines = [
        "## Codes",
        "",
        f"{machine['cores']} cores ({machine['cpu']}), {machine['memory_gb']} GB, Python "
        f"{machine['python']}, {versions}; {found['at']}. PostgreSQL, the service and the load "
        "generator share the cores.",
        f"PostgreSQL: {settings}, all else by default (fsync on).",
        f"The store holds {filled['codes']:,} codes with their events and their Merkle tree "
        f"(codes {size['codes'] / 1e9:.1f} GB with indexes, events {size['code_events'] / 1e9:.1f} GB).",
        "",
        "### Look-ups",
        "",
        f"Requests leave on a clock, and latency counts from when each was due. {mix['valid']}% valid, "
        f"{mix['unknown']}% unknown, {mix['mistyped']}% mistyped codes, from 100,000 addresses behind a "
        f"trusted proxy; every look-up passes the limits and is logged. {found['seconds']:.0f} s each. "
        "A grid of 20 ms holds every answer to a multiple of 20 ms on purpose; 0 is what an answer "
        "takes by itself.",
        "",
        "| processes | way | grid ms | due a second | p50 ms | p95 | p99 | p99.9 | max | answered | "
        "refused | errors | processors: service, PostgreSQL, generator, others |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for run in found["runs"]:
        ms, share = run["ms"], run["processor_shares"]
        takes = (share["service"], share["postgres"], run["own_processor_share"], share["others"])
        shares = ", ".join(map(str, takes))
        lines.append(
            f"| {run['workers']} | {_WAYS[run['way']]} | {run['grid']} | {run['rate']} | {ms['p50']} | "
            f"{ms['p95']} | {ms['p99']} | {ms['p99.9']} | {ms['max']} | {run['answered']:,} | "
            f"{run['refused']} | {sum(run['errors'].values())} | {shares} |"
        )
    kinds = "; ".join(
        f"{run['workers']} processes, grid {run['grid']}, {run['rate']}/s: "
        + ", ".join(f"{kind} {ms}" for kind, ms in run["p50_ms_by_kind"].items())
        for run in found["runs"]
        if run["way"] == "api" and run["rate"] == 500
    )
    lines += [
        "",
        f"Half of the answers took at most so many ms, by what was asked: {kinds}.",
        "",
        "### Issuing",
        "",
        "`store.codes.issue` in one transaction: policy, uniqueness, codes, events, leaves, tree and "
        "head; on PostgreSQL into the filled store.",
        "",
        "| database | codes | seconds | codes a second | again (nothing issued), seconds | "
        "log's size after |",
        "|---|---|---|---|---|---|",
    ]
    for one in found["issuing"]:
        lines.append(
            f"| {one['database']} | {one['codes']:,} | {one['seconds']} | "
            f"{one['codes_per_second']:,} | {one['again_seconds']} | {one['log_size']:,} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))

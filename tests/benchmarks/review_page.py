"""The results of review_load as the section "Review" of docs/benchmarks.md.

python tests/benchmarks/review_page.py results.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def markdown(found: dict[str, Any]) -> str:
    """The section, as text."""
    machine, filled = found["machine"], found["filled"]
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    settings = ", ".join(f"{name} {value}" for name, value in found["settings"].items())
    size = filled["bytes"]
    lines = [
        "## Review",
        "",
        f"{machine['cores']} cores ({machine['cpu']}), {machine['memory_gb']} GB, Python "
        f"{machine['python']}, {versions}; {found['at']}. PostgreSQL, the service and those who ask "
        "share the cores.",
        f"PostgreSQL: {settings}, all else by default (fsync on).",
        f"The store holds {filled['cases']:,} cases of {filled['universities']} universities, a "
        "fifth of them decided, with bodies of a real sample batch "
        f"(cases {size['cases'] / 1e9:.1f} GB with indexes, queue {size['case_work'] / 1e9:.2f} GB, "
        f"words of names {size['case_words'] / 1e9:.2f} GB, decisions "
        f"{size['decisions'] / 1e9:.2f} GB): all of it fits into this machine's memory.",
        "Cases are drawn from the whole table, each asked for by a clerk of its university; so many "
        "clerks ask at once, each again as soon as answered. Pages are the real service's over HTTP, "
        "one process. A case is to open in under 200 ms at p95.",
        "",
        "| question | clerks at once | times | p50 ms | p95 | p99 | max |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {run['what']} | {run['clerks']} | {run['times']} | {run['p50']:g} | {run['p95']:g} "
        f"| {run['p99']:g} | {run['max']:g} |"
        for run in found["runs"]
    ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(markdown(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))

"""The tables of ``accuracy``, from the results that lie in a folder.

``python tests/benchmarks/accuracy_page.py FOLDER [--write]`` prints them, or puts them into
``docs/benchmarks.md`` too.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from accuracy_run import VARIANTS

from migrate.linkage.reliability import interval, reliability

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- bench-accuracy: begin -->", "<!-- bench-accuracy: end -->"
KINDS = ("second degree", "twin", "sibling", "namesake", "other")
# reasons that fewer of the rows have stand together
LEAST_SHOWN = 0.0002


@dataclass(frozen=True)
class Run:
    """One sample: what was asked, what was found, and the probabilities of what was decided."""

    found: dict[str, Any]
    folder: Path

    @property
    def linked(self) -> float:
        return float(self.found["right"] / self.found["linkable"])

    @property
    def needless(self) -> float:
        return float(self.found["needless"] / self.found["findable"])


def main(arguments: Sequence[str]) -> None:
    """Print the tables of the folder named; write them where ``--write`` stands."""
    folder, *options = arguments
    text = page(read(Path(folder)))
    print(text)
    if "--write" in options:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def read(folder: Path) -> list[Run]:
    """All runs of a folder."""
    paths = sorted(folder.glob("*/result.json"))
    return [Run(json.loads(path.read_text(encoding="utf-8")), path.parent) for path in paths]


def page(runs: Sequence[Run]) -> str:
    """All tables, in Markdown."""
    fresh = [run for run in runs if not run.found["tuned"]]
    usual = [run for run in fresh if run.found["variant"] == "usual"]
    tuned = [run for run in runs if run.found["tuned"]]
    commits = ", ".join(sorted({run.found["commit"] for run in runs}))
    models = ", ".join(sorted({run.found["model"] for run in runs}))
    sizes = ", ".join(
        sorted({f"{r.found['records']:,} × {r.found['degrees']:,}" for r in runs}, reverse=True)
    )
    parts = [
        f"Commit {commits}, model {models}, {time.strftime('%Y-%m-%d')}; "
        f"{len(runs)} samples of {sizes}.",
        "**By level of error.**",
        table(("level",), [("level", usual, ""), ("level", tuned, ", tuned")]),
        "**With other parts of the generator changed**, at level 1.",
        table(("what is changed",), [("variant", [r for r in fresh if r not in usual], "")]),
        "**Seed by seed**: right links linked / sent to a university without need.",
        by_seed([run for run in runs if run.found["variant"] == "usual"]),
        "**Why right links are not linked**, as shares of rows that should be; seeds that nothing "
        "was tuned on.",
        reasons(usual),
        "**Probabilities against the truth**: records that probability alone decides, of all levels; "
        "seeds that nothing was tuned on. An arrow marks a range whose predicted probability lies "
        "outside the interval of what was observed.",
        reliable(usual),
    ]
    return "\n\n".join(part for part in parts if part)


HEAD = (
    "samples",
    "right links",
    "linked: least",
    "mean",
    "without need: most",
    "mean",
    "accepted",
    "wrong",
    "expected wrong",
    "at most, 95%",
    "rows of twins",
)


def table(first: tuple[str, ...], groups: Sequence[tuple[str, Sequence[Run], str]]) -> str:
    """Runs summed up by a key of what was asked."""
    lines = []
    for key, runs, mark in groups:
        for value in sorted({run.found[key] for run in runs}, key=_order):
            own = [run for run in runs if run.found[key] == value]
            name = VARIANTS[value].words if key == "variant" else f"{value:g}{mark}"
            lines.append(f"| {name} | {' | '.join(summed(own))} |")
    rule = "|---|" + "--:|" * len(HEAD)
    return "\n".join([f"| {' | '.join([*first, *HEAD])} |", rule, *lines]) if lines else ""


def _order(value: object) -> Any:
    return list(VARIANTS).index(value) if isinstance(value, str) else value


def summed(runs: Sequence[Run]) -> list[str]:
    """The cells of HEAD."""
    linked = [run.linked for run in runs]
    needless = [run.needless for run in runs]
    accepted = total(runs, "accepted")
    kinds = Counter(wrong["kind"] for run in runs for wrong in run.found["wrong"])
    wrong = kinds.total()
    named = ", ".join(f"{kind} {kinds[kind]}" for kind in KINDS if kinds[kind])
    return [
        str(len(runs)),
        f"{total(runs, 'linkable'):,}",
        f"{min(linked):.2%}",
        f"{np.mean(linked):.2%}",
        f"{max(needless):.2%}",
        f"{np.mean(needless):.2%}",
        f"{accepted:,}",
        f"{wrong} ({named})" if wrong else "0",
        f"{sum(run.found['expected_wrong'] for run in runs):.2f}",
        f"1 in {1 / interval(wrong, accepted)[1]:,.0f}",
        f"{total(runs, 'of_twins'):,}",
    ]


def total(runs: Sequence[Run], key: str) -> int:
    """The sum of a number of all runs."""
    return int(sum(run.found[key] for run in runs))


def by_seed(runs: Sequence[Run]) -> str:
    """Seeds down, levels across."""
    levels = sorted({run.found["level"] for run in runs})
    lines = [f"| seed | {' | '.join(f'level {level:g}' for level in levels)} |"]
    lines.append("|---|" + "---|" * len(levels))
    seeds = dict.fromkeys((run.found["tuned"], run.found["seed"]) for run in runs)
    for tuned, seed in sorted(seeds):
        cells = []
        for level in levels:
            own = [r for r in runs if (r.found["seed"], r.found["level"]) == (seed, level)]
            cells.append(" ".join(f"{r.linked:.2%} / {r.needless:.2%}" for r in own))
        lines.append(f"| {seed}{', tuned on' if tuned else ''} | {' | '.join(cells)} |")
    return "\n".join(lines)


def reasons(runs: Sequence[Run]) -> str:
    """Misses by reason and level."""
    levels = sorted({run.found["level"] for run in runs})
    share: dict[float, Callable[[str], float]] = {}
    seen: Counter[str] = Counter()
    for level in levels:
        own = [run for run in runs if run.found["level"] == level]
        counts: Counter[str] = Counter()
        for run in own:
            counts.update(run.found["misses"])
        seen.update(counts)
        rows = total(own, "linkable")
        share[level] = lambda name, counts=counts, rows=rows: counts[name] / rows
    lines = [f"| reason | {' | '.join(f'level {level:g}' for level in levels)} |"]
    lines.append("|---|" + "--:|" * len(levels))
    names = [name for name, _ in sorted(seen.items(), key=lambda item: (-item[1], item[0]))]
    shown = [n for n in names if max(share[level](n) for level in levels) >= LEAST_SHOWN]
    rest = [name for name in names if name not in shown]
    for name in shown:
        lines.append(f"| {name} | {' | '.join(f'{share[v](name):.2%}' for v in levels)} |")
    if rest:
        cells = (f"{sum(map(share[level], rest)):.2%}" for level in levels)
        lines.append(f"| other | {' | '.join(cells)} |")
    cells = (f"{sum(map(share[level], names)):.2%}" for level in levels)
    lines.append(f"| all | {' | '.join(cells)} |")
    return "\n".join(lines)


def reliable(runs: Sequence[Run]) -> str:
    """The reliability table of all runs together."""
    if not runs:
        return ""
    loaded = [np.load(run.folder / "decided.npz") for run in runs]
    probability = np.concatenate([each["probability"] for each in loaded])
    right = np.concatenate([each["right"] for each in loaded])
    return reliability(probability, right).text()


if __name__ == "__main__":
    main(sys.argv[1:])

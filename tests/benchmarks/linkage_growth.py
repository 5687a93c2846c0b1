"""Pictures of how seconds and memory grow with rows, for this project and Splink."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("svg")
from matplotlib import pyplot as plt

Measured = dict[str, Any]
COLOURS = {"ours": "#0b6e4f", "splink": "#b5532a"}
LABELS = {"ours": "this project", "splink": "Splink"}


def draw(measured: list[Measured], folder: Path) -> list[tuple[Path, str]]:
    """Draw ``linkage-growth.svg`` of the diplomas into ``folder``: its path, and what it shows."""
    lines = {tool: _line(measured, tool) for tool in LABELS}
    lines = {tool: line for tool, line in lines.items() if len(line) > 1}
    if not lines:
        return []
    mpl.rcParams |= {"svg.hashsalt": "linkage", "svg.fonttype": "path", "font.size": 10}
    figure, axes = plt.subplots(1, 2, figsize=(9.6, 4.2), layout="constrained")
    for axis, key, unit in ((axes[0], "total", "seconds"), (axes[1], "memory", "peak memory, GB")):
        for tool, line in lines.items():
            rows = np.array([entry["rows"] for entry in line]) / 1e6
            values = np.array([entry[key] for entry in line])
            values = values / 1000 if key == "memory" else values
            axis.plot(rows, values, "o-", color=COLOURS[tool], lw=2, ms=5)
            slope = np.log(values[-1] / values[0]) / np.log(rows[-1] / rows[0])
            axis.annotate(
                f"{LABELS[tool]} (∝ rows$^{{{slope:.2f}}}$)",
                (rows[-1], values[-1]),
                xytext=(-6, 7),
                textcoords="offset points",
                ha="right",
                color=COLOURS[tool],
            )
        axis.set(xlabel="rows of both tables, million", ylabel=unit, xlim=(0, None), ylim=(0, None))
        axis.margins(y=0.15)
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle("Linking records to five times as many degrees, two cores")
    path = folder / "linkage-growth.svg"
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    said = "Seconds and peak memory against rows, this project and Splink"
    return [(path, said)]


def _line(measured: list[Measured], tool: str) -> list[Measured]:
    """Inputs with five degrees a record, by size: only the number of rows differs between them."""
    return [
        entry
        for entry in measured
        if entry["tool"] == tool
        and entry["task"] == "diplomas"
        and "total" in entry
        and 4.5 < entry["right"] / entry["left"] < 5.5
    ]

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
    figure, axes = plt.subplots(1, 2, figsize=(10.4, 4.2), layout="constrained")
    for axis, key, unit in ((axes[0], "total", "seconds"), (axes[1], "memory", "peak memory, GB")):
        for tool, line in lines.items():
            rows = np.array([entry["rows"] for entry in line]) / 1e6
            values = np.array([entry[key] for entry in line])
            values = values / 1000 if key == "memory" else values
            axis.plot(rows, values, "o-", color=COLOURS[tool], lw=2, ms=5)
            # what growth in step with the rows would have come to
            axis.plot(rows[[0, -1]], values[0] * rows[[0, -1]] / rows[0], ":", color=COLOURS[tool])
            axis.annotate(
                f"{LABELS[tool]}\n×{values[-1] / values[0]:.1f} for ×{rows[-1] / rows[0]:.0f} rows",
                (rows[-1], values[-1]),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                color=COLOURS[tool],
                annotation_clip=False,
            )
        axis.set(xlabel="rows of both tables, million", ylabel=unit, xlim=(0, None), ylim=(0, None))
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle(
        "Linking records to five times as many degrees, two cores; dotted: in step with rows"
    )
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

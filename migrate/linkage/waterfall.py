"""The waterfall picture of an explanation: from the prior, bit by bit, to the total of each question.

Values in Persian or Arabic are shaped and ordered by matplotlib itself, from version 3.11 on, in
its own DejaVu Sans. Every value is a text by itself, so that no two directions meet in one line.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from migrate.errors import InputError
from migrate.linkage.explanation import Explanation

Form = Literal["png", "svg"]
# Okabe and Ito's palette: told apart by the colour-blind too
_FOR, _AGAINST, _TOTAL, _QUIET = "#0072b2", "#d55e00", "#555555", "#777777"
_ROW, _LONGEST = 0.3, 26
# where the words stand, in widths of the drawing
_NAME, _LEVEL, _LEFT, _RIGHT = -0.75, -0.03, 1.36, 1.96
_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    # element ids of an SVG are drawn from this, not from the clock
    "svg.hashsalt": "migrate",
    "svg.fonttype": "path",
}


@dataclass(frozen=True)
class Bar:
    """One line of the picture: a bar from ``begin`` that adds ``bits``; a heading has none.

    ``whole`` marks a total. ``left`` and ``right`` are the values that stand beside it.
    """

    name: str
    level: str = ""
    begin: float = 0.0
    bits: float | None = None
    whole: bool = False
    left: str = ""
    right: str = ""


def form_of(path: Path) -> Form:
    """The form that a file's name asks for. Raises InputError where it is neither .png nor .svg."""
    match path.suffix.lower():
        case ".png":
            return "png"
        case ".svg":
            return "svg"
    raise InputError(
        "a picture is a .png or an .svg file", file=path, found=path.suffix, fix="Name it so"
    )


def waterfall(
    explanation: Explanation,
    *,
    form: Form = "png",
    sides: tuple[str, str] = ("left", "right"),
    title: str = "",
) -> bytes:
    """Draw an explanation; the same explanation gives the same bytes.

    ``form`` is png or svg; ``sides`` are what the two tables are called above their values, as read
    where the explanation has them; ``title`` stands above all.
    """
    lines = list(bars(explanation))
    with matplotlib.rc_context(_STYLE):
        height = _ROW * len(lines) + 1.1
        figure = Figure(figsize=(11, height), dpi=110)
        axes = figure.add_axes((0.25, 0.5 / height, 0.3, _ROW * len(lines) / height))
        _draw(axes, lines)
        _words(axes, lines, sides)
        said = f"probability {explanation.probability:.6f}"
        figure.text(0.02, 1 - 0.2 / height, title or said, fontsize=11, weight="bold", va="center")
        if title:
            figure.text(0.98, 1 - 0.2 / height, said, fontsize=11, ha="right", va="center")
        written = io.BytesIO()
        # neither the library's name nor the date is part of the drawing
        metadata = {"Software": None} if form == "png" else {"Date": None, "Creator": None}
        figure.savefig(written, format=form, metadata=metadata)
    return written.getvalue()


def bars(explanation: Explanation) -> Iterator[Bar]:
    """The lines of the picture from above: a heading a question, its prior, its evidence, its total."""
    for question in explanation.questions:
        yield Bar(f"{question.group}: share {question.share:.6f}")
        yield Bar("prior", "against none", 0.0, question.prior)
        at = question.prior
        for entry in explanation.of_group(question.group):
            left, right = entry.left_raw or entry.left, entry.right_raw or entry.right
            yield Bar(entry.field, entry.level, at, entry.bits, False, left or "–", right or "–")
            at += entry.bits
        if question.together:
            yield Bar("together", "joint agreement", at, question.together)
            at += question.together
        if question.spoken:
            nested = explanation.questions[-1].group
            yield Bar(f"what the {nested} says", "of whose it is", at, question.spoken)
            at += question.spoken
        yield Bar("total", "bits against none", 0.0, at, True)


def _draw(axes: Axes, bars: list[Bar]) -> None:
    for row, bar in enumerate(bars):
        if bar.bits is None:
            continue
        colour = _TOTAL if bar.whole else _FOR if bar.bits >= 0 else _AGAINST
        axes.barh(row, bar.bits, left=bar.begin, height=0.62, color=colour)
        end = bar.begin + bar.bits
        # always to the right of the bar: words stand on the left
        axes.annotate(
            f"{bar.bits:+.2f}",
            (max(bar.begin, end), row),
            (4, 0),
            textcoords="offset points",
            va="center_baseline",
            fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )
        if not bar.whole and row + 1 < len(bars):
            axes.plot([end, end], [row + 0.31, row + 0.69], color=_QUIET, linewidth=0.7)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.margins(x=0.16)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_yticks([])
    axes.set_xlabel("bits (log2 of the odds)")


def _words(axes: Axes, bars: list[Bar], sides: tuple[str, str]) -> None:
    beside = blended_transform_factory(axes.transAxes, axes.transData)

    def put(x: float, row: int, words: str, align: str, colour: str, weight: str) -> None:
        axes.text(
            x,
            row,
            words,
            transform=beside,
            ha=align,
            va="center_baseline",
            color=colour,
            weight=weight,
        )

    for row, bar in enumerate(bars):
        heading = bar.bits is None
        put(_NAME, row, bar.name, "left", "black", "bold" if heading or bar.whole else "normal")
        put(_LEVEL, row, bar.level, "right", _QUIET, "normal")
        put(_LEFT, row, _short(bar.left), "center", "black", "normal")
        put(_RIGHT, row, _short(bar.right), "center", "black", "normal")
        if heading:
            axes.axhline(
                row - 0.5, color="#cccccc", linewidth=0.8, xmin=_NAME, xmax=2.3, clip_on=False
            )
            for x, side in zip((_LEFT, _RIGHT), sides, strict=True):
                put(x, row, side, "center", _QUIET, "normal")


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"

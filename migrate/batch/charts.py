"""Pictures for the notebooks: plain, labelled, in colours that a colour-blind reader tells apart."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's palette
BLUE, ORANGE, GREEN, RED, GREY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#999999"
COLOURS = {
    "linked": BLUE,
    "mismatch": RED,
    "ambiguous": ORANGE,
    "degree_missing": "#cc79a7",
    "person_missing": GREY,
    "duplicate": "#56b4e9",
    "already_coded": GREEN,
    "quarantined": "#444444",
}


@dataclass(frozen=True, repr=False)
class Picture:
    """A picture as a notebook shows it: a PNG with words for those who cannot see it."""

    png: bytes
    alt: str

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.png).decode("ascii")
        return f'<img alt="{html.escape(self.alt)}" src="data:image/png;base64,{data}">'

    def __repr__(self) -> str:
        return f"[{self.alt}]"


def picture(drawn: Figure, alt: str) -> Picture:
    """A drawing as a notebook shows it; the same drawing gives the same bytes."""
    written = io.BytesIO()
    # without the library's name in it, the bytes depend on the drawing alone
    drawn.savefig(written, format="png", dpi=150, metadata={"Software": None})
    return Picture(written.getvalue(), alt)


def figure(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty drawing of so many inches, without a frame."""
    drawn = Figure(figsize=(width, height), layout="constrained", dpi=100)
    axes = drawn.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return drawn, axes


def completeness(fields: pd.DataFrame) -> Picture:
    """Bars of how much of each field was read, not read and missing; columns of ``_fields``."""
    drawn, axes = figure(8, 0.3 * len(fields) + 1)
    left = pd.Series(0.0, index=fields.index)
    for column, colour in (("read", BLUE), ("not read", RED), ("missing", "#d9d9d9")):
        axes.barh(fields["field"], fields[column], left=left, color=colour, label=column)
        left = left + fields[column]
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    return picture(drawn, "Bars: how much of each field was read, not read, or missing")


def years(frame: pd.DataFrame) -> Picture:
    """Histograms of the years of birth and of graduation: how many by Solar Hijri year."""
    drawn, axes = figure(8, 2.8)
    low, high = (int(frame.index.min()), int(frame.index.max())) if len(frame) else (1300, 1400)
    bins = list(range(low, high + 2))
    for column, colour, label in (
        ("birth_date", GREY, "birth"),
        ("graduation_date", BLUE, "graduation"),
    ):
        axes.hist(
            frame.index, bins=bins, weights=frame[column], color=colour, alpha=0.8, label=label
        )
    axes.set_xlabel("year, Solar Hijri")
    axes.set_ylabel("rows")
    axes.legend(frameon=False)
    return picture(drawn, "Histograms of the years of birth and of graduation")


def outcomes(counts: pd.DataFrame) -> Picture:
    """Bars of rows an outcome; ``counts`` has the columns outcome and rows."""
    drawn, axes = figure(8, 2.8)
    bars = axes.barh(
        counts["outcome"], counts["rows"], color=[COLOURS[name] for name in counts["outcome"]]
    )
    axes.bar_label(bars, labels=[f"{rows:,}" for rows in counts["rows"]], padding=4)
    axes.invert_yaxis()
    axes.set_xlabel("rows")
    axes.margins(x=0.12)
    return picture(drawn, "Bars: rows by outcome")


def weights(frame: pd.DataFrame) -> Picture:
    """Match weights of each record's best candidate, the person's and the degree's, by outcome."""
    drawn = Figure(figsize=(8, 3), layout="constrained", dpi=100)
    panes = drawn.subplots(1, 2, sharey=True)
    for axes, column, label in zip(
        panes,
        ("person_weight", "degree_weight"),
        ("person: match weight (bits)", "degree: match weight (bits)"),
        strict=True,
    ):
        axes.spines[["top", "right"]].set_visible(False)
        named = [name for name in COLOURS if (frame["outcome"] == name).any()]
        if named:
            axes.hist(
                [frame.loc[frame["outcome"] == name, column] for name in named],
                bins=60,
                stacked=True,
                color=[COLOURS[name] for name in named],
                label=named,
            )
        axes.set_xlabel(label)
    panes[0].set_ylabel("records")
    if not frame.empty:
        panes[1].legend(frameon=False, fontsize=8)
    return picture(drawn, "Histograms of match weights of the person and of the degree, by outcome")


def probabilities(frame: pd.DataFrame, accept: float) -> Picture:
    """How many records' best candidates are at least so improbable, with the accept threshold."""
    drawn, axes = figure(8, 2.6)
    doubt = (1 - frame["probability"]).clip(lower=1e-8).sort_values()
    share = [(place + 1) / len(doubt) for place in range(len(doubt))] if len(doubt) else []
    axes.step(doubt, share, color=BLUE, where="post")
    axes.axvline(1 - accept, color=RED, linestyle="--", label=f"accept: probability {accept}")
    axes.set_xscale("log")
    axes.set_xlabel("probability that the best candidate is wrong")
    axes.set_ylabel("share of records")
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.legend(frameon=False)
    return picture(drawn, "Share of records whose best candidate is at most so likely to be wrong")

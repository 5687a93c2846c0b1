"""Pictures of the review, in the manner of ``charts``."""

from __future__ import annotations

import pandas as pd

from migrate.batch.charts import BLUE, GREEN, GREY, ORANGE, RED, Picture, figure, picture

# of the universities with most to do; a picture of all would not be readable
MOST = 25
_PARTS = (("decided", GREEN), ("in time", BLUE), ("overdue", ORANGE), ("escalated", RED))


def universities(frame: pd.DataFrame) -> Picture:
    """Bars of cases by university: decided, in time, overdue, escalated; ``Review.universities``.

    The first 25 are drawn, by their keys: the type of pictures cannot join Persian letters.
    """
    shown = frame[frame["key"] != "all"].head(MOST)
    drawn, axes = figure(8, 0.28 * max(len(shown), 3) + 1)
    places = list(range(len(shown)))
    left = pd.Series(0.0, index=shown.index)
    late = shown["overdue"] + shown["escalated"]
    shown = shown.assign(**{"in time": shown["open"] + shown["awaiting"] - late})
    for name, colour in _PARTS:
        axes.barh(places, shown[name], left=left, color=colour, label=name)
        left = left + shown[name]
    axes.set_yticks(places, list(shown["key"]))
    axes.invert_yaxis()
    axes.set_xlabel("cases")
    axes.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    return picture(drawn, "Bars: cases of each university that are decided, in time and late")


def outcomes(frame: pd.DataFrame) -> Picture:
    """Bars of cases by outcome: open, awaiting a second person, decided."""
    drawn, axes = figure(8, 2.2)
    left = pd.Series(0.0, index=frame.index)
    for name, colour in (("decided", GREEN), ("awaiting", ORANGE), ("open", BLUE)):
        axes.barh(frame["outcome"], frame[name], left=left, color=colour, label=name)
        left = left + frame[name]
    axes.invert_yaxis()
    axes.set_xlabel("cases")
    axes.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    return picture(drawn, "Bars: cases by outcome that are decided, wait for a second person, open")


def agreement(bands: pd.DataFrame) -> Picture:
    """How often people took the degree ranked first, with exact intervals, by its probability."""
    drawn, axes = figure(8, 3)
    places = list(range(len(bands)))
    if places:
        low, high = bands["share"] - bands["lower"], bands["upper"] - bands["share"]
        spread = [low.clip(lower=0).tolist(), high.clip(lower=0).tolist()]
        axes.errorbar(
            places, bands["share"], yerr=spread, fmt="o", color=BLUE, capsize=4, label="people"
        )
        axes.plot(places, bands["predicted"], "_", color=RED, markersize=18, label="linker")
        axes.legend(frameon=False)
    axes.set_xticks(places, list(bands["what"]))
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set_xlabel("probability of the degree ranked first")
    axes.set_ylabel("taken")
    return picture(
        drawn, "Points with intervals: share of cases where people took the degree ranked first"
    )


def errors(frame: pd.DataFrame) -> Picture:
    """Bars of the fields that contradict in documents that are of their degree all the same."""
    shown = frame[frame["kind"] == "contradicts"]
    drawn, axes = figure(8, 0.3 * max(len(shown), 2) + 0.9)
    bars = axes.barh(shown["name"], shown["cases"], color=GREY)
    axes.bar_label(bars, padding=4)
    axes.invert_yaxis()
    axes.set_xlabel("cases")
    axes.margins(x=0.12)
    return picture(drawn, "Bars: fields that contradict although the document is of the degree")

"""Do probabilities mean what they say: a reliability table, exact intervals, the accept threshold."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betainc, betaincinv

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# nine tenths of what is left, again and again: equal steps in log-odds at the sure end
BOUNDS = (0.0, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999, 1.0)
RATE = 1e-4
# a single link may be ten times as doubtful as all of them together, no more
LEAST = 0.999


@dataclass(frozen=True)
class Bin:
    """Pairs of one range of predicted probability, ``low`` ≤ p < ``high`` (the last up to 1).

    ``predicted`` is their mean probability, ``observed`` the share that is right, ``lower`` and
    ``upper`` its exact interval. ``expected_wrong`` is how many the probabilities say are wrong.
    """

    low: float
    high: float
    pairs: int
    predicted: float
    observed: float
    lower: float
    upper: float
    expected_wrong: float
    wrong: int

    @property
    def holds(self) -> bool:
        """Whether the predicted probability lies within the interval of what was observed."""
        return self.lower <= self.predicted <= self.upper


@dataclass(frozen=True)
class Reliability:
    """The table, with the Brier score and the log loss (nats a pair) of all pairs."""

    bins: tuple[Bin, ...]
    pairs: int
    brier: float
    log_loss: float
    confidence: float

    def frame(self) -> pd.DataFrame:
        """One row a bin that has pairs."""
        return pd.DataFrame(
            [asdict(entry) | {"holds": entry.holds} for entry in self.bins],
            columns=[*Bin.__dataclass_fields__, "holds"],
        )

    def text(self) -> str:
        """The table in Markdown, an arrow where a bin does not hold, and its two scores below."""
        lines = [
            "| probability | pairs | predicted | observed "
            f"| {self.confidence:.0%} interval | expected wrong | wrong |",
            "|---|--:|--:|--:|---|--:|--:|",
        ]
        lines += [
            f"| {entry.low:g} to {entry.high:g} | {entry.pairs:,} | {entry.predicted:.6f} "
            f"| {entry.observed:.6f} | {entry.lower:.6f} to {entry.upper:.6f} "
            f"| {entry.expected_wrong:.3g} | {entry.wrong}{'' if entry.holds else ' ←'} |"
            for entry in self.bins
        ]
        scores = f"{self.pairs:,} pairs; Brier score {self.brier:.6f}; log loss {self.log_loss:.6f}"
        return "\n".join([*lines, "", scores])


def reliability(
    probability: Floats,
    right: Flags,
    *,
    bounds: tuple[float, ...] = BOUNDS,
    confidence: float = 0.95,
) -> Reliability:
    """Compare predicted probabilities with what is right.

    :param probability: of each pair, 0 to 1.
    :param right: whether it is a right link, one a pair, from truth or from labels. Pairs drawn by
        strata may stand here where the strata are the bins: within a bin all were equally likely.
    :param bounds: of the bins, ascending from 0 to 1.
    :param confidence: of the intervals.
    """
    place = np.clip(np.searchsorted(bounds, probability, side="right") - 1, 0, len(bounds) - 2)
    bins = []
    for number in range(len(bounds) - 1):
        here = place == number
        pairs, hits = int(here.sum()), int(right[here].sum())
        if pairs:
            lower, upper = interval(hits, pairs, confidence)
            bins.append(
                Bin(
                    bounds[number],
                    bounds[number + 1],
                    pairs,
                    float(probability[here].mean()),
                    hits / pairs,
                    lower,
                    upper,
                    float((1 - probability[here]).sum()),
                    pairs - hits,
                )
            )
    pairs = len(probability)
    said = np.clip(np.where(right, probability, 1 - probability), 1e-15, 1.0)
    return Reliability(
        tuple(bins),
        pairs,
        float(((probability - right) ** 2).mean()) if pairs else 0.0,
        float(-np.log(said).mean()) if pairs else 0.0,
        confidence,
    )


def interval(hits: float, trials: float, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a share of which ``hits`` of ``trials`` were seen; (0, 1) of none.

    Clopper and Pearson 1934: both tails by the beta distribution, (1 − confidence) / 2 in each.
    """
    tail = (1 - confidence) / 2
    if trials <= 0:
        return 0.0, 1.0
    lower = float(betaincinv(hits, trials - hits + 1, tail)) if hits > 0 else 0.0
    upper = float(betaincinv(hits + 1, trials - hits, 1 - tail)) if hits < trials else 1.0
    return lower, upper


def at_least(hits: int, trials: int, rate: float) -> float:
    """The probability of ``hits`` or more among ``trials`` at a given rate (binomial tail).

    Where the rates differ from trial to trial, with ``rate`` their mean, it is no less than the
    true one above the mean (Hoeffding 1956).
    """
    return float(betainc(hits, trials - hits + 1, rate)) if hits > 0 else 1.0


def looks_to_show(rate: float = RATE, confidence: float = 0.95) -> int:
    """How many pairs must be looked at, none wrong, to show that at most ``rate`` are.

    The upper end of the exact interval of 0 in n is 1 − ((1 − confidence) / 2)^(1/n).
    """
    return math.ceil(math.log((1 - confidence) / 2) / math.log1p(-rate))


@dataclass(frozen=True)
class Threshold:
    """Where to accept. ``pairs`` are at or above it; ``expected_wrong`` of them are by the model."""

    accept: float
    pairs: int
    expected_wrong: float
    rate: float

    @property
    def expected_rate(self) -> float:
        """The share of wrong links among the accepted that the model expects."""
        return self.expected_wrong / self.pairs if self.pairs else 0.0


def threshold_for(probability: Floats, *, rate: float = RATE, least: float = LEAST) -> Threshold:
    """The lowest probability to accept, for at most a stated rate of wrong links, by the model.

    :param probability: of the pairs that would be accepted but for their probability: the best
        candidate of each record, none that a field contradicts or a rival comes near.
    :param rate: the greatest share of wrong links among the accepted.
    :param least: no pair under this is accepted, however sure its company: an average must not
        hide a link that the model itself doubts.

    Where no pair may be accepted, ``accept`` is 1 and ``pairs`` is 0, or those of probability 1.
    """
    falling = np.sort(probability[probability >= least])[::-1]
    wrong = np.cumsum(1 - falling)
    # pairs of one probability are accepted together or not at all
    last = np.r_[falling[1:] != falling[:-1], True] if len(falling) else np.zeros(0, bool)
    fits = last & (wrong <= rate * np.arange(1, len(falling) + 1))
    if not fits.any():
        return Threshold(1.0, 0, 0.0, rate)
    place = int(np.flatnonzero(fits)[-1])
    return Threshold(float(falling[place]), place + 1, float(wrong[place]), rate)

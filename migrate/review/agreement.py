"""How far people agree with the linker and with each other: shares with exact intervals, and kappa."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from migrate.linkage.reliability import interval
from migrate.review.decisions import CHOOSE, CONFIRM, CORRECT, NEW_DEGREE

# of the probability that the linker gave the candidate that it ranked first
BANDS = (0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0)
# with fewer pairs, kappa says more of chance than of people
LEAST_PAIRS = 30


@dataclass(frozen=True)
class Share:
    """So many of so many, and the exact 95% interval of the share (Clopper and Pearson 1934)."""

    hits: int
    trials: int

    @property
    def share(self) -> float | None:
        """None where there was nothing to see."""
        return self.hits / self.trials if self.trials else None

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end; 0 and 1 where there was nothing to see."""
        return interval(self.hits, self.trials)

    def as_json(self) -> dict[str, Any]:
        """Plain values for a machine."""
        lower, upper = self.interval
        return {
            "hits": self.hits,
            "trials": self.trials,
            "share": self.share,
            "lower": lower,
            "upper": upper,
        }


@dataclass(frozen=True)
class Band:
    """Decided cases whose first candidate had a probability from ``low`` to ``high``.

    ``predicted`` is the mean of these probabilities: what the linker would have people agree to.
    """

    low: float
    high: float
    agreed: Share
    predicted: float


@dataclass(frozen=True)
class Twice:
    """Cases that two different people answered, each anew, on the same version.

    ``same`` counts pairs of one verdict and one degree. ``pairs`` are (earlier verdict, later verdict,
    count). A pair comes of a case that was opened again, returned or superseded, so these are the
    doubted cases: ``kappa`` tells of them, not of all.
    """

    same: Share
    pairs: tuple[tuple[str, str, int], ...]
    kappa: float | None


def agrees(outcome: str, verdict: str, of_first: bool) -> bool:
    """Whether an answer leaves standing what the linker held of the document.

    Of a mismatch and of rivals, that it is of the degree ranked first: a corrected value leaves the
    link right. Of a missing degree or person, that the registry lacks it: a refusal leaves that, as
    nothing was overlooked in the registry.

    :param of_first: whether the answer names the degree that the linker ranked first.
    """
    if outcome == "degree_missing":
        return verdict != CHOOSE
    if outcome == "person_missing":
        return verdict not in (CHOOSE, NEW_DEGREE)
    return verdict in (CONFIRM, CORRECT, CHOOSE) and of_first


def kappa(pairs: Mapping[tuple[str, str], int]) -> float | None:
    """Cohen's kappa of two answers to the same cases (Cohen 1960), None where it means nothing.

    That is with fewer than ``LEAST_PAIRS`` pairs, or where either gave all cases the same answer: that
    tells nothing of how the two see them.

    :param pairs: how often the one answered so and the other so.
    """
    total = sum(pairs.values())
    if total < LEAST_PAIRS:
        return None
    one: Counter[str] = Counter()
    other: Counter[str] = Counter()
    for (first, second), count in pairs.items():
        one[first] += count
        other[second] += count
    if len(one) < 2 or len(other) < 2:
        return None
    by_chance = sum(one[name] * other[name] for name in one) / total**2
    seen = sum(count for (first, second), count in pairs.items() if first == second) / total
    return (seen - by_chance) / (1 - by_chance)


def twice(counted: Iterable[tuple[str, str, bool, int]]) -> Twice:
    """Sum up pairs of answers by different people.

    :param counted: earlier verdict, later verdict, whether both name the same degree, count.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    same = 0
    for first, second, same_degree, count in counted:
        pairs[first, second] += count
        same += count if first == second and same_degree else 0
    listed = tuple((first, second, count) for (first, second), count in sorted(pairs.items()))
    return Twice(Share(same, pairs.total()), listed, kappa(pairs))


def bands(counted: Iterable[tuple[int, bool, int, float]]) -> tuple[Band, ...]:
    """Agreement by band, the bands that no case fell in left out.

    :param counted: number of the band in ``BANDS``, whether the answer agrees, count, and the sum of
        the probabilities of these cases.
    """
    agreed: Counter[int] = Counter()
    trials: Counter[int] = Counter()
    predicted: dict[int, float] = {}
    for band, agrees, count, probabilities in counted:
        trials[band] += count
        agreed[band] += count if agrees else 0
        predicted[band] = predicted.get(band, 0.0) + probabilities
    return tuple(
        Band(
            BANDS[band],
            BANDS[band + 1],
            Share(agreed[band], trials[band]),
            predicted[band] / trials[band],
        )
        for band in sorted(trials)
    )

"""Calibration: probabilities corrected by labels, bin by bin, never surer than labels can support.

Pool-adjacent-violators (Ayer et al. 1955; Zadrozny and Elkan 2002) over bins of log-odds, shrunk
towards the model's own probability: in each bin the model counts as ``PRIOR_LABELS`` labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from migrate.linkage.reliability import BOUNDS, interval

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
PRIOR_LABELS = 20.0
# log-odds of what float64 can tell from 0 and 1
_FARTHEST = 36.0


@dataclass(frozen=True)
class Calibration:
    """A correction of probabilities, non-decreasing.

    ``said`` and ``meant`` are log-odds (natural) of the model and of what they stand for, ascending,
    with straight lines between. A corrected probability is over ``ceiling``, or under ``floor``, only
    as far as the model's own was. ``labels`` is how many it was learned from.
    """

    said: tuple[float, ...]
    meant: tuple[float, ...]
    floor: float
    ceiling: float
    labels: int


def calibrate(
    probability: Floats, right: Flags, *, prior_labels: float = PRIOR_LABELS
) -> Calibration:
    """Learn a correction from labelled pairs.

    :param probability: what the model said of each labelled pair, before any calibration.
    :param right: whether a person called it a match; leave unsure ones out.
    :param prior_labels: how many labels the model counts as in each bin of BOUNDS. Few labels
        change little; where no label speaks against it nothing changes.

    Pairs may have been drawn by strata of BOUNDS, however unevenly. ``ceiling`` is one less the
    upper end of the exact 95% interval of wrong links among pairs of 0.5 or more: 400 labels
    without a wrong one make no probability greater than 0.99 greater still.
    """
    place = np.clip(np.searchsorted(BOUNDS, probability, side="right") - 1, 0, len(BOUNDS) - 2)
    bins = len(BOUNDS) - 1
    labels = np.bincount(place, minlength=bins).astype(np.float64)
    # both tails are kept, as 1 less a probability close to 1 loses its digits
    hits = np.bincount(place, weights=right, minlength=bins)
    yes, no = _middles()
    seen = labels > 0
    yes[seen] = np.bincount(place, weights=probability, minlength=bins)[seen] / labels[seen]
    no[seen] = np.bincount(place, weights=1 - probability, minlength=bins)[seen] / labels[seen]
    said = _log_odds(yes, no)
    weight = labels + prior_labels
    yes_pooled = _pooled((hits + prior_labels * yes) / weight, weight, rising=True)
    no_pooled = _pooled((labels - hits + prior_labels * no) / weight, weight, rising=False)
    meant = np.maximum.accumulate(_log_odds(yes_pooled, no_pooled))
    sure = probability >= 0.5
    _, wrong = interval(int((~right[sure]).sum()), int(sure.sum()))
    _, found = interval(int(right[~sure].sum()), int((~sure).sum()))
    return Calibration(
        tuple(said.tolist()),
        tuple(meant.tolist()),
        # towards 0.5 is less sure, and needs no support
        min(found, 0.5),
        max(1.0 - wrong, 0.5),
        len(probability),
    )


def calibrated(probability: Floats, calibration: Calibration | None) -> Floats:
    """The corrected probability of each pair, in the same order of size; as given without one.

    Outside the outermost bins' means a probability stays as it is, unless labels there say that the
    model is surer than it may be: then all of them are as sure as those labels.
    """
    if calibration is None:
        return probability
    said, meant = np.array(calibration.said), np.array(calibration.meant)
    given = _log_odds(probability, 1 - probability)
    moved = np.interp(given, said, meant)
    over = np.minimum(given, meant[-1]) if meant[-1] < said[-1] else np.maximum(given, meant[-1])
    under = np.maximum(given, meant[0]) if meant[0] > said[0] else np.minimum(given, meant[0])
    moved = np.where(given > said[-1], over, np.where(given < said[0], under, moved))
    # where nothing moves, the very same number comes back
    result = np.where(moved == given, probability, 1 / (1 + np.exp(-moved)))
    result = np.minimum(result, np.maximum(probability, calibration.ceiling))
    return np.asarray(np.maximum(result, np.minimum(probability, calibration.floor)))


def _middles() -> tuple[Floats, Floats]:
    """A probability that stands for each bin without labels, and one less it: middles of log-odds."""
    bounds = np.array(BOUNDS)
    ends = _log_odds(bounds, 1 - bounds)
    # the outermost bins have no end: a step of log-odds beyond their only bound
    step = np.log(10.0)
    ends[0], ends[-1] = ends[1] - step, ends[-2] + step
    middle = (ends[:-1] + ends[1:]) / 2
    return 1 / (1 + np.exp(-middle)), 1 / (1 + np.exp(middle))


def _log_odds(yes: Floats, no: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        odds = np.log(yes) - np.log(no)
    return np.asarray(np.clip(odds, -_FARTHEST, _FARTHEST), dtype=np.float64)


def _pooled(values: Floats, weights: Floats, *, rising: bool) -> Floats:
    """The nearest monotone sequence by weighted least squares: pool adjacent violators."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        blocks.append((value, weight, 1))
        while len(blocks) > 1 and (blocks[-2][0] > blocks[-1][0]) == rising:
            if blocks[-2][0] == blocks[-1][0]:
                break
            (first, heavy, many), (second, light, more) = blocks[-2], blocks[-1]
            total = heavy + light
            blocks[-2:] = [((first * heavy + second * light) / total, total, many + more)]
    return np.concatenate([np.full(size, value) for value, _, size in blocks])

"""What a clerical sample shows of the wrong links among the accepted, and what it cannot show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from migrate.linkage.clerical import Judged, Stratum, tally
from migrate.linkage.reliability import RATE, at_least, interval, looks_to_show

# under this chance the labels are more than bad luck for the model's probabilities
SURPRISING = 0.01


@dataclass(frozen=True)
class StratumVerdict:
    """One stratum as it was labelled; ``lower`` and ``upper`` bound its rate of wrong links.

    ``expected_wrong`` is what the model's probabilities expect among those looked at.
    """

    low: float
    high: float
    population: int
    looked: int
    wrong: int
    unsure: int
    expected_wrong: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Verdict:
    """The rate of wrong links among ``population``, from those looked at.

    ``wrong_rate`` is the estimate, each stratum by its size, unsure labels left out; None where a
    stratum has no decision. ``lower`` and ``upper`` are its interval: an unsure label is right in
    the one and wrong in the other. ``surprise`` is the chance of so many wrong labels or more were the
    model's probabilities true. ``to_look`` is how many must be looked at, none wrong, to show ``rate``.
    """

    rate: float
    confidence: float
    strata: tuple[StratumVerdict, ...]
    population: int
    looked: int
    wrong: int
    unsure: int
    expected_wrong: float
    wrong_rate: float | None
    lower: float
    upper: float
    surprise: float
    to_look: int

    @property
    def answer(self) -> str:
        """``shown``: the rate holds; ``refuted``: it does not; ``open``: the sample cannot tell."""
        if self.upper <= self.rate:
            return "shown"
        return "refuted" if self.lower > self.rate else "open"

    @property
    def model_doubted(self) -> bool:
        """Whether the labels contradict the model's probabilities, however few there are."""
        return self.surprise < SURPRISING

    def frame(self) -> pd.DataFrame:
        """One row a stratum."""
        return pd.DataFrame(
            [asdict(entry) for entry in self.strata],
            columns=list(StratumVerdict.__dataclass_fields__),
        )

    def text(self) -> str:
        """The verdict in words, for a terminal or a page."""
        stated = f"1 in {round(1 / self.rate):,}"
        estimate = "unknown" if self.wrong_rate is None else f"{self.wrong_rate:.4%}"
        lines = [
            f"{self.looked:,} of {self.population:,} accepted links were looked at: "
            f"{self.wrong} wrong, {self.unsure} unsure.",
            f"Wrong among all accepted: {estimate}; between {self.lower:.4%} and "
            f"{self.upper:.4%} with {self.confidence:.0%} confidence.",
            {
                "shown": f"This shows that at most {stated} is wrong.",
                "refuted": f"This shows that more than {stated} are wrong: do not issue codes.",
                "open": f"This can neither show nor refute {stated}. To show it, "
                f"{self.to_look:,} must be looked at, none wrong.",
            }[self.answer],
            f"The model expects {self.expected_wrong:.3g} wrong among those looked at"
            + (
                f"; so many as were found have a chance of {self.surprise:.2g}. Its probabilities "
                "do not mean what they say: look at the wrong ones again, then calibrate."
                if self.model_doubted
                else ": the labels do not speak against its probabilities."
            ),
        ]
        return "\n".join(lines)


def verdict(
    strata: Sequence[Stratum],
    judged: Sequence[Judged],
    *,
    rate: float = RATE,
    confidence: float = 0.95,
    accepted: bool = True,
) -> Verdict:
    """What the labels of a sample say of a stated rate of wrong links.

    :param strata: of the sample, as ``read_sample`` gives them.
    :param judged: its labelled lines, from it too.
    :param rate: the stated rate of wrong links among the accepted.
    :param confidence: of the interval. Each of H strata gets 1 − (1 − confidence) / H, so that all
        of them hold at once with ``confidence`` at least (Bonferroni).
    :param accepted: of the accepted links; with False of the near misses, where "wrong" are those
        rightly not accepted and one less ``wrong_rate`` is the share of right links lost.
    """
    of = [stratum for stratum in strata if stratum.accepted == accepted]
    population = sum(stratum.population for stratum in of)
    found = [_stratum(stratum, judged, 1 - (1 - confidence) / len(of)) for stratum in of]
    wrong = sum(entry.wrong for entry in found)
    looked = sum(entry.looked for entry in found)
    expected = sum(entry.expected_wrong for entry in found)
    decided = bool(found) and all(entry.looked > entry.unsure for entry in found)
    return Verdict(
        rate=rate,
        confidence=confidence,
        strata=tuple(found),
        population=population,
        looked=looked,
        wrong=wrong,
        unsure=sum(entry.unsure for entry in found),
        expected_wrong=expected,
        wrong_rate=sum(
            entry.population * entry.wrong / (entry.looked - entry.unsure) for entry in found
        )
        / population
        if decided
        else None,
        lower=sum(entry.population * entry.lower for entry in found) / max(population, 1),
        upper=sum(entry.population * entry.upper for entry in found) / population
        if population
        else 1.0,
        surprise=at_least(wrong, looked, min(expected / looked, 1.0)) if looked else 1.0,
        to_look=min(looks_to_show(rate, confidence), population),
    )


def _stratum(stratum: Stratum, judged: Sequence[Judged], confidence: float) -> StratumVerdict:
    match, wrong, unsure = tally(judged, stratum)
    looked = match + wrong + unsure
    lower, _ = interval(wrong, looked, confidence)
    _, upper = interval(wrong + unsure, looked, confidence)
    # what was looked at is known, whatever the rest is: a whole stratum has no interval
    return StratumVerdict(
        stratum.low,
        stratum.high,
        stratum.population,
        looked,
        wrong,
        unsure,
        sum(1 - entry.probability for entry in judged if entry.stratum == stratum),
        max(lower, wrong / stratum.population),
        min(upper, 1 - match / stratum.population),
    )

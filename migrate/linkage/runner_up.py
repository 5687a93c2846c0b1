"""Why not the runner-up: two candidates of one record side by side, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migrate.linkage.evidence import pairs_of
from migrate.linkage.explanation import Explanation, isolated
from migrate.linkage.link import Linkage

# two probabilities of 0 differ by nothing that can be told
_LEAST = 1e-300
_MOST_BITS = 999.0
# a smaller difference rounds to nothing
_SHOWN = 0.005


def candidates_of(linkage: Linkage, record: int) -> list[int]:
    """The right rows of a record's candidates: the best, then the others, the likeliest first.

    The best is the likeliest item of the likeliest entity: an item is asked after only once its
    entity is. Among equals the heavier goes first, then the first in the order of keys.
    """
    pairs = pairs_of(linkage, record)
    if not len(pairs):
        return []
    found = linkage.shares
    entity, item = found.entity_share[pairs], found.item_share[pairs]
    weight, rows = found.entity_weight[pairs] + found.item_weight[pairs], linkage.right[pairs]
    best = int(np.lexsort((pairs, -found.item_weight[pairs], -item, -entity))[0])
    order = np.lexsort((pairs, -weight, -(entity * item)))
    return [int(rows[best]), *(int(rows[place]) for place in order if place != best)]


@dataclass(frozen=True)
class WhyNot:
    """Two pairs of one record. ``margin`` is bits between their probabilities, at most 999.

    ``same_entity`` where the two are items of one entity: then nothing of the first group can tell
    them apart.
    """

    best: Explanation
    other: Explanation
    margin: float
    same_entity: bool

    def table(self) -> pd.DataFrame:
        """One row a field: the record's value, both candidates' values, levels and bits, difference.

        Joint agreement stands after its group's fields. The differences of a group's rows sum to the
        difference of its weights.
        """
        columns = ["group", "field", "record", "best", "runner-up", "level of best"]
        columns += ["level of runner-up", "bits of best", "bits of runner-up"]
        found = pd.DataFrame(self._rows(), columns=columns)
        return found.assign(difference=found["bits of best"] - found["bits of runner-up"])

    def _rows(self) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        for one, two in zip(self.best.questions, self.other.questions, strict=True):
            for a, b in zip(
                self.best.of_group(one.group), self.other.of_group(one.group), strict=True
            ):
                rows.append(
                    (a.group, a.field, a.left, a.right, b.right, a.level, b.level, a.bits, b.bits)
                )
            if one.together or two.together:
                blank = (None, None, None, "", "")
                rows.append((one.group, "together", *blank, one.together, two.together))
        return rows

    def text(self) -> str:
        """The fields that tell the two apart, and the margin, as lines of text."""
        lines = ["Why not the runner-up:"]
        for group, name, *values, one, two, first, second in self._rows():
            if abs(first - second) < _SHOWN:
                continue
            said = f"{one} against {two}" if one else f"fields of the {group} that move together"
            lines.append(f"  {first - second:+8.2f}  {name}: {said}")
            if one:
                lines.append("            " + " | ".join(isolated(value) for value in values))
        if len(lines) == 1:
            lines.append("  no field tells the two apart")
        if self.same_entity:
            group = self.best.questions[0].group
            lines.append(f"Both are of one {group}: only the nested fields can tell them apart.")
        lines.append(
            f"margin {self.margin:+.2f} bits: probability {self.best.probability:.8f} against "
            f"{self.other.probability:.8f}"
        )
        return "\n".join(lines) + "\n"


def why_not(best: Explanation, other: Explanation) -> WhyNot:
    """Set two explained pairs of one record against each other. Raises ValueError: two records."""
    if best.left != other.left:
        raise ValueError("a runner-up is of the same record")
    bits = np.log2(max(best.probability, _LEAST)) - np.log2(max(other.probability, _LEAST))
    margin = float(np.clip(bits, -_MOST_BITS, _MOST_BITS))
    rivals = {rival.row for rival in best.questions[-1].competitors}
    nested = len(best.questions) == 2
    return WhyNot(best, other, margin, nested and other.right in rivals)

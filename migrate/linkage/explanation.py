"""An explanation of a pair, and its forms: a table for a program, text for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from migrate.linkage.competition import Question

COLUMNS = (
    "group",
    "field",
    "left",
    "right",
    "level",
    "meaning",
    "m",
    "u",
    "level (bits)",
    "term (bits)",
    "bits",
)
# competitors of less than this share are not worth a line
_WORTH_A_LINE = 1e-9
# what eight decimals no longer show
_SMALL = 1e-6


@dataclass(frozen=True)
class FieldEvidence:
    """What one field says of a pair.

    ``left`` and ``right`` are the values compared, ``left_raw`` and ``right_raw`` those as read (None
    where there is none). ``m`` and ``u`` are the level's probabilities, None where nothing could be
    compared. ``weight`` is log2(m / u); ``term`` what the value's rarity adds; both in bits.
    """

    field: str
    group: str
    left: str | None
    right: str | None
    left_raw: str | None
    right_raw: str | None
    level: str
    meaning: str
    m: float | None
    u: float | None
    weight: float
    term: float
    contradicts: bool

    @property
    def bits(self) -> float:
        """The field's whole weight."""
        return self.weight + self.term


@dataclass(frozen=True)
class Explanation:
    """A pair explained. ``left`` and ``right`` are rows of the tables; ``candidate`` whether blocking
    had proposed it, and where not, all is as if it had.

    ``questions`` say how the pair stands in each group: its prior, its competitors, its share.
    ``probability`` is the product of the shares; ``alone`` the first share without what the nested
    group says.
    """

    left: int
    right: int
    candidate: bool
    fields: tuple[FieldEvidence, ...]
    questions: tuple[Question, ...]
    alone: float
    probability: float

    @property
    def contradicts(self) -> tuple[str, ...]:
        """The fields that speak against the pair."""
        return tuple(entry.field for entry in self.fields if entry.contradicts)

    def of_group(self, group: str) -> tuple[FieldEvidence, ...]:
        """The fields that answer one question, in the model's order."""
        return tuple(entry for entry in self.fields if entry.group == group)

    def as_read(
        self, left: Mapping[str, str | None], right: Mapping[str, str | None]
    ) -> Explanation:
        """The same with the values as read, by the names of their fields; blank is none."""
        fields = [
            replace(
                entry,
                left_raw=_or_none(left.get(entry.field)),
                right_raw=_or_none(right.get(entry.field)),
            )
            for entry in self.fields
        ]
        return replace(self, fields=tuple(fields))

    def table(self) -> pd.DataFrame:
        """One row a field, in the model's order, then the joint agreement of each group that has any.

        Columns: COLUMNS, and ``left as read``, ``right as read`` where raw values were given. The bits
        of a group's rows sum to its weight.
        """
        rows = []
        for question in self.questions:
            rows += [_row(entry) for entry in self.of_group(question.group)]
            if question.together:
                rows.append(_joint_row(question))
        columns = [*COLUMNS[:4], "left as read", "right as read", *COLUMNS[4:]]
        found = pd.DataFrame(rows, columns=columns)
        read = found[["left as read", "right as read"]]
        return found if read.notna().any(axis=None) else found.drop(columns=read.columns)

    def competitors(self) -> pd.DataFrame:
        """One row a competitor of each question, the likeliest first: group, kind, name, bits, share."""
        return pd.DataFrame(
            [
                (question.group, other.kind, other.name, other.row, other.bits, other.share)
                for question in self.questions
                for other in question.competitors
            ],
            columns=["group", "kind", "name", "row", "bits", "share"],
        ).astype({"row": "Int64"})

    def text(self) -> str:
        """The whole of it as lines of text; values stand last, so that any script lines up."""
        lines = []
        if not self.candidate:
            lines += ["No candidate: no blocking rule proposed this pair. As if one had:", ""]
        for question in self.questions:
            nested = self.questions[-1].group
            lines += [*_question_lines(question, self.of_group(question.group), nested), ""]
        said = " × ".join(f"{question.share:.8f}" for question in self.questions)
        lines.append(
            f"probability {self.probability:.8f}"
            + (f" = {said}" if len(self.questions) > 1 else "")
        )
        if len(self.questions) > 1:
            first, second = (question.group for question in self.questions)
            lines.append(f"the {first} by itself, without what the {second} says: {self.alone:.8f}")
        against = ", ".join(self.contradicts)
        lines.append(f"speaks against it: {against}" if against else "no field speaks against it")
        return "\n".join(lines) + "\n"


def _or_none(value: str | None) -> str | None:
    return value if value is not None and value.strip() else None


def _row(entry: FieldEvidence) -> tuple[object, ...]:
    return (
        entry.group,
        entry.field,
        entry.left,
        entry.right,
        entry.left_raw,
        entry.right_raw,
        entry.level,
        entry.meaning,
        entry.m,
        entry.u,
        entry.weight,
        entry.term,
        entry.bits,
    )


def _joint_row(question: Question) -> tuple[object, ...]:
    said = "fields that do not agree by chance apart, agree or differ together"
    nothing = (None,) * 4
    bits = question.together
    return (question.group, "together", *nothing, "", said, None, None, bits, 0.0, bits)


def _question_lines(
    question: Question, fields: tuple[FieldEvidence, ...], nested: str
) -> list[str]:
    prior, weight = question.prior, question.weight
    lines = [f"{question.group}: {prior:+.2f} bits before, {weight:+.2f} of evidence"]
    lines[0] += f", {question.spoken:+.2f} of what the {nested} says" if question.spoken else ""
    for entry in fields:
        lines.append(f"  {entry.bits:+8.2f}  {entry.field}: {entry.level}{_numbers(entry)}")
        lines.append(f"            {entry.meaning}")
        lines.append(f"            {_beside(entry.left, entry.right)}")
        if (entry.left_raw, entry.right_raw) not in ((None, None), (entry.left, entry.right)):
            lines.append(f"            as read {_beside(entry.left_raw, entry.right_raw)}")
    if question.together:
        lines.append(f"  {question.together:+8.2f}  together: fields that move together")
    lines.append(f"  share {question.share:.8f}, against")
    for other in question.competitors:
        if other.share >= _WORTH_A_LINE or other is question.competitors[0]:
            share = f"{other.share:.8f}" if other.share >= _SMALL else f"{other.share:<10.1e}"
            lines.append(f"    {share}  {other.name}")
    return lines


def _numbers(entry: FieldEvidence) -> str:
    if entry.m is None or entry.u is None:
        return ""
    term = f", rarity {entry.term:+.2f}" if entry.term else ""
    return f" (m {entry.m:.4g}, u {entry.u:.4g}: {entry.weight:+.2f}{term})"


def _beside(left: str | None, right: str | None) -> str:
    return f"{isolated(left)} | {isolated(right)}"


def isolated(value: str | None) -> str:
    """A value for a line of text: kept apart from its neighbours where it is written from the right."""
    if value is None:
        return "–"
    rightward = any("\u0590" <= letter <= "\u08ff" for letter in value)
    return f"\u2068{value}\u2069" if rightward else value

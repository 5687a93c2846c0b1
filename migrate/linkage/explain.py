"""Why a pair has its weight and its probability: field by field, value beside value, bit by bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from migrate.linkage.compare import MISSING_CODE, UNCOMPARABLE_CODE
from migrate.linkage.competition import Question, alone, questions
from migrate.linkage.evidence import Contest, contest, pairs_of
from migrate.linkage.explanation import Explanation, FieldEvidence
from migrate.linkage.link import Linkage
from migrate.linkage.meaning import level_name, meaning
from migrate.linkage.model import FieldComparison


def explain(
    linkage: Linkage,
    left: pa.Table,
    right: pa.Table,
    pair: tuple[int, int],
    *,
    raw: str | None = None,
    names: str | None = None,
) -> Explanation:
    """Explain the pair of row ``pair[0]`` of ``left`` and row ``pair[1]`` of ``right``.

    ``left`` and ``right`` are the tables that ``linkage`` was made of. ``raw`` is the prefix of the
    columns that hold values as read, such as ``raw_`` before the field's name; ``names`` the column
    of ``right`` that rivals are named by. The pair need not be a candidate; of a table linked to
    itself it may stand in either order. Raises RunError where a row is not in its table.
    """
    if left is right and not _stands(linkage, pair) and _stands(linkage, pair[::-1]):
        pair = pair[::-1]
    rivals = contest(linkage, left, right, *pair)
    place = rivals.place(pair[1])
    stands = questions(linkage, rivals, place)
    probability = float(np.prod([question.share for question in stands]))
    return Explanation(
        left=pair[0],
        right=pair[1],
        candidate=bool(rivals.pairs[place] >= 0),
        fields=tuple(
            _field(linkage, left, right, rivals, place, position, raw)
            for position in range(len(linkage.model.fields))
        ),
        questions=tuple(_named(question, right, names) for question in stands),
        alone=alone(linkage, rivals, place),
        probability=probability,
    )


def _stands(linkage: Linkage, pair: tuple[int, int]) -> bool:
    return bool((linkage.right[pairs_of(linkage, pair[0])] == pair[1]).any())


def _named(question: Question, right: pa.Table, names: str | None) -> Question:
    """The question with each rival called by its own name."""
    if names is None:
        return question
    named = tuple(
        other
        if other.row is None
        else replace(other, name=f"{other.name}, {text_at(right, other.row, names)}")
        for other in question.competitors
    )
    return replace(question, competitors=named)


def _field(
    linkage: Linkage,
    left: pa.Table,
    right: pa.Table,
    rivals: Contest,
    place: int,
    position: int,
    raw: str | None,
) -> FieldEvidence:
    field: FieldComparison = linkage.model.fields[position]
    code = int(rivals.levels[position, place])
    compared = code not in (MISSING_CODE, UNCOMPARABLE_CODE)
    weight = float(linkage.learned.weights(field.name)[code])
    row, mate = rivals.record, int(rivals.right[place])
    return FieldEvidence(
        field=field.name,
        group=field.group,
        left=text_at(left, row, field.value),
        right=text_at(right, mate, field.value),
        left_raw=None if raw is None else text_at(left, row, raw + field.name),
        right_raw=None if raw is None else text_at(right, mate, raw + field.name),
        level=level_name(field, code),
        meaning=meaning(field, code),
        m=float(linkage.learned.m[field.name][code]) if compared else None,
        u=float(linkage.learned.u[field.name][code]) if compared else None,
        weight=weight,
        term=float(rivals.bits[position, place]) - weight,
        contradicts=compared and field.levels[code].contradicts,
    )


def text_at(table: pa.Table, row: int, column: str) -> str | None:
    """One value as text, None where there is none, or it is blank, or there is no such column."""
    if column not in table.column_names:
        return None
    value = table.column(column)[row].as_py()
    return None if value is None or not str(value).strip() else str(value)

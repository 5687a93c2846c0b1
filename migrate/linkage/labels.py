"""Labelled decisions: pairs that a person called a match or none, read from CSV, held in learning.

Learning with some labels is EM with their responsibilities known (Nigam et al. 2000; Larsen and
Rubin 2001): a labelled pair enters the M-step as 1 or 0, all others as the E-step finds them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from migrate.errors import InputError
from migrate.linkage.artefact import read_table

if TYPE_CHECKING:
    from migrate.linkage.estimate import Compared, Shares

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Rows = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]
Ids: TypeAlias = "pa.ChunkedArray[Any]"

MATCH, NO_MATCH, UNSURE = "match", "no match", "unsure"
LABELS = (MATCH, NO_MATCH, UNSURE)
COLUMNS = ("left_id", "right_id", "label", "who", "when", "note")


@dataclass(frozen=True)
class Label:
    """What one person said of one pair. ``row`` is its line in the file, the heading being row 1."""

    left_id: str
    right_id: str
    label: str
    who: str = ""
    when: str = ""
    note: str = ""
    row: int = 0


@dataclass(frozen=True)
class Labelled:
    """Labels found among candidates: ``pairs`` (indices, ascending), ``match`` one flag a pair.

    ``absent`` are labels of pairs that are no candidates, ``unsure`` those that say nothing: neither
    takes part in learning. A labelled record counts in learning as ``weight`` records do. 1 is right
    where pairs were drawn by what the model saw of them, as a clerical sample is: what is not
    labelled is then missing at random. More trusts the labels above the rest.
    """

    pairs: Indices
    match: Flags
    absent: tuple[Label, ...] = ()
    unsure: tuple[Label, ...] = ()
    weight: float = 1.0

    def within(self, kept: Flags) -> Labelled:
        """The same among those candidates that are ``kept``, numbered as they then are."""
        numbers = np.cumsum(kept) - 1
        here = kept[self.pairs]
        return replace(self, pairs=numbers[self.pairs[here]], match=self.match[here])


def read_labels(path: Path) -> tuple[Label, ...]:
    """Read labels from a CSV with the columns ``COLUMNS``, in any order, among any others.

    A line with an empty ``label`` is not labelled yet and is passed over. A pair labelled twice
    alike counts once; `unsure` gives way to a decision. Raises InputError naming the row where a
    label is no label or an id is empty, and both rows where two labels contradict each other.
    """
    found: dict[tuple[str, str], Label] = {}
    for number, line in read_table(path, COLUMNS[:3]):
        word = " ".join(line["label"].replace("_", " ").lower().split())
        if not word:
            continue
        if word not in LABELS:
            raise InputError(
                "this is not a label",
                file=path,
                row=number,
                column="label",
                found=line["label"],
                fix=f"Write {', '.join(LABELS)}, or leave the cell empty",
            )
        for column in ("left_id", "right_id"):
            if not line[column]:
                raise InputError("a label of no pair", file=path, row=number, column=column)
        rest = {name: line.get(name, "") for name in COLUMNS[3:]}
        label = Label(line["left_id"], line["right_id"], word, **rest, row=number)
        key = (label.left_id, label.right_id)
        before = found.setdefault(key, label)
        if before.label == UNSURE:
            found[key] = label
        elif UNSURE not in (before.label, label.label) and before.label != label.label:
            raise InputError(
                f"rows {before.row} and {number} contradict each other: one pair is "
                f"{before.label} and {label.label}",
                file=path,
                row=number,
                found=f"{label.left_id}, {label.right_id}",
                fix="Keep the one that holds",
            )
    return tuple(found.values())


def joined(labels: Iterable[Label], more: Iterable[Label]) -> list[Label]:
    """Labels of two sources as one: a pair that both have counts once, `unsure` gives way.

    Raises InputError where one calls a match what the other calls none.
    """
    found: dict[tuple[str, str], Label] = {}
    for label in (*labels, *more):
        key = (label.left_id, label.right_id)
        before = found.setdefault(key, label)
        if before.label == UNSURE:
            found[key] = label
        elif UNSURE not in (before.label, label.label) and before.label != label.label:
            raise InputError(
                f"two people contradict each other: {before.who or 'one'} says {before.label}, "
                f"{label.who or 'another'} says {label.label}",
                row=before.row or None,
                found=f"{label.left_id}, {label.right_id}",
                fix="Settle it with both, and keep the one that holds",
            )
    return list(found.values())


def labelled(
    labels: Iterable[Label],
    left_ids: Ids,
    right_ids: Ids,
    left: Rows,
    right: Rows,
    *,
    same: bool = False,
) -> Labelled:
    """Find labels among candidates.

    ``left_ids`` and ``right_ids`` are the two tables' id columns (string); ``left`` and ``right``
    the candidates' row numbers in them, as in a ``Linkage``. With ``same`` both are one table, and a
    pair may be labelled either way round. Raises InputError where an id that is labelled stands in
    two rows of its table.
    """
    labels = list(labels)
    row_of_left = _rows(left_ids, {label.left_id for label in labels}, "left_id")
    row_of_right = _rows(right_ids, {label.right_id for label in labels}, "right_id")
    # of millions of candidates few are of labelled rows: only those are looked up
    near = np.isin(left, list(row_of_left.values())) & np.isin(right, list(row_of_right.values()))
    places = np.flatnonzero(near)
    if same:
        turned = np.isin(left, list(row_of_right.values()))
        turned &= np.isin(right, list(row_of_left.values()))
        places = np.flatnonzero(near | turned)
    rows = zip(left[places].tolist(), right[places].tolist(), strict=True)
    candidates = dict(zip(rows, places.tolist(), strict=True))
    found: dict[int, bool] = {}
    absent, unsure = [], []
    for label in labels:
        one, other = row_of_left.get(label.left_id), row_of_right.get(label.right_id)
        place = candidates.get((one, other))
        if place is None and same:
            place = candidates.get((other, one))
        if label.label == UNSURE:
            unsure.append(label)
        elif place is None:
            absent.append(label)
        elif found.setdefault(place, label.label == MATCH) != (label.label == MATCH):
            raise InputError(
                "a pair is labelled one way round a match and the other way none",
                row=label.row or None,
                found=f"{label.left_id}, {label.right_id}",
            )
    pairs = sorted(found)
    return Labelled(
        np.array(pairs, dtype=np.int64),
        np.array([found[pair] for pair in pairs], dtype=bool),
        tuple(absent),
        tuple(unsure),
    )


def _rows(ids: Ids, wanted: set[str], column: str) -> dict[str | None, int]:
    """The row number of each wanted id."""
    among = pc.is_in(ids, value_set=pa.array(sorted(wanted), pa.string()))
    hits = np.flatnonzero(among.to_numpy(zero_copy_only=False))
    found: list[Any] = ids.take(pa.array(hits)).to_pylist()
    rows: dict[str | None, int] = {}
    for row, name in zip(hits.tolist(), found, strict=True):
        if name in rows:
            raise InputError(
                "an id that is labelled stands in two rows of its table", column=column, found=name
            )
        rows[name] = row
    return rows


def hold(
    entity_share: Floats,
    item_share: Floats,
    record: Rows,
    entity: Rows,
    known: Labelled,
    *,
    matches: bool = True,
) -> tuple[Floats, Floats]:
    """The shares of candidates given what is known of some of them: new arrays, one a pair.

    A match gives its record's whole share to its entity and item. A refused pair gets 0, and what
    it had goes to the record's other possibilities in proportion, by Bayes: the entity's other
    items, other entities, and nobody. Records without labels stay as they are. ``record`` and
    ``entity`` number each pair's record and entity, sorted by record. With ``matches`` False only
    refusals are held. Raises InputError where a record has two matches.
    """
    entities, items = entity_share.copy(), item_share.copy()
    for begin, end, pairs, match in _of_records(record, known):
        own = entity[begin:end]
        for pair in pairs[~match]:
            here = own == entity[pair]
            held, share = entities[pair], items[pair]
            left_over, rest = 1.0 - held * share, 1.0 - share
            # nothing else is possible for a pair that was certain: nobody gets its share
            scale = 1.0 / left_over if left_over > 1e-12 else 0.0
            entities[begin:end][~here] *= scale
            entities[begin:end][here] = held * rest * scale
            items[begin:end][here] *= 1.0 / rest if rest > 1e-12 else 0.0
            items[pair] = 0.0
        if matches and match.any():
            if match.sum() > 1:
                raise InputError("a record is labelled a match of two", row=int(record[begin]) + 1)
            pair = pairs[match][0]
            here = own == entity[pair]
            entities[begin:end] = here
            items[begin:end][here] = 0.0
            items[pair] = 1.0
    return np.minimum(entities, 1.0), np.minimum(items, 1.0)


def _of_records(record: Rows, known: Labelled) -> Iterable[tuple[int, int, Indices, Flags]]:
    """Each labelled record's run of pairs, its labelled pairs, and their labels."""
    of_pair = record[known.pairs]
    for number in np.unique(of_pair):
        begin, end = np.searchsorted(record, (number, number + 1))
        here = of_pair == number
        yield int(begin), int(end), known.pairs[here], known.match[here]


def emphasis(record: Rows, known: Labelled) -> Floats:
    """How much each pair counts in the M-step: the labels' weight where its record has one, else 1."""
    return np.where(np.isin(record, record[known.pairs]), known.weight, 1.0)


def held(found: Shares, compared: Compared, known: Labelled, *, matches: bool = True) -> Shares:
    """Shares with what people said of some pairs in place of what the model says, see :func:`hold`.

    With ``matches`` False only what they refused is held, and a label alone makes no link certain.
    """
    now = found.entity_share, found.item_share
    entity, item = hold(*now, compared.record, compared.entity, known, matches=matches)
    return replace(found, entity_share=entity, item_share=item)

"""What two legacy records say against each other, and how far that keeps them off one degree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from migrate.linkage.compare import compare_rows
from migrate.linkage.link import Linkage

Indices = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """Pairs of legacy records compared. ``levels`` and ``against`` have shape (fields, pairs).

    ``against`` marks the fields in which the two contradict; ``fields`` names them, one a pair.
    """

    levels: npt.NDArray[np.int8]
    against: npt.NDArray[np.bool_]
    fields: list[tuple[str, ...]]


def compare_records(linkage: Linkage, left: pa.Table, one: Indices, other: Indices) -> Agreement:
    """Compare record ``one[i]`` with record ``other[i]``, both row numbers of ``left``."""
    model = linkage.model
    if not len(one):
        shape = (len(model.fields), 0)
        return Agreement(np.empty(shape, dtype=np.int8), np.empty(shape, dtype=bool), [])
    involved, places = np.unique(np.r_[one, other], return_inverse=True)
    # what a source's cells said before they were read is not compared
    read = left.select([name for name in left.column_names if not name.startswith("raw_")])
    rows = read.take(pa.array(involved))
    first, second = places[: len(one)], places[len(one) :]
    levels = compare_rows(rows, rows, model, first, second)
    kinds = np.array(rows.column("document_type").to_pylist(), dtype=object)
    # a certificate and a diploma of one degree are two documents with two numbers
    two_documents = kinds[first] != kinds[second]
    against = np.zeros(levels.shape, dtype=bool)
    for position, field in enumerate(model.fields):
        speaks = np.array([*(level.contradicts for level in field.levels), False, False])
        against[position] = speaks[levels[position]]
        if field.name == "diploma_no":
            against[position] &= ~two_documents
    bits = (against.T.astype(np.int64) << np.arange(len(model.fields))).sum(axis=1)
    names = {
        mask: tuple(field.name for place, field in enumerate(model.fields) if mask >> place & 1)
        for mask in np.unique(bits).tolist()
    }
    return Agreement(levels, against, [names[mask] for mask in bits.tolist()])


def apart(linkage: Linkage, found: Agreement, on: Indices, instead: Indices) -> Floats:
    """Bits that two records' contradictions speak against one degree for both, for another of one.

    ``on[i]`` is the pair of the first record with the degree that they would share, ``instead[i]``
    its pair with the other degree. Only those fields speak that would differ between the two
    degrees: of the degree, and, where the persons are two, of the person unless kin or a namesake
    shares them. A typing error in either record contradicts, so a bit less is counted for each. What
    the two agree on and the registry does not tell speaks for one degree, and is taken off.
    """
    model, compared = linkage.model, linkage.compared
    first, last = model.groups[0], model.groups[-1].name
    shared = {name for kin in first.confounders for name in (*kin.shares, *kin.differs)}
    two_persons = compared.entity[on] != compared.entity[instead]
    bits = np.zeros(len(on))
    for position, field in enumerate(model.fields):
        levels, against = found.levels[position], found.against[position]
        weight = linkage.learned.weights(field.name)[levels]
        of_person = field.group != last
        speaks = against & two_persons if of_person else against
        if of_person and field.name in shared:
            speaks = np.zeros_like(against)
        bits += np.where(speaks, np.maximum(-weight - 1, 0), 0)
        silent = ~against & (compared.levels[position][on] < 0)
        bits -= np.where(silent, np.maximum(weight, 0), 0)
    return bits

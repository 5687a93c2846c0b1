"""One change, or one new degree, made in a registry's table, or refused in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, update

from migrate.diplomas.schema import REGISTRY
from migrate.review.proposals import CHANGE, DEGREE
from migrate.review.registry_values import (
    IDENTITY,
    REQUIRED,
    canonical,
    changes,
    is_same,
    still_holds,
)
from migrate.store.columns import KEY, RefusedError, value_of
from migrate.store.grounds import APPLIED
from migrate.store.proposals import APPLYING, ProposalEvent, Proposed
from migrate.store.registry_table import PERSON, RegistryTable, hold_new_rows, texts

# what tells one degree of a person from another
_DEGREE = ("university", "field_of_study", "degree")
_GRADUATED = "graduation_date"


@dataclass(frozen=True)
class IdRule:
    """How ids are made: after the last one with this prefix, or, for None, by the database itself."""

    degree: str | None = None
    person: str | None = None


class Edits:
    """Edits of one registry in one transaction of its."""

    def __init__(self, connection: Connection, registry: RegistryTable, ids: IdRule) -> None:
        self.connection = connection
        self.registry = registry
        self._prefixes = {KEY: ids.degree, PERSON: ids.person}
        self._last: dict[str, str] = {}
        self._held = False

    def make(self, unit: Sequence[Proposed]) -> tuple[str, bool]:
        """Make what belongs together: a change, or a degree with its graduate.

        :returns: the degree it is of, and whether anything was written: not where it is there already.
        :raises RefusedError: where it cannot be made, saying why.
        """
        first = unit[0]
        if first.proposal.kind == CHANGE:
            return self._change(first)
        degree = next(one for one in unit if one.proposal.kind == DEGREE)
        return self._add(degree)

    def _change(self, one: Proposed) -> tuple[str, bool]:
        proposal = one.proposal
        degree_id, name, new = proposal.degree_id or "", proposal.field or "", proposal.new or ""
        row = self._only(degree_id)
        if name not in row:
            raise RefusedError(f"the registry has no column {name}")
        cell = texts(row)[name]
        if not changes(name, cell, new):
            return degree_id, False
        if not still_holds(name, cell, proposal.old):
            raise RefusedError(
                f"{name} of {degree_id} is '{cell or ''}' by now, and was '{proposal.old or ''}'"
            )
        column = self.registry.table.c[name]
        held = column.is_(None) if row[name] is None else column == row[name]
        done = self.connection.execute(
            update(self.registry.table)
            .values({column: self.registry.value(name, new)})
            .where(self.registry.table.c[KEY] == self._key(KEY, degree_id), held)
        )
        if done.rowcount != 1 or not is_same(texts(self._only(degree_id))[name], new):
            raise RefusedError(f"the registry does not keep '{new}' as {name} of {degree_id}")
        return degree_id, True

    def _add(self, one: Proposed) -> tuple[str, bool]:
        values = dict(one.proposal.row or {})
        for event in reversed(one.events):
            if event.state in (APPLIED, APPLYING):
                there = self._added(event, values)
                if there is not None:
                    return there, False
                break
        lacking = [name for name in REQUIRED if not values.get(name)]
        if lacking:
            raise RefusedError(
                f"a degree needs a {' and a '.join(lacking)}, and the record has none"
            )
        if not self._held:
            hold_new_rows(self.connection, self.registry)
            self._held = True
        if one.proposal.person_id is not None:
            person = self._person(one.proposal.person_id, values)
        else:
            self._refuse_known(values)
            made = self._new_id(PERSON)
            person = {PERSON: None if made is None else self.registry.value(PERSON, made)}
        row = {
            name: self.registry.value(name, value)
            for name, value in values.items()
            if name not in person and self._has(name, value)
        } | {name: value for name, value in person.items() if value is not None}
        own = self._new_id(KEY)
        if own is not None:
            row[KEY] = self.registry.value(KEY, own)
        for name in self.registry.filled - row.keys() - {KEY, PERSON}:
            row[name] = ""
        return self._insert(row, values), True

    def _insert(self, row: Mapping[str, Any], values: Mapping[str, str]) -> str:
        table = self.registry.table
        given = self.connection.execute(
            insert(table)
            .values({table.c[name]: value for name, value in row.items()})
            .returning(table.c[KEY])
        ).scalar_one()
        degree_id = texts({KEY: given})[KEY]
        if degree_id is None:
            raise RefusedError("the registry gives a new degree no degree_id by itself")
        kept = texts(self._only(degree_id))
        spoilt = [name for name in values if name in kept and not is_same(kept[name], values[name])]
        if spoilt or kept[PERSON] is None:
            raise RefusedError(f"the registry does not keep {', '.join(spoilt) or PERSON} as given")
        return degree_id

    def _added(self, event: ProposalEvent, values: Mapping[str, str]) -> str | None:
        """The degree that was added before; None where the transaction that was to add it failed."""
        said = json.loads(event.reason)
        degree_id = str(said["degree_id"])
        rows = self.registry.rows(self.connection, KEY, degree_id)
        if not rows and event.state == APPLYING:
            return None
        where = f"as {degree_id} to {said['registry']} at {event.at}"
        if not rows:
            raise RefusedError(f"it was added {where}, and this registry has no such degree")
        held = texts(rows[0])
        same = held[PERSON] == said["person_id"] and not [
            name for name in _DEGREE if not still_holds(name, held.get(name), values.get(name))
        ]
        if not same and event.state == APPLYING:
            raise RefusedError(
                f"it may have been added {where}; that degree is another one by now: look at it, "
                "and have the case decided again"
            )
        return degree_id

    def _person(self, person_id: str, values: Mapping[str, str]) -> dict[str, Any]:
        """Who a new degree is of, as the registry has it now, cell by cell."""
        rows = self.registry.rows(self.connection, PERSON, person_id)
        if not rows:
            raise RefusedError(f"the registry has no person {person_id} any more")
        for row in rows:
            held = texts(row)
            if self._is_degree(held, values):
                raise RefusedError(
                    f"{person_id} has this degree by now, as {held[KEY]}: have the case decided again"
                )
        # the row that agrees: a person's rows may differ in how they write a name
        for row in rows:
            held = texts(row)
            if all(
                still_holds(name, held[name], values.get(name)) for name in IDENTITY if name in held
            ):
                return {name: row[name] for name in (PERSON, *IDENTITY) if name in row}
        raise RefusedError(f"who {person_id} is has changed in the registry since the decision")

    def _refuse_known(self, values: Mapping[str, str]) -> None:
        """Refuse a new graduate whom the registry has by now."""
        national_id = values.get("national_id")
        if national_id and "national_id" in self.registry.table.c:
            for row in self.registry.rows(self.connection, "national_id", national_id):
                raise RefusedError(
                    f"the registry has this national ID by now, as {texts(row)[PERSON]}: have the "
                    "case decided again"
                )
        for row in self.registry.rows(self.connection, "last_name", values["last_name"]):
            held = texts(row)
            alike = [name for name in IDENTITY[1:] if name in held]
            if all(still_holds(name, held[name], values.get(name)) for name in alike):
                raise RefusedError(
                    f"the registry has somebody who agrees in all, as {held[PERSON]}: have the case "
                    "decided again"
                )

    def _is_degree(self, held: Mapping[str, str | None], values: Mapping[str, str]) -> bool:
        if not all(still_holds(name, held.get(name), values.get(name)) for name in _DEGREE):
            return False
        one, other = (canonical(_GRADUATED, of.get(_GRADUATED)) for of in (held, values))
        # not known is not different
        return not one or not other or one[:4] == other[:4]

    def _new_id(self, name: str) -> str | None:
        """A new id, None where the database gives it."""
        prefix = self._prefixes[name]
        if prefix is None:
            if name in self.registry.generated:
                return None
            option = "--degree-ids" if name == KEY else "--person-ids"
            raise RefusedError(
                f"the registry makes no {name} by itself: say how with {option} PREFIX"
            )
        made = self.registry.next_id(self.connection, name, prefix, self._last.get(name))
        if self.registry.rows(self.connection, name, made):
            raise RefusedError(f"{name} {made} is taken: give another prefix")
        self._last[name] = made
        return made

    def _only(self, degree_id: str) -> dict[str, Any]:
        rows = self.registry.rows(self.connection, KEY, degree_id)
        if len(rows) != 1:
            held = "no degree" if not rows else f"{len(rows)} rows of the degree"
            raise RefusedError(f"the registry has {held} {degree_id}")
        return rows[0]

    def _key(self, name: str, value: str) -> Any:
        return value_of(self.registry.table.c[name], value)

    def _has(self, name: str, value: str) -> bool:
        """Whether there is a column for a value. Raises RefusedError where one would be lost."""
        if name in self.registry.table.c:
            return True
        if REGISTRY.field(name).required or value:
            raise RefusedError(f"the registry has no column {name}")
        return False

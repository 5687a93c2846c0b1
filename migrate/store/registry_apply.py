"""A reviewed change set applied to a registry's database, in one transaction, once.

Registry and store are two databases, so a kill may come between their commits. Before the registry
commits, the store has written down what it is about to hold (``applying``, with the new ids), and
afterwards that it does (``applied``). Applied again, the registry tells what came of the first time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from migrate.codes.issuing import canonical_json
from migrate.errors import InputError
from migrate.review.proposals import CHANGE
from migrate.review.registry_values import canonical_row
from migrate.store import proposals as store_proposals
from migrate.store.address import read_address, reason, shown
from migrate.store.columns import KEY, RefusedError
from migrate.store.engine import DECISIONS, writing
from migrate.store.grounds import APPLIED
from migrate.store.proposals import APPLYING, EXPORTED, REFUSED, Proposed
from migrate.store.registry import PASSWORD, is_refusal
from migrate.store.registry_apply_connection import registry_connection
from migrate.store.registry_edits import Edits, IdRule
from migrate.store.registry_table import RegistryTable, hold_new_rows, open_table, texts

WRITTEN, HELD = "written", "held"
_Rows = Mapping[str, Mapping[str, str | None]]


@dataclass(frozen=True)
class Result:
    """What came of one proposal: ``what`` is ``written``, ``held`` (the registry had it) or ``refused``.

    ``degree_id`` is the degree that it is about, a new one's own. ``words`` say why it was refused.
    """

    proposal: Proposed
    what: str
    degree_id: str
    words: str = ""


@dataclass(frozen=True)
class Application:
    """What came of a change set. Unless ``done`` the registry is as it was.

    ``rows`` are the canonical values of each degree that was not refused, by degree_id and field, as
    the registry has it then; in a dry run, as it would have it.
    """

    results: tuple[Result, ...]
    done: bool
    rows: _Rows = field(default_factory=dict, hash=False)

    def count(self, what: str) -> int:
        """How many proposals came to this."""
        return sum(result.what == what for result in self.results)


def apply(
    engine: Engine,
    address: str,
    table: str | None,
    sha256: str,
    seqs: Sequence[int],
    *,
    actor: str,
    ids: IdRule | None = None,
    partial: bool = False,
    dry_run: bool = False,
) -> Application:
    """Apply proposals to a registry: all of them or, where one is refused, none.

    A change is made only where the registry still holds the old value, a degree added only once. What
    the registry holds already is left as it is and counts as applied: applied twice, a set does nothing.

    :param engine: the store. :param address: the registry's, an SQLAlchemy URL without ``#table``.
    :param sha256: of the change set's file, which must be as it was exported.
    :param seqs: its proposals. :param actor: who applies it.
    :param ids: how new degrees and people get their ids.
    :param partial: whether to apply the others where some are refused.
    :param dry_run: undo all of it at the end: what is told is what would come of it.
    :raises InputError: for a file that was not exported so, a registry that cannot be reached or
        allows no writing, a table that is none. Nothing is changed then.
    :raises RunError: when either database fails. What the registry has is found out the next time.
    """
    if not actor.strip():
        raise InputError("who applies a change set must be named", fix="Give --by NAME")
    url = read_address(address, PASSWORD)
    with registry_connection(url) as connection:
        transaction = connection.begin()
        with writing(engine, lock=DECISIONS) as store:
            found = _exported(store_proposals.read(store, seqs=seqs), seqs, sha256)
            held = open_table(connection, table)
            if any(one.proposal.kind != CHANGE for one in found):
                _hold(connection, held)
            edits = Edits(connection, held, ids or IdRule())
            results = [result for unit in _units(found) for result in _edit(edits, unit)]
            refused = any(result.what == REFUSED for result in results)
            if refused and not partial:
                transaction.rollback()
                return Application(tuple(results), done=False)
            rows = _rows(edits, results)
            if dry_run:
                transaction.rollback()
                return Application(tuple(results), done=False, rows=_canonical(rows))
            about = {"file": sha256, "registry": f"{shown(url)}#{table}"}
            reasons = _reasons(results, rows, about)
            store_proposals.record(store, APPLYING, reasons, actor=actor.strip())
        transaction.commit()
    with writing(engine, lock=DECISIONS) as store:
        store_proposals.record(store, APPLIED, reasons, actor=actor.strip())
        words = {one.proposal.seq: one.words for one in results if one.what == REFUSED}
        store_proposals.record(store, REFUSED, words, actor=actor.strip())
    return Application(tuple(results), done=True, rows=_canonical(rows))


def _exported(found: list[Proposed], seqs: Sequence[int], sha256: str) -> list[Proposed]:
    """The proposals, once it is sure that they stood so in the file when it was written."""
    known = {one.seq for one in found}
    unknown = [seq for seq in seqs if seq not in known]
    if unknown or not found:
        raise InputError(
            "this change set is of another store",
            found=f"proposal {unknown[0]}" if unknown else "no proposal",
            fix="Name the store that it was exported from",
        )
    for one in found:
        said = [json.loads(event.reason) for event in one.events if event.state == EXPORTED]
        if sha256 not in [event["file"] for event in said]:
            raise InputError(
                "this file is not as it was exported: somebody has changed it since",
                found=f"SHA-256 {sha256[:16]}…",
                fix="Export it again; what is wrong in it is decided again by its university",
            )
    return found


def _hold(connection: Connection, registry: RegistryTable) -> None:
    """Wait for another who adds the same rows at this moment, so that they are seen to be there."""
    try:
        with connection.begin_nested():
            hold_new_rows(connection, registry)
    except SQLAlchemyError as error:
        # who may not add is refused where something is added, and may still change
        if not is_refusal(error):
            raise


def _units(found: Sequence[Proposed]) -> list[list[Proposed]]:
    """Proposals that can only be applied together: a graduate with the degree."""
    units: list[list[Proposed]] = []
    rows: dict[int, list[Proposed]] = {}
    for one in found:
        seq = one.decision.decision.seq
        if one.proposal.kind == CHANGE:
            units.append([one])
        elif seq in rows:
            rows[seq].append(one)
        else:
            rows[seq] = [one]
            units.append(rows[seq])
    return units


def _edit(edits: Edits, unit: Sequence[Proposed]) -> list[Result]:
    fallen = [one for one in unit if not one.stands and not one.is_applied]
    begun = any(event.state == APPLYING for one in fallen for event in one.events)
    try:
        if fallen and not begun:
            raise _fallen(fallen[0])
        with edits.connection.begin_nested():
            degree_id, written = edits.make(unit)
            # begun before the decision fell and cut off: it is there, and kept as such, or not made
            if fallen and written:
                raise _fallen(fallen[0])
    except RefusedError as error:
        words = str(error)
    except SQLAlchemyError as error:
        if not is_refusal(error):
            raise
        words = f"the database refused: {reason(error, edits.connection.engine.url)}"
    else:
        return [Result(one, WRITTEN if written else HELD, degree_id) for one in unit]
    return [Result(one, REFUSED, one.proposal.degree_id or "", words) for one in unit]


def _fallen(one: Proposed) -> RefusedError:
    decision = one.decision.decision.seq
    return RefusedError(f"decision {decision}, which it comes of, does not stand any more")


def _rows(edits: Edits, results: Sequence[Result]) -> _Rows:
    """The cells of each degree that the registry now has as it was proposed."""
    wanted = dict.fromkeys(one.degree_id for one in results if one.what != REFUSED)
    return {
        degree_id: texts(edits.registry.rows(edits.connection, KEY, degree_id)[0])
        for degree_id in wanted
    }


def _canonical(rows: _Rows) -> _Rows:
    return {degree_id: canonical_row(row) for degree_id, row in rows.items()}


def _reasons(
    results: Sequence[Result],
    rows: _Rows,
    about: dict[str, str],
) -> dict[int, str]:
    """What is kept of each proposal that the registry now has and that is not kept yet: the degree."""
    reasons = {}
    for result in results:
        if result.what == REFUSED or (result.what == HELD and result.proposal.is_applied):
            continue
        row = rows[result.degree_id]
        reasons[result.proposal.seq] = canonical_json(
            about
            | {
                "degree_id": result.degree_id,
                "person_id": row.get("person_id"),
                "row": canonical_row(row),
            }
        )
    return reasons

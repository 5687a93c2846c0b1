"""Change sets exported: a file, its manifest, and the mark in the store that it was given out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from migrate.codes.issuing import canonical_json
from migrate.errors import InputError, RunError
from migrate.intake.files import write_atomically
from migrate.review.change_set import Line, content_of, is_json
from migrate.review.proposals import CHANGE, DEGREE, GRADUATE
from migrate.store import proposals as store_proposals
from migrate.store.engine import DECISIONS, now, writing
from migrate.store.proposals import EXPORTED, Proposed


@dataclass(frozen=True)
class Exported:
    """A change set that was written: the SHA-256 of its bytes, and what it holds."""

    sha256: str
    proposals: int
    changes: int
    degrees: int
    graduates: int


def export(
    engine: Engine,
    path: Path,
    *,
    actor: str,
    university: str | None = None,
    batch: str | None = None,
    fallen: bool = False,
) -> Exported:
    """Write what standing decisions propose and no registry has; nothing is written where that is none.

    What was exported before and not applied is in it again. The same proposals give the same bytes.

    :param path: a new ``.csv`` or ``.json`` file; ``<path>.manifest.json`` is written beside it.
    :param university: by ``migrate.review.addressee``'s key. :param batch: a batch's name.
    :param fallen: instead, what was applied and whose decision does not stand any more; it is only
        told, and cannot be applied.
    :raises InputError: for a file that is there, or a name of no such file.
    """
    as_json = is_json(path)
    if not actor.strip():
        raise InputError("who exports must be named", fix="Give --by NAME")
    if path.exists():
        raise InputError("this file is there already", file=path, fix="Name a new one")
    if not path.absolute().parent.is_dir():
        raise InputError("the folder does not exist", file=path.parent, fix="Create it first")
    with writing(engine, lock=DECISIONS) as connection:
        every = store_proposals.read(connection, batch=batch, university=university)
        found = [
            one
            for one in every
            if (one.is_applied and not one.stands if fallen else one.stands and not one.is_applied)
        ]
        content = content_of([line for one in found for line in lines_of(one)], as_json=as_json)
        made = _told(found, content)
        if not found:
            return made
        if not fallen:
            reason = canonical_json({"file": made.sha256, "name": path.name})
            new = [
                one.seq
                for one in found
                if not any(made.sha256 in event.reason for event in one.events)
            ]
            store_proposals.record(
                connection, EXPORTED, dict.fromkeys(new, reason), actor=actor.strip()
            )
        manifest = {
            "kind": "fallen" if fallen else "registry change set",
            "file": path.name,
            "sha256": made.sha256,
            "exported_by": actor.strip(),
            "exported_at": now(connection),
            "proposals": made.proposals,
            "changes": made.changes,
            "degrees": made.degrees,
            "graduates": made.graduates,
        }
        # within the transaction: what could not be written was not given out
        _write(path, content)
        _write(
            path.with_name(f"{path.name}.manifest.json"),
            (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode(),
        )
    return made


def lines_of(one: Proposed) -> list[Line]:
    """The lines of a proposal: one for a change, one for each value of a new row."""
    proposal, decision, said = one.proposal, one.decision.decision, one.decision.approval
    values = (
        {proposal.field or "": proposal.new or ""}
        if proposal.kind == CHANGE
        else dict(proposal.row or {})
    )
    return [
        Line(
            proposal=one.seq,
            kind=proposal.kind,
            degree_id=proposal.degree_id or "",
            person_id=proposal.person_id or "",
            field=name,
            old=proposal.old or "",
            new=value,
            university=one.university,
            case_id=decision.case_id,
            batch=one.batch,
            legacy_id=one.legacy_id,
            decision=decision.seq,
            verdict=decision.verdict,
            decided_by=decision.actor,
            decided_at=decision.at,
            approved_by=said.actor if said else "",
            approved_at=said.at if said else "",
            reason=decision.reason,
        )
        for name, value in values.items()
    ]


def _told(found: list[Proposed], content: bytes) -> Exported:
    kinds = [one.proposal.kind for one in found]
    return Exported(
        hashlib.sha256(content).hexdigest(),
        len(found),
        *(kinds.count(kind) for kind in (CHANGE, DEGREE, GRADUATE)),
    )


def _write(path: Path, content: bytes) -> None:
    try:
        with write_atomically(path) as partial:
            partial.write_bytes(content)
    except OSError as error:
        raise RunError("the file cannot be written", file=path, found=error.strerror) from error

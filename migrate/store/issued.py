"""New codes on their way into the store: drawn, and written with their events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from migrate.codes.issuing import IssuedCode, canonical_json, sha256_text
from migrate.codes.ledger import ACTIVE, ISSUED, Draft
from migrate.codes.numbers import SCHEME, new_code
from migrate.errors import RunError
from migrate.store.bulk import insert_rows
from migrate.store.code_tables import CodeRow
from migrate.store.ledger import Appending
from migrate.store.standing import digests

# the odds of a clash are under one in 10^10 a code: more than this and the random source is broken
_ATTEMPTS = 8


@dataclass(frozen=True)
class Issue:
    """A code that is to be issued, and what on; see :class:`migrate.store.code_tables.CodeRow`.

    ``facts_from`` is what the event says of where the facts come from, where a code is replaced on
    others: see ``migrate.store.replacing.rests_on``.
    """

    code: str
    degree_id: str
    legacy_id: str
    batch: str
    facts: Mapping[str, str | None]
    document_type: str
    decision_seq: int | None = None
    replaces: str | None = None
    channel: str | None = None
    reason: str | None = None
    facts_from: Mapping[str, Any] | None = None


def write_issued(
    connection: Connection, ledger: Appending, issues: Sequence[Issue], actor: str
) -> list[IssuedCode]:
    """Write codes and their ``issued`` events, in the order given.

    An event's payload holds the scheme, the document and the SHA-256 of the facts' canonical JSON;
    also the decision and its digest, the channel, the code that is replaced and why, and where other
    facts than that one's come from, where there is one.
    """
    drafts, facts = [], []
    seqs = {one.decision_seq for one in issues if one.decision_seq is not None}
    decided = digests(connection, seqs) if seqs else {}
    for one in issues:
        text = canonical_json(dict(one.facts))
        said = {
            "channel": one.channel,
            "decision": one.decision_seq,
            "decision_sha256": decided.get(one.decision_seq or 0),
            "document_type": one.document_type,
            "facts_from": None if one.facts_from is None else dict(one.facts_from),
            "facts_sha256": sha256_text(text),
            "reason": one.reason,
            "replaces": one.replaces,
            "scheme": SCHEME,
        }
        payload = canonical_json({name: value for name, value in said.items() if value is not None})
        drafts.append(
            Draft(ISSUED, one.code, one.degree_id, one.legacy_id, one.batch, actor, payload)
        )
        facts.append(text)
    events = ledger.add(drafts)
    rows, issued = [], []
    for one, text, event in zip(issues, facts, events, strict=True):
        rows.append(
            {
                "code": one.code,
                "scheme": SCHEME,
                "degree_id": one.degree_id,
                "legacy_id": one.legacy_id,
                "batch": one.batch,
                "issued_at": event.at,
                "document_type": one.document_type,
                "facts": text,
                "event_seq": event.seq,
                "decision_seq": one.decision_seq,
                "replaces": one.replaces,
                "state": ACTIVE,
                "state_seq": event.seq,
            }
        )
        issued.append(
            IssuedCode(
                one.code,
                SCHEME,
                one.degree_id,
                one.legacy_id,
                one.batch,
                event.at,
                one.document_type,
            )
        )
    insert_rows(connection, CodeRow, rows)
    return issued


def free_codes(connection: Connection, count: int) -> list[str]:
    """So many new codes, none of which is in the store or twice among them.

    :raises RunError: when draws keep falling on codes that are there.
    """
    free: dict[str, None] = {}
    for _ in range(_ATTEMPTS):
        drawn = dict.fromkeys(new_code() for _ in range(count - len(free)))
        taken = set(
            connection.execute(select(CodeRow.code).where(CodeRow.code.in_(list(drawn)))).scalars()
        )
        free |= {code: None for code in drawn if code not in taken}
        if len(free) == count:
            return list(free)
    raise RunError(
        "new codes keep falling on old ones: the random source is broken",
        fix="Issue nothing on this machine until its random source is mended",
    )

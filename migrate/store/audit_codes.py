"""Codes of an audit: each against the events that issued it and happened to it since."""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, func, or_, select

from migrate.codes.issuing import sha256_text
from migrate.codes.ledger import HOLDING, ISSUED, SUPERSEDED, TRANSITIONS, LedgerEvent
from migrate.store.audit_findings import ADDED, DELETED, EDITED, Findings, text_of
from migrate.store.audit_grounds import GroundAudit, chunks
from migrate.store.code_tables import CodeRow, EventRow

_CODE = [getattr(CodeRow, column.key) for column in CodeRow.__table__.columns]
_EVENT = [getattr(EventRow, field.name) for field in fields(LedgerEvent)]
_SHOWN = 20


class CodeAudit:
    """Codes, held against their events as these come by."""

    def __init__(self, found: Findings) -> None:
        self.found = found
        self.codes = 0
        self._grounds = GroundAudit(found)

    def check(self, connection: Connection, events: Sequence[LedgerEvent]) -> None:
        """Hold the codes that these events issued, or happened to, against them.

        :param events: those of one stretch of the log, in order.
        """
        first, last = events[0].seq, events[-1].seq
        rows = connection.execute(
            select(*_CODE)
            .where(CodeRow.event_seq >= first, CodeRow.event_seq <= last)
            .order_by(CodeRow.event_seq, CodeRow.code)
        ).all()
        by_seq = {event.seq: event for event in events if event.event == ISSUED}
        self._grounds.check_batches(connection, events)
        replay = {event.code for event in events if event.code and event.event != ISSUED}
        seen: set[int] = set()
        for row in rows:
            self.codes += 1
            event = by_seq.get(row.event_seq)
            if event is None or event.code != row.code:
                self._add(
                    ADDED, row.code, "an event that issued it", f"none at seq {row.event_seq}"
                )
                continue
            seen.add(row.event_seq)
            self._check_issued(row, event)
            if row.state_seq != row.event_seq:
                replay.add(text_of(row.code))
            else:
                self._check_state(row, "active", row.event_seq, None)
        for seq, event in by_seq.items():
            if seq not in seen:
                self._add(DELETED, event.code, f"the code that event {seq} issued", "no row")
        self._replay(connection, sorted(replay), last)
        self._grounds.check_decisions(connection, rows, _decided(by_seq.values()))

    def finish(self, connection: Connection, size: int) -> None:
        """Look for codes that no event of the log can have issued, and degrees with two in force."""
        strays = connection.execute(
            select(CodeRow.code, CodeRow.event_seq)
            .where(or_(CodeRow.event_seq < 1, CodeRow.event_seq > size))
            .order_by(CodeRow.code)
            .limit(_SHOWN)
        )
        for row in strays:
            self._add(ADDED, row.code, "an event that issued it", f"none at seq {row.event_seq}")
        doubled = connection.execute(
            select(func.min(CodeRow.code), func.max(CodeRow.code), func.count())
            .where(CodeRow.state.in_(HOLDING))
            .group_by(CodeRow.degree_id)
            .having(func.count() > 1)
            .limit(_SHOWN)
        )
        for one, another, count in doubled:
            self._add(ADDED, one, "one code in force for its degree", f"{count}, {another} too")

    def _check_issued(self, row: Any, event: LedgerEvent) -> None:
        try:
            payload = json.loads(event.payload)
            said = {
                "degree_id": event.degree_id,
                "legacy_id": event.legacy_id,
                "batch": event.batch,
                "issued_at": event.at,
                "scheme": payload["scheme"],
                # codes of before documents were kept say none
                "document_type": payload.get("document_type", ""),
                "decision_seq": payload.get("decision"),
                "replaces": payload.get("replaces"),
            }
            facts = payload["facts_sha256"]
        except (ValueError, KeyError, TypeError, AttributeError):
            self.found.add(
                EDITED,
                "code_events",
                f"seq {event.seq}",
                expected="a payload that says what the code was issued on",
                found="none that can be read",
            )
            return
        for name, value in said.items():
            if getattr(row, name) != value:
                self._add(
                    EDITED, row.code, f"{name} {value} as event {event.seq} has", getattr(row, name)
                )
        if sha256_text(text_of(row.facts)) != facts:
            self._add(
                EDITED,
                row.code,
                f"facts of SHA-256 {facts} as event {event.seq} has",
                f"facts of SHA-256 {sha256_text(text_of(row.facts))}",
            )

    def _check_state(self, row: Any, state: str, seq: int, by: str | None) -> None:
        expected = {"state": state, "state_seq": seq, "superseded_by": by}
        for name, value in expected.items():
            if getattr(row, name) != value:
                self._add(
                    EDITED, row.code, f"{name} {value} by event {seq}", f"{getattr(row, name)}"
                )

    def _replay(self, connection: Connection, codes: list[str], last: int) -> None:
        """Go through all that happened to codes, unless more does later: then that is the time."""
        for chunk in chunks(codes):
            histories = defaultdict(list)
            rows = connection.execute(
                select(*_EVENT).where(EventRow.code.in_(chunk)).order_by(EventRow.seq)
            )
            for one in rows:
                histories[one.code].append(LedgerEvent(one.seq, *map(text_of, one[1:])))
            kept = connection.execute(select(*_CODE).where(CodeRow.code.in_(chunk)))
            held = {row.code: row for row in kept}
            pairs = self._replacements(connection, held.values())
            for code in chunk:
                history = histories.get(code, [])
                row = held.get(code)
                if row is None:
                    what = f"event {history[-1].seq}" if history else "an event"
                    self._add(DELETED, code, f"the code of {what}", "no row")
                elif not history or history[-1].seq <= last:
                    self._check_history(row, history)
                    if row.superseded_by is not None and pairs.get(row.superseded_by) != code:
                        self._add(
                            EDITED,
                            code,
                            f"code {row.superseded_by} to replace it",
                            pairs.get(row.superseded_by) or "that it does not",
                        )

    def _check_history(self, row: Any, history: list[LedgerEvent]) -> None:
        state: str | None = None
        by = None
        for event in history:
            after, before = TRANSITIONS.get(event.event, ("", ()))
            if state not in before:
                self.found.add(
                    EDITED,
                    "code_events",
                    f"seq {event.seq}",
                    expected=f"an event that a code may have that is {state or 'not issued yet'}",
                    found=event.event,
                )
                return
            state = after
            if event.event == SUPERSEDED:
                by = _superseded_by(event)
        if history:
            self._check_state(row, state or "", history[-1].seq, by)

    @staticmethod
    def _replacements(connection: Connection, rows: Any) -> dict[str, str | None]:
        wanted = [text_of(row.superseded_by) for row in rows if row.superseded_by is not None]
        found = connection.execute(
            select(CodeRow.code, CodeRow.replaces).where(CodeRow.code.in_(wanted))
        )
        return {row.code: row.replaces for row in found}

    def _add(self, kind: str, code: str, expected: object, found: object) -> None:
        self.found.add(kind, "codes", f"code {code}", expected=expected, found=found)


def _superseded_by(event: LedgerEvent) -> str | None:
    try:
        return str(json.loads(event.payload)["superseded_by"])
    except (ValueError, KeyError, TypeError):
        return None


def _decided(events: Iterable[LedgerEvent]) -> dict[str, str]:
    """The digest of the decision that each code was issued on, as its event has it, by code."""
    found = {}
    for event in events:
        # read where it is there, and without a word where it is not: that is told elsewhere
        with contextlib.suppress(ValueError, KeyError, TypeError):
            found[event.code] = str(json.loads(event.payload)["decision_sha256"])
    return found

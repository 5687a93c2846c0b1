"""The desk: every question about a code is answered here, for pages, the API and files alike.

A code that is not there and one that is there but tells nothing take the same way: the same
statements in the same order, the same cost, the same entry in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from migrate.codes.claims import Verdict, match
from migrate.codes.inquiry import Answer, Typed, answer_to, code_digest, read_typed
from migrate.codes.requests_json import request_of_json
from migrate.codes.sheet_values import SheetValues
from migrate.errors import RunError
from migrate.serve.gate import Caller, Gate
from migrate.serve.journal import Journal, JournalError
from migrate.serve.settings import Limits
from migrate.serve.sheet import NOBODY, Sheet, belongs, sheet_of
from migrate.serve.stores import Stores
from migrate.store import inquiries, limits, verifiers
from migrate.store.engine import reading
from migrate.store.inquiries import Count, Entry
from migrate.store.public_lookup import PublicRecord, find_public
from migrate.store.request_status import Status, status
from migrate.store.requests import Receipt, submit
from migrate.store.sheets import sheet_values

_T = TypeVar("_T")
_LOG = logging.getLogger("migrate.serve")
# what is dearer: an answer that somebody who tries codes gets
_DEARER = ("not_found", "mistyped")


class UnavailableError(Exception):
    """The database does not answer, so nothing is: neither a limit nor a code can be looked at."""


@dataclass(frozen=True)
class Matched:
    """An answer, and for a valid code whether each claim agrees; no fact is in it."""

    answer: Answer
    fields: Mapping[str, Verdict]


@dataclass(frozen=True)
class Held:
    """The holder's view: how often the code was looked up; None where the pair does not belong."""

    answer: Answer
    count: Count | None


class Desk:
    """Questions and answers over opened stores. Its methods wait for the database: use threads."""

    def __init__(self, stores: Stores, rules: Limits) -> None:
        self._stores = stores
        self._gate = Gate(stores.journal, rules)
        self._journal = Journal(stores.journal)

    def close(self) -> None:
        """Write the last look-ups down."""
        self._journal.close()

    def inquire(self, typed_text: str, caller: Caller) -> Answer:
        """Look a code up. Raises LimitedError, UnavailableError."""
        typed = read_typed(typed_text)
        self._admit(caller, "inquiry", None)
        answer = answer_to(typed, self._find(typed))
        self._settle(answer, "inquiry", caller)
        return answer

    def match(self, typed_text: str, claims: Mapping[str, str | None], caller: Caller) -> Matched:
        """Compare claims with what a code stands for. Raises LimitedError, UnavailableError."""
        typed = read_typed(typed_text)
        self._admit(caller, "match", typed.code)
        record = self._find(typed)
        answer = answer_to(typed, record)
        fields = match(record or NOBODY, claims)
        self._settle(answer, "match", caller)
        if answer.answer != "valid":
            fields = {}
        # an answer in match mode shows no data
        return Matched(
            Answer(
                answer.answer,
                answer.code,
                superseded_by=answer.superseded_by,
                reason=answer.reason,
                digits=answer.digits,
            ),
            fields,
        )

    def hold(self, typed_text: str, national_id: str, caller: Caller) -> Held:
        """Tell a holder how often the code was looked up; a wrong pair is *not found*.

        Raises LimitedError, UnavailableError.
        """
        typed = read_typed(typed_text)
        if typed.code is None:
            self._admit(caller, "holder", None)
            return Held(answer_to(typed, None), None)
        self._admit(caller, "holder", typed.code)
        record = self._find(typed)
        count = self._try(lambda: self._count(typed.code or ""))
        # nor does this tell whether a code's digits fit: the pair is what was asked about
        answer = Answer("valid" if belongs(record, national_id) else "not_found", typed.code)
        self._settle(answer, "holder", caller)
        return Held(answer, count if answer.answer == "valid" else None)

    def sheet(self, typed_text: str, national_id: str, public_url: str, caller: Caller) -> Sheet:
        """The certificate sheet for its holder, or why there is none; a wrong pair is *not found*.

        It is written down and counted by code as the holder's view is.

        :param public_url: what the sheet's QR leads to.
        :raises LimitedError, UnavailableError: as for :meth:`hold`.
        """
        typed = read_typed(typed_text)
        self._admit(caller, "sheet", typed.code)
        if typed.code is None:
            return Sheet(answer_to(typed, None))
        record = self._find(typed)
        answer = Answer("valid" if belongs(record, national_id) else "not_found", typed.code)
        self._settle(answer, "holder", caller)
        if record is None or answer.answer != "valid":
            return Sheet(answer)
        values = self._try(lambda: self._sheet_values(typed.code or "", public_url))
        return sheet_of(typed, record, values)

    def bulk(self, texts: Sequence[str], caller: Caller) -> list[Answer]:
        """Look up the codes of a file, each row by itself. Raises LimitedError, UnavailableError.

        :param texts: as typed, at most as many as the verifier's limit a minute.
        """
        typed = [read_typed(text) for text in texts]
        self._try(lambda: self._gate.admit(caller, "inquiry", rows=len(texts)))
        codes = sorted({one.code for one in typed if one.code})
        found = self._try(lambda: self._find_all(codes))
        answers = [answer_to(one, found.get(one.code or "")) for one in typed]
        entries = [
            Entry(code_digest(one.code), "bulk", one.answer, caller.verifier_id)
            for one in answers
            if one.code
        ]
        dearer = sum(one.answer in _DEARER for one in answers)
        self._try(lambda: self._journal.add(entries))
        self._try(lambda: self._gate.charge_more(caller, "not_found", dearer))
        return answers

    def verifier(self, key: str, caller: Caller) -> Caller | None:
        """The caller with the verifier that a key belongs to; None for a key that opens nothing."""
        # asked before the key is looked at, so that keys cannot be tried without end
        self._try(lambda: self._gate.admit_key(caller))
        found = self._try(lambda: self._verifier(key))
        if found is None:
            self._try(lambda: self._gate.charge_wrong_key(caller))
            return None
        return Caller(caller.address, found)

    def apply(self, given: Mapping[str, Any], caller: Caller) -> Receipt:
        """Receive a graduate's own request. Raises InputError, LimitedError, UnavailableError."""
        self._admit(caller, "request", None)
        asked = request_of_json(given, channel="graduate")
        return self._try(lambda: submit(self._stores.requests, asked, actor="service"))

    def follow(self, tracking_no: str, caller: Caller) -> Status | None:
        """How far a request has come, or None. Raises LimitedError, UnavailableError."""
        self._admit(caller, "follow", None)
        found = self._try(lambda: status(self._stores.requests, tracking_no))
        if found is None:
            self._try(lambda: self._gate.charge_more(caller, "not_found"))
        return found

    def is_well(self) -> bool:
        """Whether both databases answer."""
        try:
            for engine in (self._stores.codes, self._stores.journal):
                with reading(engine) as connection:
                    connection.execute(select(text("1")))
        except (SQLAlchemyError, RunError, OSError):
            return False
        return True

    def purge(self) -> int:
        """Delete empty buckets of the limits."""
        return self._try(lambda: limits.purge(self._stores.journal))

    def _admit(self, caller: Caller, kind: str, code: str | None) -> None:
        digest = code_digest(code) if code else None
        self._try(lambda: self._gate.admit(caller, kind, code_digest=digest))

    def _settle(self, answer: Answer, kind: str, caller: Caller) -> None:
        """Write a look-up down, and charge what it cost beyond the question."""
        if answer.code:
            entry = Entry(code_digest(answer.code), kind, answer.answer, caller.verifier_id)
            self._try(lambda: self._journal.add([entry]))
            if answer.answer in _DEARER:
                self._try(lambda: self._gate.charge_more(caller, "not_found"))

    def _find(self, typed: Typed) -> PublicRecord | None:
        code = typed.code
        return self._try(lambda: self._find_all([code])).get(code) if code else None

    def _find_all(self, codes: Sequence[str]) -> dict[str, PublicRecord]:
        with self._stores.codes.connect() as connection:
            return find_public(connection, codes)

    def _count(self, code: str) -> Count:
        self._journal.flush()
        with reading(self._stores.journal) as connection:
            return inquiries.count(connection, code_digest(code))

    def _sheet_values(self, code: str, public_url: str) -> SheetValues:
        with reading(self._stores.codes) as connection:
            return sheet_values(connection, code, public_url=public_url)

    def _verifier(self, key: str) -> verifiers.Verifier | None:
        with self._stores.codes.connect() as connection:
            return verifiers.find(connection, key)

    def _try(self, ask: Callable[[], _T]) -> _T:
        """Ask the database, once more where a connection turned out to be dead."""
        for attempt in (1, 2):
            try:
                return ask()
            except (SQLAlchemyError, RunError, OSError, JournalError) as error:
                cause = error.__cause__ if isinstance(error, RunError) else error
                dead = isinstance(cause, DBAPIError) and cause.connection_invalidated
                if not dead or attempt == 2:
                    # the kind alone: a driver's words may quote values
                    _LOG.error("database", extra={"line": {"error": type(cause).__name__}})
                    raise UnavailableError from None
        raise AssertionError("unreachable")

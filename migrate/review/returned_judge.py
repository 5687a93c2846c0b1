"""What each answer of a returned workbook meets: the rules, without the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

from migrate.persian import letters
from migrate.review import tokens, words
from migrate.review.answers import MEANINGS, verdict_of
from migrate.review.cases import Case
from migrate.review.columns import heading
from migrate.review.comparison import lines, printable
from migrate.review.decisions import Standing
from migrate.review.handing import HeldCase, day_words
from migrate.review.returned_answers import Given
from migrate.review.returned_fates import Answer, Fate
from migrate.review.returned_labels import Unread, read_label
from migrate.review.returned_right import Corrections, corrections, read_value
from migrate.review.second import needs_second
from migrate.review.words import Choice

# what a cell of XLSX holds; other formats hold more
MOST_COMMENT = 32_767


@dataclass(frozen=True)
class Ground:
    """What answers are judged against: the store's secret, its cases by name, whose file this is."""

    secret: str
    held: Mapping[str, HeldCase]
    university: str


class _Refused(Exception):
    def __init__(self, kind: str, **details: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.details = details


def judge(given: Given, ground: Ground) -> Fate:
    """What becomes of what was given to one case."""
    held = ground.held.get(given.token.case_id) if given.token else None
    case = held.case if held else None
    if given.is_blank:
        return Fate("blank", given, case)
    try:
        known = _known(given, held, ground)
        _refuse_stale(given, known)
        _refuse_moved(given, known)
        if not given.decision:
            if given.right:
                raise _Refused("no_decision")
            return Fate("undecided", given, case)
        return _answered(given, known)
    except _Refused as refused:
        return Fate(refused.kind, given, case, details=refused.details)


def _known(given: Given, held: HeldCase | None, ground: Ground) -> HeldCase:
    """The case that the token names, when this store handed it to this university."""
    found = printable(given.token_text)[:80]
    if not found:
        raise _Refused("no_token")
    if given.token is None:
        raise _Refused("damaged", found=found)
    if held is None:
        raise _Refused("unknown", case=printable(given.token.case_id)[:40])
    if not tokens.genuine(ground.secret, given.token, held.university):
        raise _Refused("forged", found=found)
    if held.university != ground.university:
        raise _Refused("elsewhere", university=held.university, asked=ground.university)
    return held


def _refuse_stale(given: Given, held: HeldCase) -> None:
    assert given.token is not None
    version, newest = given.token.version, held.case.version
    if version != newest:
        raise _Refused("stale", version=str(version), newest=str(newest))


def _refuse_moved(given: Given, held: HeldCase) -> None:
    """Refuse where the row's own words are another case's, or no longer what the document says."""
    assert given.token is not None
    case, token = held.case, given.token
    expected = {
        "case_id": case.case_id,
        "version": str(token.version),
        "outcome": words.outcome_label(case.outcome),
    }
    for row in given.rows:
        for column, text in expected.items():
            there = row.cells.get(column)
            if there is not None and letters.key(there) != letters.key(text):
                raise _Refused("moved", **_column(column), found=printable(there)[:80])
    if given.torn:
        rows = "، ".join(str(row.number) for row in given.rows)
        raise _Refused("torn", **_column(given.torn[0]), rows=rows)
    document = {"legacy_id": printable(case.legacy_id)}
    for line in lines(case):
        document[line.field] = f"{line.document.text}\n{line.document.note}"
    for row in given.documents:
        for column, text in document.items():
            there = row.cells.get(column)
            if there is not None and letters.key(there) != letters.key(text):
                raise _Refused("changed", **_column(column), found=printable(there)[:80])


def _answered(given: Given, held: HeldCase) -> Fate:
    case = held.case
    choices = words.decisions(case.outcome, len(case.candidates))
    chosen = _label(given.decision, choices, "decision")
    verdict, degree_id = verdict_of(chosen.id, chosen.candidate, case)
    corrected = _corrections(given, case, chosen)
    standing = held.standing
    _refuse_reopened(given, standing)
    if standing is not None and _stands(standing, case):
        if _is_same(standing, verdict, degree_id, corrected):
            return Fate("same", given, case, details=_who(standing))
        raise _Refused("conflict", **_who(standing), answer=_answer_words(standing))
    reason = _reason(given, case)
    if len(given.comment) > MOST_COMMENT:
        raise _Refused("too_long", most=f"{MOST_COMMENT:,}")
    answer = Answer(
        name=chosen.id,
        verdict=verdict,
        degree_id=degree_id,
        reason=reason.id,
        comment=given.comment,
        corrections=corrected.body(),
        supersedes=standing.decision.seq if standing else None,
        second=needs_second(asdict(case), verdict, degree_id),
    )
    return Fate("awaits" if answer.second else "taken", given, case, answer)


def _label(text: str, choices: tuple[Choice, ...], kind: str) -> Choice:
    found = read_label(text, choices, kind)
    if not isinstance(found, Unread):
        return found
    said = printable(text)[:120]
    if found.elsewhere:
        offered = "، ".join(f"«{choice.label}»" for choice in choices)
        raise _Refused(f"{kind}_not_allowed", found=said, choices=offered)
    suggestion = f" Is it '{found.near}'?" if found.near else ""
    suggestion_fa = f" آیا منظور «{found.near}» است؟" if found.near else ""
    raise _Refused(
        f"unreadable_{kind}", found=said, suggestion=suggestion, suggestion_fa=suggestion_fa
    )


def _reason(given: Given, case: Case) -> Choice:
    if not given.reason:
        raise _Refused("no_reason")
    reason = _label(given.reason, words.reasons(case.outcome), "reason")
    if reason.id == "other" and not given.comment:
        raise _Refused("no_comment")
    return reason


def _corrections(given: Given, case: Case, chosen: Choice) -> Corrections:
    written = given.right or {}
    if not MEANINGS[chosen.id].corrects:
        if written:
            raise _Refused("right_unasked", **_column(next(iter(written))))
        return Corrections({}, {})
    right = {}
    for field, text in written.items():
        value = read_value(field, text)
        if value is None:
            raise _Refused("right_unread", **_column(field), found=printable(text)[:80])
        right[field] = value
    found = corrections(case, chosen.id, right)
    if found.is_empty:
        raise _Refused("right_missing")
    return found


def _stands(standing: Standing, case: Case) -> bool:
    """Whether a decision stands on this version: a new version of a case opens it again."""
    return standing.state != "open" and standing.decision.case_version == case.version


def _refuse_reopened(given: Given, standing: Standing | None) -> None:
    """Refuse an answer that was given before somebody sent the last one back, or opened the case."""
    assert given.token is not None
    if standing is None or standing.state != "open" or given.token.after == standing.decision.seq:
        return
    made, said = standing.decision, standing.approval
    by, at, reason = (
        (said.actor, said.at, said.reason) if said else (made.actor, made.at, made.reason)
    )
    raise _Refused("reopened", by=printable(by), at=at, day=_day(at), reason=printable(reason))


def _is_same(
    standing: Standing, verdict: str, degree_id: str | None, corrected: Corrections
) -> bool:
    made = standing.decision
    before = json.loads(made.body).get("corrections") or {"record": {}, "registry": {}}
    return (made.verdict, made.degree_id, before) == (verdict, degree_id, corrected.body())


def _who(standing: Standing) -> dict[str, str]:
    made = standing.decision
    return {
        "by": printable(made.actor),
        "at": made.at,
        "day": _day(made.at),
        "seq": str(made.seq),
    }


def _answer_words(standing: Standing) -> str:
    made = standing.decision
    return f"{made.verdict} {made.degree_id}" if made.degree_id else made.verdict


def _day(at: str) -> str:
    return day_words(date.fromisoformat(at[:10]).isoformat())


def _column(column: str) -> dict[str, str]:
    return {"field": column, "column": heading(column)}

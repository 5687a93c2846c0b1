"""Each answer meets one fate, told apart from all others, in Persian and in English."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from filled_in import DOCUMENT, RIGHT, Filled, label, reason
from handed_out import SECRET, handed_out

from migrate.review import words
from migrate.review.cases import Case
from migrate.review.comparison import lines, printable
from migrate.review.decisions import Approval, Decision, Standing
from migrate.review.handing import HeldCase
from migrate.review.returned import Row
from migrate.review.returned_answers import bring_together
from migrate.review.returned_fates import Fate, kinds
from migrate.review.returned_judge import Ground, judge


def by_outcome(cases: list[Case], outcome: str) -> Case:
    return next(case for case in cases if case.outcome == outcome)


@pytest.fixture
def mismatch(cases: list[Case]) -> Case:
    return by_outcome(cases, "mismatch")


def block(case: Case, filled: Filled, start: int = 2, after: int = 0) -> list[Row]:
    """The rows of a case as a workbook has them."""
    own = {
        "outcome": words.outcome_label(case.outcome),
        "case_id": case.case_id,
        "version": str(case.version),
        "token": handed_out([case], after=after)[case.case_id].token,
    }
    document = {"legacy_id": printable(case.legacy_id)} | {
        line.field: f"{line.document.text}\n{line.document.note}".strip() for line in lines(case)
    }
    answers = {
        "decision": filled.decision, "reason": filled.reason, "comment": filled.comment,
    }  # fmt: skip
    written = {name: text for name, text in (document | answers).items() if text}
    return [
        Row("s", start, own | {"side": DOCUMENT} | written),
        Row("s", start + 1, own | {"side": RIGHT} | dict(filled.right)),
    ]


def hold(case: Case, standing: Standing | None = None) -> HeldCase:
    return HeldCase(case, "shiraz", "open", "2026-11-28", "2027-01-27", standing)


def fate(
    rows: list[Row], case: Case, standing: Standing | None = None, university: str = "shiraz"
) -> Fate:
    (given,) = bring_together(rows)
    ground = Ground(SECRET, {case.case_id: hold(case, standing)}, university)
    found = judge(given, ground)
    assert found.english()
    assert any("\u0600" <= letter <= "\u06ff" for letter in found.persian())
    assert "{" not in found.english() + found.persian()
    return found


def decided(
    case: Case, verdict: str, degree: str | None, *, seq: int = 7, second: bool = False,
    corrections: Mapping[str, Mapping[str, str]] | None = None, approval: str = "",
) -> Standing:  # fmt: skip
    body = json.dumps({"corrections": corrections} if corrections else {})
    made = Decision(
        seq, case.case_id, case.version, verdict, degree, "زهرا کریمی", "2026-11-28T08:00:00Z",
        "seen", "d" * 64, None, second, body,
    )  # fmt: skip
    said = Approval(seq, approval, "approver", "2026-11-29T08:00:00Z", "صفحهٔ دیگر")
    return Standing(made, said if approval else None)


CONFIRM = Filled("تأیید (هر دو یک مدرک‌اند)", "املای متفاوت یک نام است", "دیدم")


def test_an_answer_is_taken_with_all_that_was_said(cases: list[Case]) -> None:
    case = by_outcome(cases, "ambiguous")
    strong = tuple(replace(one, probability=0.9) for one in case.candidates)
    case = replace(case, candidates=strong)
    found = fate(block(case, Filled("نامزد 2", reason("twin"), "=cmd|' /C calc'!A0")), case)
    assert found.kind == "taken"
    assert found.answer is not None
    assert (found.answer.verdict, found.answer.degree_id) == ("choose", "D3")
    assert found.answer.reason_words == "twin: =cmd|' /C calc'!A0"
    assert found.answer.supersedes is None


def test_weak_evidence_waits_for_a_second_person(mismatch: Case) -> None:
    found = fate(block(mismatch, CONFIRM), mismatch)
    assert found.kind == "awaits"


def test_nothing_filled_in_is_no_answer(mismatch: Case) -> None:
    assert fate(block(mismatch, Filled()), mismatch).kind == "blank"
    assert fate(block(mismatch, Filled(reason=reason("not_found"))), mismatch).kind == "undecided"
    assert (
        fate(block(mismatch, Filled(right={"father_name": "حسن"})), mismatch).kind == "no_decision"
    )


def without(rows: list[Row], column: str) -> list[Row]:
    return [
        replace(row, cells={name: text for name, text in row.cells.items() if name != column})
        for row in rows
    ]


def changed(rows: list[Row], column: str, text: str) -> list[Row]:
    return [replace(row, cells={**row.cells, column: text}) for row in rows]


def test_tokens_that_are_gone_damaged_forged_or_of_others_are_told_apart(mismatch: Case) -> None:
    rows = block(mismatch, CONFIRM)
    token = rows[0].cells["token"]
    assert fate(without(rows[:1], "token"), mismatch).kind == "no_token"
    assert fate(changed(rows, "token", token[:-3]), mismatch).kind == "damaged"
    assert (
        fate(changed(rows, "token", token[:-1] + ("A" if token[-1] != "A" else "B")), mismatch).kind
        == "forged"
    )
    assert (
        fate(
            changed(rows, "token", token.replace(mismatch.case_id, "C-AAAA-AAAA-AAAA")), mismatch
        ).kind
        == "unknown"
    )
    found = fate(rows, mismatch, university="tehran")
    assert found.kind == "elsewhere"
    # a university is not told whose the case is
    assert "shiraz" not in found.persian()


def test_rows_whose_parts_were_moved_or_typed_over_are_refused(mismatch: Case) -> None:
    rows = block(mismatch, CONFIRM)
    assert fate(changed(rows, "case_id", "C-AAAA-AAAA-AAAA"), mismatch).kind == "moved"
    assert fate(changed(rows, "outcome", "چند نامزد"), mismatch).kind == "moved"
    assert fate(changed(rows[:1], "first_name", "علی"), mismatch).details["field"] == "first_name"
    assert fate(changed(rows[:1], "legacy_id", "L99"), mismatch).kind == "changed"
    arabic = rows[0].cells["last_name"].replace("ی", "ي")
    assert fate(changed(rows[:1], "last_name", arabic), mismatch).kind == "awaits"


def test_an_old_version_is_stale_and_a_case_opened_again_too(mismatch: Case) -> None:
    assert fate(block(mismatch, CONFIRM), replace(mismatch, version=2)).kind == "stale"
    back = decided(mismatch, "confirm", "D1", second=True, approval="returned")
    found = fate(block(mismatch, CONFIRM), mismatch, back)
    assert found.kind == "reopened"
    assert "صفحهٔ دیگر" in found.persian()
    assert "۱۴۰۵/۰۹/۰۸" in found.persian()
    appeal = decided(mismatch, "reopen", None)
    assert fate(block(mismatch, CONFIRM), mismatch, appeal).kind == "reopened"
    # a packet made since then may answer it
    again = fate(block(mismatch, CONFIRM, after=7), mismatch, back)
    assert again.answer is not None
    assert again.answer.supersedes == 7


def test_a_new_version_is_open_whatever_stands_on_the_old_one(mismatch: Case) -> None:
    before = decided(mismatch, "refuse", None)
    newer = replace(mismatch, version=2)
    found = fate(block(newer, CONFIRM), newer, before)
    assert found.answer is not None
    assert found.answer.supersedes == 7


def test_the_same_answer_is_ignored_and_another_one_is_a_conflict(mismatch: Case) -> None:
    stands = decided(mismatch, "confirm", "D1")
    same = fate(block(mismatch, CONFIRM), mismatch, stands)
    assert same.kind == "same"
    assert "زهرا کریمی" in same.persian()
    waiting = decided(mismatch, "confirm", "D1", second=True)
    assert fate(block(mismatch, CONFIRM), mismatch, waiting).kind == "same"
    other = fate(block(mismatch, CONFIRM), mismatch, decided(mismatch, "refuse", None))
    assert other.kind == "conflict"
    assert "2026-11-28T08:00:00Z" in other.english()


def test_corrections_are_part_of_what_is_the_same(mismatch: Case) -> None:
    filled = Filled("اصلاح", reason("keying_error"), right={"father_name": "حسین"})
    corrections = {"record": {"father_name": "حسین"}, "registry": {}}
    stands = decided(mismatch, "correct", "D1", corrections=corrections)
    assert fate(block(mismatch, filled), mismatch, stands).kind == "same"
    bare = decided(mismatch, "correct", "D1")
    assert fate(block(mismatch, filled), mismatch, bare).kind == "conflict"


@pytest.mark.parametrize(
    ("filled", "kind"),
    [
        (Filled("بله", reason("spelling")), "unreadable_decision"),
        (Filled("نامزد ۱", reason("spelling")), "decision_not_allowed"),
        (Filled("تأیید"), "no_reason"),
        (Filled("تأیید", "چون دیدم"), "unreadable_reason"),
        (Filled("تأیید", reason("never_registered")), "reason_not_allowed"),
        (Filled("تأیید", reason("other")), "no_comment"),
        (Filled("تأیید", reason("other"), "م" * 32_768), "too_long"),
        (Filled("تأیید", reason("spelling"), right={"sex": "مرد"}), "right_unasked"),
        (Filled("اصلاح", reason("spelling")), "right_missing"),
        (Filled("اصلاح", reason("spelling"), right={"sex": "مرد"}), "right_missing"),
        (Filled("اصلاح", reason("spelling"), right={"birth_date": "پارسال"}), "right_unread"),
        (Filled("اصلاح", reason("spelling"), right={"national_id": "1234567890"}), "right_unread"),
    ],
)
def test_an_answer_that_cannot_stand_says_what_is_wrong(
    mismatch: Case, filled: Filled, kind: str
) -> None:
    assert fate(block(mismatch, filled), mismatch).kind == kind


@pytest.mark.parametrize(
    ("right", "record", "registry"),
    [
        ({"father_name": "حسین"}, {"father_name": "حسین"}, {}),
        ({"father_name": "حسن"}, {}, {"father_name": "حسن"}),
        ({"father_name": "محسن"}, {"father_name": "محسن"}, {"father_name": "محسن"}),
        ({"birth_date": "۳/۷/۱۳۳۶"}, {}, {"birth_date": "1336-07-03"}),
        ({"birth_date": "١٣٣٨/٠٧/٠٣"}, {"birth_date": "1338-07-03"}, {}),
        # only the registry has one, and the document only lacks it
        (
            {"national_id": "۰۰۸۴۵۷۵۹۴۸"},
            {"national_id": "0084575948"},
            {"national_id": "0084575948"},
        ),
        ({"document_type": "دانشنامه"}, {"document_type": "diploma"}, {}),
        # what agrees with both is no correction
        ({"father_name": "حسين", "birth_place": "شيراز"}, {"father_name": "حسین"}, {}),
    ],
)
def test_which_side_is_wrong_follows_from_the_right_value(
    mismatch: Case, right: dict[str, str], record: dict[str, str], registry: dict[str, str]
) -> None:
    found = fate(block(mismatch, Filled("اصلاح", reason("archive_error"), right=right)), mismatch)
    assert found.answer is not None
    assert found.answer.corrections == {"record": record, "registry": registry}


def test_a_new_degree_corrects_the_record_only(cases: list[Case]) -> None:
    case = by_outcome(cases, "degree_missing")
    filled = Filled(
        label(case, "correct_degree"), reason("keying_error"), right={"degree": "دکترا"}
    )
    found = fate(block(case, filled), case)
    assert found.answer is not None
    assert found.answer.verdict == "new_degree"
    assert found.answer.corrections["registry"] == {}
    assert list(found.answer.corrections["record"]) == ["degree"]


def test_copies_of_a_row_are_one_answer_unless_they_disagree(mismatch: Case) -> None:
    rows = block(mismatch, CONFIRM)
    assert fate([*rows, *block(mismatch, CONFIRM, 10)], mismatch).kind == "awaits"
    assert fate([*block(mismatch, Filled(), 10), *rows], mismatch).given.at.number == 2
    other = block(mismatch, replace(CONFIRM, decision="رد"), 10)
    found = fate([*rows, *other], mismatch)
    assert found.kind == "torn"
    assert found.details["field"] == "decision"


def test_an_answer_on_another_row_of_its_case_is_its_answer(mismatch: Case) -> None:
    document, right = block(mismatch, Filled())
    moved = replace(
        right, cells={**right.cells, "decision": "رد", "reason": reason("other_person")}
    )
    found = fate([document, moved], mismatch)
    assert found.kind == "taken"
    assert found.given.at.number == 3


def test_every_fate_has_its_words_and_one_of_three_ends() -> None:
    assert set(kinds().values()) == {"taken", "ignored", "refused"}
    assert [kind for kind, what in kinds().items() if what == "taken"] == ["taken", "awaits"]
    assert [kind for kind, what in kinds().items() if what == "ignored"] == [
        "blank", "undecided", "same",
    ]  # fmt: skip

"""Every expectation that is shipped fails on what breaks it, and on nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.errors import InputError
from migrate.intake.expectations import Validation, facts, problems, validate, write_page
from migrate.intake.schema import Schema
from migrate.intake.staging import stage
from migrate.intake.suites import SEVERITIES

SUITES = Path(__file__).parents[2] / "expectations"
NAMES = ("legacy", "registry", "outcomes", "codes")
Row = dict[str, Any]

# rows as staging leaves them, written out by hand; a raw value that is not given equals the value
PERSON: Row = {
    "first_name": "علی",
    "last_name": "رضایی",
    "father_name": "حسن",
    "sex": "m",
    "national_id": "0012345679",
    "national_id_state": "valid",
    "birth_cert_no": "123",
    "birth_place": "تهران",
    "birth_date": "1340-02-01",
    "birth_date_first": date(1961, 4, 21),
    "birth_date_last": date(1961, 4, 21),
    "university": "دانشگاه تهران",
    "university_id": "tehran",
    "field_of_study": "حقوق",
    "field_of_study_id": "law",
    "degree": "کارشناسی",
    "degree_level": "bachelor",
    "graduation_date": "1362",
    "graduation_date_first": date(1983, 3, 21),
    "graduation_date_last": date(1984, 3, 20),
    "diploma_no": "4455",
}


def good_legacy() -> list[Row]:
    record = PERSON | {
        "diploma_date": "1363-07-01",
        "diploma_date_first": date(1984, 9, 23),
        "diploma_date_last": date(1984, 9, 23),
        "document_type": "diploma",
        "page_ref": "12",
    }
    return [record | {"row": at + 2, "legacy_id": f"L{at}"} for at in range(4)]


def good_registry() -> list[Row]:
    codes = ["31415926535897932384", None, "00000000000000000007", None]
    return [
        PERSON
        | {
            "row": at + 1,
            "degree_id": f"D{at}",
            "person_id": f"P{at}",
            "national_id": f"001234567{at}",
            "validity_code": codes[at],
        }
        for at in range(4)
    ]


def good_outcomes() -> list[Row]:
    nothing: Row = {"degree_id": None, "probability": None, "contradicts": ""}
    return [
        {"outcome": "linked", "degree_id": "D1", "probability": 0.99999, "contradicts": ""},
        {"outcome": "linked", "degree_id": "D2", "probability": 1.0, "contradicts": None},
        {
            "outcome": "mismatch",
            "degree_id": "D3",
            "probability": 0.8,
            "contradicts": "birth_date;degree",
        },
        {"outcome": "duplicate", "degree_id": "D1", "probability": 0.99, "contradicts": ""},
        {"outcome": "already_coded", "degree_id": "D4", "probability": 0.99, "contradicts": ""},
        # no field contradicts, but the evidence is thin
        {"outcome": "mismatch", "degree_id": "D5", "probability": 0.6, "contradicts": None},
        nothing | {"outcome": "ambiguous", "probability": 0.5},
        nothing | {"outcome": "degree_missing"},
        nothing | {"outcome": "person_missing", "probability": 0.0},
        nothing | {"outcome": "quarantined"},
    ]


def good_codes() -> list[Row]:
    return [
        {
            "legacy_id": f"L{at}",
            "degree_id": f"D{at}",
            "code": f"3141592653589793238{at}",
            "scheme": "1",
            "issued_at": "2026-11-24T10:00:00Z",
            "check_digits_ok": True,
        }
        for at in range(3)
    ]


def staged(rows: list[Row], schema: Schema) -> pa.Table:
    """Rows as the columns of staged.parquet: raw, canonical, then what the kind adds."""
    columns: dict[str, pa.Array] = {"row": pa.array([row["row"] for row in rows], pa.int64())}

    def add(name: str, type: pa.DataType) -> None:
        columns[name] = pa.array([row.get(name) for row in rows], type)

    for field in schema.fields:
        raw = [row.get(f"raw_{field.name}", row.get(field.name)) for row in rows]
        columns[f"raw_{field.name}"] = pa.array(raw, pa.string())
        add(field.name, pa.string())
        if field.kind == "date":
            add(f"{field.name}_first", pa.date32())
            add(f"{field.name}_last", pa.date32())
            add(f"{field.name}_note", pa.string())
        if field.kind == "national_id":
            add(f"{field.name}_state", pa.string())
        if field.kind in ("university", "field_of_study"):
            add(f"{field.name}_id", pa.string())
        if field.kind == "degree":
            add(f"{field.name}_level", pa.string())
    return pa.table(columns)


def frame_of(suite: str, rows: list[Row]) -> pd.DataFrame:
    if suite == "legacy":
        return facts(staged(rows, LEGACY))
    if suite == "registry":
        return facts(staged(rows, REGISTRY))
    if suite == "outcomes":
        numbered = [{"row": at + 2, "legacy_id": f"L{at}"} | row for at, row in enumerate(rows)]
        schema = pa.schema(
            [
                ("row", pa.int64()),
                *((name, pa.string()) for name in ("legacy_id", "outcome", "degree_id")),
                ("probability", pa.float64()),
                ("contradicts", pa.string()),
                ("reason", pa.string()),
            ]
        )
        explained = [{"reason": "because"} | row for row in numbered]
        return pa.Table.from_pylist(explained, schema).to_pandas()
    schema = pa.schema(
        [
            *((n, pa.string()) for n in ("legacy_id", "degree_id", "code", "scheme", "issued_at")),
            ("check_digits_ok", pa.bool_()),
        ]
    )
    return pa.Table.from_pylist(rows, schema).to_pandas()


GOOD: Mapping[str, Callable[[], list[Row]]] = {
    "legacy": good_legacy,
    "registry": good_registry,
    "outcomes": good_outcomes,
    "codes": good_codes,
}
KEY = {"legacy": "row", "registry": "row", "outcomes": "row", "codes": "legacy_id"}


def held(suite: str, rows: list[Row], expected_rows: int | None = None) -> Validation:
    return validate(
        frame_of(suite, rows),
        SUITES / f"{suite}.json",
        key=KEY[suite],
        parameters={"rows": len(rows) if expected_rows is None else expected_rows},
    )


def legacy(frame: pd.DataFrame) -> Validation:
    return validate(frame, SUITES / "legacy.json", key="row", parameters={"rows": len(frame)})


def last(**changes: Any) -> Callable[[list[Row]], list[Row]]:
    """Change the last row alone: a quarter of a good table of four, so no share is lost."""
    return lambda rows: [*rows[:-1], rows[-1] | changes]


def at(place: int, **changes: Any) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [*rows[:place], rows[place] | changes, *rows[place + 1 :]]


def most(**changes: Any) -> Callable[[list[Row]], list[Row]]:
    """Change all rows but the first."""
    return lambda rows: [rows[0], *(row | changes for row in rows[1:])]


def every(**changes: Any) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [row | changes for row in rows]


def unread(field: str, raw: str) -> Callable[[list[Row]], list[Row]]:
    return last(**{field: None, f"raw_{field}": raw})


MOJIBAKE = "ط±ط¶ط§غŒغŒ"  # رضایی in UTF-8, read as Windows-1256

# rule: what breaks it, and the other rules that the same damage breaks
Case = tuple[Callable[[list[Row]], list[Row]], set[str]]
# these are broken by rows that are not there
BALANCES = ("legacy-rows-balance", "outcomes-rows")
BREAKING: dict[str, Case] = {
    "legacy-rows": (lambda rows: [], {"legacy-id-distinct-share"}),
    "legacy-rows-balance": (lambda rows: rows[:-1], set()),
    "legacy-id-share": (most(legacy_id=None), {"legacy-id-present"}),
    "legacy-id-distinct-share": (every(legacy_id="L9"), {"legacy-id-unique"}),
    "legacy-first-name-share": (most(first_name=None), {"legacy-first-name-present"}),
    "legacy-last-name-share": (most(last_name=None), {"legacy-last-name-present"}),
    "legacy-university-share": (most(university=None), {"legacy-university-present"}),
    "legacy-encoding-share": (most(last_name=MOJIBAKE), {"legacy-last-name-encoding"}),
    "legacy-persian-share": (most(last_name="Rezaei"), set()),
    "legacy-id-present": (last(legacy_id=None), set()),
    "legacy-id-unique": (last(legacy_id="L0"), set()),
    "legacy-first-name-present": (last(first_name=None, raw_first_name="-"), set()),
    "legacy-last-name-present": (last(last_name=None, raw_last_name=""), set()),
    "legacy-university-present": (last(university=None, university_id=None), set()),
    "legacy-first-name-letters": (last(first_name="1362"), set()),
    "legacy-last-name-letters": (last(last_name="12/5"), set()),
    "legacy-first-name-encoding": (last(first_name=MOJIBAKE), set()),
    "legacy-last-name-encoding": (last(last_name=MOJIBAKE), set()),
    "legacy-graduation-after-birth": (
        last(graduation_date_first=date(1961, 3, 21), graduation_date_last=date(1961, 4, 20)),
        set(),
    ),
    "legacy-birth-date-read": (unread("birth_date", "1340/13/40"), set()),
    "legacy-graduation-date-read": (unread("graduation_date", "بهار"), set()),
    "legacy-diploma-date-read": (unread("diploma_date", "؟؟/۲"), set()),
    "legacy-birth-date-plausible": (
        last(birth_date_first=date(1850, 1, 1), birth_date_last=date(1901, 1, 1)),
        set(),
    ),
    "legacy-graduation-date-plausible": (
        last(graduation_date_first=date(2040, 1, 1), graduation_date_last=date(2040, 1, 1)),
        {"legacy-diploma-after-graduation"},
    ),
    "legacy-graduation-age-least": (
        last(birth_date_first=date(1968, 3, 25), birth_date_last=date(1968, 3, 25)),
        set(),
    ),
    "legacy-graduation-age-most": (
        last(birth_date_first=date(1880, 1, 1), birth_date_last=date(1890, 1, 1)),
        set(),
    ),
    "legacy-diploma-after-graduation": (
        last(diploma_date_first=date(1983, 3, 20), diploma_date_last=date(1983, 3, 20)),
        set(),
    ),
    "legacy-national-id-valid": (
        last(national_id=None, raw_national_id="1234567890", national_id_state="invalid"),
        set(),
    ),
    "legacy-university-known": (last(university="دانشگاه ناکجا", university_id=None), set()),
    "legacy-field-known": (last(field_of_study="کیمیا", field_of_study_id=None), set()),
    "legacy-degree-known": (last(degree="استادی", degree_level=None), set()),
    "legacy-sex-read": (unread("sex", "7"), set()),
    "registry-rows": (lambda rows: [], set()),
    "registry-degree-id-present": (last(degree_id=None), set()),
    "registry-degree-id-unique": (last(degree_id="D0"), set()),
    "registry-person-id-present": (last(person_id=None), set()),
    "registry-first-name-share": (most(first_name=None), {"registry-first-name-present"}),
    "registry-last-name-share": (most(last_name=None), {"registry-last-name-present"}),
    "registry-university-share": (most(university=None), {"registry-university-present"}),
    "registry-encoding-share": (most(last_name=MOJIBAKE), set()),
    "registry-persian-share": (most(last_name="Rezaei"), set()),
    "registry-code-share": (most(validity_code="0"), {"registry-code-unique"}),
    # 200 codes of which two are one: 1 in 100 stands on two degrees, and no more
    "registry-code-unique": (
        lambda rows: [
            rows[0]
            | {
                "row": n,
                "degree_id": f"D{n}",
                "person_id": f"P{n}",
                "national_id": None,
                "validity_code": f"{n or 1}",
            }
            for n in range(200)
        ],
        set(),
    ),
    "registry-code-digits": (last(validity_code="3.14159E+19"), set()),
    "registry-first-name-present": (last(first_name=None), set()),
    "registry-last-name-present": (last(last_name=None), set()),
    "registry-university-present": (last(university=None, university_id=None), set()),
    "registry-university-known": (last(university="دانشگاه ناکجا", university_id=None), set()),
    "registry-field-known": (last(field_of_study="کیمیا", field_of_study_id=None), set()),
    "registry-degree-known": (last(degree="استادی", degree_level=None), set()),
    "registry-birth-date-read": (unread("birth_date", "1340-00-99"), set()),
    "registry-graduation-date-read": (unread("graduation_date", "1362-13-01"), set()),
    "registry-graduation-after-birth": (
        last(graduation_date_first=date(1960, 3, 21), graduation_date_last=date(1961, 3, 20)),
        set(),
    ),
    "registry-national-id-valid": (unread("national_id", "1111111111"), set()),
    "registry-person-one-national-id": (last(person_id="P0"), set()),
    "registry-national-id-one-person": (last(national_id="0012345670"), set()),
    "outcomes-rows": (lambda rows: rows[:-1], set()),
    "outcomes-row-present": (last(row=None), set()),
    "outcomes-row-unique": (last(row=2), set()),
    "outcomes-outcome-present": (last(outcome=None), set()),
    "outcomes-outcome-known": (last(outcome="link"), set()),
    "outcomes-degree-named": (at(3, degree_id=None), set()),
    "outcomes-degree-not-named": (last(degree_id="D9"), set()),
    "outcomes-linked-once": (at(1, degree_id="D1"), set()),
    "outcomes-linked-uncontradicted": (at(0, contradicts="birth_date"), set()),
    "outcomes-linked-probable": (at(0, probability=None), set()),
    "outcomes-linked-identified": (at(0, legacy_id=None), set()),
    "outcomes-linked-record-once": (at(1, legacy_id="L0"), set()),
    "outcomes-linked-likely": (at(0, probability=0.4999), set()),
    "outcomes-probability-range": (at(2, probability=1.0000001), set()),
    "outcomes-reason-present": (last(reason=None), set()),
    "outcomes-reason-words": (last(reason=" "), set()),
    "codes-code-present": (last(code=None), set()),
    "codes-code-digits": (last(code="3141592653589793238"), set()),
    "codes-check-digits-tested": (last(check_digits_ok=None), set()),
    "codes-check-digits": (last(check_digits_ok=False), set()),
    "codes-code-unique": (last(code="31415926535897932380"), set()),
    "codes-degree-present": (last(degree_id=None), set()),
    "codes-degree-unique": (last(degree_id="D0"), set()),
    "codes-record-present": (last(legacy_id=None), set()),
    "codes-record-unique": (last(legacy_id="L0"), set()),
    "codes-scheme-present": (last(scheme=None), set()),
    "codes-scheme-number": (last(scheme="one"), set()),
    "codes-issued-at-present": (last(issued_at=None), set()),
    "codes-issued-at-time": (last(issued_at="24 Nov 2026"), set()),
}


def written(suite: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((SUITES / f"{suite}.json").read_text("utf-8"))[
        "expectations"
    ]
    return entries


RULES = [(suite, entry["meta"]["rule"]) for suite in NAMES for entry in written(suite)]


def failed(validation: Validation) -> set[str]:
    assert not [check for check in validation.checks if check.error]
    return {check.rule for check in validation.checks if not check.success}


@pytest.mark.parametrize("suite", NAMES)
def test_a_good_table_meets_every_expectation_of_its_suite(suite: str) -> None:
    validation = held(suite, GOOD[suite]())
    assert [check.rule for check in validation.checks] == [
        e["meta"]["rule"] for e in written(suite)
    ]
    assert failed(validation) == set()
    assert validation.success
    assert validation.broken == ()


def test_every_shipped_expectation_has_a_case_that_breaks_it_and_no_case_is_left_over() -> None:
    assert sorted(BREAKING) == sorted(rule for _, rule in RULES)


@pytest.mark.parametrize(("suite", "rule"), RULES, ids=[rule for _, rule in RULES])
def test_what_breaks_an_expectation_fails_it_and_no_other(suite: str, rule: str) -> None:
    damage, others = BREAKING[rule]
    good = GOOD[suite]()
    validation = held(suite, damage(good), len(good) if rule in BALANCES else None)
    assert failed(validation) == {rule} | others
    check = next(check for check in validation.checks if check.rule == rule)
    scope = next(e["meta"]["scope"] for e in written(suite) if e["meta"]["rule"] == rule)
    assert check.scope == scope
    # what stops a batch is what has scope suite, and nothing else
    stopped = {check.rule for check in validation.broken}
    assert (rule in stopped) == (scope == "suite")
    if scope == "row":
        row = [row["row"] for row in damage(good)][-1]
        expected = (2, row) if rule == "legacy-id-unique" else (row,)
        assert check.failing == expected


@pytest.mark.parametrize("suite", NAMES)
def test_shipped_words_tell_what_is_wrong_and_what_to_do(suite: str) -> None:
    for entry in written(suite):
        meta = entry["meta"]
        assert meta["rule"].startswith(f"{suite}-")
        assert entry["severity"] == SEVERITIES[meta["scope"]]
        # the reason ends up in the middle of a line: no capital, no full stop, two parts
        assert re.match(r"[a-z]", meta["reason"]), meta["rule"]
        assert ":" in meta["reason"] or "," in meta["reason"] or ";" in meta["reason"]
        assert not meta["reason"].endswith(".")
        assert meta["expects"].endswith(".")
        if suite == "legacy" and meta["scope"] == "row":
            assert re.search("[\u0621-\u064a]", meta["reason_fa"]), meta["rule"]
            assert not re.search("[يكة]", meta["reason_fa"]), meta["rule"]


@pytest.mark.parametrize(
    "name",
    [
        "Rezaei",
        "عطا",
        "ظریف طاعتی",
        "علی‌عسگری",
        "عفّت",
        "Müller",
        "طلا، عطا",
        "لطف‌علی",
        "عظیم\u200fی",
        "ععع",
    ],
)
def test_a_real_name_is_not_taken_for_a_wrong_encoding(name: str) -> None:
    assert "legacy-last-name-encoding" not in failed(
        held("legacy", last(last_name=name)(good_legacy()))
    )


@pytest.mark.parametrize("name", ["علی", "رضایی", "ژاله", "گیتی", "پروین", "حسین‌زاده", "محمد رضا"])
@pytest.mark.parametrize(
    ("written_in", "read_in"),
    [("utf-8", "cp1256"), ("utf-8", "cp1252"), ("utf-8", "latin-1"), ("cp1256", "cp1252")],
)
def test_a_wrong_encoding_of_the_usual_kinds_is_seen(
    name: str, written_in: str, read_in: str
) -> None:
    pattern = json.loads((SUITES / "legacy.json").read_text("utf-8"))["suite_parameters"][
        "mojibake"
    ]
    name = name if written_in == "utf-8" else name.replace("ی", "ي")
    assert re.search(pattern, name.encode(written_in).decode(read_in, "replace"))


def test_both_rows_of_a_doubled_identifier_go_back() -> None:
    frame = frame_of("legacy", last(legacy_id="L1")(good_legacy()))
    found = problems(legacy(frame), frame)
    assert [(p.row, p.legacy_id, p.rule) for p in found] == [
        (3, "L1", "legacy-id-unique"),
        (5, "L1", "legacy-id-unique"),
    ]


def test_a_problem_gives_the_value_as_it_stood_in_the_source_and_the_reason_in_both_languages() -> (
    None
):
    rows = good_legacy()
    rows[1] |= {"last_name": None, "raw_last_name": " ؟ "}
    rows[1] |= {"first_name": "12", "raw_first_name": "۱۲"}
    rows[3] |= {"legacy_id": None}
    frame = frame_of("legacy", rows)
    found = problems(legacy(frame), frame)
    assert [(p.row, p.legacy_id, p.column, p.found, p.rule) for p in found] == [
        (3, "L1", "last_name", " ؟ ", "legacy-last-name-present"),
        (3, "L1", "first_name", "۱۲", "legacy-first-name-letters"),
        (5, None, "legacy_id", None, "legacy-id-present"),
    ]
    english, _, persian = found[0].reason.partition(" | ")
    assert english.startswith("the row has no last name")
    assert persian.startswith("نام خانوادگی در این ردیف نیست")


def test_a_linked_record_is_held_against_the_threshold_that_a_batch_was_run_with() -> None:
    frame = frame_of("outcomes", good_outcomes())
    parameters = {"rows": len(frame), "accept": 0.999995}
    broken = validate(frame, SUITES / "outcomes.json", key="row", parameters=parameters).broken
    assert [(check.rule, check.failing) for check in broken] == [("outcomes-linked-likely", (2,))]


def test_warnings_leave_a_validation_a_success() -> None:
    validation = held("legacy", unread("birth_date", "?")(good_legacy()))
    assert validation.success
    # «?» alone says nothing: it is missing, not unread
    assert failed(validation) == set()
    validation = held("legacy", unread("birth_date", "پنجم")(good_legacy()))
    assert failed(validation) == {"legacy-birth-date-read"}
    assert validation.success
    check = next(c for c in validation.checks if not c.success)
    assert check.unexpected_count == 1
    assert check.observed == "1 of 4 rows (25.0%): row 5 «پنجم»"


def test_a_check_of_two_fields_shows_both_as_they_stood_in_the_source() -> None:
    rows = last(
        graduation_date_first=date(1950, 1, 1),
        graduation_date_last=date(1950, 1, 1),
        raw_birth_date="۱۳۴۰/۲/۱",
        raw_graduation_date="۱۳۲۸",
    )(good_legacy())
    (check,) = (check for check in held("legacy", rows).checks if not check.success)
    assert check.column == "birth_date, graduation_date"
    assert check.observed == "1 of 4 rows (25.0%): row 5 «۱۳۴۰/۲/۱; ۱۳۲۸»"


@pytest.mark.parametrize("suite", ["outcomes", "codes"])
def test_an_artefact_without_rows_is_whole_when_none_were_due(suite: str) -> None:
    assert held(suite, []).success


def test_outcomes_without_a_linked_one_are_whole() -> None:
    rows = [row for row in good_outcomes() if row["outcome"] in ("person_missing", "quarantined")]
    assert held("outcomes", rows).success


@pytest.mark.parametrize("convert", [str, Decimal])
def test_numbers_written_as_text_or_decimals_are_compared_as_numbers(
    convert: Callable[[Any], Any],
) -> None:
    frame = frame_of("outcomes", good_outcomes())
    texts = [None if pd.isna(value) else convert(str(value)) for value in frame["probability"]]
    frame["probability"] = pd.Series(texts, dtype=object)
    suite = SUITES / "outcomes.json"
    assert validate(frame, suite, key="row", parameters={"rows": len(frame)}).success
    frame.loc[2, "probability"] = convert("1.5")
    broken = validate(frame, suite, key="row", parameters={"rows": len(frame)}).broken
    assert [check.rule for check in broken] == ["outcomes-probability-range"]


def test_text_that_is_no_number_is_an_error_and_never_passes() -> None:
    frame = frame_of("outcomes", good_outcomes())
    frame["probability"] = "likely"
    broken = validate(
        frame, SUITES / "outcomes.json", key="row", parameters={"rows": len(frame)}
    ).broken
    assert [check.rule for check in broken] == [
        "outcomes-linked-likely",
        "outcomes-probability-range",
    ]
    assert all(check.error for check in broken)


@pytest.mark.parametrize("scope", ["row", "suite", "warn"])
def test_an_expectation_that_cannot_be_checked_stops_the_batch_whatever_its_scope(
    tmp_path: Path, scope: str
) -> None:
    suite = one_rule(
        tmp_path,
        {
            "type": "expect_column_values_to_not_be_null",
            "kwargs": {"column": "colour"},
            "severity": SEVERITIES[scope],
            "meta": {"rule": "r", "scope": scope, "expects": "E.", "reason": "w: d"},
        },
    )
    validation = validate(pd.DataFrame({"row": [1]}), suite, key="row")
    assert not validation.success
    (check,) = validation.broken
    assert check.error is not None
    assert "colour" in check.error
    assert check.observed == f"could not be checked: {check.error}"
    assert problems(validation, pd.DataFrame({"row": [1]})) == []


def one_rule(folder: Path, *entries: dict[str, Any], **more: Any) -> Path:
    path = folder / "mine.json"
    body = {"name": "mine", "expectations": list(entries)} | more
    path.write_text(json.dumps(body), encoding="utf-8")
    return path


def rule(**changes: Any) -> dict[str, Any]:
    """A sound expectation, with changes; a `meta` given is merged, None takes a key away."""
    meta = {"rule": "r", "scope": "suite", "expects": "E.", "reason": "w: d"}
    meta |= changes.pop("meta", {})
    entry: dict[str, Any] = {
        "type": "expect_column_values_to_be_unique",
        "kwargs": {"column": "a"},
        "severity": "critical",
        "meta": {key: value for key, value in meta.items() if value is not None},
    }
    return {key: value for key, value in (entry | changes).items() if value is not None}


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (rule(type="expect_column_values_to_be_uniqe"), "uniqe"),
        (rule(kwargs={"colum": "a"}), "colum"),
        (rule(kwargs={"column": {"$PARAMETER": "which"}}), "which"),
        (rule(notes="x"), "notes"),
        (rule(severity="info"), "severity critical"),
        (rule(meta={"scope": "table"}), "table"),
        (rule(meta={"reason": " "}), "`reason`"),
        (rule(meta={"rule": None}), "`rule`"),
        (rule(meta={"why": "x"}), "why"),
        (rule(meta={"expects": None}), "`expects`"),
        (
            rule(
                severity="warning",
                meta={"scope": "row"},
                kwargs={"column": "a", "mostly": 0.9},
            ),
            "each row by itself",
        ),
        (
            rule(
                severity="warning",
                meta={"scope": "row"},
                type="expect_column_proportion_of_unique_values_to_be_between",
            ),
            "each row by itself",
        ),
        ("expect_column_values_to_be_unique", "`meta`"),
    ],
)
def test_a_suite_that_is_not_of_the_form_is_refused_with_its_place(
    tmp_path: Path, entry: Any, says: str
) -> None:
    suite = one_rule(tmp_path, rule(meta={"rule": "sound"}), entry)
    with pytest.raises(InputError) as refused:
        validate(pd.DataFrame({"a": [1]}), suite, key="a")
    assert str(suite) in str(refused.value)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("entries", "more", "says"),
    [
        ((), {}, "no expectation"),
        ((rule(), rule()), {}, "one rule id"),
        ((rule(),), {"name": "other"}, "not that of its file"),
        ((rule(),), {"expectation": []}, "a key that this form does not have"),
        ((rule(),), {"expectations": "all"}, "a list `expectations`"),
    ],
)
def test_a_suite_that_is_no_suite_is_refused(
    tmp_path: Path, entries: tuple[Any, ...], more: dict[str, Any], says: str
) -> None:
    with pytest.raises(InputError, match=re.escape(says)):
        validate(pd.DataFrame({"a": [1]}), one_rule(tmp_path, *entries, **more), key="a")


def test_a_suite_that_cannot_be_read_is_refused_with_its_line(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1]})
    with pytest.raises(InputError, match="cannot be read"):
        validate(frame, tmp_path / "absent.json", key="a")
    broken = tmp_path / "mine.json"
    broken.write_text('{\n "name": "mine",\n "expectations": [\n}', encoding="utf-8")
    with pytest.raises(InputError) as refused:
        validate(frame, broken, key="a")
    assert refused.value.row == 4


def test_a_parameter_given_stands_over_the_suites_own(tmp_path: Path) -> None:
    rows = rule(type="expect_table_row_count_to_equal", kwargs={"value": {"$PARAMETER": "rows"}})
    suite = one_rule(tmp_path, rows, suite_parameters={"rows": 1})
    frame = pd.DataFrame({"a": [1, 2]})
    assert not validate(frame, suite, key="a").success
    assert validate(frame, suite, key="a", parameters={"rows": 2}).success


def test_every_failing_row_is_named_however_many_they_are_and_the_table_is_left_alone(
    tmp_path: Path,
) -> None:
    entry = rule(
        type="expect_column_values_to_not_be_null",
        severity="warning",
        meta={"scope": "row"},
        kwargs={"column": "b"},
    )
    frame = pd.DataFrame({"a": [f"k{n}" for n in range(5000)], "b": [None] * 5000})
    frame.index = pd.Index(range(9000, 14000))
    before = frame.copy()
    (check,) = validate(frame, one_rule(tmp_path, entry), key="a").checks
    assert check.failing == tuple(f"k{n}" for n in range(5000))
    pd.testing.assert_frame_equal(frame, before)


def test_a_table_is_judged_by_itself_not_by_the_one_before_it(tmp_path: Path) -> None:
    suite = one_rule(tmp_path, rule())
    results = [
        validate(pd.DataFrame({"a": values}), suite, key="a").success
        for values in ([1, 2], [1, 1], [1, 2], [3, 3])
    ]
    assert results == [True, False, True, False]


def test_a_missing_key_is_refused() -> None:
    with pytest.raises(InputError, match="legacy_id"):
        validate(pd.DataFrame({"a": [1]}), SUITES / "codes.json", key="legacy_id")


def test_rows_that_cannot_be_told_apart_are_not_quarantined_by_guess(tmp_path: Path) -> None:
    entry = rule(severity="warning", meta={"scope": "row"}, kwargs={"column": "a"})
    frame = pd.DataFrame({"a": [1, 1]})
    validation = validate(frame, one_rule(tmp_path, entry), key="a")
    with pytest.raises(ValueError, match="not unique"):
        problems(validation, frame)


def raw(rows: list[Row], schema: Schema) -> pa.Table:
    columns: dict[str, pa.Array] = {"row": pa.array(range(2, len(rows) + 2), pa.int64())}
    for name in schema.names:
        columns[f"raw_{name}"] = pa.array([row.get(name) for row in rows], pa.string())
    return pa.table(columns)


RAW: Row = {
    "legacy_id": "۱",
    "degree_id": "D1",
    "person_id": "P1",
    "first_name": "علي",
    "last_name": "رضايي",
    "university": "دانشگاه تهران",
    "degree": "لیسانس",
    "birth_date": "۱۳۴۰/۲/۱",
    "graduation_date": "۱۳۶۲",
}


def test_what_staging_makes_of_a_source_can_be_judged_by_every_rule_of_the_legacy_suite() -> None:
    rows = [
        RAW,
        RAW | {"legacy_id": "1 "},
        RAW | {"legacy_id": "3", "birth_date": "1340/13/1", "sex": "؟؟", "national_id": "123"},
        RAW | {"legacy_id": "4", "university": "دانشگاه ناکجاآباد", "degree": "پهلوانی"},
        RAW | {"legacy_id": "5", "first_name": "ندارد"},
    ]
    frame = facts(stage(raw(rows, LEGACY), LEGACY))
    validation = legacy(frame)
    assert failed(validation) == {
        "legacy-id-unique",
        "legacy-first-name-present",
        "legacy-birth-date-read",
        "legacy-national-id-valid",
        "legacy-university-known",
        "legacy-degree-known",
    }
    assert [(p.row, p.found) for p in problems(validation, frame)] == [
        (2, "۱"),
        (3, "1 "),
        (6, "ندارد"),
    ]


def test_what_staging_makes_of_a_registry_can_be_judged_by_every_rule_of_its_suite() -> None:
    rows = [RAW, RAW | {"degree_id": "D2", "degree": "پهلوانی"}]
    frame = facts(stage(raw(rows, REGISTRY), REGISTRY))
    validation = validate(frame, SUITES / "registry.json", key="row")
    assert failed(validation) == {"registry-degree-known"}
    assert validation.success


def test_facts_keep_the_rows_and_tell_what_no_column_holds() -> None:
    rows = good_legacy()
    rows[1] |= {"birth_date": None, "raw_birth_date": "پنجم", "birth_date_note": "no such form"}
    rows[1] |= {"birth_date_first": None, "birth_date_last": None}
    rows[2] |= {"birth_date": None, "raw_birth_date": " - "}
    rows[3] |= {"university": "ناکجا", "university_id": None}
    frame = facts(staged(rows, LEGACY))
    assert frame["row"].tolist() == [2, 3, 4, 5]
    assert frame["birth_date_unread"].fillna("").tolist() == ["", "پنجم", "", ""]
    assert frame["university_unknown"].fillna("").tolist() == ["", "", "", "ناکجا"]
    assert frame["birth_date_first"].iloc[0] == 19610421
    assert pd.isna(frame["birth_date_first"].iloc[1])
    # 21 April 1961 to 21 March 1983 and 20 March 1984: 21 and 22 birthdays
    assert frame["age_at_graduation_least"].iloc[0] == 21
    assert frame["age_at_graduation_most"].iloc[0] == 22


def test_facts_of_the_registry_keep_its_degree_id() -> None:
    frame = facts(staged(good_registry(), REGISTRY))
    assert frame["degree_id"].tolist() == ["D0", "D1", "D2", "D3"]
    assert frame["degree_level"].tolist() == ["bachelor"] * 4
    assert frame["degree_unknown"].isna().all()


def page_of(tmp_path: Path, *validations: Validation, css: str = "") -> str:
    path = tmp_path / "page.html"
    write_page(validations, path, title="Expectations of batch <b>", css=css)
    return path.read_text("utf-8")


def test_the_page_stands_by_itself_and_is_the_same_each_time(tmp_path: Path) -> None:
    rows = at(1, last_name=None, raw_last_name="<script>alert(1)</script>")(good_legacy())
    validations = [held("legacy", rows), held("registry", good_registry())]
    css = "@font-face{font-family:'Vazirmatn';src:url(data:font/woff2;base64,AA==)}"
    page = page_of(tmp_path, *validations, css=css)
    assert page == page_of(tmp_path, *validations, css=css)
    assert css in page
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "Expectations of batch &lt;b&gt;" in page
    assert not re.search(r"https?:|src=|href=|@import|url\((?!data:)", page)
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_each_value_on_the_page_takes_its_own_direction(tmp_path: Path) -> None:
    rows = last(
        graduation_date_first=date(1950, 1, 1),
        graduation_date_last=date(1950, 1, 1),
        raw_birth_date="1369",
        raw_graduation_date="2 مرداد 1328",
    )(good_legacy())
    page = page_of(tmp_path, held("legacy", rows))
    assert "row 5 «<bdi>1369</bdi>; <bdi>2 مرداد 1328</bdi>»" in page


def test_the_page_says_in_its_first_lines_what_becomes_of_the_batch(tmp_path: Path) -> None:
    good = held("registry", good_registry())
    one_back = held("legacy", last(last_name=None)(good_legacy()))
    page = page_of(tmp_path, one_back, good)
    assert "The batch can be linked." in page
    # what failed stands before what was met
    assert page.index("legacy-last-name-present") < page.index("legacy-rows")
    assert "1 row goes to quarantine" in " ".join(page.split())
    assert "نام خانوادگی در این ردیف نیست" in page
    page = page_of(tmp_path, held("legacy", []), good)
    assert "The batch stops before linking." in page
    assert "the source has no row below its headings" in page

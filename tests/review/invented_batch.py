"""An invented batch, small enough to read: three universities, every outcome that makes a case."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.review.cases import Case, build_cases

COMPARED = (
    "first_name", "last_name", "father_name", "sex", "national_id", "birth_cert_no", "birth_place",
    "birth_date", "university", "field_of_study", "degree", "graduation_date", "diploma_no",
)  # fmt: skip


@dataclass(frozen=True)
class Tables:
    outcomes: pa.Table
    candidates: pa.Table
    staged: pa.Table
    registry: pa.Table

    def cases(self, batch: str = "b1") -> list[Case]:
        return build_cases(self.outcomes, self.candidates, self.staged, self.registry, batch=batch)


def document(row: int, legacy_id: str, raw: dict[str, str], **read: str | None) -> dict:
    """A staged row: ``read`` says what a raw value was taken for where it is not the same."""
    taken = {name: raw.get(name) for name in LEGACY.names} | {"legacy_id": legacy_id} | read
    found = {"row": row, "university_id": read.pop("university_id", "shiraz")}
    for name in LEGACY.names:
        found[f"raw_{name}"] = raw.get(name) if name != "legacy_id" else legacy_id
        found[name] = taken[name]
    return found


def degree(degree_id: str, person_id: str, **values: str) -> dict:
    whole = values | {"degree_id": degree_id, "person_id": person_id}
    found: dict = {}
    for name in REGISTRY.names:
        found[f"raw_{name}"] = found[name] = whole.get(name)
    return found


def candidate(
    row: int, degree_id: str, person_id: str, rank: int, *, rival: bool, **levels: str
) -> dict:
    weights = {"exact": 6.5, "different": -7.25, "close": 2.0, "missing": 0.0}
    found = {
        "row": row, "legacy_id": f"L{row}", "degree_id": degree_id, "person_id": person_id,
        "rank": rank, "rival": rival, "probability": 0.5, "person_weight": 12.0,
        "degree_weight": 3.0,
    }  # fmt: skip
    for name in COMPARED:
        level = levels.get(name, "exact")
        found[f"level_{name}"] = level
        found[f"weight_{name}"] = weights.get(level, 1.0)
    return found


def outcome(
    row: int, legacy_id: str, word: str, degree_id: str = "", contradicts: str = ""
) -> dict:
    return {
        "row": row, "legacy_id": legacy_id, "outcome": word, "degree_id": degree_id or None,
        "contradicts": contradicts or None, "reason": "because of the evidence",
    }  # fmt: skip


BASE = {
    "first_name": "محمدرضا", "last_name": "كريمي", "father_name": "حسن", "sex": "مرد",
    "birth_cert_no": "1274", "birth_place": "شیراز", "birth_date": "۳/۷/۳۶",
    "university": "پهلوی", "field_of_study": "مهندسی برق", "degree": "لیسانس",
    "graduation_date": "۱۳۵۸/۶/۳۱", "diploma_no": "۴۵/۱۲۳", "page_ref": "دفتر ۳ ص ۱۲",
}  # fmt: skip
READ = {
    "last_name": "کریمی", "sex": "m", "birth_date": "1336-07-03", "university": "دانشگاه شیراز",
    "degree": "کارشناسی", "graduation_date": "1358-06-31", "diploma_no": "45123",
}  # fmt: skip
REGISTERED = {
    "first_name": "محمد رضا", "last_name": "کریمی", "father_name": "حسین", "sex": "m",
    "national_id": "2291234567", "birth_cert_no": "1274", "birth_place": "شیراز",
    "birth_date": "1338-07-03", "university": "دانشگاه شیراز", "field_of_study": "مهندسی برق",
    "degree": "کارشناسی", "graduation_date": "1358-06-31", "diploma_no": "45123",
    "validity_code": "99999999999999999999",
}  # fmt: skip


def invented_batch() -> Tables:
    """The tables of the batch, as the stages before would leave them."""
    staged = [
        document(2, "L2", BASE, **READ),
        document(3, "L3", BASE | {"first_name": "علی"}, **READ),
        document(4, "L4", BASE | {"first_name": "زهرا", "sex": "؟"}, **READ | {"sex": None}),
        document(
            5, "=1+1", BASE | {"first_name": "=cmd|' /C calc'!A0", "last_name": "ناشناس"},
            **READ | {"last_name": "ناشناس", "university_id": None, "university": "مدرسه عالی نو"},
        ),
        document(6, "L6", BASE, **READ),
        document(7, "L7", BASE | {"father_name": "حسین"}, **READ),
    ]  # fmt: skip
    registry = [
        degree("D1", "P1", **REGISTERED),
        degree("D2", "P2", **REGISTERED | {"first_name": "علی", "birth_date": "1336-07-03"}),
        degree("D3", "P3", **REGISTERED | {"first_name": "علی رضا", "birth_date": "1336-07-03"}),
        degree("D4", "P4", **REGISTERED | {"first_name": "زهرا", "degree": "کارشناسی ارشد"}),
        degree("D5", "P4", **REGISTERED | {"first_name": "زهرا", "degree": "دکتری"}),
    ]
    candidates = [
        candidate(
            2, "D1", "P1", 1, rival=True, father_name="different", birth_date="different",
            national_id="missing",
        ),
        candidate(2, "D2", "P2", 2, rival=False, first_name="different"),
        candidate(3, "D3", "P3", 2, rival=True, first_name="close"),
        candidate(3, "D2", "P2", 1, rival=True),
        candidate(3, "D1", "P1", 3, rival=False, first_name="different"),
        candidate(7, "D2", "P2", 1, rival=True, first_name="part"),
        candidate(4, "D4", "P4", 1, rival=False, degree="different", sex="uncomparable"),
    ]  # fmt: skip
    outcomes = [
        outcome(5, "=1+1", "person_missing"),
        outcome(2, "L2", "mismatch", "D1", "father_name;birth_date"),
        outcome(3, "L3", "ambiguous"),
        outcome(4, "L4", "degree_missing"),
        outcome(6, "L6", "duplicate", "D2"),
        outcome(7, "L7", "mismatch", "D2", "birth_cert_no"),
    ]
    held = (outcomes, candidates, staged, registry)
    return Tables(*(pa.Table.from_pylist(rows) for rows in held))

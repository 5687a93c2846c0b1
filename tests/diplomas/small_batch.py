"""Small staged tables, written out value by value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from migrate.diplomas.schema import LEGACY, REGISTRY
from migrate.intake.schema import Schema
from migrate.intake.staging import stage

# one man and his degree, as paper and registry have them
RECORD = {
    "first_name": "محمد رضا",
    "last_name": "حسيني",
    "father_name": "علی اکبر",
    "sex": "مرد",
    "birth_cert_no": "۴۱۲",
    "birth_place": "یزد",
    "birth_date": "۱۳۳۵/۴/۲",
    "university": "دانشگاه ملی ایران",
    "field_of_study": "حقوق",
    "degree": "لیسانس",
    "graduation_date": "۱۳۵۸/۴/۱۰",
}
DEGREE = {
    "degree_id": "D1",
    "person_id": "P1",
    "first_name": "محمدرضا",
    "last_name": "حسینی",
    "father_name": "علی‌اکبر",
    "sex": "مرد",
    "birth_cert_no": "412",
    "birth_place": "یزد",
    "birth_date": "1335-04-02",
    "university": "دانشگاه شهید بهشتی",
    "field_of_study": "حقوق",
    "degree": "کارشناسی",
    "graduation_date": "1358-04-10",
}

# people who have nothing to do with it: without them no agreement is rare
_FIRST = ("حسن", "رضا", "مهدی", "ناصر", "بهرام", "زهرا", "مریم", "فاطمه", "پروین", "شهلا")
_LAST = ("احمدی", "کریمی", "موسوی", "رحیمی", "جعفری", "قاسمی", "صادقی", "نوری", "زارع", "ملکی")
_FATHERS = ("عباس", "محمود", "یوسف", "اسماعیل", "ابراهیم", "کاظم", "تقی", "جواد")
_PLACES = ("تهران", "تبریز", "شیراز", "مشهد", "رشت", "کرمان")
_FIELDS = ("شیمی", "فیزیک", "ریاضی", "تاریخ", "جغرافیا")
_UNIVERSITIES = ("دانشگاه تهران", "دانشگاه شیراز", "دانشگاه تبریز", "دانشگاه اصفهان")


def strangers(number: int = 800) -> list[dict[str, str]]:
    """Degrees of people unlike RECORD; every fifth person has a second degree two years later."""
    degrees = []
    for n in range(number):
        person = {
            "person_id": f"S{n}",
            "first_name": _FIRST[n % 10],
            "last_name": _LAST[n // 10 % 10],
            "father_name": _FATHERS[n * 7 // 3 % 8],
            "sex": "مرد" if n % 10 < 5 else "زن",
            "birth_cert_no": str(1000 + n * 13 % 4001),
            "birth_place": _PLACES[n * 5 // 7 % 6],
            "birth_date": f"13{20 + n % 31}-{1 + n % 12:02}-{1 + n % 29:02}",
        }
        degree = {
            "university": _UNIVERSITIES[n // 3 % 4],
            "field_of_study": _FIELDS[n // 2 % 5],
            "degree": "کارشناسی",
            "graduation_date": f"13{44 + n % 31}-{1 + n % 11:02}-15",
        }
        degrees.append({"degree_id": f"X{n}", **person, **degree})
        if n % 5 == 0:
            later = {
                "degree": "کارشناسی ارشد",
                "graduation_date": f"13{46 + n % 31}-{1 + n % 11:02}-15",
            }
            degrees.append({"degree_id": f"Y{n}", **person, **degree, **later})
    return degrees


def _raw(rows: Sequence[Mapping[str, str]], schema: Schema) -> pa.Table:
    columns = {"row": pa.array(range(2, len(rows) + 2), pa.int64())}
    for field in schema.fields:
        columns[f"raw_{field.name}"] = pa.array([row.get(field.name) for row in rows], pa.string())
    return pa.table(columns)


def legacy(*records: Mapping[str, str]) -> pa.Table:
    """Staged legacy rows; a record without a legacy_id gets L1, L2, …"""
    numbered = [{"legacy_id": f"L{n}", **record} for n, record in enumerate(records, start=1)]
    return stage(_raw(numbered, LEGACY), LEGACY)


def registry(*degrees: Mapping[str, str], coded: Sequence[str] = ()) -> pa.Table:
    """A staged registry of these degrees and many strangers'; ``coded`` have a code in the store."""
    table = stage(_raw([*degrees, *strangers()], REGISTRY), REGISTRY)
    ids = table.column("degree_id").to_pylist()
    return table.append_column("coded_in_store", pa.array([name in coded for name in ids]))

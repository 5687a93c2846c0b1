"""Writes the DBF files of this folder. Needs the packages dbf and iransystem; see README.md."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import dbf
import iransystem  # noqa: F401  registers its codec

HERE = Path(__file__).parent
FIELDS = (
    "ID N(6,0); NAME C(20); FAMIL C(25); PEDAR C(20); SHSH N(10,0); TVLD C(10); "
    "DANESH C(30); RESHTE C(25); MAGH C(15); TFAR C(10); DNO C(12)"
)
TEHRAN, SHARIF, SHIRAZ = "دانشگاه تهران", "دانشگاه صنعتی آریامهر", "دانشگاه پهلوی"
PEOPLE = [
    (
        1,
        "علی",
        "حسین‌زاده",
        "محمد",
        4521,
        "1340/02/11",
        TEHRAN,
        "حقوق",
        "لیسانس",
        "1362/06/31",
        "123/ب",
    ),
    (
        2,
        "محمد رضا",
        "کریمی نژاد",
        "غلامحسین",
        12,
        "35/9/30",
        SHARIF,
        "مهندسی برق",
        "لیسانس",
        "1358/11/2",
        "88",
    ),
    (
        3,
        "زهرا سادات",
        "موسوی",
        "سید جلال",
        903,
        "1338",
        SHIRAZ,
        "پزشکی",
        "دکترا",
        "۲۵۳۶/۴/۱",
        "ش 7-1/45",
    ),
    (
        4,
        "ژاله",
        "لاهیجانی اصل",
        "پرویز",
        None,
        "1341/12/29",
        TEHRAN,
        "شیمی",
        "فوق لیسانس",
        "1366/07/15",
        "",
    ),
    (5, "حذف شده", "آزمایشی", "", 1, "", TEHRAN, "", "", "", ""),
]
NOTE = "توضیح بلند: پرونده در قفسه ۱۲، ردیف 3.\r\nسطر دوم یادداشت."


# Windows-1256 has no Persian yeh and no Persian digits: programs wrote what it has
ARABIC = str.maketrans("ی۲۵۳۶۴۱", "ي253641")


def written(text: str, codec: str) -> str:
    if codec == "cp1256":
        return text.translate(ARABIC)
    # dbf writes text in a code page that it knows; cp437 has a letter for every byte
    return text.encode(codec).decode("cp437") if codec == "iransystem" else text


def write(name: str, kind: str, codec: str, fields: str = FIELDS, extra: tuple = ()) -> None:
    path = HERE / name
    for old in HERE.glob(f"{path.stem}.*"):
        old.unlink()
    page = "cp1256" if codec == "cp1256" else "utf8" if codec == "utf8" else "cp437"
    table = dbf.Table(str(path), fields, dbf_type=kind, codepage=page)
    table.open(dbf.READ_WRITE)
    for person in PEOPLE:
        values = [written(value, codec) if isinstance(value, str) else value for value in person]
        table.append((*values, *(one(person[0]) for one in extra)))
    dbf.delete(table[4])
    table.close()


def memo(codec: str):
    def one(number: int) -> str:
        text = NOTE * (60 if number == 2 else 1) if number < 4 else ""
        return written(text, codec)

    return one


write("dbase3-iran-system.dbf", "db3", "iransystem")
write("dbase3-windows-1256.dbf", "db3", "cp1256")
# a letter of Persian has two bytes in UTF-8
write(
    "dbase3-utf-8.dbf",
    "db3",
    "utf8",
    re.sub(r"C\((\d+)\)", lambda m: f"C({2 * int(m[1])})", FIELDS),
)
write("dbase3-memo.dbf", "db3", "iransystem", FIELDS + "; SHARH M", (memo("iransystem"),))
write("foxpro-memo.dbf", "fp", "cp1256", FIELDS + "; SHARH M", (memo("cp1256"),))
write(
    "visual-foxpro.dbf",
    "vfp",
    "cp1256",
    FIELDS + "; SHARH M; SABT T; RUZ D; MOADEL B; SHAHR Y; SHOMAR I; TAID L",
    (
        memo("cp1256"),
        lambda n: datetime.datetime(2004, 3, 5, 14, 30, n),
        lambda n: datetime.date(1362, 7, n) if n < 4 else None,
        lambda n: 17.25 + n,
        lambda n: 1250.5 * n,
        lambda n: -n,
        lambda n: n == 1,
    ),
)

"""A store with the cases of two universities and people in each role, and the desk over it."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from argon2 import PasswordHasher
from sqlalchemy import Engine

with warnings.catch_warnings():
    # it would rather have a successor of httpx that is not out yet
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

from migrate.codes.requests import Scan, request_of
from migrate.review.cases import Case, CaseCandidate, case_id
from migrate.serve.app import make_app
from migrate.serve.settings import Settings, checked
from migrate.store import passwords, users
from migrate.store.cases import save_cases
from migrate.store.engine import open_store

PASSWORD = "four words that differ 4"
ORIGIN = "http://testserver"
PICTURE = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f"
    b"\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d"
    b"\x00\x00\x00\x00IEND\xaeB`\x82"
)
PEOPLE = (
    ("z.karimi", "زهرا کریمی", "clerk", "shiraz"),
    ("r.moradi", "رضا مرادی", "clerk", "shiraz"),
    ("m.hosseini", "مریم حسینی", "approver", "shiraz"),
    ("a.tehrani", "علی تهرانی", "clerk", "tehran"),
    ("n.rad", "نرگس راد", "approver", "tehran"),
    ("vezarat", "سارا وزیری", "ministry", None),
    ("hesabres", "کیان حسابرس", "auditor", None),
)
DOCUMENT = {
    "first_name": "محمدرضا", "last_name": "كريمي", "father_name": "حسن", "sex": "مرد",
    "birth_cert_no": "1274", "birth_place": "شیراز", "birth_date": "۳/۷/۳۶",
    "university": "پهلوی", "field_of_study": "مهندسی برق", "degree": "لیسانس",
    "graduation_date": "۱۳۵۸/۶/۳۱", "diploma_no": "۴۵/۱۲۳", "page_ref": "دفتر ۳ ص ۱۲",
}  # fmt: skip
READ = {
    **DOCUMENT, "last_name": "کریمی", "sex": "m", "birth_date": "1336-07-03",
    "university": "دانشگاه شیراز", "degree": "کارشناسی", "graduation_date": "1358-06-31",
    "diploma_no": "45123",
}  # fmt: skip
REGISTERED = {
    "first_name": "محمد رضا", "last_name": "کریمی", "father_name": "حسین", "sex": "m",
    "national_id": "2291234567", "birth_cert_no": "1274", "birth_place": "شیراز",
    "birth_date": "1338-07-03", "university": "دانشگاه شیراز", "field_of_study": "مهندسی برق",
    "degree": "کارشناسی", "graduation_date": "1358-06-31", "diploma_no": "45123",
}  # fmt: skip
LAST = ("کریمی", "احمدی‌نژاد", "موسوی", "رستگار", "یوسفی", "حسین‌زاده", "شفیعی", "بهرامی")


def candidate(degree_id: str, person_id: str, rank: int, **values: str) -> CaseCandidate:
    held = {**REGISTERED, **values}
    levels = {name: "exact" for name in held if name in READ and name != "page_ref"}
    weights = dict.fromkeys(levels, 6.5)
    for name in ("father_name", "birth_date"):
        if held[name] != READ[name]:
            levels[name], weights[name] = "different", -7.25
    levels["national_id"], weights["national_id"] = "missing", 0.0
    return CaseCandidate(degree_id, person_id, rank, 0.83, 12.0, 3.0, held, levels, weights)


def case(
    number: int, outcome: str = "mismatch", university: str = "shiraz", **changes: Any
) -> Case:
    last = LAST[number % len(LAST)]
    near = [
        candidate(f"D{number}1", f"P{number}1", 1, last_name=last),
        candidate(f"D{number}2", f"P{number}2", 2, last_name=last, first_name="علی رضا"),
    ]
    count = {"mismatch": 1, "ambiguous": 2, "degree_missing": 1, "person_missing": 0}[outcome]
    made = Case(
        case_id=case_id("b1", number, f"L{number}"), version=1, batch="b1", row=number,
        legacy_id=f"L{number}", outcome=outcome, university_id=university,
        university={"shiraz": "دانشگاه شیراز", "tehran": "دانشگاه تهران"}[university],
        legacy=DOCUMENT | {"last_name": last}, legacy_read=READ | {"last_name": last},
        candidates=tuple(near[:count]),
        contradicts=("father_name", "birth_date") if outcome == "mismatch" else (),
        reason="", page_ref="دفتر ۳ ص ۱۲",
    )  # fmt: skip
    return replace(made, **changes)


OUTCOMES = ("mismatch", "mismatch", "ambiguous", "degree_missing", "person_missing", "mismatch")


@dataclass(frozen=True)
class DeskRoom:
    """A store's address, its cases by university, its scan."""

    address: str
    mine: tuple[Case, ...]
    theirs: tuple[Case, ...]
    scans: Path
    scan: str

    def named(self, outcome: str) -> list[str]:
        """Cases of one outcome of the first university, in the order of the queue."""
        return sorted(one.case_id for one in self.mine if one.outcome == outcome)


def furnish_desk(address: str, folder: Path, *, count: int = 12) -> DeskRoom:
    from sqlalchemy import text

    mine = tuple(case(number, OUTCOMES[number % 6]) for number in range(1, count + 1))
    theirs = tuple(case(100 + number, OUTCOMES[number % 6], "tehran") for number in range(1, 7))
    scans = folder / "scans"
    scans.mkdir()
    (scans / "page.png").write_bytes(PICTURE)
    (folder / "secret.png").write_bytes(PICTURE + b"secret")
    digest = hashlib.sha256(PICTURE).hexdigest()
    engine: Engine = open_store(address)
    try:
        with patch.object(passwords, "_HASHER", PasswordHasher(1, 64, 1)):
            for user_id, name, role, university in PEOPLE:
                users.add(
                    engine, user_id, name=name, role=role, university=university, by="test",
                    password=PASSWORD,
                )  # fmt: skip
        save_cases(engine, [*mine, *theirs], model="a" * 64)
        from migrate.store.requests import submit

        request = request_of(
            {"first_name": "محمدرضا", "last_name": "کریمی", "university": "شیراز"},
            channel="graduate",
            scans=[Scan(digest, "page.png")],
        )
        receipt = submit(engine, request, actor="test")
        with engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO request_events (tracking_no, n, state, at, actor, batch, legacy_id)"
                    " VALUES (:no, 2, 'taken', '2026-11-28T00:00:00Z', 'test', 'b1', :legacy)"
                ),
                {"no": receipt.tracking_no, "legacy": mine[0].legacy_id},
            )
    finally:
        engine.dispose()
    return DeskRoom(address, mine, theirs, scans, digest)


class Browser:
    """A client of the desk as a browser without scripts is one: cookies, forms, our own origin."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.text = ""
        self.status = 0
        self.path = ""

    def get(self, path: str) -> Browser:
        return self._keep(self.client.get(path))

    def post(self, path: str, origin: str | None = ORIGIN, **fields: str) -> Browser:
        """Send a form with the token that the last page had."""
        held = {"csrf": self.token} | fields
        headers = {} if origin is None else {"Origin": origin}
        return self._keep(self.client.post(path, data=held, headers=headers))

    def sign_in(self, user_id: str, password: str = PASSWORD) -> Browser:
        self.get("/review/sign-in")
        return self.post("/review/sign-in", user=user_id, password=password, next="/review")

    @property
    def token(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.text)
        return found[1] if found else ""

    def value(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        return found[1] if found else ""

    def decide(self, case_id: str, answer: str, reason: str, **fields: str) -> Browser:
        """Answer the case whose page is open."""
        held = {"answer": answer, "reason": reason, "comment": "", "do": "decide"}
        held |= {name: self.value(name) for name in ("version", "supersedes")}
        return self.post(f"/review/case/{case_id}", **(held | fields))

    def _keep(self, response: Any) -> Browser:
        self.text, self.status = response.text, response.status_code
        self.path = str(response.url).removeprefix(ORIGIN)
        self.response = response
        return self


@contextmanager
def desk(room: DeskRoom, **settings: Any) -> Iterator[Any]:
    """Something that gives browsers over one running desk; passwords cost nothing there."""
    held = {"grid": 0, "desk": True, "scans": str(room.scans), **settings}
    app = make_app(checked(Settings(store=room.address, **held)))
    with (
        patch.object(passwords, "_HASHER", PasswordHasher(1, 64, 1)),
        TestClient(app, base_url=ORIGIN, raise_server_exceptions=True) as first,
    ):
        passwords._nobodys.cache_clear()

        def browser(user_id: str = "") -> Browser:
            client = TestClient(app, base_url=ORIGIN)
            client.portal = first.portal  # type: ignore[attr-defined]
            made = Browser(client)
            return made.sign_in(user_id) if user_id else made

        yield browser
    passwords._nobodys.cache_clear()

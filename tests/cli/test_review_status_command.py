"""`migrate review status`, `overdue` and `notebook`, as they are typed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from typer.testing import CliRunner, Result

sys.path.insert(0, str(Path(__file__).parent.parent / "review"))

from invented_batch import invented_batch

from migrate.batch.commands.review import app
from migrate.errors import InputError
from migrate.review.cases import Case
from migrate.review.handing import day_words
from migrate.store.cases import save_cases
from migrate.store.decisions import decide
from migrate.store.engine import open_store

HOSTILE = "<script>alert(1)</script>دانشگاه"


@pytest.fixture
def cases() -> list[Case]:
    return invented_batch().cases()


def filled(address: str, cases: list[Case]) -> str:
    engine = open_store(address)
    save_cases(engine, cases)
    refused = next(case for case in cases if case.outcome == "mismatch")
    body = {"answer": "refuse", "reason": "other_person"}
    name = refused.case_id
    decide(engine, name, "refuse", version=1, actor="clerk", reason="دیده شد", body=body)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE case_work SET opened_on = '2026-07-01', due_on = '2026-08-30'")
        )
    engine.dispose()
    return address


@pytest.fixture
def store(cases: list[Case], tmp_path: Path) -> str:
    return filled(f"sqlite:///{tmp_path / 'store.sqlite'}", cases)


def migrate(*given: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in given])


def test_the_status_is_told_for_people_and_for_machines(store: str, cases: list[Case]) -> None:
    options = ("--store", store, "--as-of", "2026-10-01")
    shown = migrate("status", *options)
    assert shown.exit_code == 0, shown.output
    assert "shiraz" in shown.stdout
    assert "ranked first in 0 of 1 (0.0%; 95% interval 0.0% to 97.5%)" in shown.stdout
    found = json.loads(migrate("status", *options, "--json").stdout)
    assert found["total"]["cases"] == len(cases) == 5
    assert (found["total"]["decided"], found["total"]["escalated"]) == (1, 4)
    assert found["total"]["age"] == [92, 92, 92]
    one = json.loads(migrate("status", *options, "--university", "shiraz", "--json").stdout)
    assert [entry["university"] for entry in one["universities"]] == ["shiraz"]
    assert one["total"]["cases"] == 4


def test_a_slip_in_a_key_or_a_day_is_refused(store: str, tmp_path: Path) -> None:
    refused = migrate("status", "--store", store, "--university", "shirazz")
    assert isinstance(refused.exception, InputError)
    assert "shiraz" in str(refused.exception)
    for verb in (("status",), ("overdue",), ("notebook", "--out", tmp_path)):
        refused = migrate(*verb, "--store", store, "--as-of", "1405/09/07")
        assert isinstance(refused.exception, InputError)
        assert "2026-11-28" in str(refused.exception)


def test_a_reminder_is_written_to_each_late_university_and_names_no_graduate(
    store: str, cases: list[Case], tmp_path: Path
) -> None:
    folder = tmp_path / "letters"
    asked = ("overdue", "--store", store, "--letters", folder, "--as-of", "2026-09-15")
    shown = migrate(*asked, "--json")
    assert shown.exit_code == 0, shown.output
    late = json.loads(shown.stdout)["late"]
    assert sum(one["overdue"] for one in late) == 4
    assert {path.stem for path in folder.iterdir()} == {one["university"] for one in late}
    page = (folder / "shiraz.html").read_text(encoding="utf-8")
    assert '<html lang="fa" dir="rtl">' in page
    assert day_words("2026-08-30") == "۱۴۰۵/۰۶/۰۸"
    assert "۱۴۰۵/۰۶/۰۸" in page
    assert "به آگاهی وزارت" not in page
    assert "http" not in page.partition("</style>")[2]
    for case in cases:
        for name in ("first_name", "last_name", "national_id"):
            value = case.legacy_read.get(name)
            assert not value or f">{value}<" not in page
            assert not value or len(value) < 4 or value not in page.partition("</style>")[2]
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert migrate(*asked).exit_code == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    none = migrate("overdue", "--store", store, "--as-of", "2026-08-30")
    assert "no case is past its due day" in none.stdout


def test_what_is_escalated_is_said_and_what_a_source_says_is_text(
    cases: list[Case], tmp_path: Path
) -> None:
    from dataclasses import replace

    hostile = [
        replace(case, university_id=None, university=HOSTILE, page_ref="<b>دفتر</b>")
        for case in cases
    ]
    store = filled(f"sqlite:///{tmp_path / 'hostile.sqlite'}", hostile)
    folder = tmp_path / "letters"
    done = migrate("overdue", "--store", store, "--letters", folder, "--as-of", "2026-12-01")
    assert done.exit_code == 0, done.output
    (page,) = folder.iterdir()
    shown = page.read_text(encoding="utf-8")
    assert "به آگاهی وزارت" in shown
    assert "<script>" not in shown
    assert "<b>دفتر" not in shown
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_notebook_is_the_same_for_the_same_store_and_day_and_holds_no_password(
    database: str,
    cases: list[Case],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MIGRATE_STORE_PASSWORD", raising=False)
    # the command puts what it finds in an address there
    monkeypatch.setenv("MIGRATE_STORE_PASSWORD", "")
    if database == "sqlite":
        store = filled(f"sqlite:///{tmp_path / 'store.sqlite'}", cases)
    else:
        server = str(request.getfixturevalue("postgres"))
        store = (
            make_url(filled(server, cases)).set(password="hunter2-secret").render_as_string(False)
        )
    made = []
    for name in ("one", "two"):
        out = tmp_path / name
        done = migrate("notebook", "--store", store, "--as-of", "2026-10-01", "--out", out)
        assert done.exit_code == 0, (done.output, done.exception)
        made.append({path.name: path.read_bytes() for path in out.iterdir()})
    one, two = made
    assert set(one) == {"7-review.ipynb", "7-review.html"}
    assert one["7-review.ipynb"] == two["7-review.ipynb"]
    text_of = b"".join(one.values())
    assert b"hunter2" not in text_of
    assert text_of.count(b"data:image/png;base64,") >= 4
    if database == "sqlite":
        other = tmp_path / "three"
        migrate("notebook", "--store", store, "--as-of", "2027-10-01", "--out", other)
        assert (other / "7-review.ipynb").read_bytes() != one["7-review.ipynb"]

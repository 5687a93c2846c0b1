"""Rows of a database as a source: each once, in an order of their own, and nothing is changed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake.sources import OpenSource, check_source, open_source, read_source

NAMES = ("legacy_id", "first_name", "last_name", "university", "note")
ROWS = [
    ("۳", "علی", "رضایی", "تهران", "x"),
    ("10", "مینا", None, "شیراز", None),
    ("2", "زهرا", "کریمی", "تهران", "نقل: 'الف'"),
]


def fill(address: str, rows: list[tuple[str | None, ...]] = ROWS, name: str = "records") -> None:
    engine = sa.create_engine(address)
    table = sa.Table(name, sa.MetaData(), *(sa.Column(one, sa.Text()) for one in NAMES))
    with engine.begin() as connection:
        table.create(connection)
        for row in rows:
            connection.execute(table.insert(), dict(zip(NAMES, row, strict=True)))
    engine.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'old.sqlite'}"


def profile(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "profile.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def whole(source: OpenSource) -> list[dict[str, object]]:
    return [row for batch in source.batches(size=2) for row in batch.table.to_pylist()]


def test_a_table_is_read_in_the_order_of_its_key(sqlite: str) -> None:
    fill(sqlite)
    source = open_source(f"{sqlite}#records", LEGACY)
    rows = whole(source)
    # by code points: 1 before 2 before ۳
    assert [row["raw_legacy_id"] for row in rows] == ["10", "2", "۳"]
    assert [row["row"] for row in rows] == [1, 2, 3]
    assert [row["raw_last_name"] for row in rows] == [None, "کریمی", "رضایی"]
    assert source.rows == 3
    assert source.findings.kind == "sqlite table"
    assert ("note", None) in source.findings.headings


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2]])
def test_the_same_rows_have_the_same_digest_and_numbers_in_any_order(
    tmp_path: Path, order: list[int]
) -> None:
    found = []
    for n, rows in enumerate((ROWS, [ROWS[place] for place in order])):
        address = f"sqlite:///{tmp_path / f'{n}.sqlite'}"
        fill(address, rows)
        source = open_source(f"{address}#records", LEGACY)
        found.append((whole(source), source.sha256))
    assert found[0] == found[1]


def test_a_change_in_any_column_is_another_source(sqlite: str, tmp_path: Path) -> None:
    digests = set()
    for n, rows in enumerate(
        (
            ROWS,
            [*ROWS[:2], (*ROWS[2][:4], "another note")],
            [*ROWS, ROWS[0]],
            ROWS[:2],
            # a null is no empty text
            [ROWS[0], ("10", "مینا", "", "شیراز", None), ROWS[2]],
        )
    ):
        address = f"sqlite:///{tmp_path / f'{n}.sqlite'}"
        fill(address, list(rows))
        source = open_source(f"{address}#records", LEGACY)
        whole(source)
        digests.add(source.sha256)
    assert len(digests) == 5
    assert None not in digests


def test_the_digest_is_that_of_one_line_of_json_for_each_row(sqlite: str) -> None:
    fill(sqlite, [("1", "علی", "رضایی", "تهران", None)])
    source = open_source(f"{sqlite}#records", LEGACY)
    whole(source)
    # printf '["legacy_id",…]\n["1","علی","رضایی","تهران",null]\n' | sha256sum
    assert source.sha256 == "23bebb8c63b194c4db49dd5a4ec9519d6925a4bc16ef543ecf7ba7f2133892df"


def test_postgresql_gives_the_rows_and_the_digest_that_sqlite_gives(
    sqlite: str, postgres: str
) -> None:
    found = []
    for address in (sqlite, postgres):
        fill(address)
        source = open_source(f"{address}#records", LEGACY)
        found.append((whole(source), source.sha256))
    assert found[0] == found[1]


QUERY = """\
query: |
  SELECT legacy_id, first_name, last_name, university || ':x' AS university, note
  FROM records WHERE university = 'تهران' AND note NOT LIKE '%:y%';
"""


def test_a_query_of_the_profile_is_read_from_either_database(
    sqlite: str, postgres: str, tmp_path: Path
) -> None:
    for address in (sqlite, postgres):
        fill(address)
        source = open_source(address, LEGACY, profile=profile(tmp_path, QUERY))
        rows = whole(source)
        assert [row["raw_legacy_id"] for row in rows] == ["2", "۳"]
        assert [row["raw_university"] for row in rows] == ["تهران:x", "تهران:x"]
        assert source.findings.kind.endswith(" query")


def test_a_query_with_clauses_of_its_own(postgres: str, tmp_path: Path) -> None:
    fill(postgres)
    text = (
        "query: WITH a AS (SELECT * FROM records) SELECT a.*, 5::text AS page_ref FROM a ORDER BY 2"
    )
    rows = whole(open_source(postgres, LEGACY, profile=profile(tmp_path, text)))
    assert [row["raw_page_ref"] for row in rows] == ["5", "5", "5"]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM records",
        "DROP TABLE records",
        "SELECT * FROM records; DROP TABLE records",
        "WITH gone AS (DELETE FROM records RETURNING *) SELECT * FROM gone",
        "SELECT 1) AS a; DELETE FROM records; SELECT * FROM (SELECT 1",
        "SELECT take() AS legacy_id",
    ],
)
def test_a_query_changes_nothing(
    sqlite: str, postgres: str, tmp_path: Path, statement: str
) -> None:
    for address in (sqlite, postgres):
        fill(address)
        if address == postgres:
            engine = sa.create_engine(address)
            with engine.begin() as connection:
                connection.execute(
                    sa.text(
                        "CREATE FUNCTION take() RETURNS text LANGUAGE sql VOLATILE AS "
                        "'DELETE FROM records RETURNING legacy_id'"
                    )
                )
            engine.dispose()
        given = profile(tmp_path, f"query: {statement!r}")
        with pytest.raises(InputError) as caught:
            check_source(address, LEGACY, profile=given)
        assert "\n" not in str(caught.value)
        assert len(whole(open_source(f"{address}#records", LEGACY))) == 3


def test_what_is_wrong_is_one_line(sqlite: str, tmp_path: Path) -> None:
    fill(sqlite)
    fill(sqlite, [], "empty")
    query = profile(tmp_path, "query: SELECT absent FROM records")
    for address, given, said in (
        (sqlite, None, "names no table"),
        (f"{sqlite}#others", None, "no table or view 'others'"),
        (f"{sqlite}#empty", None, "has no rows"),
        (sqlite, query, "the query of the source profile cannot be run: no such column"),
        (f"{sqlite}#records", query, "the address names a table, and the source profile holds"),
        ("nosuch://host/db#records", None, "no driver"),
    ):
        with pytest.raises(InputError, match=said) as caught:
            check_source(address, LEGACY, profile=given)
        assert "\n" not in str(caught.value)


def test_two_columns_of_one_name_are_told(postgres: str, tmp_path: Path) -> None:
    fill(postgres)
    given = profile(tmp_path, "query: SELECT legacy_id, university AS legacy_id FROM records")
    with pytest.raises(InputError, match="two columns of the query are called legacy_id"):
        check_source(postgres, LEGACY, profile=given)


def test_a_query_for_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "legacy.csv"
    path.write_text("legacy_id,first_name\n1,a\n", encoding="utf-8")
    with pytest.raises(InputError, match="this is no database"):
        check_source(path, LEGACY, profile=profile(tmp_path, "query: SELECT 1"))


def test_a_password_comes_from_the_environment_and_stays_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MIGRATE_SOURCE_PASSWORD", "s3cret-word")
    with pytest.raises(InputError) as caught:
        check_source("postgresql://me@127.0.0.1:1/db#records", LEGACY)
    assert "MIGRATE_SOURCE_PASSWORD" in str(caught.value)
    assert "s3cret-word" not in str(caught.value)


def test_values_that_are_no_text_are_read_as_a_person_would_write_them(sqlite: str) -> None:
    with sqlite3.connect(sqlite.removeprefix("sqlite:///")) as connection:
        connection.execute("CREATE TABLE records (legacy_id, first_name, last_name, university)")
        connection.execute("INSERT INTO records VALUES (7, 12.0, x'd8b9', 2.5)")
    source = read_source(f"{sqlite}#records", LEGACY)
    row = source.table.to_pylist()[0]
    assert row["raw_legacy_id"] == "7"
    assert row["raw_first_name"] == "12"
    assert row["raw_last_name"] == "ع"
    assert row["raw_university"] == "2.5"

"""A batch whose source is a table or a query of a database: named by the content of its rows."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from batch_room import Running, migrate, rows_of

from migrate.batch import manifest as manifests
from migrate.batch.inputs import described_source
from migrate.batch.run import refuse_other_settings
from migrate.batch.settings import Settings
from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake.sources import open_source

PASSWORD = "Alborz'5610/کوه"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    made = migrate("sample", str(folder), "--degrees", "300", "--records", "60")
    assert made.code == 0, made.err
    return folder


def records(folder: Path) -> list[list[str]]:
    with (folder / "legacy.csv").open(encoding="cp1256", newline="") as stream:
        return list(csv.reader(stream))


def filled(address: str, folder: Path) -> list[list[str]]:
    """The ledger as a table of a database, its rows the other way round."""
    headings, *rows = records(folder)
    engine = sa.create_engine(address)
    table = sa.Table("دفتر", sa.MetaData(), *(sa.Column(name, sa.Text()) for name in headings))
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(
            table.insert(), [dict(zip(headings, row, strict=True)) for row in reversed(rows)]
        )
    engine.dispose()
    return [headings, *rows]


def digest(headings: list[str], rows: list[list[str]], key: int) -> str:
    """The SHA-256 that the documentation gives for the rows of a database."""
    ordered = sorted(rows, key=lambda row: (row[key], row))
    lines = (
        json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in (headings, *ordered)
    )
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def test_a_table_on_a_server_is_a_source(small: Path, postgres: str, tmp_path: Path) -> None:
    headings, *rows = filled(postgres, small)
    address = sa.make_url(postgres).set(password=PASSWORD).render_as_string(hide_password=False)
    reports = tmp_path / "reports"
    ended = migrate(
        *("run", "--source", f"{address}#دفتر"),
        *("--registry", f"sqlite:///{small / 'registry.sqlite'}#degrees"),
        *("--batch", "table", "--reports", str(reports), "--no-issue"),
    )
    assert ended.code == 0, ended.err
    outcomes = rows_of(reports / "table" / "outcomes.csv")
    assert len(outcomes) == 60
    key = 0
    assert [row["legacy_id"] for row in outcomes] == sorted(row[key] for row in rows)
    manifest = json.loads((reports / "table" / "manifest.json").read_text(encoding="utf-8"))
    source = manifest["inputs"]["source"]
    assert source["table"] == "دفتر"
    assert source["sha256"] == digest(headings, rows, key)
    left = [path for path in reports.rglob("*") if path.is_file()]
    assert not [path for path in left if PASSWORD.encode() in path.read_bytes()]
    assert not [path for path in left if b"Alborz" in path.read_bytes()]


def test_a_query_that_a_profile_holds_is_recorded(small: Path, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'old.sqlite'}"
    headings, *_ = filled(address, small)
    query = f'SELECT * FROM دفتر ORDER BY "{headings[0]}" LIMIT 20'
    profile = tmp_path / "profile.yaml"
    profile.write_text(f"query: |\n  {query}\n", encoding="utf-8")
    reports = tmp_path / "reports"
    manifest = reports / "query" / "manifest.json"

    def read() -> dict[str, Any]:
        return json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}

    running = Running(
        *("run", "--source", address, "--profile", str(profile)),
        *("--registry", f"sqlite:///{small / 'registry.sqlite'}#degrees"),
        *("--batch", "query", "--reports", str(reports), "--no-issue"),
        log=tmp_path / "log",
    )
    # what follows the reading is as for any source
    running.wait_for(lambda: "1-intake" in read().get("notebooks", {}), "end of 1-intake")
    running.kill()
    assert pq.read_metadata(reports / "query" / "staged.parquet").num_rows == 20
    assert read()["inputs"]["source"]["query"].strip() == query


def test_a_memo_file_is_part_of_a_dbf_source(tmp_path: Path) -> None:
    corpus = Path(__file__).parent.parent / "corpus" / "databases"
    for name in ("dbase3-memo.dbf", "dbase3-memo.dbt"):
        shutil.copy(corpus / name, tmp_path)
    profile = tmp_path / "profile.yaml"
    profile.write_text(
        "headings: {ID: legacy_id, NAME: first_name, FAMIL: last_name, DANESH: university}\n",
        encoding="utf-8",
    )
    source = tmp_path / "dbase3-memo.dbf"
    memo = tmp_path / "dbase3-memo.dbt"
    entry = described_source(str(source), open_source(str(source), LEGACY, profile=profile))
    assert entry["memo"]["address"] == str(memo)
    assert entry["memo"]["sha256"] == hashlib.sha256(memo.read_bytes()).hexdigest()
    settings = Settings("b", str(tmp_path), str(source), "r.csv", "sqlite:///s", str(profile))
    known = manifests.new(settings) | {"inputs": {"source": entry}}
    refuse_other_settings(known, settings)
    memo.write_bytes(memo.read_bytes() + b"x")
    with pytest.raises(InputError, match="is not what batch b was begun with") as caught:
        refuse_other_settings(known, settings)
    assert str(memo) in str(caught.value)


def test_a_database_that_is_not_reached_is_one_line(small: Path, tmp_path: Path) -> None:
    ended = migrate(
        *("run", "--source", f"postgresql://me:{'s3cret-word'}@127.0.0.1:1/db#records"),
        *("--registry", f"sqlite:///{small / 'registry.sqlite'}#degrees"),
        *("--batch", "none", "--reports", str(tmp_path / "reports")),
    )
    line = ended.refused(2)
    assert "MIGRATE_SOURCE_PASSWORD" in line
    assert "s3cret-word" not in line
    assert not (tmp_path / "reports").exists()

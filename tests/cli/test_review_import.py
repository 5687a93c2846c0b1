"""`migrate review packet` and `migrate review import`, as they are typed."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

sys.path.insert(0, str(Path(__file__).parent.parent / "review"))

from filled_in import Filled, fill, label, reason
from invented_batch import invented_batch

from migrate.batch.commands.review import app
from migrate.review.cases import Case
from migrate.store.cases import save_cases
from migrate.store.engine import open_store


@pytest.fixture
def cases() -> list[Case]:
    return [case for case in invented_batch().cases() if case.university_id == "shiraz"]


@pytest.fixture
def store(cases: list[Case], tmp_path: Path) -> str:
    address = f"sqlite:///{tmp_path / 'store.sqlite'}"
    engine = open_store(address)
    save_cases(engine, cases)
    engine.dispose()
    return address


def migrate(*given: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in given])


@pytest.fixture
def packet(store: str, tmp_path: Path) -> Path:
    done = migrate("packet", "shiraz", "--out", tmp_path / "out", "--store", store, "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["cases"] == 4
    assert [Path(name).name for name in said["files"]] == ["cases.xlsx", "cases.html"]
    return Path(said["files"][0])


def test_a_packet_goes_out_and_comes_back(
    packet: Path, cases: list[Case], store: str, tmp_path: Path
) -> None:
    fill(packet, {cases[1].case_id: Filled("نامزد ۱", reason("twin"))})
    options = ("--store", store, "--json")
    dry = migrate("import", packet, "--dry-run", *options)
    assert dry.exit_code == 0, dry.output
    assert json.loads(dry.stdout)["counts"] == {"blank": 3, "taken": 1}
    done = json.loads(migrate("import", packet, "--by", "Hosseini", *options).stdout)
    (taken,) = [one for one in done["cases"] if one["what"] == "taken"]
    assert (taken["row"], taken["case_id"], taken["decision"]) == (8, cases[1].case_id, 1)
    again = migrate("import", packet, "--by", "Hosseini", "--store", store)
    assert again.exit_code == 0
    assert "taken in at" in again.stdout
    left = migrate("packet", "shiraz", "--out", tmp_path / "out", *options)
    assert json.loads(left.stdout)["cases"] == 3


def test_a_refused_file_names_row_case_and_what_to_do(
    packet: Path, cases: list[Case], store: str, tmp_path: Path
) -> None:
    fill(
        packet,
        {
            cases[0].case_id: Filled(label(cases[0], "refuse"), reason("other_person")),
            cases[1].case_id: Filled("نامزد ۱", "چون دیدم"),
        },
    )
    copy = tmp_path / "seen.xlsx"
    done = migrate("import", packet, "--by", "H", "--store", store, "--annotate", copy)
    assert done.exit_code == 2
    assert "nothing decided: 1 to be mended, 1 in order" in done.stdout
    assert cases[1].case_id in done.stdout
    assert copy.exists()
    part = migrate("import", packet, "--by", "H", "--store", store, "--partial", "--json")
    assert part.exit_code == 1
    assert json.loads(part.stdout)["state"] == "part"


def test_decisions_have_somebody_who_answers_for_them(packet: Path, store: str) -> None:
    done = migrate("import", packet, "--store", store)
    assert done.exit_code != 0
    assert "--by" in str(done.exception)


def test_a_university_without_open_cases_gets_no_packet(store: str, tmp_path: Path) -> None:
    done = migrate("packet", "tehran", "--out", tmp_path / "out", "--store", store)
    assert "no open case" in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_a_page_is_printed_where_chromium_is_and_refused_in_words_where_not(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ("packet", "shiraz", "--out", tmp_path / "out", "--store", store, "--pdf")
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path))
        done = migrate(*given)
        assert "no Chromium is installed" in str(done.exception)
        assert not (tmp_path / "out").exists()
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed: no page was printed")
    assert migrate(*given).exit_code == 0
    pdf = tmp_path / "out" / "shiraz" / "cases.pdf"
    assert pdf.read_bytes().startswith(b"%PDF")
    assert pdf.stat().st_size > 20_000

"""`migrate sheet` writes one whole PDF for a code in force, or nothing and says why."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from migrate.batch.commands.sheet import sheet
from migrate.codes.issuing import IssueRequest
from migrate.errors import InputError
from migrate.store import lifecycle
from migrate.store.codes import issue
from migrate.store.engine import open_store

NATIONAL_ID = "0012345679"
FACTS = {"national_id": NATIONAL_ID, "first_name": "علی", "last_name": "محمدی"}
app = typer.Typer()
app.command()(sheet)


@pytest.fixture
def code(tmp_path: Path) -> str:
    engine = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    request = IssueRequest("D1", "L1", "b1", FACTS)
    found = issue(engine, [request], batch="b1", actor="test").issued[0].code
    engine.dispose()
    return found


def run(tmp_path: Path, code: str, *more: str, url: str = "https://codes.example") -> str:
    out = str(tmp_path / "sheet.pdf")
    arguments = [code, "--out", out, "--public-url", url, "--reports", str(tmp_path), *more]
    done = CliRunner().invoke(app, arguments)
    if done.exception is not None:
        raise done.exception
    return done.output


def test_a_sheet_is_written_and_says_what_it_is(tmp_path: Path, code: str) -> None:
    said = run(tmp_path, code)
    written = tmp_path / "sheet.pdf"
    assert "by itself it proves nothing" in said
    assert "no tree head is signed yet" in said
    assert written.stat().st_mode & 0o077 == 0
    pdf = written.read_bytes()
    assert pdf.startswith(b"%PDF")
    assert NATIONAL_ID.encode() not in pdf
    if reader := shutil.which("pdftotext"):
        text = subprocess.run([reader, str(written), "-"], capture_output=True, check=True).stdout
        assert f"https://codes.example/c/{code}" in text.decode()
        assert NATIONAL_ID not in text.decode()


def test_what_cannot_be_made_leaves_no_file(tmp_path: Path, code: str) -> None:
    with pytest.raises(InputError, match="no such code was issued"):
        run(tmp_path, "48213390567712045863")
    with pytest.raises(InputError, match="not the address of an inquiry service"):
        run(tmp_path, code, url="http://codes.example")
    with pytest.raises(InputError, match="there is no store here"):
        run(tmp_path, code, "--store", f"sqlite:///{tmp_path / 'other.sqlite'}")
    engine = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    lifecycle.revoke(engine, code, actor="test", reason="a forged paper")
    engine.dispose()
    with pytest.raises(InputError, match="a code that is revoked"):
        run(tmp_path, code)
    assert not (tmp_path / "sheet.pdf").exists()


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path, code: str) -> None:
    (tmp_path / "sheet.pdf").write_text("mine")
    with pytest.raises(InputError, match="there is a file already"):
        run(tmp_path, code)
    assert (tmp_path / "sheet.pdf").read_text() == "mine"

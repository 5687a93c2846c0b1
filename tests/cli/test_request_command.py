"""`migrate request` receives files whole, says what is wrong by row, and shows no more than it may."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from batch_room import Ended

from migrate.cli import main
from migrate.codes.tracking import format_tracking_no, normalise_tracking_no

HEADING = "first_name,last_name,university,diploma_no\n"
ROW = "مریم,کاظمی,دانشگاه تهران"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """`migrate request` on a reports folder of its own, in this process."""
    for name in [name for name in os.environ if name.startswith("MIGRATE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path, at: bool = True) -> Ended:
        where = ["--reports", str(tmp_path / "reports")] if at else []
        given = ["migrate", "request", *map(str, arguments), *where]
        monkeypatch.setattr(sys, "argv", given)
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return run


def written(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "requests.csv"
    path.write_text(HEADING + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_a_request_is_added_followed_and_listed(desk, tmp_path: Path) -> None:
    path = written(tmp_path, f"{ROW},17", f"{ROW},18")
    added = desk("add", path)
    assert added.code == 0, added.err
    first, second = added.out.splitlines()
    assert first.startswith("row 2  ")
    assert second.endswith("  received")
    number = normalise_tracking_no(first.split()[2])
    assert number is not None
    shown = format_tracking_no(number)
    for typed in (shown, number.lower(), f" {shown[:9]} {shown[9:]}"):
        told = desk("status", typed)
        assert told.code == 0
        assert told.out.startswith(f"{shown}  received since ")
        assert "در نوبت رسیدگی" in told.out
        assert "waits its turn" in told.out
        assert "کاظمی" not in told.out
    found = json.loads(desk("status", number, "--json").out)
    assert found["history"][0]["state"] == "received"
    lines = json.loads(desk("list", "--json").out)
    assert {line["tracking_no"] for line in lines} == {
        normalise_tracking_no(line.split()[2]) for line in (first, second)
    }
    assert desk("list", "--state", "issued").out == "no request\n"
    again = desk("add", path)
    assert again.out.splitlines()[0] == f"row 2  {shown}  received, sent before"


def test_a_refused_request_says_by_which_rule_and_what_to_do_instead(desk, tmp_path: Path) -> None:
    path = written(tmp_path, f"{ROW},17")
    added = desk("add", path, "--channel", "letter", "--applied-on", "۱۴۰۲/۵/۱")
    assert added.code == 0
    assert "refused" in added.out.splitlines()[0]
    assert "nothing is issued or answered on a written inquiry" in added.out
    assert "دانش‌آموخته خودش درخواست" in added.out
    (line,) = json.loads(desk("list", "--json").out)
    assert (line["state"], line["rule"]) == ("refused", "letter-no-more")
    told = desk("status", line["tracking_no"])
    assert "دانش‌آموخته خودش درخواست" in told.out


def test_a_file_is_taken_whole_or_its_good_rows_when_asked(desk, tmp_path: Path) -> None:
    path = written(tmp_path, f"{ROW},17", ",کاظمی,تهران,18", *([f"{ROW},19,x"] * 30))
    refused = desk("add", path)
    assert (refused.code, refused.out) == (2, "")
    lines = refused.err.splitlines()
    assert "row 3, column first_name: a request must have this" in lines[0]
    assert lines[-2] == "migrate: and 11 rows more"
    assert "31 of 32 requests are wrong, so none was taken" in lines[-1]
    assert "there is no store here" in desk("list").refused(2)
    taken = desk("add", path, "--partial", "--json")
    assert taken.code == 0
    found = json.loads(taken.out)
    assert [receipt["row"] for receipt in found["receipts"]] == [2]
    assert len(found["left"]) == 31
    assert len(json.loads(desk("list", "--json").out)) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "none.csv"], "cannot be read"),
        (["add", "requests.csv", "--channel", "fax"], "no such channel"),
        (["status", "2222-2222-2222-2222"], "there is no store here"),
        (["list", "--state", "lost"], "no such state"),
        (["run"], "Missing option '--registry'"),
        (["run", "--registry", "none.csv"], "none.csv"),
        (["release", "requests-0001", "--by", "a", "--reason", "b"], "there is no store here"),
        (["release", "../x", "--by", "a", "--reason", "b"], "a batch's name"),
    ],
)
def test_what_cannot_be_done_is_one_line(desk, arguments: list[str], said: str) -> None:
    assert said in desk(*arguments).refused(2)


def test_an_unknown_number_is_told_apart_from_nothing(desk, tmp_path: Path) -> None:
    desk("add", written(tmp_path, f"{ROW},17"))
    for number in ("2222-2222-2222-2222", "2222-2222-2222-2223", "17"):
        assert "no request of this tracking number" in desk("status", number).refused(2)


def test_help_is_shown_for_the_bare_verb(desk) -> None:
    done = desk(at=False)
    assert done.code == 2
    for verb in ("add", "run", "status", "list", "release"):
        assert verb in done.out

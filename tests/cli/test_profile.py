"""`migrate profile` drafts what a person corrects, and tells what an export lacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from batch_room import migrate

from migrate.diplomas.schema import LEGACY
from migrate.intake.profiles import read_profile
from migrate.persian.identifiers import national_id_check_digit


def old_export(tmp_path: Path) -> Path:
    """A university's own table of the DOS years: codes, short names, no column for the university."""
    lines = ["RECNO,FNAME,LNAME,SEX,MAGHTA,کد یکتا,BDATE"]
    for n in range(40):
        body = f"{n * 7919 + 123456:09d}"
        national_id = body + national_id_check_digit(body)
        lines.append(f"{n},علی,رضایی,{n % 2 + 1},{n % 2 + 2},{national_id},62/7/{n % 28 + 1}")
    path = tmp_path / "graduates.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_draft_corrected_by_a_person_makes_the_export_run(tmp_path: Path) -> None:
    path = old_export(tmp_path)
    profile = tmp_path / "graduates.yaml"
    lacking = migrate("profile", str(path), "--check")
    assert lacking.code == 2
    done = migrate("profile", str(path), "--output", str(profile))
    assert (done.code, done.out) == (0, f"wrote {profile}\n")
    said = read_profile(profile, LEGACY)
    assert said.headings == {
        "RECNO": "legacy_id",
        "FNAME": "first_name",
        "LNAME": "last_name",
        "SEX": "sex",
        "MAGHTA": "degree",
        "کد یکتا": "national_id",
        "BDATE": "birth_date",
    }
    # still without a university, and a batch cannot run
    assert migrate("profile", str(path), "--check", "--profile", str(profile)).code == 2
    text = profile.read_text(encoding="utf-8")
    text = text.replace(
        "# constants:\n#   university: …", "constants:\n  university: دانشگاه تبریز"
    )
    text += "values:\n  sex: {1: مرد, 2: زن}\n  degree: {2: کارشناسی, 3: کارشناسی ارشد}\n"
    profile.write_text(text, encoding="utf-8")
    checked = migrate("profile", str(path), "--check", "--profile", str(profile))
    assert checked.code == 0
    assert "not understood" not in checked.out
    assert "university       'دانشگاه تبریز' in all rows, by the profile" in checked.out


def test_a_draft_is_never_written_over(tmp_path: Path) -> None:
    path = old_export(tmp_path)
    profile = tmp_path / "graduates.yaml"
    profile.write_text("# hours of work\n")
    line = migrate("profile", str(path), "-o", str(profile)).refused(2)
    assert "is there already" in line
    assert profile.read_text() == "# hours of work\n"


def test_a_university_is_told_in_persian_what_its_export_lacks(tmp_path: Path) -> None:
    done = migrate("profile", str(old_export(tmp_path)), "--check", "--profile", "coded-columns")
    assert done.code == 2
    assert "university       REQUIRED, and not there" in done.out
    english, _, persian = done.out.partition("\n\n")
    assert "father_name      not there" in english
    assert "sex              'SEX', filled in 100% of rows\n" in english
    assert "'MAGHTA', filled in 100% of rows; not understood in 100%: '2' (20), '3' (20)" in english
    lines = persian.splitlines()
    assert lines[0] == "فیلدهایی که فرم امروز می‌خواهد و در این خروجی نیست:"
    assert any(line.startswith("- دانشگاه (الزامی): ") for line in lines)
    assert any(line.startswith("- نام پدر: ") for line in lines)
    assert not any("تاریخ تولد" in line for line in lines)


def test_an_empty_column_is_not_taken_for_a_full_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("شناسه,نام,نام خانوادگی,دانشگاه,نام پدر\n1,علی,رضایی,تهران,\n2,رضا,نوری,,-\n")
    done = migrate("profile", str(path), "--check", "--json")
    assert done.code == 0
    said = json.loads(done.out)
    fields = {one["name"]: one for one in said["fields"]}
    assert said["runs"]
    assert fields["father_name"]["lacks"]
    assert fields["father_name"]["heading"] == "نام پدر"
    assert fields["university"]["filled"] == 0.5
    assert "نام پدر (ستونش هست" in migrate("profile", str(path), "--check").out


def test_a_machine_reads_the_draft_too(tmp_path: Path) -> None:
    said = json.loads(migrate("profile", str(old_export(tmp_path)), "--json").out)
    by_heading = {column["heading"]: column for column in said["columns"]}
    assert by_heading["کد یکتا"]["kind_of_values"] == "national_id"
    assert by_heading["RECNO"]["field"] == "legacy_id"
    assert said["draft"].startswith("# yaml-language-server: $schema=")
    assert "علی" not in json.dumps(said, ensure_ascii=False)


def test_shipped_profiles_are_named_and_their_schema_printed() -> None:
    named = migrate("profile", "--shipped").out.split()
    assert named == ["coded-columns", "paper-ledger", "student-report"]
    assert json.loads(migrate("profile", "--schema").out)["title"] == "Source profile of legacy"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["profile"], "FILE must be given"),
        (["profile", "none.csv"], "there is no such file"),
        (["profile", "none.csv", "--profile", "golestan"], "no shipped profile of this name"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    assert said in migrate(*arguments, cwd=tmp_path).refused(2)

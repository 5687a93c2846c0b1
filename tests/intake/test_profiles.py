"""A profile says what it means, or the line that does not is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake.profiles import NONE, Profile, json_schema, read_profile
from migrate.intake.sources import read_source
from migrate.intake.staging import stage

WHOLE = """\
encoding: windows-1256
delimiter: ";"
sheet: دفتر
headings:
  کد: legacy_id
  نام و شهرت: last_name
ignore:
  - ردیف
values:
  sex:
    1: مرد
    02: زن
    no: زن
"""


def profile(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "profile.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_all_of_it(tmp_path: Path) -> None:
    assert read_profile(profile(tmp_path, WHOLE), LEGACY) == Profile(
        encoding="windows-1256",
        delimiter=";",
        sheet="دفتر",
        headings={"کد": "legacy_id", "نام و شهرت": "last_name"},
        ignore=("ردیف",),
        # YAML would make 1, 2 and False of these
        values={"sex": {"1": "مرد", "02": "زن", "no": "زن"}},
    )


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "\ufeff# nothing\n"])
def test_an_empty_profile_says_nothing(tmp_path: Path, text: str) -> None:
    assert read_profile(profile(tmp_path, text), LEGACY) == NONE


@pytest.mark.parametrize(
    ("text", "line", "key", "said"),
    [
        ("headings:\n  نام: first_nam\n", 2, "headings.نام", "no field 'first_nam'"),
        ("encodng: utf-8\n", 1, "encodng", "no key 'encodng'"),
        ("sheet: a\n\nvalues:\n  sx:\n    1: مرد\n", 4, "values.sx", "no field 'sx'"),
        ("values:\n  sex: مرد\n", 2, "values.sex", "not of type 'object'"),
        ("delimiter: ';;'\n", 1, "delimiter", "too long"),
        ("ignore: x\n", 1, "ignore", "not of type 'array'"),
        ("ignore:\n- a\n- [b]\n", 3, "ignore.2", "not of type 'string'"),
        ("sheet: a\nsheet: b\n", 2, "sheet", "stands twice"),
        ("headings:\n  نام: sex\n  نام: sex\n", 3, "headings.نام", "stands twice"),
        (
            "headings:\n  علي: sex\n  علی: degree\n",
            3,
            "headings.علی",
            "stands twice",
        ),
        ("headings:\n  a: sex\n  b: sex\n", 3, "headings.b", "two headings are mapped to sex"),
        ("headings:\n  a: [\n", 3, None, "not YAML"),
        ("a: b: c\n", 1, None, "not YAML"),
        ("- a\n", 1, None, "not of type 'object'"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, text: str, line: int, key: str | None, said: str
) -> None:
    path = profile(tmp_path, text)
    with pytest.raises(InputError, match=said) as caught:
        read_profile(path, LEGACY)
    assert caught.value.file == f"{path}, line {line}"
    assert caught.value.column == key
    assert "\n" not in str(caught.value)


def test_a_wrong_field_is_told_those_that_are_right(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Use one of legacy_id, first_name"):
        read_profile(profile(tmp_path, "headings:\n  نام: name\n"), LEGACY)


def test_no_file_and_another_encoding_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_profile(tmp_path / "none.yaml", LEGACY)
    with pytest.raises(InputError, match="not UTF-8"):
        read_profile(profile(tmp_path, "sheet: دفتر\n".encode("cp1256")), LEGACY)


def test_a_profile_runs_no_code(tmp_path: Path) -> None:
    path = profile(tmp_path, "sheet: !!python/object/apply:os.system ['true']\n")
    with pytest.raises(InputError):
        read_profile(path, LEGACY)


def test_the_schema_is_a_json_schema_and_says_what_the_reader_says() -> None:
    schema = json_schema(LEGACY)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"headings": {"نام": "first_name"}})
    assert not validator.is_valid({"headings": {"نام": "degree_id"}})


def test_a_source_is_read_by_its_profile(tmp_path: Path) -> None:
    source = tmp_path / "legacy.csv"
    text = (
        "ردیف;کد;نام;نام و شهرت;دانشگاه;جنس\n1;K-9;علي;رضايي;تهران;1\n2;K-8;مينا;كريمي;تهران;02\n"
    )
    # as Windows wrote it: there is no Persian ی in its code page
    source.write_bytes(text.translate(str.maketrans("یک", "يك")).encode("cp1256"))
    read = read_source(
        source, LEGACY, profile=profile(tmp_path, WHOLE.replace("sheet: دفتر\n", ""))
    )
    assert read.findings.headings == (
        ("رديف", None),
        ("كد", "legacy_id"),
        ("نام", "first_name"),
        ("نام و شهرت", "last_name"),
        ("دانشگاه", "university"),
        ("جنس", "sex"),
    )
    staged = stage(read.table, LEGACY)
    assert staged.column("legacy_id").to_pylist() == ["K-9", "K-8"]
    assert staged.column("raw_sex").to_pylist() == ["1", "02"]
    assert staged.column("sex").to_pylist() == ["m", "f"]

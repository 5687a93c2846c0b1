"""A profile says what it means, or the line that does not is named."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError
from migrate.intake.headings import map_headings
from migrate.intake.profile_schema import FILE
from migrate.intake.profiles import (
    NONE,
    DateRule,
    Profile,
    json_schema,
    locate,
    read_profile,
    shipped,
)
from migrate.intake.schema import Schema
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
synonyms:
  first_name: [نام دانشجو, NAME]
dates:
  century: 1300
  birth_date: {order: dmy, century: 1200}
  diploma_date: {order: mdy}
constants:
  university: دانشگاه تبریز
query: select * from graduates
repair: utf-8-as-1256
"""


def profile(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "profile.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_all_of_it(tmp_path: Path) -> None:
    assert read_profile(profile(tmp_path, WHOLE), LEGACY) == Profile(
        encoding="windows-1256",
        delimiter=";",
        sheets=("دفتر",),
        headings={"کد": "legacy_id", "نام و شهرت": "last_name"},
        ignore=("ردیف",),
        # YAML would make 1, 2 and False of these
        values={"sex": {"1": "مرد", "02": "زن", "no": "زن"}},
        synonyms={"first_name": ["نام دانشجو", "NAME"]},
        dates={
            "birth_date": DateRule("dmy", 1200),
            "graduation_date": DateRule(None, 1300),
            "diploma_date": DateRule("mdy", 1300),
        },
        constants={"university": "دانشگاه تبریز"},
        query="select * from graduates",
        repair="utf-8-as-1256",
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
        (
            "headings:\n  a: sex\nsynonyms:\n  degree:\n  - b\n  - a\n",
            6,
            "synonyms.degree.2",
            "'a' is given to sex too",
        ),
        ("synonyms:\n  sx: [a]\n", 2, "synonyms.sx", "no field 'sx'"),
        ("dates:\n  order: ydm\n", 2, "dates.order", "'ydm' is not known"),
        ("dates:\n  sex: {order: ymd}\n", 2, "dates.sex", "no key 'sex'"),
        (
            "dates:\n  birth_date:\n    century: 13\n",
            3,
            "dates.birth_date.century",
            "'13' is not known",
        ),
        ("constants:\n  legacy_id: 1\n", 2, "constants.legacy_id", "'legacy_id' is not known"),
        (
            "headings:\n  a: sex\nconstants:\n  sex: مرد\n",
            4,
            "constants.sex",
            "sex has a heading",
        ),
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
    path = profile(tmp_path, "encoding: !!python/object/apply:os.system ['true']\n")
    with pytest.raises(InputError):
        read_profile(path, LEGACY)


def test_the_schema_is_a_json_schema_and_says_what_the_reader_says() -> None:
    schema = json_schema(LEGACY)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"headings": {"نام": "first_name"}})
    assert not validator.is_valid({"headings": {"نام": "degree_id"}})


def test_the_file_that_editors_read_is_this_schema() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == json_schema(LEGACY)


def test_an_editor_may_take_a_century_for_a_number() -> None:
    validator = Draft202012Validator(json_schema(LEGACY))
    assert validator.is_valid({"dates": {"century": 1300, "birth_date": {"century": "1200"}}})
    assert not validator.is_valid({"dates": {"century": 1350}})


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_profile_is_right_and_found_by_its_name(name: str) -> None:
    path = locate(name)
    said = read_profile(path, LEGACY)
    assert path.read_text(encoding="utf-8").startswith(
        "# yaml-language-server: $schema=profile.schema.json\n"
    )
    assert (path.parent / "profile.schema.json").is_file()
    # a code of a degree that means something else would lead to another degree of the same person
    assert "degree" not in said.values
    wide = said.widen(LEGACY)
    for field, headings in said.synonyms.items():
        for heading in headings:
            found = map_headings(
                [heading], _nothing_required(wide), file="x", given={}, ignore=said.ignore
            )
            assert found == (field,), heading


def _nothing_required(schema: Schema) -> Schema:
    return replace(schema, fields=tuple(replace(one, required=False) for one in schema.fields))


def test_three_shapes_are_shipped() -> None:
    assert shipped() == ("coded-columns", "paper-ledger", "student-report")


def test_a_profile_that_is_neither_file_nor_name_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="coded-columns, paper-ledger, student-report"):
        locate("golestan")
    # a path stays a path: that there is nothing is told when it is read
    assert locate("golestan.yaml") == tmp_path / "golestan.yaml"
    (tmp_path / "paper-ledger").write_text("sheet: a\n")
    assert locate("paper-ledger") == tmp_path / "paper-ledger"


def test_a_synonym_is_taken_from_the_field_that_usually_has_it(tmp_path: Path) -> None:
    said = read_profile(profile(tmp_path, "synonyms:\n  page_ref: [ردیف]\n"), LEGACY)
    wide = said.widen(LEGACY)
    headings = ["شناسه", "نام", "نام خانوادگی", "دانشگاه", "رديف"]
    assert map_headings(headings, wide, file="x")[-1] == "page_ref"
    # and an absent one is no error
    assert map_headings(headings[:-1], wide, file="x") == (
        "legacy_id",
        "first_name",
        "last_name",
        "university",
    )


def test_a_constant_needs_no_column(tmp_path: Path) -> None:
    said = read_profile(profile(tmp_path, "constants:\n  university: تهران\n"), LEGACY)
    headings = ["شناسه", "نام", "نام خانوادگی"]
    with pytest.raises(InputError, match="no column for university"):
        map_headings(headings, LEGACY, file="x")
    assert len(map_headings(headings, said.widen(LEGACY), file="x")) == 3


def test_a_source_is_read_by_its_profile(tmp_path: Path) -> None:
    source = tmp_path / "legacy.csv"
    text = (
        "ردیف;کد;نام;نام و شهرت;دانشگاه;جنس\n1;K-9;علي;رضايي;تهران;1\n2;K-8;مينا;كريمي;تهران;02\n"
    )
    # as Windows wrote it: there is no Persian ی in its code page
    source.write_bytes(text.translate(str.maketrans("یک", "يك")).encode("cp1256"))
    read = read_source(
        source,
        LEGACY,
        profile=profile(
            tmp_path,
            WHOLE.replace("sheet: دفتر\n", "").replace("query: select * from graduates\n", ""),
        ),
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


def test_a_shipped_profile_corrected_reads_a_table_of_the_dos_years(tmp_path: Path) -> None:
    text = locate("coded-columns").read_text(encoding="utf-8")
    text = text.replace(
        "# constants:\n#   university: دانشگاه تبریز", "constants:\n  university: دانشگاه تبریز"
    )
    text = text.replace("  # degree: {1:", "  degree: {1:")
    text = text.replace(
        "  order: ymd\n", "  order: ymd\n  birth_date: {order: dmy, century: 1200}\n"
    )
    source = tmp_path / "STUD.csv"
    source.write_text(
        "RECNO,FNAME,FAMILY,SEX,MAGHTA,BDATE,GRADDATE\n"
        "7,علی,رضایی,1,2,10/05/99,20/7/10\n8,مینا,کریمی,2,3,13030304,530110\n"
    )
    read = read_source(source, LEGACY, profile=profile(tmp_path, text))
    staged = stage(read.table, LEGACY)

    def column(name: str) -> list[str | None]:
        return staged.column(name).to_pylist()

    assert column("legacy_id") == ["7", "8"]
    assert column("sex") == ["m", "f"]
    assert column("degree_level") == ["bachelor", "master"]
    assert column("university_id") == ["tabriz", "tabriz"]
    # what could be either is read by the order and the century that the profile says
    assert column("birth_date") == ["1299-05-10", "1303-03-04"]
    assert column("graduation_date") == ["1320-07-10", "1353-01-10"]
    assert column("raw_birth_date") == ["10/05/99", "13030304"]


def test_the_profile_in_the_docs_is_one(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "intake" / "profiles.md"
    (text,) = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    said = read_profile(profile(tmp_path, text), LEGACY)
    assert said.constants == {"university": "دانشگاه تبریز"}
    assert said.dates["birth_date"] == DateRule("dmy", 1300)
    # each key of a profile stands in the table above it
    for key in json_schema(LEGACY)["properties"]:
        assert f"`{key}`" in page.read_text(encoding="utf-8")

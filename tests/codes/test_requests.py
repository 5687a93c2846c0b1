"""A request: what it must say, what it may not hold, and when two are one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.codes import requests as module
from migrate.codes.requests import FIELDS, LONGEST, MOST_SCANS, Scan, checked_scan, request_of
from migrate.errors import InputError

RECORD = {
    "first_name": "مریم",
    "last_name": "كاظمي",
    "university": "دانشگاه تهران",
    "degree": "لیسانس",
    "graduation_date": "۱۳۶۲/۷/۳",
}
DIGEST = "ab" * 32


def made(**changed: str | None) -> module.Request:
    return request_of({**RECORD, **changed}, channel="graduate", applied_on="1405-01-01")


def test_values_are_kept_as_they_were_written() -> None:
    request = made(father_name="  محمد\t علی\n", sex="", birth_place=None)
    assert request.record == {**RECORD, "father_name": "محمد علی"}
    assert json.loads(request.body())["record"]["last_name"] == "كاظمي"


def test_the_same_request_has_the_same_digest_wherever_its_scans_lie() -> None:
    scans = [[Scan(DIGEST, path)] for path in ("a/1.jpg", "b/1.jpg")]
    digests = {request_of(RECORD, channel="graduate", scans=one).digest() for one in scans} | {
        request_of(dict(reversed(RECORD.items())), channel="graduate", scans=scans[0]).digest()
    }
    assert len(digests) == 1


def test_all_else_makes_another_request() -> None:
    others = [
        request_of(RECORD, channel="graduate"),
        request_of(RECORD, channel="university"),
        request_of(RECORD, channel="graduate", applied_on="1405-01-01"),
        request_of(RECORD, channel="graduate", scans=[Scan(DIGEST, "1.jpg")]),
        request_of({**RECORD, "degree": "فوق لیسانس"}, channel="graduate"),
    ]
    assert len({request.digest() for request in others}) == len(others)


@pytest.mark.parametrize("name", ["first_name", "last_name", "university"])
@pytest.mark.parametrize(
    "value", ["", None, "  ", "---", "ندارد", "Smith", "12", "ط§ط­ظ…ط¯", "????"]
)
def test_a_name_that_would_stop_a_whole_batch_is_refused(name: str, value: str | None) -> None:
    with pytest.raises(InputError) as refused:
        made(**{name: value})
    assert refused.value.column == name
    assert refused.value.fix


def test_the_patterns_are_those_that_a_batch_is_held_against() -> None:
    suite = json.loads((Path(__file__).parents[2] / "expectations" / "legacy.json").read_text())
    parameters = suite["suite_parameters"]
    assert module._PERSIAN.pattern == parameters["persian_letter"]
    assert module._MOJIBAKE.pattern == parameters["mojibake"]


def test_a_national_id_must_have_its_check_digit() -> None:
    assert made(national_id="۰۰۶۴۲۴۷۲۰۱").record["national_id"] == "۰۰۶۴۲۴۷۲۰۱"
    with pytest.raises(InputError, match="check digit") as refused:
        made(national_id="0064247202")
    assert refused.value.column == "national_id"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("آ" * (LONGEST + 1), "longer than"),
        ("آ\0ب", "U\\+0000"),
        ("آ\x1b[31m", "U\\+001B"),
        ("آ\ud800", "U\\+D800"),
        ("آ\x85ب", "U\\+0085"),
    ],
)
@pytest.mark.parametrize("name", ["first_name", "page_ref", "birth_date"])
def test_a_text_that_no_store_could_hold_is_refused(name: str, value: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        made(**{name: value})
    assert refused.value.column == name
    str(refused.value).encode()


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=40)))
def test_any_text_is_taken_as_it_is_or_refused_by_column(record: dict[str, str]) -> None:
    refused = None
    try:
        request = request_of({**RECORD, **record}, channel="graduate")
    except InputError as error:
        refused = error
    if refused is not None:
        assert refused.column in record
    else:
        request.body().encode()
        assert "\0" not in request.body()
        assert all(
            request.record[name] == " ".join(text.split())
            for name, text in record.items()
            if text.strip()
        )


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(InputError, match="no such field"):
        made(salary="1")
    with pytest.raises(InputError, match="no such field"):
        made(legacy_id="1")


@pytest.mark.parametrize(
    "text", ["۱۴۰۲/۵/۱", "1402-05-01", "2023-07-23", "1 مرداد 1402", "14020501"]
)
def test_a_date_of_application_is_one_day_of_either_calendar(text: str) -> None:
    assert request_of(RECORD, channel="letter", applied_on=text).applied_on == "1402-05-01"


@pytest.mark.parametrize(
    "text",
    ["1402", "1402-05", "1402-12-30", "3/7/62", "دیروز", "1402-05-01؟?x", "0"],
)
def test_a_date_that_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        request_of(RECORD, channel="letter", applied_on=text)
    assert refused.value.column == "applied_on"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../1.jpg",
        "a/../../1.jpg",
        "a/..",
        "..\\1.jpg",
        "C:/1.jpg",
        "c:1.jpg",
        "~/1.jpg",
        "\\\\server\\1.jpg",
        "a\0.jpg",
        "a\u202egpj.exe",
        ".",
        "x" * (LONGEST + 1),
    ],
)
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    with pytest.raises(InputError) as refused:
        checked_scan(DIGEST, path)
    assert refused.value.column == "scans"


def test_a_scan_is_kept_in_one_spelling() -> None:
    assert checked_scan(f" {DIGEST.upper()} ", "./اسکن//1.jpg ") == Scan(DIGEST, "اسکن/1.jpg")
    for digest in ("", "ab", "g" * 64, "ab" * 33, "۰" * 64):
        with pytest.raises(InputError, match="not a SHA-256"):
            checked_scan(digest, "1.jpg")


def test_scans_are_told_once_and_few() -> None:
    one = Scan(DIGEST, "1.jpg")
    assert request_of(RECORD, channel="graduate", scans=[one, one]).scans == (one,)
    many = [Scan(DIGEST, f"{n}.jpg") for n in range(MOST_SCANS + 1)]
    with pytest.raises(InputError, match="more than"):
        request_of(RECORD, channel="graduate", scans=many)

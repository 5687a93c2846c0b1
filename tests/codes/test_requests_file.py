"""Files of requests as they come: right, hostile, large."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

import pytest

from migrate.codes.requests_file import LARGEST, RequestsFile, read_requests
from migrate.codes.requests_json import request_of_json
from migrate.errors import InputError

HEADING = "first_name,last_name,university"
ROW = "مریم,کاظمی,دانشگاه تهران"


@pytest.fixture
def read(tmp_path: Path):
    def written(content: str | bytes, name: str = "requests.csv", **options: str) -> RequestsFile:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return read_requests(path, **options)

    return written


def of(request: dict[str, object]) -> str:
    base = dict(zip(HEADING.split(","), ROW.split(","), strict=True))
    return json.dumps({**base, **request}, ensure_ascii=False)


def test_both_forms_give_the_same_requests(read) -> None:
    scan = "ab" * 32
    as_csv = read(
        f"{HEADING},channel,applied_on,scans\r\n{ROW},letter,۱۴۰۲/۴/۳۱,{scan} a/1.jpg; {scan} 2.jpg\r\n"
    )
    scans = [{"sha256": scan, "path": path} for path in ("a/1.jpg", "2.jpg")]
    as_json = read(
        of({"channel": "letter", "applied_on": "1402-04-31", "scans": scans}) + "\n", "r.jsonl"
    )
    assert as_csv.problems == as_json.problems == ()
    assert as_csv.requests[0][1] == as_json.requests[0][1]
    assert (as_csv.requests[0][0], as_json.requests[0][0]) == (2, 1)
    assert len(as_csv.requests[0][1].scans) == 2


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeff{HEADING}\r\n{ROW}\r\n",
        f"{HEADING}\n{ROW}".replace(",", ";"),
        f"{HEADING}\n{ROW}\n".replace(",", "\t"),
        f"\n\n{ROW}".replace("\n\n", "نام,نام خانوادگي,دانشگاه\n,,\n\n"),
        f"legacy_id,{HEADING}\n17,{ROW}\n",
        'نام,شهرت,"دانشگاه"\n"مریم","کاظمی","دانشگاه تهران"\n',
    ],
)
def test_usual_ways_of_writing_csv_are_read(read, content: str) -> None:
    found = read(content)
    assert found.problems == ()
    ((_, request),) = found.requests
    assert request.record == {
        "first_name": "مریم",
        "last_name": "کاظمی",
        "university": "دانشگاه تهران",
    }
    assert (request.channel, request.applied_on) == ("graduate", "")


@pytest.mark.parametrize(
    ("content", "row", "said"),
    [
        ("", 1, "no column for"),
        ("\n", 1, "no column for"),
        (HEADING, None, "no request"),
        (f"{HEADING}\n,,\n", None, "no request"),
        (f"{HEADING},salary\n{ROW},1\n", 1, "no such column"),
        (f"{HEADING},\n{ROW},\n", 1, "empty heading"),
        (f"{HEADING},نام\n{ROW},آ\n", 1, "two columns"),
        ("first_name,last_name\nآ,ب\n", 1, "no column for university"),
        (f'{HEADING}\n{ROW}\n"مریم,کاظمی,تهران\n', 2, "cannot be told apart"),
        (f'{HEADING}\n"م"ریم,کاظمی,تهران\n', 1, "cannot be told apart"),
        (f"{HEADING}\n{ROW}\n{'آ' * 200_000},کاظمی,تهران\n", 2, "cannot be told apart"),
        (f"{HEADING}\n{ROW}\n".encode("utf-16"), 1, "not in UTF-8"),
        (f"{HEADING}\n{ROW}\n".encode("windows-1256", "replace"), 2, "not in UTF-8"),
        ("PK\x03\x04\xff".encode("latin-1"), 1, "not in UTF-8"),
    ],
)
def test_a_file_that_is_none_is_refused_whole(
    read, content: str | bytes, row: int | None, said: str
) -> None:
    with pytest.raises(InputError) as refused:
        read(content)
    assert said in str(refused.value)
    assert refused.value.row == row
    assert str(refused.value.file).endswith("requests.csv")


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        (f"{ROW},x,", None, "has 5 cells, and the heading 4"),
        ("مریم,کاظمی", None, "has 2 cells"),
        (",کاظمی,تهران,", "first_name", "must have this"),
        (f"{ROW},12345", "scans", "not a SHA-256"),
        (f"{ROW},{'ab' * 32} ../../etc/passwd", "scans", "not a path"),
        (f"{ROW},{'ab' * 32}", "scans", "not a path"),
        ("م\0ریم,کاظمی,تهران,", "first_name", "U+0000"),
        (f"{'آ' * 1000},کاظمی,تهران,", "first_name", "longer than"),
    ],
)
def test_a_wrong_row_is_named_and_the_others_are_read(
    read, row: str, column: str | None, said: str
) -> None:
    found = read(f"{HEADING},scans\n{ROW},\n{row}\n{ROW},\n")
    assert [number for number, _ in found.requests] == [2, 4]
    (problem,) = found.problems
    assert said in str(problem)
    assert (problem.row, problem.column) == (3, column)
    assert str(problem.file).endswith("requests.csv")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[]", "no object"),
        ("null", "no object"),
        ('{"first_name": "a"', "no JSON"),
        ("[" * 100_000, "no JSON"),
        (of({})[:-1] + ', "first_name": "علی"}', "stands twice"),
        (of({"national_id": 64247201}), "must be a text"),
        (of({"first_name": ["مریم"]}), "must be a text"),
        (of({"salary": "1"}), "no such field"),
        (of({}).replace("first_name", "\\ud800"), "no such field"),
        (of({"first_name": "م\\ud800"}).replace("\\\\", "\\"), "U+D800"),
        (of({"scans": {}}), "no list of scans"),
        (of({"scans": [{"sha256": "ab" * 32}]}), "no list of scans"),
        (of({"scans": [{"sha256": "ab" * 32, "path": 1}]}), "no list of scans"),
        (of({"scans": [{"sha256": "ab" * 32, "path": "/etc/passwd"}]}), "not a path"),
        (of({"channel": "fax"}), "no such channel"),
        (of({"applied_on": "1402-12-30"}), "no date of application"),
        ('{"first_name": NaN}', "must be a text"),
        ("9" * 10_000, "no JSON"),
    ],
)
def test_a_wrong_line_is_named_and_the_others_are_read(read, line: str, said: str) -> None:
    found = read(f"{of({})}\n\n{line}\n{of({'scans': None})}\n", "requests.jsonl")
    assert [number for number, _ in found.requests] == [1, 4]
    (problem,) = found.problems
    assert said in str(problem)
    assert problem.row == 3
    str(problem).encode()


def test_a_scan_that_can_be_reached_must_be_the_one_that_is_told_of(read, tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "1.jpg").write_bytes(b"page")
    (tmp_path / "out.jpg").symlink_to("/etc/hostname")
    right = hashlib.sha256(b"page").hexdigest()
    hostname = hashlib.sha256(Path("/etc/hostname").read_bytes()).hexdigest()
    rows = [
        f"{right} scans/1.jpg",
        f"{right} elsewhere/1.jpg",
        f"{'ab' * 32} scans/1.jpg",
        f"{hostname} out.jpg",
        f"{right} scans",
    ]
    found = read(f"{HEADING},scans\n" + "".join(f"{ROW},{row}\n" for row in rows))
    assert [number for number, _ in found.requests] == [2, 3]
    assert [(one.row, one.column) for one in found.problems] == [(n, "scans") for n in (4, 5, 6)]
    assert "SHA-256 differs" in str(found.problems[0])


def test_ten_thousand_rows_are_read_in_seconds(read) -> None:
    rows = "".join(f"مریم,کاظمی,دانشگاه تهران,{n}\n" for n in range(1, 10_001))
    begun = time.monotonic()
    found = read(f"{HEADING},diploma_no\n{rows}")
    assert time.monotonic() - begun < 20
    assert len(found.requests) == 10_000
    assert len({request.digest() for _, request in found.requests}) == 10_000


def test_a_file_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as stream:
        stream.truncate(LARGEST + 1)
    with pytest.raises(InputError, match="at most 64 MiB"):
        read_requests(path)
    for missing in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_requests(missing)


def test_a_message_cannot_choose_its_channel() -> None:
    value = json.loads(of({}))
    assert request_of_json(value, channel="graduate").channel == "graduate"
    for name in ("channel", "applied_on"):
        with pytest.raises(InputError, match="cannot say this"):
            request_of_json({**value, name: "letter"}, channel="graduate")

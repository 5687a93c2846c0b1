"""A certificate sheet says what it is not, can be read by people and machines, and leaks nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zlib
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.codes.numbers import format_code
from migrate.codes.sheet import SheetHead, SheetValues, inquiry_url, render
from migrate.errors import InputError
from migrate.persian.letters import to_persian_digits

HEAD = SheetHead(
    size=10_284_417,
    root="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    key_name="inquiry.example/codes",
    at="2026-11-28T00:00:00Z",
)
VALUES = SheetValues(
    code="48213390567712045863",
    state="active",
    document_type="diploma",
    first_name="محمدرضا",
    last_name="حسین‌زادهٔ اصفهانی",
    degree="کارشناسی ارشد",
    field_of_study="مهندسی برق",
    university="دانشگاه صنعتی شریف",
    graduation_year="1362",
    issued_at="2026-11-20T08:00:00Z",
    made_at="2026-11-28T21:00:00Z",
    public_url="https://inquiry.example",
    event_seq=10_000_123,
    head=HEAD,
    lookups=12,
)
LONG = "دانشگاه آزاد اسلامی واحد علوم و تحقیقات تهران، مجتمع آموزش عالی پیامبر اعظم، دانشکدهٔ هنر"
VARIANTS = {
    "plain": VALUES,
    "unsigned": replace(VALUES, head=None, lookups=None, document_type=""),
    "long": replace(VALUES, university=LONG, field_of_study=LONG, last_name="میرحسینی " * 6),
    "mixed": replace(VALUES, university="Université de Genève (ژنو)", first_name="Jean-François"),
    "bare": replace(VALUES, university=None, first_name=None, graduation_year=None),
    "unbroken": replace(VALUES, university="W" * 150, last_name="ا" * 120),
    "url": replace(VALUES, public_url="https://a-long-name.of-some.ministry.example/services/ask/"),
}


def tool(name: str, *arguments: str, given: bytes | None = None) -> bytes:
    """What a program of Debian's prints; without it the test is skipped, or in CI fails."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed, and CI must have it")
        pytest.skip(f"{name} is not installed")
    return subprocess.run([found, *arguments], input=given, capture_output=True, check=True).stdout


def read(pdf: bytes) -> str:
    """The text in the order it is read, one space for any run of white space and marks.

    Readers turn the letters of the ligature لا round; both orders are made one here.
    """
    text = tool("pdftotext", "-", "-", given=pdf).decode()
    return plain(text)


def plain(text: str) -> str:
    text = re.sub(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069\u200c]", "", text)
    return " ".join(text.replace("لا", "ال").split())


def streams(pdf: bytes) -> bytes:
    """The file with each compressed stream unpacked behind it."""
    found = [pdf]
    for body in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(body))
        except zlib.error:
            found.append(body)
    return b"\n".join(found)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_qr_is_read_back_from_the_printed_page(name: str, tmp_path: Path) -> None:
    values = VARIANTS[name]
    (tmp_path / "sheet.pdf").write_bytes(render(values))
    # 100 dots an inch, less than any printer or telephone has
    at = str(tmp_path / "sheet")
    tool("pdftoppm", "-r", "100", "-png", "-gray", "-f", "1", "-l", "1", f"{at}.pdf", at)
    (image,) = tmp_path.glob("sheet-*.png")
    read_back = tool("zbarimg", "-q", "--raw", "--nodbus", str(image)).decode().split()
    assert read_back == [inquiry_url(values.public_url, values.code)]


@pytest.mark.parametrize("name", VARIANTS)
def test_what_stands_on_it_is_read_in_its_order(name: str) -> None:
    values = VARIANTS[name]
    text = read(render(values))
    assert format_code(values.code) in text
    assert to_persian_digits(format_code(values.code)) in text
    assert plain("این برگه به‌خودی‌خود سند نیست") in text
    assert "This sheet by itself proves nothing" in text
    for fact in (values.first_name, values.last_name, values.degree, values.university):
        # a line ends anywhere, and readers put marks of punctuation on either side
        for word in re.findall(r"\w+", plain(fact or "")):
            assert word in (re.sub(r"\s", "", text) if len(word) > 40 else text)
    assert ("در پایگاه ثبت نشده است" in text) == (values.university is None)
    assert ("not recorded" in text) == (values.university is None)


def test_the_tree_head_stands_on_it_whole_or_is_said_to_be_missing() -> None:
    text = read(render(VALUES))
    groups = [HEAD.root[start : start + 4] for start in range(0, 64, 4)]
    assert " ".join(groups[:8]) in text
    assert " ".join(groups[8:]) in text
    assert to_persian_digits("10284417") in text
    assert "inquiry.example/codes" in text
    assert "2026-11-28 00:00:00 UTC" in text
    assert "event 10000123 of the ledger, under this signature" in text
    behind = read(render(replace(VALUES, head=replace(HEAD, size=10_000_122))))
    assert "event 10000123 of the ledger, newer than this signature" in behind
    level = read(render(replace(VALUES, head=replace(HEAD, size=10_000_123))))
    assert "under this signature" in level
    unsigned = read(render(replace(VALUES, head=None)))
    assert "not yet signed" in unsigned
    assert plain("هنوز امضا نشده است") in unsigned


def test_days_are_those_of_iran_in_both_calendars() -> None:
    # 21:00 in London is 00:30 of the next day in Tehran
    text = read(render(VALUES))
    assert "29 November 2026 (1405-09-08 Solar Hijri)" in text
    assert "1362 Solar Hijri (1983/1984)" in text
    earlier = read(render(replace(VALUES, made_at="2026-11-28T20:29:59Z")))
    assert "28 November 2026 (1405-09-07 Solar Hijri)" in earlier


@pytest.mark.parametrize("name", ["plain", "mixed", "unbroken"])
def test_the_same_values_give_the_same_bytes(name: str) -> None:
    once = render(VARIANTS[name])
    assert render(VARIANTS[name]) == once
    later = replace(VARIANTS[name], made_at="2026-11-29T21:00:01Z")
    assert render(later) != once


def test_only_shipped_fonts_stand_in_it_and_all_are_embedded() -> None:
    lines = tool("pdffonts", "-", given=render(VALUES)).decode().splitlines()[2:]
    assert len(lines) == 2
    for line in lines:
        assert "Vazirmatn" in line
        assert line.split()[-5:-2] == ["yes", "yes", "yes"]


def test_it_holds_no_script_and_no_link_but_the_inquiry() -> None:
    held = streams(render(VALUES))
    for forbidden in (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/AA"):
        assert not re.search(re.escape(forbidden) + rb"\b", held), forbidden
    # a place on the page to begin at, and no action
    assert re.findall(rb"/OpenAction (.)", held) == [b"["]
    links = set(re.findall(rb"/URI \((.*?)\)", held))
    assert links == {b"https://inquiry.example/c/48213390567712045863"}
    assert b"/Lang (fa)" in held
    assert b'pdfaid:part="2"' in held


def test_a_sheet_has_no_place_for_a_national_id() -> None:
    named = {field.name for field in fields(SheetValues)}
    assert not {name for name in named if "national" in name or "birth" in name or "father" in name}
    # what is printed beside the code holds no ten digits in a row
    text = read(render(VALUES)).replace(VALUES.code, "")
    assert not re.search(r"\d{10}", text)


@pytest.mark.parametrize("state", ["suspended", "revoked", "superseded", "unheard of", ""])
def test_none_is_made_for_a_code_that_is_not_in_force(state: str) -> None:
    with pytest.raises(InputError, match="no sheet is made for a code that") as caught:
        render(replace(VALUES, state=state))
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"public_url": "http://inquiry.example"}, "not the address"),
        ({"public_url": "https://inquiry.example/?a=1"}, "not the address"),
        ({"public_url": "https://inquiry.example/#a"}, "not the address"),
        ({"public_url": "https://a:b@inquiry.example"}, "not the address"),
        ({"public_url": "javascript:alert(1)"}, "not the address"),
        ({"public_url": "https://"}, "not the address"),
        ({"public_url": "https://inquiry.example/" + "a" * 120}, "not the address"),
        ({"public_url": "https://inquiry.example/a b"}, "not the address"),
        ({"public_url": "https://inquiry.example/)\n/JS"}, "not the address"),
        ({"public_url": "https://دانشگاه.example"}, "not the address"),
        ({"public_url": "https://[::1"}, "not the address"),
        ({"code": "4821339056771204586"}, "not a code"),
        ({"code": "۴۸۲۱۳۳۹۰۵۶۷۷۱۲۰۴۵۸۶۳"}, "not a code"),
        ({"code": "4821339056771204586\n"}, "not a code"),
        ({"made_at": "yesterday"}, "not a time"),
        ({"issued_at": "2026-11-31T00:00:00Z"}, "not a time"),
        ({"document_type": "transcript"}, "not a kind of document"),
        ({"last_name": "王"}, r"no picture of U\+738B"),
        ({"head": replace(HEAD, root="ab")}, "not a root"),
    ],
)
def test_what_cannot_stand_on_it_is_refused_in_words(change: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        render(replace(VALUES, **change))


def test_marks_in_a_name_cannot_turn_the_line_round() -> None:
    turned = replace(VALUES, university="دانشگاه \u202eفیرش\u2066 یتعنص\n\x00 تهران")
    assert plain("دانشگاه فیرش یتعنص تهران") in read(render(turned))


def test_nothing_is_printed_beyond_the_border(tmp_path: Path) -> None:
    from PIL import Image

    for name in ("long", "unbroken", "url"):
        (tmp_path / f"{name}.pdf").write_bytes(render(VARIANTS[name]))
        at = str(tmp_path / name)
        tool("pdftoppm", "-r", "60", "-png", "-gray", f"{at}.pdf", at)
        for page in tmp_path.glob(f"{name}-*.png"):
            image = Image.open(page).convert("L")
            dot = image.width / 210
            # between the border and what is printed, 1.5 mm of paper on each side
            for left, right in ((10.0, 11.5), (198.5, 200.0)):
                strip = image.crop((round(left * dot), 40, round(right * dot), image.height - 40))
                assert min(strip.tobytes()) > 150, (page.name, left)
            foot = image.crop(
                (round(20 * dot), round(285.5 * dot), round(190 * dot), round(287 * dot))
            )
            assert min(foot.tobytes()) > 150, page.name


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(
    name=st.text(max_size=60), university=st.text("ابپلا‌ ()،.-AzÉ۱2\u202e\u200f\n", max_size=200)
)
def test_any_text_is_printed_whole_or_refused_in_words(name: str, university: str) -> None:
    said, pdf = "", b""
    try:
        pdf = render(replace(VALUES, last_name=name, university=university, head=None))
    except InputError as error:
        said = str(error)
    whole = pdf.startswith(b"%PDF-1.7") and pdf.rstrip().endswith(b"%%EOF")
    assert whole or "no picture of U+" in said

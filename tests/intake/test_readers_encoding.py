"""The encoding of a text is found by its content, and said why."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.errors import InputError
from migrate.intake.readers import encoding
from migrate.intake.readers.survey import survey

HEADING = "شناسه,نام,نام خانوادگي,نام پدر,دانشگاه,رشته تحصيلي,مقطع\n"
ROWS = (
    "1,علي,حسين زاده,كريم,دانشگاه صنعتي شريف,مهندسي برق,ليسانس\n"
    "2,زهرا,محمدي,غلامرضا,دانشگاه تهران,زبان و ادبيات,فوق ليسانس\n"
    "3,فاطمه,طباطبائي,ذبيح الله,دانشگاه ملي,حقوق قضائي,ليسانس\n"
)
# an Arabic keyboard has no گ and no پ
ARABIC = (HEADING + ROWS).translate(str.maketrans("گپ", "كب"))
# letters that ISO-8859-6 has not
PERSIAN = ROWS + "4,پروين,چنگيزي,ژاله,دانشگاه گيلان,پزشكي,دكتري\n"


def decided(tmp_path: Path, content: bytes, given: str | None = None) -> encoding.Encoding:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    return encoding.decide(path, survey(path), given)


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        (HEADING + PERSIAN, "utf-8", "UTF-8"),
        (HEADING + PERSIAN, "utf-8-sig", "UTF-8"),
        (HEADING + PERSIAN, "utf-16", "UTF-16"),
        (HEADING + PERSIAN, "utf-16-le", "UTF-16"),
        (HEADING + PERSIAN, "utf-16-be", "UTF-16"),
        (HEADING + PERSIAN, "utf-32", "UTF-32"),
        (HEADING + PERSIAN, "cp1256", "Windows-1256"),
        (HEADING + ROWS, "cp1256", "Windows-1256"),
        (ARABIC, "iso8859_6", "ISO-8859-6"),
        (HEADING + PERSIAN, "mac_farsi", "Mac Farsi"),
    ],
)
def test_each_encoding_is_found(tmp_path: Path, text: str, codec: str, name: str) -> None:
    content = text.replace("ي", "ی").replace("ك", "ک") if codec.startswith("utf") else text
    if codec == "mac_farsi":
        # it has digits of its own
        content = text.translate(str.maketrans("1234", "۱۲۳۴"))
    found = decided(tmp_path, content.encode(codec))
    assert found.name == name
    assert content.encode(codec).decode(found.codec) == content
    assert found.why


def test_ascii_is_read_as_utf_8(tmp_path: Path) -> None:
    assert decided(tmp_path, b"legacy_id,first_name\n1,Ali\n").why == "it holds ASCII only"


def test_a_few_broken_bytes_do_not_make_utf_8_a_code_page(tmp_path: Path) -> None:
    content = (HEADING + PERSIAN * 20).encode() + b"5,\xff\xfe,x,,,,\n"
    found = decided(tmp_path, content)
    assert found.codec == "utf-8"
    assert "2 bytes are not" in found.why


def test_a_last_letter_cut_in_half_does_not_make_utf_8_a_code_page(tmp_path: Path) -> None:
    assert decided(tmp_path, (HEADING + PERSIAN).encode() + "ی".encode()[:1]).codec == "utf-8"


def test_a_letter_on_the_border_of_two_chunks_is_whole(tmp_path: Path) -> None:
    content = b"a" * ((1 << 20) - 1) + "ی".encode() + b"\n"
    found = decided(tmp_path, content)
    assert found.codec == "utf-8"
    assert "all its 1 letters" in found.why


def test_the_reason_gives_the_share_of_each_code_page(tmp_path: Path) -> None:
    why = decided(tmp_path, (HEADING + PERSIAN).encode("cp1256")).why
    assert "100% of its letters beyond ASCII are Persian as Windows-1256" in why
    assert "as ISO-8859-6" in why


def test_a_profile_is_not_questioned(tmp_path: Path) -> None:
    found = decided(tmp_path, HEADING.encode("cp1256"), "ISO-8859-6")
    assert codecs.lookup(found.codec).name == "iso8859-6"


@pytest.mark.parametrize("name", ["windows-1257x", "", "rot13", "hex"])
def test_an_unknown_encoding_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="no such encoding"):
        decided(tmp_path, HEADING.encode("cp1256"), name)


@given(st.lists(st.sampled_from(["علي", "حسين", "كريمي", "قاسم", "طاهره"]), min_size=3))
def test_windows_1256_reads_more_like_persian_than_its_bytes_as_another(names: list[str]) -> None:
    content = " ".join(names).encode("cp1256")
    counts = {byte: content.count(byte) for byte in range(256)}
    found = encoding.shares(counts)
    assert found["cp1256"][1] == 1
    assert found["cp1256"][0] == max(score for score, _ in found.values())

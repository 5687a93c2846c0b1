"""The typeface is in the page: nothing is fetched, and what is in it is the font we ship."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import migrate.persian.typeface as typeface

FOLDER = Path(typeface.__file__).with_name("fonts")
URL = re.compile(r"url\((data:font/woff2;base64,([A-Za-z0-9+/=]+))\)")

# files/vazirmatn-{arabic,latin}-wght-normal.woff2 of @fontsource-variable/vazirmatn 5.3.0
PUBLISHED = {
    "Vazirmatn.woff2": "84a382e46c30fb4f73d0e3800c16d0af15888e2731e57fa5f93e2c29a2c6a957",
    "Vazirmatn-Latin.woff2": "d29c041cd4294af893cf3c01dfab6d47202c667ab55d702f68782599918c651d",
}


def _fonts() -> list[bytes]:
    return [base64.b64decode(found[1]) for found in URL.findall(typeface.css())]


def test_css_holds_the_shipped_fonts_byte_for_byte() -> None:
    shipped = {path.read_bytes() for path in FOLDER.glob("*.woff2")}
    assert set(_fonts()) == shipped
    assert all(font[:4] == b"wOF2" for font in shipped)


def test_css_reaches_for_nothing_outside_the_page() -> None:
    without_fonts = URL.sub("", typeface.css())
    assert "url(" not in without_fonts
    assert "http" not in without_fonts
    assert "</" not in typeface.css()


def test_css_is_made_once() -> None:
    assert typeface.css() is typeface.css()


def test_css_declares_the_family_that_pages_name() -> None:
    assert typeface.css().count("font-family:'Vazirmatn'") == 2
    assert typeface.css().count("{") == typeface.css().count("}") == 2


def _served(css: str) -> set[int]:
    codes: set[int] = set()
    for first, last in re.findall(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?", css):
        codes.update(range(int(first, 16), int(last or first, 16) + 1))
    return codes


def test_every_character_of_a_report_is_served_by_a_font() -> None:
    needed = "آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیئءأؤة۰۱۲۳۴۵۶۷۸۹،؛؟٪\u200cAZaz0189 .,-/()«»:…—"
    served = _served(typeface.css())
    assert [letter for letter in needed if ord(letter) not in served] == []


def test_fonts_are_the_ones_of_the_package_and_whole() -> None:
    for name, digest in PUBLISHED.items():
        font = (FOLDER / name).read_bytes()
        assert hashlib.sha256(font).hexdigest() == digest
        # a WOFF2 header states the length of the whole file in bytes 8 to 12
        assert int.from_bytes(font[8:12], "big") == len(font)


def test_licence_stands_beside_the_fonts() -> None:
    licence = (FOLDER / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert "The Vazirmatn Project Authors" in licence

"""Vazirmatn, the typeface of the pages and sheets that people read, inside the file itself.

Of pages: the Arabic and Latin subsets (variable weight, 100 to 900) of the npm package
``@fontsource-variable/vazirmatn`` 5.3.0. Of PDFs, which no woff2 may go into: the regular and bold
TrueType files of the npm package ``vazirmatn`` 33.0.3. Both unchanged; SIL Open Font License 1.1,
fonts/OFL.txt.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("fonts")

# file, characters it serves: as the package's own index.css has them, cut to what its font holds
_SUBSETS = (
    (
        "Vazirmatn.woff2",
        "U+0600-06FF,U+0750-077F,U+0870-08FF,U+200C-200E,U+2010-2011,U+204F,U+2E41,"
        "U+FB50-FDFF,U+FE70-FE74,U+FE76-FEFC",
    ),
    (
        "Vazirmatn-Latin.woff2",
        "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,"
        "U+2000-206F,U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD",
    ),
)


@cache
def css() -> str:
    """The @font-face rules of 'Vazirmatn', with the fonts in them as data URLs (about 110 KB).

    A page that has them in its <style> needs no network and no installed font. The text is the
    same at every call and on every machine; it holds no '</'.
    """
    return "".join(
        "@font-face{font-family:'Vazirmatn';font-style:normal;font-weight:100 900;"
        "font-display:swap;"
        f"src:url(data:font/woff2;base64,{b64encode((_FOLDER / file).read_bytes()).decode()})"
        f" format('woff2');unicode-range:{characters}}}\n"
        for file, characters in _SUBSETS
    )


def truetype(*, bold: bool = False) -> Path:
    """The file of Arabic and Latin letters in one weight, for programs that embed TrueType."""
    return _FOLDER / f"Vazirmatn-{'Bold' if bold else 'Regular'}.ttf"

"""The paper of a certificate sheet: A4, Persian and Latin text shaped and wrapped, QR, border."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal

import segno
from fpdf import FPDF
from fpdf.fonts import TTFFont

from migrate.codes.sheet_metadata import MAKER, xmp
from migrate.codes.sheet_watermark import across
from migrate.persian import typeface

Direction = Literal["rtl", "ltr"]
Ink = tuple[int, int, int]

# millimetres
WIDTH, HEIGHT, MARGIN = 210.0, 297.0, 17.0
BOTTOM = HEIGHT - 19.0
INK: Ink = (24, 28, 36)
QUIET: Ink = (92, 98, 110)
LINE: Ink = (176, 182, 194)
PALE: Ink = (240, 242, 246)
ALARM: Ink = (158, 22, 32)

_INNER = WIDTH - 2 * MARGIN
_LEADING = 1.5
_POINT = 25.4 / 72


class Paper:
    """A PDF being drawn, top down: ``y`` is where the next thing goes, in millimetres.

    :param title: of the document; ``subject``: a line on what it is; ``made_at``: its only date.
    :param watermark: words across every page, behind all else.
    :param foot: what stands at the foot of every page, in Persian and in English.
    """

    def __init__(
        self, title: str, subject: str, made_at: datetime, watermark: str, foot: tuple[str, str]
    ) -> None:
        # PDF/A: all fonts inside, no encryption, no script, XMP beside the old metadata
        self._pdf = FPDF(unit="mm", format="A4", enforce_compliance="PDF/A-2U")
        self._pdf.set_margin(0)
        self._pdf.c_margin = 0
        self._pdf.set_auto_page_break(False)
        for style in ("", "B"):
            self._pdf.add_font("Vazirmatn", style, typeface.truetype(bold=style == "B"))
        self._pdf.set_title(title)
        self._pdf.set_subject(subject)
        self._pdf.set_lang("fa")
        self._pdf.set_creator(MAKER)
        self._pdf.set_producer(MAKER)
        self._pdf.set_creation_date(made_at)
        # fpdf2's own would hold the time of the call as well: other bytes at every call
        self._pdf.set_xmp_metadata(xmp(title, subject, made_at))
        self._watermark = watermark
        self._foot = foot
        self.y = 0.0
        self.new_page()

    def new_page(self) -> None:
        """A page with its border, its watermark and its foot."""
        self._pdf.add_page()
        self._pdf.set_draw_color(*LINE)
        for inset, line in ((8.0, 0.5), (9.4, 0.2)):
            self._pdf.set_line_width(line)
            self._pdf.rect(inset, inset, WIDTH - 2 * inset, HEIGHT - 2 * inset)
        across(self._pdf, self._watermark, 21, 52, PALE)
        foot = HEIGHT - 17.0
        self.put(MARGIN, foot, _INNER, self._foot[0], 8.5, bold=True, ink=ALARM)
        self.put(
            MARGIN, foot, _INNER, self._foot[1], 8, bold=True, ink=ALARM, at="L", direction="ltr"
        )
        self.y = 14.0

    def output(self) -> bytes:
        """The finished file."""
        return bytes(self._pdf.output())

    def lacks(self, text: str) -> Iterator[str]:
        """The characters of a text that the font has no picture of, each once."""
        font = self._pdf.fonts["vazirmatn"]
        held = font.cmap if isinstance(font, TTFFont) else {}
        for character in dict.fromkeys(text):
            if not character.isspace() and ord(character) not in held:
                yield character

    def put(
        self,
        x: float,
        y: float,
        width: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        ink: Ink = INK,
        at: Literal["L", "C", "R"] = "R",
        direction: Direction = "rtl",
        link: str = "",
    ) -> None:
        """One line of text in a box that starts at (x, y), both in millimetres; size in points."""
        self._pick(size, bold, direction)
        self._pdf.set_text_color(*ink)
        self._pdf.set_xy(x, y)
        self._pdf.cell(width, size * _POINT * _LEADING, text, align=at, link=link)

    def wrap(
        self,
        text: str,
        width: float,
        size: float,
        *,
        bold: bool = False,
        direction: Direction = "rtl",
    ) -> list[str]:
        """A text in lines no wider than ``width``; a word that is wider still is broken."""
        self._pick(size, bold, direction)
        # letters join within words alone, so a line is as wide as its words and spaces
        space = self._pdf.get_string_width(" ")
        lines: list[str] = []
        line, taken = "", 0.0
        for word in text.split():
            wide = self._pdf.get_string_width(word)
            while wide > width:
                if line:
                    lines.append(line)
                line, taken = "", 0.0
                kept = self._fitting(word, width)
                lines.append(word[:kept])
                word = word[kept:]
                wide = self._pdf.get_string_width(word)
            if line and taken + space + wide > width:
                lines.append(line)
                line, taken = word, wide
            elif line:
                line, taken = f"{line} {word}", taken + space + wide
            else:
                line, taken = word, wide
        return [*lines, line] if line else lines

    def block(
        self,
        x: float,
        width: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        ink: Ink = INK,
        at: Literal["L", "C", "R"] = "R",
        direction: Direction = "rtl",
        least: float | None = None,
    ) -> None:
        """A paragraph at ``y``, which moves below it; over the foot it goes on on a new page.

        :param least: with it, the size shrinks down to this before a third line is begun.
        """
        lines = self.wrap(text, width, size, bold=bold, direction=direction)
        while least is not None and len(lines) > 2 and size > least:
            size -= 0.5
            lines = self.wrap(text, width, size, bold=bold, direction=direction)
        for line in lines:
            self.room(size * _POINT * _LEADING)
            self.put(x, self.y, width, line, size, bold=bold, ink=ink, at=at, direction=direction)
            self.y += size * _POINT * _LEADING

    def rule(self) -> None:
        """A thin line across the page at ``y``."""
        self._pdf.set_draw_color(*LINE)
        self._pdf.set_line_width(0.2)
        self._pdf.line(MARGIN, self.y, WIDTH - MARGIN, self.y)

    def room(self, needed: float) -> None:
        """A new page unless so many millimetres are left on this one."""
        if self.y + needed > BOTTOM:
            self.new_page()

    @contextmanager
    def framed(self, ink: Ink, pad: float = 3.0) -> Iterator[None]:
        """A frame around all that is put inside the ``with``, over the width between margins."""
        top = self.y
        self.y += pad
        yield
        self.y += pad
        self._pdf.set_draw_color(*ink)
        self._pdf.set_line_width(0.6)
        self._pdf.rect(MARGIN, top, WIDTH - 2 * MARGIN, self.y - top)

    def qr(self, x: float, y: float, side: float, url: str) -> None:
        """A QR of a URL, as dark squares on white with its quiet zone; it is a link as well.

        Error correction is Q or better: a quarter of it may be lost to a fold or a stamp.

        :param side: of the square with the quiet zone, in millimetres.
        """
        rows = [list(row) for row in segno.make_qr(url, error="q").matrix_iter(border=4)]
        module = side / len(rows)
        self._pdf.set_fill_color(255, 255, 255)
        self._pdf.rect(x, y, side, side, style="F")
        self._pdf.set_fill_color(0, 0, 0)
        for row, dark in enumerate(rows):
            for start, stop in _runs(dark):
                # a hair taller than its row, or viewers show a white seam between rows
                box = (x + start * module, y + row * module, (stop - start) * module)
                self._pdf.rect(*box, module + 0.02, style="F")
        self._pdf.link(x, y, side, side, url)

    def _fitting(self, word: str, width: float) -> int:
        """How many of a word's letters, one at least, are no wider than ``width``."""
        kept = 1
        while kept < len(word) and self._pdf.get_string_width(word[: kept + 1]) <= width:
            kept += 1
        return kept

    def _pick(self, size: float, bold: bool, direction: Direction) -> None:
        self._pdf.set_font("Vazirmatn", "B" if bold else "", size)
        self._pdf.set_text_shaping(True, direction=direction)


def direction_of(text: str) -> Direction:
    """The direction of a text by its first letter (Unicode Bidirectional Algorithm, P2 and P3)."""
    for character in text:
        if (kind := unicodedata.bidirectional(character)) in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return "ltr"


def _runs(row: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Where dark modules stand together in a row: (start, stop)."""
    start = None
    for index, dark in enumerate([*row, 0]):
        if dark and start is None:
            start = index
        elif not dark and start is not None:
            yield start, index
            start = None

"""Cell formats of a packet's workbook: each is made once, however many cells wear it."""

from __future__ import annotations

from typing import Any

HEAD = "#1F3A5F"
EDGE = "#C9D1DB"
MARK = "#B00020"
SHADES = {
    "document": "#FFFFFF",
    "registry": "#F2F5F9",
    "contradicts": "#FBDFDC",
    "answer": "#FFF8D2",
}
_PERSIAN: dict[str, Any] = {"align": "right", "reading_order": 2}


class Formats:
    """The formats of one workbook, in the house type."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._cells: dict[tuple[str, bool, bool, bool, bool], Any] = {}
        self.marked = self._of(bold=True, underline=1, font_color=MARK)
        self.plain = self._of(font_color="#111827")
        self.small = self._of(font_color="#6B7280", font_size=8)
        self.done = self._of(bg_color="#DDF3DC")
        self.head = self._of(
            bold=True,
            font_color="#FFFFFF",
            bg_color=HEAD,
            text_wrap=True,
            align="center",
            valign="vcenter",
            reading_order=2,
            border=1,
            border_color=EDGE,
        )
        self.title = self._of(bold=True, font_size=16, font_color=HEAD, **_PERSIAN)
        self.part = self._of(bold=True, font_size=12, font_color=HEAD, bottom=1, **_PERSIAN)
        self.name = self._of(bold=True, text_wrap=True, valign="top", **_PERSIAN)
        self.text = self._of(text_wrap=True, valign="top", **_PERSIAN)

    def cell(
        self,
        shade: str,
        *,
        first: bool,
        ltr: bool = False,
        grey: bool = False,
        marked: bool = False,
    ) -> Any:
        """The format of a cell of a case.

        Parameters
        ----------
        shade : a key of SHADES; ``answer`` is the only one that is not locked.
        first : the row is the first of its case, with a bold edge over it.
        ltr : the text is laid out left to right.
        grey, marked : the text is repeated for filters only, or differs as a whole.
        """
        asked = (shade, first, ltr, grey, marked)
        if asked not in self._cells:
            self._cells[asked] = self._cell(*asked)
        return self._cells[asked]

    def _cell(self, shade: str, first: bool, ltr: bool, grey: bool, marked: bool) -> Any:
        letters: dict[str, Any] = {"font_color": "#8A93A0" if grey else "#111827"}
        if marked:
            letters = {"font_color": MARK, "bold": True, "underline": 1}
        return self._of(
            num_format="@",
            text_wrap=True,
            valign="top",
            align="right",
            reading_order=1 if ltr else 2,
            bg_color=SHADES[shade],
            border=1,
            border_color=EDGE,
            top=2 if first else 1,
            top_color=HEAD if first else EDGE,
            locked=shade != "answer",
            **letters,
        )

    def _of(self, **properties: Any) -> Any:
        return self._book.add_format({"font_name": "Tahoma", "font_size": 10} | properties)

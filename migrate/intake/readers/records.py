"""The records of a text table, one by one, with what is wrong with each: none swallows another."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

# what a byte that cannot be decoded leaves in a text, see survey.UNDECODABLE, and NUL
_UNFIT = re.compile("[\x00\udc00-\udcff]")
_BROKEN = re.compile("[\udc00-\udcff]")
# what a cell that holds nothing may hold: spaces, direction marks, the end mark of DOS
BLANK = " \t\r\n\x1a\ufeff\u200e\u200f"
# a quoted cell over more lines than this is a quotation mark that was never closed
LONGEST = 200


@dataclass(frozen=True)
class Fault:
    """Why a record cannot be used: the rule's name, and words."""

    rule: str
    reason: str


Record = tuple[int, list[str], Fault | None, str]


class _Lines(Iterator[str]):
    """Lines that can be put back, and a reader for one record."""

    def __init__(self, lines: Iterator[str], more: Callable[[], Iterator[str] | None]) -> None:
        self._lines = lines
        self._more = more
        self._waiting: deque[str] = deque()
        self.given: list[str] = []

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self.given.append(line)
        return line

    def record(self) -> Iterator[str]:
        """The lines that one record may take."""
        while len(self.given) < LONGEST:
            line = next(self, None)
            if line is not None:
                yield line
                continue
            further = self._more()
            if further is None:
                return
            self._lines = further

    def put_back(self, kept: int) -> None:
        """Give all but the first ``kept`` lines again."""
        self._waiting.extendleft(reversed(self.given[kept:]))
        del self.given[kept:]


def records(
    lines: Iterator[str],
    delimiter: str,
    width: int,
    least: int | None = None,
    more: Callable[[], Iterator[str] | None] = lambda: None,
) -> Iterator[Record]:
    """Part lines into records: (ordinal from 0, cells, fault or None, text as it stands).

    A quoted cell may hold the delimiter, doubled quotation marks and line ends. Where a quotation
    mark is never closed, or closes rows later and leaves a wrong count of cells, only its own line
    is faulty, and the lines after it are read again. Records without any value come with no cells;
    they count.

    :param lines: with their line ends, which no cell but a quoted one keeps.
    :param width: how many cells a record has; more are passed over where they are blank.
    :param more: asked for the lines after the last one where a record goes on beyond it; they are
        parted too. None where there are none.
    :param least: how few it may have, where the last columns have no heading; ``width`` if None.
    """
    least = width if least is None else least
    feed = _Lines(lines, more)
    blank = delimiter + BLANK
    for ordinal, line in enumerate(feed):
        feed.given = [line]
        if '"' in line:
            cells, fault = _quoted(feed, delimiter, range(least, width + 1))
            line = "".join(feed.given)
            if not fault and not any(cell.strip(BLANK) for cell in cells):
                cells = []
        elif not line.strip(blank):
            cells, fault = [], None
        else:
            cells, fault = line.rstrip("\r\n").split(delimiter), None
        if cells and not least <= len(cells) <= width and not fault:
            if len(cells) > width and not any(cell.strip(BLANK) for cell in cells[width:]):
                del cells[width:]
            else:
                fault = _count(cells, width)
        if _UNFIT.search(line):
            fault = _unfit(line)
        yield ordinal, cells, fault, line


def shown(text: str) -> str:
    """A faulty text as it can be written: undecodable bytes as \\xNN, NUL as \\x00, no line end."""
    plain = _UNFIT.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", text).rstrip("\r\n")
    # a spreadsheet's cell holds 32,767 characters
    return plain if len(plain) <= 32_000 else plain[:32_000] + "…"


def _quoted(feed: _Lines, delimiter: str, widths: range) -> tuple[list[str], Fault | None]:
    first = feed.given[0]
    feed.put_back(0)
    cells = None
    with suppress(csv.Error):
        cells = next(csv.reader(feed.record(), delimiter=delimiter, strict=True))
    if cells is not None and (len(cells) in widths or len(feed.given) == 1):
        return cells, None
    alone = len(feed.given) == 1
    feed.put_back(1)
    try:
        cells = next(csv.reader([first], delimiter=delimiter))
    except csv.Error as error:
        return first.split(delimiter), Fault("row.quote", f"this row cannot be parted: {error}")
    if alone:
        return cells, None
    return cells, Fault("row.quote", "a quotation mark opens in this row and is not closed in it")


def _count(cells: list[str], width: int) -> Fault:
    few = "few" if len(cells) < width else "many"
    reason = f"too {few} cells: {len(cells)}, where the heading has {width}"
    return Fault("row.cells", reason)


def _unfit(text: str) -> Fault:
    if broken := _BROKEN.findall(text):
        found = " ".join(f"{ord(character) & 0xFF:02x}" for character in broken[:8])
        return Fault("row.encoding", f"bytes that are no letters in this file's encoding: {found}")
    return Fault("row.nul", "it holds NUL bytes, as a damaged disk or a broken export leaves them")

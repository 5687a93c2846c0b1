"""Headings of a sheet that take several rows: groups over headings, cells merged down and across."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from migrate.intake.headings import count_known, find_heading
from migrate.persian import letters

Known = Mapping[str, str | None]
# first row, first column, last row, last column, all from 0
Merged = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Banner:
    """The heading of a sheet: its rows, from 0, and one label for each column, '' where it has none.

    ``cells`` are the texts of its last row, by which a heading printed again is known.
    """

    first: int
    last: int
    labels: tuple[str, ...]
    cells: tuple[str, ...]


def read_banner(
    rows: Sequence[Sequence[str]], merged: Merged | None, known: Known
) -> Banner | None:
    """The heading among the first rows of a sheet, or None where they are blank.

    A heading may stand under a group (مشخصات over نام and نام خانوادگی) or over parts of its own. The
    label of a column is its heading with the group where both together are a known heading (نام
    under پدر: نام پدر), else the heading by itself. Where two columns would be labelled alike
    under two groups, each keeps its group, so that a source profile can tell them apart.

    :param rows: all of one length.
    :param merged: the merged cells; None for a format that does not tell, where a blank cell right
        of a group belongs to it if it has a heading below.
    :param known: the keys of the headings looked for, see ``headings.dictionary``.
    """
    found = find_heading(rows, known)
    if found is None:
        return None
    place = _deepest(rows, found, known)
    ranges = [one for one in merged or () if one[2] < len(rows)]
    crossing = [one for one in ranges if one[0] <= place <= one[2]]
    first = min([found, *(one[0] for one in crossing)])
    last = max([place, *(one[2] for one in crossing)])
    if last == place < len(rows) - 1 and _stands_under(rows[place], rows[place + 1], known):
        last += 1
    # a row above with one text only is a title; with more it has groups, or headings of its own
    above = sum(bool(cell.strip()) for cell in rows[first - 1]) if first else 0
    heading = first - 1 if above > 1 else first
    columns = _columns(rows, ranges, merged is None, first - 1 if above else first, last)
    labels = [_label(column, last - heading + 1, known) for column in columns]
    return Banner(
        first=heading,
        last=last,
        labels=tuple(_apart(columns, labels)),
        cells=tuple(cell.strip() for cell in rows[last]),
    )


def _deepest(rows: Sequence[Sequence[str]], place: int, known: Known) -> int:
    """The last of the rows from ``place`` on that hold known headings, as no record does."""
    while place + 1 < len(rows) and count_known(rows[place + 1], known) >= 2:
        if rows[place + 1] == rows[place]:
            break
        place += 1
    return place


def _stands_under(upper: Sequence[str], lower: Sequence[str], known: Known) -> bool:
    """Whether a row holds headings under groups: text, only right under or right of a group."""
    group = ""
    found = False
    for place, (above, below) in enumerate(zip(upper, lower, strict=True)):
        if above.strip():
            widens = place + 1 < len(upper) and not upper[place + 1].strip()
            group = above if widens else ""
        if below.strip():
            if not group or any(map(str.isdecimal, below)):
                return False
            found = found or _named(below, [group], known) is not None
    return found


def _columns(
    rows: Sequence[Sequence[str]], ranges: Merged, guessed: bool, first: int, last: int
) -> list[list[str]]:
    """The texts of each column of the heading from above, a merged one in all of its columns."""
    grid = [[cell.strip() for cell in row] for row in rows[: last + 1]]
    for top, left, bottom, right in ranges:
        if top <= last:
            for row in grid[top : bottom + 1]:
                row[left : right + 1] = [grid[top][left]] * (right + 1 - left)
    for place in range(first, last):
        if guessed or not any(one[0] <= place <= one[2] for one in ranges):
            _widen(grid[place], grid[place + 1])
    return [[row[c] for row in grid[first:]] for c in range(len(grid[0]))]


def _widen(group: list[str], below: Sequence[str]) -> None:
    name = ""
    for place, text in enumerate(below):
        name = group[place] or name
        if text:
            group[place] = name
        elif not group[place]:
            name = ""


def _label(column: Sequence[str], height: int, known: Known) -> str:
    own, groups = _parted(column)
    # a title of the whole sheet is above a column without a heading, and is none
    return _named(own, groups, known) or (own if any(column[-height:]) else "")


def _named(own: str, groups: Sequence[str], known: Known) -> str | None:
    """The known heading that a heading is, with a group that it stands under or by itself."""
    both = [text for group in groups for text in (f"{own} {group}", f"{group} {own}")]
    return next((text for text in (*both, own) if known.get(letters.key(text))), None)


def _apart(columns: Sequence[Sequence[str]], labels: Sequence[str]) -> list[str]:
    twice = Counter(label for label in labels if label)
    found = []
    for column, label in zip(columns, labels, strict=True):
        own, groups = _parted(column)
        if twice[label] > 1 and groups and label == own:
            found.append(f"{groups[-1]} {own}")
        else:
            found.append(label)
    return found


def _parted(column: Sequence[str]) -> tuple[str, list[str]]:
    """The heading of a column, and the groups that it stands under."""
    texts = [text for text in dict.fromkeys(column) if text]
    return (texts[-1], texts[:-1]) if texts else ("", [])

"""Where what stands on a certificate sheet: the Persian part, then the English one."""

from __future__ import annotations

from collections.abc import Sequence

from migrate.codes.numbers import format_code
from migrate.codes.sheet_page import ALARM, INK, MARGIN, QUIET, WIDTH, Ink, Paper, direction_of
from migrate.codes.sheet_values import SheetHead, SheetValues
from migrate.codes.sheet_words import Row, words
from migrate.persian.letters import to_persian_digits

_INNER = WIDTH - 2 * MARGIN
_RIGHT = WIDTH - MARGIN
_QR = 46.0
_LABEL = 42.0
_ENGLISH_LABEL = 28.0


def persian(paper: Paper, values: SheetValues, table: Sequence[Row], url: str) -> None:
    """The first part: what it is not, the QR beside the facts, the code, the check, the head."""
    marks, titles = words()["marks"], words()["titles"]
    paper.block(MARGIN, _INNER, titles["fa"], 18, bold=True, at="C")
    paper.y += 1
    with paper.framed(ALARM):
        paper.block(MARGIN, _INNER, marks["fa"], 20, bold=True, ink=ALARM, at="C")
        paper.block(MARGIN + 5, _INNER - 10, marks["fa_why"], 9.5, at="C")
    paper.y += 5
    top = paper.y
    paper.qr(MARGIN, top, _QR, url)
    paper.put(MARGIN, top + _QR, _QR, titles["scan"], 8.5, ink=QUIET, at="C")
    left = MARGIN + _QR + 4
    for row in table:
        label = words()["fields"][row.field]["fa"]
        paper.put(_RIGHT - _LABEL, paper.y + 0.8, _LABEL, label, 9, ink=QUIET)
        bold = row.field == "name"
        paper.block(left, _RIGHT - _LABEL - left, row.persian, 12, bold=bold, least=8)
        paper.y += 0.6
    paper.y = max(paper.y, top + _QR + 6)
    _code(paper, values.code, url)
    paper.rule()
    paper.y += 1.5
    _steps(paper, titles["check"], words()["check"]["fa"])
    paper.y += 1.5
    _head(paper, values)


def _code(paper: Paper, code: str, url: str) -> None:
    grouped = format_code(code)
    paper.room(32)
    paper.y += 1
    # digits run left to right in Persian too
    for text, size, bold in ((to_persian_digits(grouped), 22, True), (grouped, 15, False)):
        paper.block(MARGIN, _INNER, text, size, bold=bold, at="C", direction="ltr")
        paper.y -= 1
    paper.y += 1
    for line in paper.wrap(url, _INNER, 8.5, direction="ltr"):
        paper.put(MARGIN, paper.y, _INNER, line, 8.5, at="C", direction="ltr", link=url)
        paper.y += 4.5
    paper.y += 1.5


def _steps(paper: Paper, title: str, steps: Sequence[str]) -> None:
    paper.room(10 + 9 * len(steps))
    paper.block(MARGIN, _INNER, title, 10, bold=True)
    for number, step in enumerate(steps, 1):
        paper.put(_RIGHT - 4, paper.y, 4, to_persian_digits(f"{number}."), 9)
        paper.block(MARGIN, _INNER - 6, step, 9)


def _head(paper: Paper, values: SheetValues) -> None:
    texts, head = words()["head"], values.head
    paper.room(36)
    paper.block(MARGIN, _INNER, words()["titles"]["head"], 10, bold=True)
    if head is None:
        paper.block(MARGIN, _INNER, texts["unsigned"]["fa"], 9)
        return
    facts = (
        (texts["size"], [to_persian_digits(str(head.size))]),
        (texts["key"], paper.wrap(head.key_name, _INNER - _LABEL, 9, direction="ltr")),
        (texts["at"], [_time(head)]),
        (texts["root"], _grouped(head.root)),
    )
    for label, lines in facts:
        paper.put(_RIGHT - _LABEL, paper.y, _LABEL, label, 9, ink=QUIET)
        for line in lines:
            paper.put(MARGIN, paper.y, _INNER - _LABEL, line, 9, direction="ltr")
            paper.y += 4.8
    if values.event_seq is not None:
        seq = to_persian_digits(str(values.event_seq))
        paper.block(MARGIN, _INNER, _under(head, values.event_seq)["fa"].format(seq=seq), 9)


def english(paper: Paper, values: SheetValues, table: Sequence[Row], url: str) -> None:
    """The second part, small: the same in English; names stay as the registry has them."""
    marks, texts, head = words()["marks"], words()["head"], values.head
    paper.y += 2
    paper.room(62)
    paper.rule()
    paper.y += 1.5
    _line(paper, f"{words()['titles']['en']} · {marks['en']}", 10, bold=True, ink=ALARM)
    _line(paper, marks["en_why"], 8)
    paper.y += 1
    half = _INNER / 2
    for start in range(0, len(table), 2):
        pair, wide = table[start : start + 2], half - _ENGLISH_LABEL - 2
        # both columns of a line stay on one page
        paper.room(max(len(paper.wrap(row.english, wide, 8)) for row in pair) * 4.3)
        ends, top = [], paper.y
        for column, row in enumerate(pair):
            paper.y, x = top, MARGIN + column * half
            label, way = words()["fields"][row.field]["en"], direction_of(row.english)
            paper.put(x, top, _ENGLISH_LABEL, label, 8, ink=QUIET, at="L", direction="ltr")
            x += _ENGLISH_LABEL
            paper.block(x, wide, row.english, 8, at="L", direction=way, least=6.5)
            ends.append(paper.y)
        paper.y = max(ends)
    paper.y += 1
    for number, step in enumerate(words()["check"]["en"], 1):
        _line(paper, f"{number}. {step}", 8)
    paper.y += 1
    if head is None:
        _line(paper, texts["unsigned"]["en"], 8)
        return
    _line(paper, texts["en"].format(size=head.size, key=head.key_name, at=_time(head)), 8)
    if values.event_seq is not None:
        _line(paper, _under(head, values.event_seq)["en"].format(seq=values.event_seq), 8)


def _line(paper: Paper, text: str, size: float, *, bold: bool = False, ink: Ink = INK) -> None:
    paper.block(MARGIN, _INNER, text, size, bold=bold, ink=ink, at="L", direction="ltr")


def _under(head: SheetHead, seq: int) -> dict[str, str]:
    """The words on whether the code's issuing stands under a head."""
    found: dict[str, str] = words()["head"]["covered" if seq <= head.size else "later"]
    return found


def _time(head: SheetHead) -> str:
    return head.at.replace("T", " ").replace("Z", " UTC")


def _grouped(root: str) -> list[str]:
    """64 hexadecimal digits in two lines of eight groups, to be read aloud."""
    groups = [root[start : start + 4] for start in range(0, len(root), 4)]
    return [" ".join(groups[start : start + 8]) for start in range(0, len(groups), 8)]

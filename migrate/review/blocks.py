"""The cases' sheet of a workbook: a block of rows for each case, the document over the registry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from migrate.persian.letters import to_persian_digits
from migrate.review import words
from migrate.review.answers import MEANINGS
from migrate.review.cases import Case
from migrate.review.columns import ANSWERS, AT, COLUMNS, LTR, REPEATED, heading, lines_of, widths
from migrate.review.comparison import FIELDS, Line, Side, clean, explanation, printable, side_label
from migrate.review.formats import Formats
from migrate.review.handing import Handed, due_words, opened_words

# the row of a block where right values go, each under the wrong one
RIGHT = "right"
_FROZEN = 3
# a cell of Excel ends at 32,767 characters
_MOST_EXPLAINED = 30_000
_CODED = ("sex", "document_type")

# what is asked (a column, and its choices) at which rows
Asked = dict[tuple[str, tuple[words.Choice, ...]], list[int]]


@dataclass(frozen=True)
class Block:
    """What the rows of one case show: the case, its lines, and what it was handed out with."""

    case: Case
    lines: Sequence[Line]
    handed: Handed


def takes_corrections(case: Case) -> bool:
    """Whether a case may be answered with right values: its block has a row for them then."""
    choices = words.decisions(case.outcome, len(case.candidates))
    return any(MEANINGS[choice.id].corrects for choice in choices)


def write_blocks(
    sheet: Any,
    formats: Formats,
    blocks: Sequence[Block],
    *,
    first: int,
    today: str | None = None,
) -> Asked:
    """Write the cases below a row of headings; return what must be asked at which rows.

    Every cell is a text, every row carries the number and the token of its case, so that a filter
    keeps a block together. Open are only the answers in the first row of a block, and, in a row of
    their own where the case may be answered with a correction, the right values, each under the
    wrong one: nobody has to say which side is wrong, as that follows from comparing.

    Parameters
    ----------
    sheet, formats : of one XlsxWriter workbook.
    blocks : in the order to be shown.
    first : number of the first case: a university's cases are numbered through its workbooks.
    today : as an ISO day, for how old and how late a case is; None to leave that out.
    """
    asked: Asked = defaultdict(list)
    starts: list[tuple[int, Mapping[str, str], Block]] = []
    row = 1
    for number, block in enumerate(blocks, start=first):
        case = block.case
        asked["decision", words.decisions(case.outcome, len(case.candidates))].append(row)
        asked["reason", words.reasons(case.outcome)].append(row)
        asked["comment", ()].append(row)
        texts = _texts(number, block)
        whole = texts | _document_texts(block, today)
        sides = {line.field: line.document for line in block.lines}
        _write_row(sheet, formats, row, whole, sides, shade="document")
        for nth, candidate in enumerate(case.candidates):
            sides = {line.field: line.sides[nth] for line in block.lines}
            own = {"side": side_label(case, nth + 1), "degree_id": printable(candidate.degree_id)}
            _write_row(sheet, formats, row + 1 + nth, texts | own, sides)
        starts.append((row, whole, block))
        row += 1 + len(case.candidates)
        if takes_corrections(case):
            _write_right(sheet, formats, row, texts)
            for name in _CODED:
                asked[name, words.values(name)].append(row)
            row += 1
    wide = widths(block.lines for block in blocks)
    for start, said, block in starts:
        _set_heights(sheet, start, said, block, wide)
    _lay_out(sheet, formats, row - 1, wide)
    return asked


def _texts(number: int, block: Block) -> dict[str, str]:
    return {
        "number": to_persian_digits(str(number)),
        "outcome": words.outcome_label(block.case.outcome),
        "case_id": block.case.case_id,
        "version": str(block.case.version),
        "token": block.handed.token,
    }


def _document_texts(block: Block, today: str | None) -> dict[str, str]:
    case = block.case
    # what the outcome means stands in the guide: here, what is peculiar to this case
    said = [*(f"• {sentence}" for sentence in explanation(case)[1:])]
    if block.handed.returned:
        template = words.section("sentences")["returned"]
        said.insert(0, f"• {template.format(reason=printable(block.handed.returned))}")
    said.append(words.outcome_text(case.outcome, "ask"))
    return {
        "side": str(words.section("workbook")["document"]),
        "page_ref": clean(case.page_ref or ""),
        "opened_on": opened_words(block.handed, today),
        "due_on": due_words(block.handed, today),
        "explanation": "\n".join(said)[:_MOST_EXPLAINED],
        "legacy_id": printable(case.legacy_id),
    }


def _write_right(sheet: Any, formats: Formats, row: int, texts: Mapping[str, str]) -> None:
    names = words.section("workbook")
    own = {**texts, "side": str(names["right"]), "explanation": str(names["right_text"])}
    for name, column in AT.items():
        if name in FIELDS:
            sheet.write_blank(row, column, None, formats.cell("answer", first=False))
        else:
            grey = name in REPEATED or name == "explanation"
            form = formats.cell("registry", first=False, ltr=name in LTR, grey=grey)
            _write_text(sheet, row, column, own.get(name, ""), form)
    sheet.set_row(row, 33)


def _write_row(
    sheet: Any,
    formats: Formats,
    row: int,
    texts: Mapping[str, str],
    sides: Mapping[str, Side],
    *,
    shade: str = "registry",
) -> None:
    first = shade == "document"
    for name, column in AT.items():
        if name in sides:
            _write_side(sheet, formats, row, column, sides[name], shade, first=first)
        elif first and name in ANSWERS:
            sheet.write_blank(row, column, None, formats.cell("answer", first=True))
        else:
            # the document's row says these already: here they are for filters
            grey = name in REPEATED and not first
            form = formats.cell(shade, first=first, ltr=name in LTR, grey=grey)
            _write_text(sheet, row, column, texts.get(name, ""), form)


def _write_side(
    sheet: Any, formats: Formats, row: int, column: int, side: Side, shade: str, *, first: bool
) -> None:
    shade = "contradicts" if side.contradicts else shade
    form = formats.cell(shade, first=first, ltr=side.ltr)
    runs = [(formats.marked if span.differs else formats.plain, span.text) for span in side.spans]
    if side.note:
        runs.append((formats.small, f"\n{side.note}" if runs else side.note))
    if len(runs) > 1:
        sheet.write_rich_string(row, column, *(part for run in runs for part in run), form)
    elif side.spans and side.spans[0].differs:
        # XLSX has no rich text of one run: the cell itself is marked
        whole = formats.cell(shade, first=first, ltr=side.ltr, marked=True)
        sheet.write_string(row, column, side.text, whole)
    else:
        _write_text(sheet, row, column, side.text or side.note, form)


def _write_text(sheet: Any, row: int, column: int, text: str, form: Any) -> None:
    # never sheet.write: a text that looks like a formula, a link or a number stays a text
    if text:
        sheet.write_string(row, column, text, form)
    else:
        sheet.write_blank(row, column, None, form)


def _set_heights(
    sheet: Any, start: int, texts: Mapping[str, str], block: Block, wide: Mapping[str, float]
) -> None:
    """Make room for every line of a block: LibreOffice does not do so by itself, Excel does."""
    for nth in range(1 + len(block.case.candidates)):
        row_texts = texts if nth == 0 else {}
        needed = [lines_of(text, wide[name]) for name, text in row_texts.items()]
        for line in block.lines:
            side = line.document if nth == 0 else line.sides[nth - 1]
            width = wide[line.field]
            needed.append(lines_of(side.text, width) + lines_of(side.note, width))
        sheet.set_row(start + nth, min(5 + 14 * max(needed, default=1), 400))


def _lay_out(sheet: Any, formats: Formats, last_row: int, wide: Mapping[str, float]) -> None:
    sheet.right_to_left()
    for name, column in AT.items():
        sheet.write_string(0, column, heading(name), formats.head)
        # a field that no case here has is folded away, not dropped: columns keep their places
        hidden = not wide[name]
        sheet.set_column(column, column, wide[name] or 10, None, {"hidden": hidden})
    sheet.set_row(0, 36)
    sheet.freeze_panes(1, _FROZEN)
    sheet.autofilter(0, 0, last_row, len(COLUMNS) - 1)
    sheet.ignore_errors(
        {"number_stored_as_text": f"A1:{xl_col_to_name(len(COLUMNS))}{last_row + 1}"}
    )
    answered = {"type": "no_blanks", "format": formats.done}
    sheet.conditional_format(1, AT[ANSWERS[0]], last_row, AT[ANSWERS[-1]], answered)
    side, field = xl_col_to_name(AT["side"], col_abs=True), xl_col_to_name(AT[FIELDS[0]])
    right = f'=AND({side}2="{words.section("workbook")[RIGHT]}",{field}2<>"")'
    corrected = {"type": "formula", "criteria": right, "format": formats.done}
    sheet.conditional_format(1, AT[FIELDS[0]], last_row, AT[FIELDS[-1]], corrected)
    sheet.set_zoom(85)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.3, right=0.3, top=0.4, bottom=0.5)
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, last_row, AT[ANSWERS[-1]])
    sheet.repeat_rows(0)
    # filters and widths are the reader's own; what the cells say is not
    allowed = ("autofilter", "format_columns", "format_rows", "select_locked_cells")
    sheet.protect("", dict.fromkeys(allowed, True))

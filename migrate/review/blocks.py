"""The cases' sheet of a workbook: a block of rows for each case, the document over the registry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from migrate.persian.letters import to_persian_digits
from migrate.review import words
from migrate.review.cases import Case
from migrate.review.comparison import (
    FIELDS,
    Line,
    Side,
    clean,
    explanation,
    printable,
    side_label,
)
from migrate.review.formats import Formats

ANSWERS = ("decision", "reason", "comment")
COLUMNS = (
    "number",
    "outcome",
    "side",
    *FIELDS,
    "page_ref",
    "explanation",
    *ANSWERS,
    "legacy_id",
    "degree_id",
    "case_id",
    "version",
)
AT = {name: position for position, name in enumerate(COLUMNS)}
_FROZEN = 3
_LTR = frozenset({"legacy_id", "degree_id", "case_id", "version"})
_WIDTHS = {
    "number": 6,
    "outcome": 17,
    "side": 13,
    "page_ref": 15,
    "explanation": 46,
    "decision": 25,
    "reason": 27,
    "comment": 34,
    "legacy_id": 13,
    "degree_id": 15,
    "case_id": 19,
    "version": 7,
}
# a cell of Excel ends at 32,767 characters
_MOST_EXPLAINED = 30_000

# what is asked (an answer's column, and its choices) at which rows
Asked = dict[tuple[str, tuple[words.Choice, ...]], list[int]]


def heading(column: str) -> str:
    """What a column of the cases' sheet is called; returned workbooks are read back by it."""
    if column in FIELDS or column == "page_ref":
        return words.field_label(column)
    return str(words.section("workbook")[column])


def write_blocks(
    sheet: Any, formats: Formats, cases: Sequence[tuple[Case, Sequence[Line]]], *, first: int
) -> Asked:
    """Write the cases below a row of headings; return what must be asked at which rows.

    Every cell is a text, every row carries the number and the token of its case, so that a filter
    keeps a block together. Only the answers in the first row of a block are open.

    Parameters
    ----------
    sheet, formats : of one XlsxWriter workbook.
    cases : each with its lines, in the order to be shown.
    first : number of the first case: a university's cases are numbered through its workbooks.
    """
    asked: Asked = defaultdict(list)
    blocks: list[tuple[int, Mapping[str, str], Sequence[Line]]] = []
    row = 1
    for number, (case, compared) in enumerate(cases, start=first):
        asked["decision", words.decisions(case.outcome, len(case.candidates))].append(row)
        asked["reason", words.reasons(case.outcome)].append(row)
        asked["comment", ()].append(row)
        texts = _texts(number, case)
        whole = texts | _document_texts(case)
        sides = {line.field: line.document for line in compared}
        _write_row(sheet, formats, row, whole, sides, first=True)
        for nth, candidate in enumerate(case.candidates):
            sides = {line.field: line.sides[nth] for line in compared}
            own = {"side": side_label(case, nth + 1), "degree_id": printable(candidate.degree_id)}
            _write_row(sheet, formats, row + 1 + nth, texts | own, sides, first=False)
        blocks.append((row, whole, compared))
        row += 1 + len(case.candidates)
    widths = _widths(compared for _, _, compared in blocks)
    for start, said, block in blocks:
        _set_heights(sheet, start, said, block, widths)
    _lay_out(sheet, formats, row - 1, widths)
    return asked


def _texts(number: int, case: Case) -> dict[str, str]:
    return {
        "number": to_persian_digits(str(number)),
        "outcome": words.outcome_label(case.outcome),
        "case_id": case.case_id,
        "version": str(case.version),
    }


def _document_texts(case: Case) -> dict[str, str]:
    # what the outcome means stands in the guide: here, what is peculiar to this case
    said = [*(f"• {sentence}" for sentence in explanation(case)[1:])]
    said.append(words.outcome_text(case.outcome, "ask"))
    return {
        "side": str(words.section("workbook")["document"]),
        "page_ref": clean(case.page_ref or ""),
        "explanation": "\n".join(said)[:_MOST_EXPLAINED],
        "legacy_id": printable(case.legacy_id),
    }


def _write_row(
    sheet: Any,
    formats: Formats,
    row: int,
    texts: Mapping[str, str],
    sides: Mapping[str, Side],
    *,
    first: bool,
) -> None:
    shade = "document" if first else "registry"
    for name, column in AT.items():
        if name in sides:
            _write_side(sheet, formats, row, column, sides[name], shade, first=first)
        elif first and name in ANSWERS:
            sheet.write_blank(row, column, None, formats.cell("answer", first=True))
        else:
            # the document's row says these already: here they are for filters
            grey = not first and name in ("number", "outcome", "case_id", "version")
            form = formats.cell(shade, first=first, ltr=name in _LTR, grey=grey)
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


def _widths(cases: Iterable[Sequence[Line]]) -> Mapping[str, float]:
    """The width of each column in characters; 0 for a field that no case here has."""
    longest = dict.fromkeys(FIELDS, 0)
    for compared in cases:
        for line in compared:
            most = max(len(side.text) for side in (line.document, *line.sides))
            longest[line.field] = max(longest[line.field], most, 1)
    fields = {name: min(max(most * 1.05 + 2, 10), 20) for name, most in longest.items() if most}
    return dict.fromkeys(FIELDS, 0) | fields | _WIDTHS


def _set_heights(
    sheet: Any,
    start: int,
    texts: Mapping[str, str],
    compared: Sequence[Line],
    widths: Mapping[str, float],
) -> None:
    """Make room for every line of a block: LibreOffice does not do so by itself, Excel does."""
    for nth in range(1 + (len(compared[0].sides) if compared else 0)):
        row_texts = texts if nth == 0 else {}
        needed = [_lines_of(text, widths[name]) for name, text in row_texts.items()]
        for line in compared:
            side = line.document if nth == 0 else line.sides[nth - 1]
            needed.append(
                _lines_of(side.text, widths[line.field]) + _lines_of(side.note, widths[line.field])
            )
        sheet.set_row(start + nth, min(5 + 14 * max(needed, default=1), 400))


def _lines_of(text: str, width: float) -> int:
    # a Persian letter is a little narrower than the digit that widths are counted in
    fitting = max(int(width * 1.1), 1)
    return sum(-(-len(part) // fitting) for part in text.split("\n") if part)


def _lay_out(sheet: Any, formats: Formats, last_row: int, widths: Mapping[str, float]) -> None:
    sheet.right_to_left()
    for name, column in AT.items():
        sheet.write_string(0, column, heading(name), formats.head)
        # a field that no case here has is folded away, not dropped: columns keep their places
        hidden = not widths[name]
        sheet.set_column(column, column, widths[name] or 10, None, {"hidden": hidden})
    sheet.set_row(0, 36)
    sheet.freeze_panes(1, _FROZEN)
    sheet.autofilter(0, 0, last_row, len(COLUMNS) - 1)
    sheet.ignore_errors(
        {"number_stored_as_text": f"A1:{xl_col_to_name(len(COLUMNS))}{last_row + 1}"}
    )
    answered = {"type": "no_blanks", "format": formats.done}
    sheet.conditional_format(1, AT[ANSWERS[0]], last_row, AT[ANSWERS[-1]], answered)
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

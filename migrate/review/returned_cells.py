"""The program that reads a returned workbook with python-calamine, in a process of its own.

Asked a path and its kind, it answers with a line for each sheet, ``{"sheet": name}``, each followed
by lines of its rows that hold anything: ``{"rows": [[number, [text, …]], …]}``.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

from migrate.intake.readers import cells
from migrate.intake.readers.confined import answer, confine, ending_in_words, refuse, tell

# what packets have is far from these; beyond them there is nothing that was asked for
MOST_ROWS = 200_000
MOST_COLUMNS = 300
_SOME = 500


def read(path: Path) -> None:
    """Answer with the rows of each worksheet, the hidden ones too: people hide what they have done."""
    with path.open("rb") as stream:
        book = CalamineWorkbook.from_filelike(stream)
        left = MOST_ROWS
        for about in book.sheets_metadata:
            if about.typ != SheetTypeEnum.WorkSheet:
                continue
            tell(about.name)
            answer({"sheet": about.name})
            done = 0
            every = book.get_sheet_by_name(about.name).iter_rows()
            while some := list(islice(every, _SOME)):
                held = []
                for number, row in enumerate(some, done + 1):
                    texts = [cells.text(cell) or "" for cell in row[:MOST_COLUMNS]]
                    if any(texts):
                        held.append([number, texts])
                done += len(some)
                left -= len(held)
                if left < 0:
                    refuse(f"it has more than {MOST_ROWS:,} rows")
                if held:
                    answer({"rows": held})


def main() -> None:
    (path,) = confine()
    with ending_in_words(CalamineError, OSError, ValueError):
        read(Path(path))


if __name__ == "__main__":
    main()

"""The drop-downs of a workbook: their choices on a hidden sheet, their rules on the cells."""

from __future__ import annotations

from typing import Any

from xlsxwriter.utility import xl_col_to_name

from migrate.review import words
from migrate.review.blocks import RIGHT, Asked
from migrate.review.columns import AT, heading

LISTS = "lists"
# one validation for very many cells gets too long for some programs: several short ones instead
_CELLS_A_VALIDATION = 100


def write_lists(sheet: Any, lists: Any, asked: Asked) -> None:
    """Put the choices of each drop-down on the ``lists`` sheet, and the drop-downs on the cells."""
    names = words.section("workbook")
    lists_used = 0
    for (kind, choices), rows in asked.items():
        rule: dict[str, Any] = {"validate": "any"}
        # a field is asked in the row of right values only
        said = kind if f"{kind}_help" in names else RIGHT
        if choices:
            for position, choice in enumerate(choices):
                lists.write_string(position, lists_used, choice.label)
            letter = xl_col_to_name(lists_used)
            source = f"={LISTS}!${letter}$1:${letter}${len(choices)}"
            rule = {"validate": "list", "source": source, "error_message": names[f"{said}_error"]}
            lists_used += 1
        rule |= {"input_title": heading(kind), "input_message": names[f"{said}_help"]}
        for start in range(0, len(rows), _CELLS_A_VALIDATION):
            share = rows[start : start + _CELLS_A_VALIDATION]
            cells = [[row, AT[kind], row, AT[kind]] for row in share]
            sheet.data_validation(*cells[0], rule | {"other_cells": cells[1:]})

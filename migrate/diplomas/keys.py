"""What the linkage model asks of staged tables beyond staging: years, and what is unread."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from migrate.persian.bulk import map_distinct
from migrate.persian.letters import is_blank

# canonical value -> the column that is null where the raw value could not be read
_UNREAD = {
    "sex": "sex",
    "national_id": "national_id",
    "birth_cert_no": "birth_cert_no",
    "birth_date": "birth_date",
    "degree": "degree_level",
    "graduation_date": "graduation_date",
    "diploma_no": "diploma_no",
}
_YEARS = {"birth_year": "birth_date", "graduation_year": "graduation_date"}


def with_keys(table: pa.Table) -> pa.Table:
    """A staged table with ``<field>_unread`` (bool), ``birth_year`` and ``graduation_year`` too.

    ``<field>_unread`` is true where a value stood in the source and could not be read: that is
    *could not be compared*, which is neither *missing* nor *different*.
    """
    for field, column in _UNREAD.items():
        # only what has no canonical value need be looked at: most raw values are all different
        raw = pc.if_else(pc.is_null(table.column(column)), table.column(f"raw_{field}"), None)
        unread = pc.invert(pc.fill_null(map_distinct(raw, is_blank, pa.bool_()), True))
        table = table.append_column(f"{field}_unread", unread)
    for name, column in _YEARS.items():
        year = pc.utf8_slice_codeunits(table.column(column), 0, 4)
        table = table.append_column(name, year)
    return table

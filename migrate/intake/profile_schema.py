"""The form of a source profile, as a JSON Schema: for the check of a profile and for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from migrate.intake.mojibake import REPAIRS
from migrate.intake.schema import Schema

# kept beside the shipped profiles, so that an editor finds it; a test holds the two together
FILE = Path(__file__).parent / "shipped" / "profile.schema.json"
ORDERS = {"ymd": "1362/7/3", "dmy": "3/7/1362", "mdy": "7/3/1362"}
CENTURIES = ("1200", "1300", "1400")


def json_schema(schema: Schema) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a profile for a table, for checks and for editors."""
    names = list(schema.names)
    text = {"type": "string", "minLength": 1}
    codes = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Source profile of {schema.name}",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "encoding": {**text, "description": "For example windows-1256, where it is not found"},
            "delimiter": {
                **text,
                "maxLength": 1,
                "description": "The character between two cells of a text table",
            },
            "sheet": {
                "type": ["string", "array"],
                "minLength": 1,
                "minItems": 1,
                "items": text,
                "description": "The sheet of a workbook or the member of an archive to read, "
                "or a list of them",
            },
            "query": {**text, "description": "SQL that gives the rows of a database, read only"},
            "repair": {
                "enum": list(REPAIRS),
                "description": "A repair of damaged text that intake has offered, by its name",
            },
            "headings": {
                "type": "object",
                "description": "A heading of the source, and the field it names; it must be there",
                "additionalProperties": {"enum": names},
            },
            "synonyms": {
                "type": "object",
                "description": "For a field, further headings it goes by where a source has them",
                "propertyNames": {"enum": names},
                "additionalProperties": {"type": "array", "items": text},
            },
            "ignore": {
                "type": "array",
                "description": "Headings that name no field",
                "items": text,
            },
            "values": {
                "type": "object",
                "description": "For a field, a code of the source and what it means",
                "propertyNames": {"enum": names},
                "additionalProperties": codes,
            },
            "constants": {
                "type": "object",
                "description": "For a field without a column, the one value of all rows",
                # an identifier differs from row to row
                "propertyNames": {"enum": [name for name in names if name != schema.key]},
                "additionalProperties": text,
            },
            "dates": {
                "type": "object",
                "description": "How dates are written: for all fields, or for one by its name",
                "additionalProperties": False,
                "properties": {
                    **_date_rule(),
                    **{
                        field.name: {
                            "type": "object",
                            "minProperties": 1,
                            "additionalProperties": False,
                            "properties": _date_rule(),
                        }
                        for field in schema.fields
                        if field.kind == "date"
                    },
                },
            },
        },
    }


def _date_rule() -> dict[str, Any]:
    shown = ", ".join(f"{order} as {example}" for order, example in ORDERS.items())
    return {
        "order": {
            "enum": list(ORDERS),
            "description": f"Order of the numbers: {shown}",
        },
        "century": {
            # an editor reads a number where the reader reads text
            "enum": [*CENTURIES, *(int(century) for century in CENTURIES)],
            "description": "Added to a year of two digits: 1300 makes 62 the year 1362",
        },
    }

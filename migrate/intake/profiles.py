"""Source profiles: what a person says about a source that its content does not show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from migrate.errors import InputError
from migrate.intake.schema import Schema
from migrate.persian import letters


@dataclass(frozen=True)
class Profile:
    """How a source is read.

    ``headings`` maps a heading of the source to a field; ``ignore`` names headings that look like a
    field's and are not. ``values`` maps, for a field, the source's codes to words that are
    understood: ``{"sex": {"1": "مرد", "2": "زن"}}``. The rest overrides what the content shows.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    headings: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


NONE = Profile()


def json_schema(schema: Schema) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a profile for a table, for checks and for editors."""
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
            "sheet": {**text, "description": "The sheet of a workbook"},
            "headings": {
                "type": "object",
                "description": "A heading of the source, and the field it names",
                "additionalProperties": {"enum": list(schema.names)},
            },
            "ignore": {
                "type": "array",
                "description": "Headings that name no field",
                "items": text,
            },
            "values": {
                "type": "object",
                "description": "For a field, a code of the source and what it means",
                "propertyNames": {"enum": list(schema.names)},
                "additionalProperties": codes,
            },
        },
    }


def read_profile(path: Path, schema: Schema) -> Profile:
    """Read and check a profile. All its scalars are text: ``1`` is '1', ``no`` is 'no'.

    Raises InputError naming the file, the line and the key: no such file, not YAML, a key that is
    unknown or stands twice, a field that the table has not, a value of the wrong form.
    """
    root = _compose(path)
    if root is None:
        return NONE
    _refuse_twice(path, root, ())
    # every scalar as text: 01 is no number, and 'no' is not false
    content = yaml.BaseLoader("").construct_document(root)
    _validate(path, root, content, schema)
    return Profile(
        encoding=content.get("encoding"),
        delimiter=content.get("delimiter"),
        sheet=content.get("sheet"),
        headings=_one_field_each(path, root, content.get("headings", {})),
        ignore=tuple(content.get("ignore", ())),
        values=content.get("values", {}),
    )


def _compose(path: Path) -> yaml.Node | None:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("this profile is not UTF-8", file=path, fix="Save it as UTF-8") from error
    except OSError as error:
        raise InputError(f"this profile cannot be read: {error.strerror}", file=path) from error
    try:
        return yaml.compose(text, yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        _refuse(path, mark.line if mark else 0, (), f"this is not YAML: {error.problem}")
    except yaml.YAMLError as error:
        _refuse(path, 0, (), f"this is not YAML: {error}")


def _validate(path: Path, root: yaml.Node, content: object, schema: Schema) -> None:
    # a second and more to import, and only a profile needs it
    from jsonschema import Draft202012Validator

    errors = Draft202012Validator(json_schema(schema)).iter_errors(content)
    for error in sorted(errors, key=lambda error: [str(part) for part in error.absolute_path]):
        keys = tuple(error.absolute_path)
        instance = error.instance
        if error.validator == "additionalProperties" and isinstance(instance, dict):
            wrong = next(key for key in instance if key not in error.schema["properties"])
            keys, message = (*keys, wrong), f"there is no key '{wrong}'"
        elif error.validator == "enum":
            # a wrong field as a key is reported at its parent
            keys = (*keys, instance) if "propertyNames" in error.schema_path else keys
            message = f"there is no field '{instance}'"
        else:
            message = error.message
        _refuse(path, _line(root, keys), keys, message, _expected(error))


def _expected(error: Any) -> str | None:
    if error.validator == "enum":
        return f"Use one of {', '.join(error.validator_value)}"
    if error.validator == "additionalProperties":
        return f"Use {', '.join(error.schema['properties'])}"
    description = error.schema.get("description")
    return str(description) if description else None


def _one_field_each(path: Path, root: yaml.Node, given: Mapping[str, str]) -> Mapping[str, str]:
    seen: dict[str, str] = {}
    for heading, name in given.items():
        if name in seen.values():
            keys = ("headings", heading)
            _refuse(path, _line(root, keys), keys, f"two headings are mapped to {name}")
        seen[heading] = name
    return given


def _refuse_twice(path: Path, node: yaml.Node, keys: tuple[Any, ...]) -> None:
    seen = set()
    for name, line, child in _children(node):
        # two spellings of one heading are one heading
        key = letters.fold(name) if isinstance(name, str) else name
        if key in seen:
            _refuse(path, line, (*keys, name), f"the key '{name}' stands twice")
        seen.add(key)
        _refuse_twice(path, child, (*keys, name))


def _children(node: yaml.Node) -> Iterator[tuple[Any, int, yaml.Node]]:
    """Name, line (from 0) and value of each entry."""
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, key.start_mark.line, child) for key, child in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from ((n, child.start_mark.line, child) for n, child in enumerate(node.value))


def _line(node: yaml.Node, keys: tuple[Any, ...]) -> int:
    line = int(node.start_mark.line)
    for key in keys:
        for name, at, child in _children(node):
            if name == key:
                node, line = child, at
                break
    return line


def _refuse(
    path: Path, line: int, keys: tuple[Any, ...], message: str, fix: str | None = None
) -> NoReturn:
    # items of a list count from 1, as lines do
    shown = [str(key + 1) if isinstance(key, int) else str(key) for key in keys]
    raise InputError(
        message,
        file=f"{path}, line {line + 1}",
        column=".".join(shown) or None,
        fix=fix,
    )

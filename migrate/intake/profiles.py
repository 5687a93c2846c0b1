"""Source profiles: what a person says about a source that its content does not show."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn, cast

import yaml

from migrate.errors import InputError
from migrate.intake.profile_schema import json_schema
from migrate.intake.schema import Schema
from migrate.persian import letters
from migrate.persian.dates import Order

__all__ = ["NONE", "DateRule", "Profile", "json_schema", "locate", "read_profile", "shipped"]

_SHIPPED = Path(__file__).parent / "shipped"
# where a raw column carries what its profile says of its values, for staging
VALUES, DATES = b"values", b"dates"


@dataclass(frozen=True)
class DateRule:
    """How a source writes dates, where it is known to keep to one way.

    ``order`` and ``century`` are those of ``persian.dates.parse_date``; None leaves it to that.
    """

    order: Order | None = None
    century: int | None = None


@dataclass(frozen=True)
class Profile:
    """How a source is read.

    ``headings`` maps a heading of the source, which must be there, to a field. ``synonyms`` gives
    further headings that a field goes by where a source has them. ``ignore`` names headings that
    look like a field's and are not. ``sheets`` are those of a workbook, or members of an archive, to
    be read. ``values`` maps, for a field, the source's codes to words that
    are understood: ``{"sex": {"1": "مرد", "2": "زن"}}``. ``dates`` has a rule for each date field
    that the profile says anything of. ``constants`` holds what is the same for all rows and stands
    in no column: the university of its own export. ``query`` is the SQL of a database's rows;
    ``repair`` names a repair of damaged text that intake offered. The rest overrides what the
    content shows.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheets: tuple[str, ...] = ()
    query: str | None = None
    repair: str | None = None
    headings: Mapping[str, str] = field(default_factory=dict)
    synonyms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    dates: Mapping[str, DateRule] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)

    def widen(self, schema: Schema) -> Schema:
        """The schema whose fields go by the profile's synonyms too; constants need no column.

        A synonym that is a usual heading of another field is taken from that one: who wrote the
        profile knows the source.
        """
        taken = {letters.key(heading) for given in self.synonyms.values() for heading in given}
        fields = []
        for one in schema.fields:
            own = tuple(self.synonyms.get(one.name, ()))
            usual = tuple(name for name in one.headings if letters.key(name) not in taken)
            required = one.required and one.name not in self.constants
            fields.append(replace(one, headings=own + usual, required=required))
        return replace(schema, fields=tuple(fields))

    def metadata(self, name: str) -> dict[bytes, bytes]:
        """What the raw column of a field carries for staging, as metadata of an Arrow field."""
        carried: dict[bytes, bytes] = {}
        if codes := self.values.get(name):
            carried[VALUES] = json.dumps(dict(codes), ensure_ascii=False).encode()
        if rule := self.dates.get(name):
            carried[DATES] = json.dumps({"order": rule.order, "century": rule.century}).encode()
        return carried


NONE = Profile()


def shipped() -> tuple[str, ...]:
    """The names of the profiles that come with this program, for usual shapes of sources."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.yaml")))


def locate(given: str, *, bare: bool = False) -> Path:
    """The file of a profile: a path, or the name of one that comes with this program.

    :param given: a path or a name. A file of that name in the current folder comes first.
    :param bare: whether it is a name for sure.
    :raises InputError: for a bare name that is neither.
    """
    path = Path(given)
    if not bare and (path.exists() or path.suffix or path.name != given):
        return path.resolve()
    if given not in shipped():
        raise InputError(
            "there is no such file, and no shipped profile of this name",
            file=given,
            fix=f"Name a YAML file, or one of {', '.join(shipped())}",
        )
    return _SHIPPED / f"{given}.yaml"


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
        sheets=_several(content.get("sheet")),
        query=content.get("query"),
        repair=content.get("repair"),
        headings=_one_field_each(path, root, content.get("headings", {})),
        synonyms=_one_field_each_synonym(path, root, content),
        ignore=tuple(content.get("ignore", ())),
        values=content.get("values", {}),
        dates=_date_rules(content.get("dates", {}), schema),
        constants=_constants(path, root, content),
    )


def _several(given: str | Sequence[str] | None) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())


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
            fields = error.validator_value == list(schema.names)
            message = f"there is no field '{instance}'" if fields else f"'{instance}' is not known"
        else:
            message = error.message
        _refuse(path, _line(root, keys), keys, message, _expected(error))


def _expected(error: Any) -> str | None:
    if error.validator == "enum":
        words = dict.fromkeys(str(value) for value in error.validator_value)
        return f"Use one of {', '.join(words)}"
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


def _one_field_each_synonym(
    path: Path, root: yaml.Node, content: Mapping[str, Any]
) -> Mapping[str, Sequence[str]]:
    named = {
        letters.key(heading): (("headings", heading), field)
        for heading, field in content.get("headings", {}).items()
    }
    given: Mapping[str, Sequence[str]] = content.get("synonyms", {})
    for name, headings in given.items():
        for place, heading in enumerate(headings):
            keys: tuple[Any, ...] = ("synonyms", name, place)
            _, other = named.setdefault(letters.key(heading), (keys, name))
            if other != name:
                _refuse(path, _line(root, keys), keys, f"'{heading}' is given to {other} too")
    return given


def _constants(path: Path, root: yaml.Node, content: Mapping[str, Any]) -> Mapping[str, str]:
    given: Mapping[str, str] = content.get("constants", {})
    for name in given:
        if name in content.get("headings", {}).values():
            keys = ("constants", name)
            _refuse(path, _line(root, keys), keys, f"{name} has a heading, so it is no constant")
    return given


def _date_rules(given: Mapping[str, Any], schema: Schema) -> Mapping[str, DateRule]:
    """A rule for each date field: what is said of the field, else what is said of all."""
    if not given:
        return {}
    rules = {}
    for name in (one.name for one in schema.fields if one.kind == "date"):
        said = {key: given[key] for key in ("order", "century") if key in given}
        said |= given.get(name, {})
        if said:
            century = int(said["century"]) if "century" in said else None
            rules[name] = DateRule(cast("Order | None", said.get("order")), century)
    return rules


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

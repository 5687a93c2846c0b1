"""The file of a policy: read strictly, so that a slip in it is found before it decides anything."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any, NoReturn

import yaml

from migrate.codes.policy import ACTS, CHANNELS, Policy, Rule, Words, checked_day
from migrate.errors import InputError
from migrate.persian.calendars import days_of, solar_text

_TOP = ("channels", "future", "rules")
_RULE = ("id", "act", "channels", "from", "until", "allowed", "words", "instead")
_NEEDED = ("id", "act", "channels", "allowed", "words")
_LANGUAGES = ("fa", "en")


def read_policy(path: Path) -> Policy:
    """Read a policy. All its scalars are text: 1402-05-01 is no date of another calendar.

    :raises InputError: naming the file, the line (as row) and the rule and key (as column): no such
        file, no YAML, a key that is unknown, missing or stands twice, an act or channel that is
        unknown, a day that does not exist, a refusal that does not say what to do instead, two
        rules for one day, a day without a rule.
    """
    root = _compose(path)
    top = _mapping(path, root, "", _TOP, _TOP)
    channels = _mapping(path, top["channels"], "channels", CHANNELS, CHANNELS)
    future = _mapping(path, top["future"], "future", ("id", "words", "instead"), ("id", "words"))
    if not isinstance(top["rules"], yaml.SequenceNode) or not top["rules"].value:
        _refuse(path, top["rules"], "rules", "this must be a list of rules", "List them")
    rules: list[Rule] = []
    for node in top["rules"].value:
        rule = _rule(path, node, len(rules) + 1)
        _refuse_overlap(path, node, rule, rules)
        rules.append(rule)
    _refuse_gaps(path, top["rules"], rules)
    return Policy(
        rules=tuple(rules),
        channels={name: _words(path, node, f"channels.{name}") for name, node in channels.items()},
        future=Rule(
            id=_text(path, future["id"], "future.id"),
            acts=(),
            channels=(),
            first="",
            last="",
            allowed=False,
            words=_words(path, future["words"], "future.words"),
            instead=_words(path, future["instead"], "future.instead")
            if "instead" in future
            else None,
        ),
    )


def _rule(path: Path, node: yaml.Node, number: int) -> Rule:
    place = f"rule {number}"
    if isinstance(node, yaml.MappingNode):
        # named as people know it, as soon as it is known
        place = (
            next((str(value.value) for key, value in node.value if key.value == "id"), "") or place
        )
    found = _mapping(path, node, place, _RULE, _NEEDED)
    days = {}
    for name in ("from", "until"):
        days[name] = _day(path, found[name], f"{place}.{name}") if name in found else ""
    if days["from"] and days["until"] and days["until"] < days["from"]:
        _refuse(path, found["until"], f"{place}.until", "it ends before it begins", "Correct it")
    allowed = _text(path, found["allowed"], f"{place}.allowed")
    if allowed not in ("true", "false"):
        _refuse(path, found["allowed"], f"{place}.allowed", "not true or false", "Write either")
    if (allowed == "false") != ("instead" in found):
        said = "a rule that allows has nothing to do instead"
        if allowed == "false":
            said = "a rule that refuses must say what to do instead"
        _refuse(path, node, f"{place}.instead", said, "Mend the rule")
    return Rule(
        id=_text(path, found["id"], f"{place}.id"),
        acts=_several(path, found["act"], f"{place}.act", ACTS),
        channels=_several(path, found["channels"], f"{place}.channels", CHANNELS),
        first=days["from"],
        last=days["until"],
        allowed=allowed == "true",
        words=_words(path, found["words"], f"{place}.words"),
        instead=_words(path, found["instead"], f"{place}.instead") if "instead" in found else None,
    )


def _refuse_overlap(path: Path, node: yaml.Node, rule: Rule, others: list[Rule]) -> None:
    for other in others:
        if other.id == rule.id:
            _refuse(path, node, f"{rule.id}.id", "two rules of one id", "Give each its own")
        shared = [
            f"{act} by {channel}"
            for act in ACTS
            for channel in CHANNELS
            if all(act in one.acts and channel in one.channels for one in (rule, other))
        ]
        begins = max(rule.first, other.first)
        ends = min(filter(None, (rule.last, other.last)), default="")
        if shared and (not ends or begins <= ends):
            kind = "overlaps" if rule.allowed == other.allowed else "contradicts"
            _refuse(
                path,
                node,
                f"{rule.id}.from",
                f"this rule {kind} {other.id} on {shared[0]}, {begins or 'always'} to "
                f"{ends or 'open'}",
                "End one with until the day before the other's from",
            )


def _refuse_gaps(path: Path, node: yaml.Node, rules: list[Rule]) -> None:
    for act in ACTS:
        for channel in CHANNELS:
            held = sorted(
                (rule.first, rule.last or "9999")
                for rule in rules
                if act in rule.acts and channel in rule.channels
            )
            reached = ""
            for first, last in held:
                if first > reached:
                    break
                reached = last if last == "9999" else solar_text(_gregorian(last) + timedelta(1))
            if reached != "9999":
                _refuse(
                    path,
                    node,
                    "rules",
                    f"no rule says what holds for {act} by {channel} from {reached or 'the start'}",
                    "Add a rule, or extend one",
                )


def _gregorian(day: str) -> date:
    year, month, number = (int(part) for part in day.split("-"))
    return days_of("solar", year, month, number)[0]


def _day(path: Path, node: yaml.Node, place: str) -> str:
    text = _text(path, node, place)
    try:
        return checked_day(text, place)
    except InputError as error:
        _refuse(path, node, place, error.message, error.fix or "Correct it", text)


def _words(path: Path, node: yaml.Node, place: str) -> Words:
    found = _mapping(path, node, place, _LANGUAGES, _LANGUAGES)
    return Words(*(_text(path, found[name], f"{place}.{name}") for name in _LANGUAGES))


def _several(path: Path, node: yaml.Node, place: str, known: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        _refuse(path, node, place, "this must be a list", f"List some of {', '.join(known)}")
    found = tuple(_text(path, one, place) for one in node.value)
    for name, one in zip(found, node.value, strict=True):
        if name not in known or found.count(name) > 1:
            said = "unknown here" if name not in known else "it stands twice"
            _refuse(path, one, place, said, f"Use {', '.join(known)}, each once", name)
    return found


def _text(path: Path, node: yaml.Node, place: str) -> str:
    if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
        _refuse(path, node, place, "this must be a text that is not empty", "Write it")
    return str(node.value).strip()


def _mapping(
    path: Path, node: yaml.Node, place: str, known: tuple[str, ...], needed: tuple[str, ...]
) -> dict[str, yaml.Node]:
    """The values of a mapping by key, once all its keys are known and none is twice or missing."""
    if not isinstance(node, yaml.MappingNode):
        _refuse(path, node, place or None, "this must be keys with values", "See policy.yaml")
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = str(key.value)
        where = f"{place}.{name}" if place else name
        if name not in known:
            _refuse(path, key, where, "unknown key", f"Use {', '.join(known)}")
        if name in found:
            _refuse(path, key, where, "this key stands twice", "Keep one")
        found[name] = value
    for name in needed:
        if name not in found:
            where = f"{place}.{name}" if place else name
            _refuse(path, node, where, "this key is missing", "Add it")
    return found


def _compose(path: Path) -> yaml.Node:
    try:
        text = path.read_text(encoding="utf-8-sig")
        root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    except (OSError, UnicodeError) as error:
        raise InputError(
            "the policy cannot be read", file=path, found=error, fix="Name a UTF-8 file"
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise InputError(
            "this is no YAML",
            file=path,
            row=mark.line + 1 if mark else None,
            found=getattr(error, "problem", None) or error,
            fix="Mend it",
        ) from None
    if root is None:
        raise InputError("the policy is empty", file=path, fix="See the project's policy.yaml")
    found: yaml.Node = root
    return found


def _refuse(
    path: Path,
    node: yaml.Node,
    place: str | None,
    message: str,
    fix: str,
    found: str | None = None,
) -> NoReturn:
    if found is None and isinstance(node, yaml.ScalarNode):
        found = str(node.value)
    raise InputError(
        message, file=path, row=node.start_mark.line + 1, column=place, found=found, fix=fix
    )

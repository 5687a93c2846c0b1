"""The issuing policy: what may be applied for, issued and answered, by channel and date.

The rules are data, in ``policy.yaml`` beside this module; here they are applied. Days are Solar
Hijri ``YYYY-MM-DD``, compared as text once they are known to be days.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from migrate.errors import InputError
from migrate.persian.calendars import days_of, solar_text

Act = Literal["applying", "issuing", "answering"]
Channel = Literal["graduate", "university", "letter", "archive"]
ACTS: tuple[str, ...] = get_args(Act)
CHANNELS: tuple[str, ...] = get_args(Channel)
SOURCE = Path(__file__).with_suffix(".yaml")

_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
# all year round since Iran gave up summer time in 1401, before the first rule that is by day
_TEHRAN = timedelta(hours=3, minutes=30)


@dataclass(frozen=True)
class Words:
    """One thing said in Persian and in English."""

    fa: str
    en: str


@dataclass(frozen=True)
class Rule:
    """One rule of the policy, in force from ``first`` to ``last``, both included; '' is open."""

    id: str
    acts: tuple[str, ...]
    channels: tuple[str, ...]
    first: str
    last: str
    allowed: bool
    words: Words
    instead: Words | None

    def holds(self, act: str, channel: str, day: str) -> bool:
        """Whether it is the rule for an act by a channel on a day."""
        return (
            act in self.acts
            and channel in self.channels
            and self.first <= day
            and (not self.last or day <= self.last)
        )


@dataclass(frozen=True)
class Policy:
    """All rules, what channels are called, and what is said of a date that has not come."""

    rules: tuple[Rule, ...]
    channels: Mapping[str, Words]
    future: Rule


@dataclass(frozen=True)
class Ruling:
    """What the policy says of one act. ``instead`` is what to do where it is not allowed."""

    allowed: bool
    rule: str
    words: Words
    instead: Words | None


def ruling(
    channel: str, *, applied_on: str | None, on: str, act: str, policy: Policy | None = None
) -> Ruling:
    """Whether something may be done, by which rule, and what to do instead where it may not.

    Applying is judged by the date of application. Issuing and answering are judged twice: the
    application by its own date, then the act by the day it would happen. The first that refuses is
    given; else the rule of the act.

    :param channel: one of ``CHANNELS``.
    :param applied_on: the date of application; None or '' for the archive, where nobody applies.
    :param on: the day the act would happen, as a rule today, see :func:`day_in_tehran`. A date of
        application after it is refused.
    :param act: one of ``ACTS``.
    :param policy: other rules than the project's own, as ``load`` gives them.
    :raises InputError: for an unknown channel, a date that is no day, or none where one is needed.
    :raises ValueError: for an act that is not one of ``ACTS``.
    """
    if act not in ACTS:
        raise ValueError(f"not an act: {act!r}")
    held = policy or load()
    channel = checked_channel(channel)
    today = checked_day(on, "on")
    applied = _applied(channel, applied_on, today)
    if applied > today:
        return _given(held.future)
    first = _given(_rule(held, "applying", channel, applied))
    if act == "applying" or not first.allowed:
        return first
    return _given(_rule(held, act, channel, today))


def checked_channel(channel: str) -> str:
    """The channel, once it is one of ``CHANNELS``. Raises InputError."""
    if channel not in CHANNELS:
        raise InputError(
            "there is no such channel",
            column="channel",
            found=channel,
            fix=f"Use {', '.join(CHANNELS[:-1])} or {CHANNELS[-1]}",
        )
    return channel


def checked_day(text: str, name: str) -> str:
    """A day of the Solar Hijri calendar, as it was given.

    :param name: what the day is of, for the error.
    :raises InputError: when it is not written YYYY-MM-DD, or there is no such day: 1402-12-30.
    """
    written = _DAY.fullmatch(text)
    if not written:
        raise InputError(
            "this is no date", column=name, found=text, fix="Write it as 1402-05-01, Solar Hijri"
        )
    try:
        year, month, day = (int(number) for number in written.groups())
        if not month or not day:
            raise ValueError("a month or a day cannot be 00")
        days_of("solar", year, month, day)
    except ValueError as error:
        raise InputError(
            f"there is no such day: {error}", column=name, found=text, fix="Correct it"
        ) from None
    return text


def day_in_tehran(at: str) -> str:
    """The Solar Hijri day in Tehran of a moment, such as the database's clock gives it.

    :param at: ISO 8601 in UTC, ``2026-11-28T20:30:00Z``: the first minute of 1405-09-08 there.
    """
    moment = datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ")
    return solar_text((moment + _TEHRAN).date())


def load(path: Path | None = None) -> Policy:
    """Read and check a policy; the project's own, which is read once, where no path is given.

    :raises InputError: naming the file, the line, the rule and the key, see ``policy_file``.
    """
    if path is None:
        return _own()
    # the form of the file is checked by a module that needs the values above
    from migrate.codes.policy_file import read_policy

    return read_policy(path)


@cache
def _own() -> Policy:
    return load(SOURCE)


def _applied(channel: str, applied_on: str | None, today: str) -> str:
    if applied_on:
        return checked_day(applied_on, "applied_on")
    if channel == "archive":
        return today
    raise InputError(
        "a request must say when it was made",
        column="applied_on",
        fix="Give the date of application, Solar Hijri",
    )


def _rule(policy: Policy, act: str, channel: str, day: str) -> Rule:
    # reading has made sure that there is one, and one only
    return next(rule for rule in policy.rules if rule.holds(act, channel, day))


def _given(rule: Rule) -> Ruling:
    return Ruling(rule.allowed, rule.id, rule.words, rule.instead)

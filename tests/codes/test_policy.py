"""The issuing policy: each rule to the day, and a file that is refused where it is not sound."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.codes.policy import ACTS, CHANNELS, SOURCE, day_in_tehran, load, ruling
from migrate.errors import InputError
from migrate.persian.calendars import solar_text

TODAY = "1405-09-08"
# the last day of Tir 1402 and the day after, as the two calendars have them
LAST, FIRST = ("1402-04-31", date(2023, 7, 22)), ("1402-05-01", date(2023, 7, 23))


def test_the_boundary_is_the_same_day_on_both_calendars() -> None:
    assert [solar_text(gregorian) for _, gregorian in (LAST, FIRST)] == [LAST[0], FIRST[0]]
    # Tehran is three and a half hours ahead: its day begins at 20:30 of the day before
    assert day_in_tehran("2023-07-22T20:29:59Z") == "1402-04-31"
    assert day_in_tehran("2023-07-22T20:30:00Z") == "1402-05-01"


@pytest.mark.parametrize(
    ("channel", "applied_on", "act", "rule"),
    [
        ("graduate", "1402-04-31", "applying", "graduate-always"),
        ("graduate", "1402-05-01", "applying", "graduate-always"),
        ("graduate", "1405-09-08", "issuing", "graduate-always"),
        ("university", "1402-04-31", "applying", "university-until-tir-1402"),
        ("university", "1402-05-01", "applying", "university-no-more"),
        ("university", "1402-04-31", "issuing", "university-in-time"),
        ("university", "1402-05-01", "issuing", "university-no-more"),
        ("letter", "1402-04-31", "applying", "letter-until-tir-1402"),
        ("letter", "1402-05-01", "applying", "letter-no-more"),
        # written in time, and still nothing is issued or answered on it now
        ("letter", "1402-04-31", "issuing", "letter-no-more"),
        ("letter", "1402-04-31", "answering", "letter-no-more"),
        ("archive", "", "issuing", "archive-always"),
        ("archive", "1401-01-01", "applying", "archive-always"),
    ],
)
def test_each_channel_has_its_rule(channel: str, applied_on: str, act: str, rule: str) -> None:
    found = ruling(channel, applied_on=applied_on, on=TODAY, act=act)
    assert found.rule == rule
    assert found.allowed == (not rule.endswith("no-more"))
    assert (found.instead is None) == found.allowed
    assert re.search("[آ-ی]", found.words.fa)
    assert re.search("[a-z]", found.words.en)


@pytest.mark.parametrize("act", ["issuing", "answering"])
def test_a_letter_of_tir_was_answered_until_the_end_of_tir(act: str) -> None:
    assert ruling("letter", applied_on="1402-04-30", on="1402-04-31", act=act).allowed
    assert not ruling("letter", applied_on="1402-04-30", on="1402-05-01", act=act).allowed


@given(st.integers(0, 40_000), st.integers(0, 40_000), st.sampled_from(ACTS))
def test_the_rules_hold_for_every_day(applied: int, waited: int, act: str) -> None:
    boundary = FIRST[1]
    begun = date(1921, 1, 1) + timedelta(days=applied)
    asked = min(begun + timedelta(days=waited), date(2071, 1, 1))
    for channel in CHANNELS:
        found = ruling(channel, applied_on=solar_text(begun), on=solar_text(asked), act=act)
        if begun > asked:
            assert (found.allowed, found.rule) == (False, "not-before-its-date")
        elif channel in ("graduate", "archive"):
            assert found.allowed
        elif channel == "university" or act == "applying":
            assert found.allowed == (begun < boundary)
        else:
            assert found.allowed == (asked < boundary)


def test_a_date_that_has_not_come_is_refused_by_name() -> None:
    found = ruling("graduate", applied_on="1405-09-09", on="1405-09-08", act="applying")
    assert (found.allowed, found.rule) == (False, "not-before-its-date")
    assert found.instead is not None


@pytest.mark.parametrize(
    "day",
    ["1402-12-30", "1402-13-01", "1402-00-10", "1402-07-31", "1402/05/01", "۱۴۰۲-۰۵-۰۱", "1402"],
)
def test_a_day_that_is_none_is_refused(day: str) -> None:
    with pytest.raises(InputError) as refused:
        ruling("graduate", applied_on=day, on=TODAY, act="applying")
    assert refused.value.column == "applied_on"
    assert day in str(refused.value)


def test_the_leap_day_of_1403_is_one() -> None:
    assert ruling("graduate", applied_on="1403-12-30", on=TODAY, act="applying").allowed


@pytest.mark.parametrize("applied_on", ["", None])
def test_only_the_archive_needs_no_date_of_application(applied_on: str | None) -> None:
    for channel in ("graduate", "university", "letter"):
        with pytest.raises(InputError, match="when it was made"):
            ruling(channel, applied_on=applied_on, on=TODAY, act="issuing")


@pytest.mark.parametrize("channel", ["", "Graduate", "fax", "نامه"])
def test_an_unknown_channel_is_refused(channel: str) -> None:
    with pytest.raises(InputError, match="no such channel"):
        ruling(channel, applied_on="1402-01-01", on=TODAY, act="issuing")


def test_an_unknown_act_is_a_slip_of_the_program() -> None:
    with pytest.raises(ValueError, match="not an act"):
        ruling("graduate", applied_on="1402-01-01", on=TODAY, act="printing")


OWN = SOURCE.read_text(encoding="utf-8")
ARCHIVE = OWN[OWN.index("  - id: archive-always") : OWN.index("  - id: university-until")]


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        ("until: 1402-04-31", "until: 1402-04-32", "university-until-tir-1402.until", "such day"),
        ("until: 1402-04-31", "until: 1402-12-30", "university-until-tir-1402.until", "such day"),
        ("until: 1402-04-31", "until: 2023-07-22", "university-until-tir-1402.until", "such day"),
        ("until: 1402-04-31", "until: Tir", "university-until-tir-1402.until", "no date"),
        ("until: 1402-04-31", "upto: 1402-04-31", "university-until-tir-1402.upto", "unknown key"),
        # a day without a rule, a day with two that differ, a day with two that agree
        ("until: 1402-04-31", "until: 1402-04-30", "rules", "no rule says"),
        ("until: 1402-04-31", "until: 1402-05-01", "university-no-more.from", "contradicts"),
        (ARCHIVE, "", "rules", "no rule says"),
        (ARCHIVE, ARCHIVE + ARCHIVE, "archive-always.id", "two rules of one id"),
        (
            ARCHIVE,
            ARCHIVE + ARCHIVE.replace("archive-always", "archive-too"),
            "archive-too.from",
            "overlaps archive-always",
        ),
        ("from: 1402-05-01", "from: 1402-05-02", "rules", "no rule says"),
        (
            "    from: 1402-05-01\n",
            "    from: 1402-05-01\n    until: 1402-01-01\n",
            "university-no-more.until",
            "ends before it begins",
        ),
        ("channels: [graduate]", "channels: [gradute]", "graduate-always.channels", "unknown"),
        (
            "channels: [graduate]",
            "channels: [graduate, graduate]",
            "graduate-always.channels",
            "twice",
        ),
        ("channels: [graduate]", "channels: graduate", "graduate-always.channels", "a list"),
        ("act: [applying]", "act: [apply]", "university-until-tir-1402.act", "unknown"),
        ("allowed: true", "allowed: yes", "graduate-always.allowed", "not true or false"),
        ("    allowed: true\n", "", "graduate-always.allowed", "missing"),
        (
            "    allowed: true\n",
            "    allowed: true\n    allowed: false\n",
            "graduate-always.allowed",
            "stands twice",
        ),
        ("allowed: false", "allowed: true", "university-no-more.instead", "nothing to do instead"),
        ("allowed: true", "allowed: false", "graduate-always.instead", "what to do instead"),
        ("      en: The graduate can always apply.\n", "", "graduate-always.words.en", "missing"),
        ("The graduate can always apply.", "''", "graduate-always.words.en", "not empty"),
        ("  archive:\n    fa: دفترها", "  post:\n    fa: دفترها", "channels.post", "unknown key"),
        ("\nfuture:", "\nrules: []\nfuture:", "rules", "stands twice"),
        (OWN, "", None, "empty"),
        (OWN, "- a", None, "keys with values"),
        (OWN, "a: [", None, "no YAML"),
        (OWN, "rules: x\nrules: y", "rules", "stands twice"),
    ],
)
def test_a_policy_with_a_slip_is_refused_by_place(
    tmp_path: Path, old: str, new: str, place: str | None, said: str
) -> None:
    assert old in OWN
    path = tmp_path / "policy.yaml"
    path.write_text(OWN.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load(path)
    assert said in str(refused.value)
    assert (refused.value.file, refused.value.column) == (path, place)
    if new and place:
        assert refused.value.row is not None


def test_a_policy_that_is_not_there_or_not_utf_8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00rules")
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "bytes.yaml")


def test_a_rule_is_ended_and_the_next_begins_without_editing_the_past(tmp_path: Path) -> None:
    """What docs/requests.md shows: the graduate's channel closed from a day on."""
    path = tmp_path / "policy.yaml"
    ended = OWN.replace(
        "    channels: [graduate]\n", "    channels: [graduate]\n    until: 1410-12-29\n"
    )
    path.write_text(
        f"{ended}\n  - id: graduate-from-1411\n    act: [applying, issuing, answering]\n"
        "    channels: [graduate]\n    from: 1411-01-01\n    allowed: true\n"
        "    words: {fa: همچنان, en: As before.}\n",
        encoding="utf-8",
    )
    policy = load(path)
    for on, rule in (("1410-12-29", "graduate-always"), ("1411-01-01", "graduate-from-1411")):
        found = ruling("graduate", applied_on=on, on=on, act="applying", policy=policy)
        assert found.rule == rule

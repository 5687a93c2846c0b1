"""The delimiter is the one under which the headings make sense."""

from __future__ import annotations

from migrate.diplomas.schema import LEGACY
from migrate.intake.headings import dictionary
from migrate.intake.readers.delimiter import decide

KNOWN = dictionary(LEGACY)


def test_known_headings_decide_though_another_character_is_more_frequent() -> None:
    lines = ["شناسه;نام;دانشگاه\n", "1;علی, رضا, حسن, تقی;تهران, ایران, آسیا, زمین\n"]
    found = decide(lines, KNOWN)
    assert found.character == ";"
    assert "3 known headings" in found.why


def test_without_a_known_heading_even_rows_decide() -> None:
    assert decide(["a|b,c|d\n", "1|2|3\n", "4|5|6\n"], KNOWN).character == "|"


def test_one_column_has_no_delimiter_to_find() -> None:
    assert decide(["نام\n", "علی\n"], KNOWN).why == "there is one column only"
    assert decide([], KNOWN).character == ","


def test_a_profile_is_not_questioned() -> None:
    assert decide(["شناسه;نام\n"], KNOWN, "#").character == "#"

"""Splink's models of the inputs: what is compared, how, and which pairs are looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import splink.comparison_level_library as cll
import splink.comparison_library as cl
from linkage_peers import FEBRL_RULES
from splink import block_on


@dataclass(frozen=True)
class Model:
    """What Splink is told of one kind of input. Functions, because rules and comparisons are mutable.

    ``deterministic`` are rules that hardly any wrong pair meets, and ``recall`` the share of right
    pairs that meets one of them; ``training`` the blocking rules that EM runs under.
    """

    columns: tuple[str, ...]
    comparisons: Callable[[], list[cl.ComparisonCreator]]
    blocking: Callable[[], list[object]]
    deterministic: Callable[[], list[object]]
    recall: float
    training: Callable[[], list[object]]


def _name(name: str, swapped: str | None = None) -> cl.CustomComparison:
    key = f"{name}_key"
    levels = [cll.NullLevel(key), cll.ExactMatchLevel(key, term_frequency_adjustments=True)]
    if swapped:
        levels.append(cll.ColumnsReversedLevel(key, f"{swapped}_key", symmetrical=True))
    levels += [
        cll.ExactMatchLevel(f"{name}_sound"),
        cll.ExactMatchLevel(f"{name}_skeleton"),
        cll.JaroWinklerLevel(key, 0.92),
        cll.JaroWinklerLevel(key, 0.8),
        cll.ElseLevel(),
    ]
    return cl.CustomComparison(levels, output_column_name=name)


def _date(name: str) -> cl.CustomComparison:
    """A date that may be known to the year or month only: then an interval."""
    whole = f"length({name}_l) = 10 AND length({name}_r) = 10"
    within = f"abs(date_diff('day', {name}_first_l, {name}_first_r)) <= "
    levels = [
        cll.NullLevel(name),
        cll.CustomLevel(f"{whole} AND {name}_l = {name}_r", "same day"),
        cll.CustomLevel(
            f"{name}_first_l <= {name}_last_r AND {name}_first_r <= {name}_last_l", "intervals meet"
        ),
        cll.CustomLevel(f"{whole} AND damerau_levenshtein({name}_l, {name}_r) <= 1", "one slip"),
        cll.CustomLevel(f"{within} 366", "within a year"),
        cll.CustomLevel(f"{within} 3660", "within ten years"),
        cll.ElseLevel(),
    ]
    return cl.CustomComparison(levels, output_column_name=name)


def _identifier(name: str, terms: bool) -> cl.CustomComparison:
    levels = [
        cll.NullLevel(name),
        cll.ExactMatchLevel(name, term_frequency_adjustments=terms),
        cll.DamerauLevenshteinLevel(name, 1),
        cll.ElseLevel(),
    ]
    return cl.CustomComparison(levels, output_column_name=name)


def _diploma_comparisons() -> list[cl.ComparisonCreator]:
    field = [
        cll.NullLevel("field_of_study_id"),
        cll.ExactMatchLevel("field_of_study_id", term_frequency_adjustments=True),
        cll.ExactMatchLevel("field_of_study_root"),
        cll.ElseLevel(),
    ]
    return [
        _name("first_name", "last_name"),
        _name("last_name", "first_name"),
        _name("father_name"),
        cl.ExactMatch("sex"),
        _identifier("national_id", terms=False),
        _identifier("birth_cert_no", terms=True),
        cl.JaroWinklerAtThresholds("birth_place_key", [0.88]).configure(
            term_frequency_adjustments=True
        ),
        _date("birth_date"),
        cl.ExactMatch("university_id").configure(term_frequency_adjustments=True),
        cl.CustomComparison(field, output_column_name="field_of_study"),
        cl.ExactMatch("degree_level"),
        _date("graduation_date"),
        _identifier("diploma_no", terms=False),
    ]


def _diploma_blocking() -> list[object]:
    return [
        block_on("first_name_skeleton", "last_name_skeleton", "university_id"),
        block_on("first_name_sound", "last_name_sound", "year_of_birth"),
        block_on("first_name_sound", "last_name_sound", "father_name_sound"),
        block_on("first_name_sound", "last_name_sound", "birth_cert_no"),
        block_on("diploma_no", "university_id"),
        block_on("first_name_sound", "birth_cert_no", "year_of_birth"),
        block_on("last_name_sound", "father_name_sound", "year_of_birth"),
        block_on("last_name_sound", "year_of_graduation", "university_id", "field_of_study_id"),
    ]


DIPLOMAS = Model(
    columns=(
        "id AS unique_id",
        *(
            f"{name}_{kind}"
            for name in ("first_name", "last_name", "father_name")
            for kind in ("key", "sound", "skeleton")
        ),
        *("sex", "national_id", "birth_cert_no", "birth_place_key", "university_id"),
        *("field_of_study_id", "field_of_study_root", "degree_level", "diploma_no"),
        *(f"{name}_date" for name in ("birth", "graduation")),
        *(f"{name}_date_first" for name in ("birth", "graduation")),
        *(f"{name}_date_last" for name in ("birth", "graduation")),
        "year_of_birth",
        "year_of_graduation",
    ),
    comparisons=_diploma_comparisons,
    blocking=_diploma_blocking,
    deterministic=lambda: [
        block_on("first_name_key", "last_name_key", "birth_cert_no", "university_id"),
        block_on("national_id", "university_id", "field_of_study_id", "degree_level"),
        block_on("first_name_key", "last_name_key", "diploma_no", "university_id"),
    ],
    recall=0.7,
    training=lambda: [
        # rules that pin the degree: under rules that pin the person, EM takes a person's other
        # degrees for right pairs, and recall at 99.99% precision falls from 65% to 10%
        block_on("diploma_no", "university_id"),
        block_on("first_name_sound", "last_name_sound", "graduation_date"),
    ],
)


def _febrl_comparisons() -> list[cl.ComparisonCreator]:
    """As in Splink's own example of FEBRL4, and the address, which helps."""
    return [
        cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
        cl.NameComparison("surname").configure(term_frequency_adjustments=True),
        cl.DateOfBirthComparison(
            "date_of_birth",
            input_is_string=True,
            datetime_format="%Y%m%d",
            invalid_dates_as_null=True,
        ),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
        cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
        cl.JaroWinklerAtThresholds("address_1", [0.9]).configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(
            term_frequency_adjustments=True
        ),
    ]


FEBRL_COLUMNS = (
    *("given_name", "surname", "street_number", "address_1", "address_2", "suburb"),
    *("postcode", "state", "date_of_birth", "soc_sec_id"),
)
FEBRL = Model(
    columns=("id AS unique_id", *FEBRL_COLUMNS),
    comparisons=_febrl_comparisons,
    blocking=lambda: [block_on(*rule) for rule in FEBRL_RULES],
    deterministic=lambda: [
        block_on("soc_sec_id"),
        block_on("given_name", "surname", "date_of_birth"),
    ],
    recall=0.9,
    training=lambda: [block_on("date_of_birth"), block_on("postcode")],
)

MODELS = {"diplomas": DIPLOMAS, "febrl4": FEBRL, "febrl3": FEBRL}

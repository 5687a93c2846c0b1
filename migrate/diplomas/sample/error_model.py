"""What paper and its keying do to data: every rate of it, in one place, so that a reader can check.

All rates are probabilities. "Of rows" rates share out the ledger by kind of row; the others apply
to each field that a row has, independently of each other, so that a row may have several.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from migrate.errors import InputError

# what a level of error multiplies: slips of hand and eye, not the customs of an era
_SLIPS = (
    "seyyed_dropped",
    "title_added",
    "part_dropped",
    "names_swapped",
    "surname_changed",
    "suffix_dropped",
    "eye_letter",
    "ear_letter",
    "mistyped_letter",
    "number_slip",
    "birth_date_slip",
    "year_off_by_one",
    "place_differs",
)
_SHARES = (
    "person_missing",
    "degree_missing",
    "duplicates",
    "contradicting",
    "undecidable",
    "broken",
    "coded_cap",
)


@dataclass(frozen=True)
class ErrorModel:
    """Rates of all that happens between a degree in the registry and its row in the ledger.

    Rows, shares of the ledger: ``person_missing`` nobody in the registry; ``degree_missing`` the
    person is there with another degree; ``duplicates`` a degree keyed a second time, differently;
    ``contradicting`` facts of the degree that are not its own (graduation 4–9 years early, another
    field or another university; one of these); ``undecidable`` second degrees without level, date
    and number, or twins without what tells them apart; ``broken`` no name, no university, or the
    legacy_id of another row; ``coded_cap`` the most rows whose degree has a code already.

    Missing fields: ``no_national_id`` and so on; of what is missing, ``filler`` is keyed as a dash,
    ندارد, نامشخص or a question mark, the rest as nothing.

    Letters: ``arabic_letters`` of rows typed with ي and ك (the paper form has ي throughout, its code
    page knows no other); ``respaced`` compounds written with another spacing than the registry's;
    ``madda_dropped``, ``hamza_dropped``; ``tatweel`` and ``direction_mark`` in a name;
    ``persian_digits`` of rows with ۰–۹, and ``arabic_digits`` with ٠–٩ (never in the paper form:
    its code page has neither).

    Names: ``seyyed_dropped`` of those who are; ``title_added`` حاج, دکتر, مهندس, آقای, خانم;
    ``part_dropped`` of compound first names whose rest is a name too; ``names_swapped`` first and
    last; ``surname_changed`` wholly, since; ``suffix_dropped`` of surnames in two parts;
    ``eye_letter`` dots (ب پ ت ث ن ی, ج چ ح خ, د ذ, ر ز ژ, س ش, ص ض, ط ظ, ع غ, ف ق, ک گ);
    ``ear_letter`` (س ص ث, ز ذ ض ظ, ت ط, ق غ, ه ح); ``mistyped_letter`` left out, doubled or two
    swapped. The last three are for each of first, last and father's name.

    Dates: ``birth_year_only`` and ``graduation_year_only``; ``two_digit_year``; ``month_word``;
    ``day_first``; ``imperial_year`` of dates in 1355–1357; ``lunar`` and ``gregorian``;
    ``birth_date_slip`` a digit of the birth date; ``year_off_by_one`` graduation a year away.

    Degrees: ``former_name`` of universities that bore one in that year; ``short_name``,
    and ``bare_city`` of those whose short name is a city's alone (تبریز), which may mean another;
    ``old_level`` لیسانس and so on, before 1365, a third as often later; ``field_variant``;
    ``former_place``, ``place_differs`` and ``place_prefixed`` شهرستان; ``number_slip`` a digit of
    a certificate, national or diploma number; ``zeros_lost`` at the head of a national ID;
    ``national_id_reshaped`` in groups or as a spreadsheet's 12345678.0; ``number_reshaped``
    separators and prefixes of a diploma number.
    """

    person_missing: float = 0.04
    degree_missing: float = 0.04
    duplicates: float = 0.02
    contradicting: float = 0.02
    undecidable: float = 0.01
    broken: float = 0.005
    coded_cap: float = 0.08

    no_national_id: float = 0.88
    no_father_name: float = 0.25
    no_sex: float = 0.35
    no_birth_cert_no: float = 0.18
    no_birth_place: float = 0.35
    no_birth_date: float = 0.20
    no_field: float = 0.05
    no_degree: float = 0.05
    no_graduation_date: float = 0.08
    no_diploma_no: float = 0.45
    no_diploma_date: float = 0.50
    no_document_type: float = 0.30
    no_page_ref: float = 0.10
    filler: float = 0.12

    arabic_letters: float = 0.40
    respaced: float = 0.40
    madda_dropped: float = 0.15
    hamza_dropped: float = 0.50
    tatweel: float = 0.003
    direction_mark: float = 0.005
    persian_digits: float = 0.45
    arabic_digits: float = 0.05

    seyyed_dropped: float = 0.25
    title_added: float = 0.02
    part_dropped: float = 0.04
    names_swapped: float = 0.008
    surname_changed: float = 0.006
    suffix_dropped: float = 0.05
    eye_letter: float = 0.012
    ear_letter: float = 0.012
    mistyped_letter: float = 0.010

    birth_year_only: float = 0.30
    graduation_year_only: float = 0.30
    two_digit_year: float = 0.25
    month_word: float = 0.12
    day_first: float = 0.10
    imperial_year: float = 0.60
    lunar: float = 0.003
    gregorian: float = 0.004
    birth_date_slip: float = 0.010
    year_off_by_one: float = 0.03

    former_name: float = 0.65
    short_name: float = 0.25
    bare_city: float = 0.05
    old_level: float = 0.75
    field_variant: float = 0.25
    former_place: float = 0.30
    place_differs: float = 0.03
    place_prefixed: float = 0.03
    number_slip: float = 0.010
    zeros_lost: float = 0.30
    national_id_reshaped: float = 0.08
    number_reshaped: float = 0.30

    def __post_init__(self) -> None:
        for field in fields(self):
            rate = getattr(self, field.name)
            if not 0.0 <= rate <= 1.0:
                raise InputError(
                    "a rate of the error model is a probability", column=field.name, found=rate
                )
        if sum(getattr(self, name) for name in _SHARES[:-1]) > 0.8:
            raise InputError("the error model leaves too few ordinary rows", fix="Lower its shares")

    def scaled(self, factor: float) -> ErrorModel:
        """This model with the rates of slips multiplied by ``factor``, each at most 0.5.

        Customs of an era (dates, spacing, old names), missing fields and the shares of rows stay.
        """
        changed = {name: min(0.5, getattr(self, name) * factor) for name in _SLIPS}
        return replace(self, **changed)

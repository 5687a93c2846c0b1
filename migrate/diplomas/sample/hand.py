"""The hand that writes: spellings, old names, slips and letters of one keyed row."""

from __future__ import annotations

from random import Random

from migrate.diplomas.sample import slips
from migrate.diplomas.sample.catalogue import Catalogue
from migrate.diplomas.sample.error_model import ErrorModel
from migrate.diplomas.sample.registry import spaced, spaced_surname, with_seyyed

_FILLERS = ("-", "-", "ندارد", "نامشخص", "؟", "---")
_ASCII = "0123456789"
_PERSIAN = str.maketrans(_ASCII, "۰۱۲۳۴۵۶۷۸۹")
_ARABIC = str.maketrans(_ASCII, "٠١٢٣٤٥٦٧٨٩")
_ARABIC_LETTERS = str.maketrans("یک", "يك")
_HAMZA = str.maketrans("ئؤأ", "یوا")
_NUMERIC = frozenset(
    {
        "national_id",
        "birth_cert_no",
        "birth_date",
        "graduation_date",
        "diploma_no",
        "diploma_date",
        "page_ref",
    }
)
_NEVER_BLANK_FILLER = frozenset({"legacy_id", "first_name", "last_name", "university"})


class Hand:
    """Writes values as ``model`` has them; ``code_page`` as for ledger.keep_ledger."""

    def __init__(
        self, rnd: Random, lists: Catalogue, model: ErrorModel, *, code_page: bool
    ) -> None:
        self.rnd = rnd
        self.lists = lists
        self.model = model
        self.code_page = code_page
        self.known = {(name.parts, name.female) for name in lists.first_names}

    def part(self, parts: tuple[str, ...], female: bool) -> tuple[str, ...]:
        """One part of a compound name, where it is a name by itself; else all of it."""
        alone = [(part,) for part in parts if ((part,), female) in self.known]
        return self.rnd.choice(alone) if alone else parts

    def first_name(self, parts: tuple[str, ...], *, plain: bool = False) -> str:
        """A first name or father's name; ``plain`` without slips."""
        spacing = self.rnd.randrange(3) if self.rnd.random() < self.model.respaced else 0
        text = spaced(parts, spacing)
        return text if plain else self._name(text)

    def surname(self, parts: tuple[str, ...]) -> str:
        """A surname."""
        spacing = self.rnd.randrange(3) if self.rnd.random() < self.model.respaced else 1
        return self._name(spaced_surname(parts, spacing, self.lists))

    def _name(self, text: str) -> str:
        rnd, model = self.rnd, self.model
        if "آ" in text and rnd.random() < model.madda_dropped:
            text = text.replace("آ", "ا")
        if rnd.random() < model.hamza_dropped:
            text = text.translate(_HAMZA).replace("ء", "")
        if rnd.random() < model.eye_letter:
            text = slips.eye(rnd, text)
        if rnd.random() < model.ear_letter:
            text = slips.ear(rnd, text)
        if rnd.random() < model.mistyped_letter:
            text = slips.mistype(rnd, text)
        if rnd.random() < model.tatweel and len(text) > 3:
            text = text[:2] + slips.TATWEEL + text[2:]
        if rnd.random() < model.direction_mark:
            text = rnd.choice(slips.DIRECTION_MARKS) + text
        return text

    def seyyed(self, name: str, female: bool) -> str:
        """``name`` with سید, سیده or سادات."""
        return with_seyyed(name, female, self.rnd.random() < 0.5)

    def title(self, name: str, female: bool, level: str) -> str:
        """``name`` after a title that fits."""
        titles = ["خانم"] if female else ["آقای", "حاج"]
        if level in ("doctorate", "professional_doctorate"):
            titles.append("دکتر")
        elif not female:
            titles.append("مهندس")
        return f"{self.rnd.choice(titles)} {name}"

    def slip(self, text: str) -> str:
        """``text`` with one wrong digit."""
        return slips.digit(self.rnd, text)

    def number(self, text: str) -> str:
        """A number as copied, at times with a wrong digit."""
        return self.slip(text) if self.rnd.random() < self.model.number_slip else text

    def national_id(self, text: str) -> str:
        """A national ID: without leading zeros, in groups, as a spreadsheet's float, or plain."""
        text = self.number(text)
        chance = self.rnd.random()
        # a spreadsheet drops zeros; three at the head would leave too little to restore
        if text.startswith("0") and not text.startswith("000") and chance < self.model.zeros_lost:
            return text.lstrip("0")
        reshaped = self.rnd.random()
        if reshaped < self.model.national_id_reshaped / 3 and not text.startswith("000"):
            return f"{text.lstrip('0')}.0"
        if reshaped < self.model.national_id_reshaped:
            return f"{text[:3]}-{text[3:9]}-{text[9]}"
        return text

    def place(self, city: int) -> str:
        """A place of birth: another one at times, a former name, or with شهرستان before it."""
        rnd, model, cities = self.rnd, self.model, self.lists.cities
        chosen = rnd.choice(cities) if rnd.random() < model.place_differs else cities[city]
        if chosen.former and rnd.random() < model.former_place:
            return rnd.choice(chosen.former)
        text = chosen.name
        if rnd.random() < model.respaced:
            text = text.replace(slips.ZWNJ, " ")
        return f"شهرستان {text}" if rnd.random() < model.place_prefixed else text

    def university(self, university: int, year: int) -> str:
        """A university under a name that it bore in ``year``, a short name, or today's."""
        rnd, model = self.rnd, self.model
        it = self.lists.universities[university]
        former = [name.name for name in it.former if name.first <= year <= name.last]
        if former and rnd.random() < model.former_name:
            return rnd.choice(former)
        rate = model.bare_city if it.place else model.short_name
        if rnd.random() < rate:
            return rnd.choice(it.short)
        return it.name

    def diploma_number(self, text: str) -> str:
        """A diploma number with another separator or a prefix at times."""
        text = self.number(text)
        if self.rnd.random() < self.model.number_reshaped:
            form = self.rnd.randrange(4)
            if form == 0:
                return f"شماره {text}"
            separator = (" / ", "-", "/")[form - 1]
            return text.replace("-", "/").replace("/", separator)
        return text

    def finish(self, texts: dict[str, str], columns: tuple[str, ...]) -> list[str]:
        """The texts of a row in the order of ``columns``, in the letters and digits of its hand."""
        rnd, model = self.rnd, self.model
        arabic = rnd.random() < model.arabic_letters
        chance = rnd.random()
        digits = None
        if not self.code_page:
            if chance < model.persian_digits:
                digits = _PERSIAN
            elif chance < model.persian_digits + model.arabic_digits:
                digits = _ARABIC
        row = []
        for column in columns:
            text = texts[column]
            if not text:
                blank = column not in _NEVER_BLANK_FILLER and rnd.random() < model.filler
                row.append(rnd.choice(_FILLERS) if blank else "")
                continue
            if digits is not None and column in _NUMERIC:
                text = text.translate(digits)
            row.append(text.translate(_ARABIC_LETTERS) if arabic else text)
        return row

"""A clerk who keys one row after another from paper."""

from __future__ import annotations

from random import Random

from migrate.diplomas.sample.catalogue import LEVELS, Catalogue
from migrate.diplomas.sample.degrees import Degrees
from migrate.diplomas.sample.error_model import ErrorModel
from migrate.diplomas.sample.hand import Hand
from migrate.diplomas.sample.people import People
from migrate.diplomas.sample.plan import Kind
from migrate.diplomas.sample.registry import LEVEL_NAMES, certificate_number, diploma_number
from migrate.diplomas.sample.written import Solar, write_date

_OLD_LEVELS = (
    ("فوق دیپلم",),
    ("لیسانس",),
    ("فوق لیسانس",),
    ("دکترای حرفه ای", "دکتری حرفه ای"),
    ("دکترا", "دکتری"),
)
_DOCUMENTS = (("گواهینامه موقت", "موقت", "گواهی موقت"), ("دانشنامه", "دانش نامه"))
_CONTRADICTED = ("university", "field_of_study", "graduation_date")
_MARKS = {"m": ("مرد", "مذکر"), "f": ("زن", "مونث")}


class Clerk:
    """Renders one row after another; all chance comes from one seeded source."""

    def __init__(
        self,
        rnd: Random,
        people: People,
        degrees: Degrees,
        lists: Catalogue,
        model: ErrorModel,
        *,
        code_page: bool,
    ) -> None:
        self.rnd = rnd
        self.people = people
        self.degrees = degrees
        self.lists = lists
        self.model = model
        self.hand = Hand(rnd, lists, model, code_page=code_page)

    def row(self, kind: Kind, degree: int) -> tuple[dict[str, str], str]:
        """The texts of a row without its legacy_id, and what went wrong with its surname."""
        rnd, model, degrees = self.rnd, self.model, self.degrees
        names, note = self._names(kind, int(degrees.person[degree]), int(degrees.level[degree]))
        texts = names | self._person(int(degrees.person[degree]))
        contradicted = _CONTRADICTED[rnd.randrange(3)] if kind == "contradicting" else None
        texts |= self._degree(kind, degree, contradicted)
        for column, rate in (
            ("national_id", model.no_national_id),
            ("father_name", model.no_father_name),
            ("sex", model.no_sex),
            ("birth_cert_no", model.no_birth_cert_no),
            ("birth_place", model.no_birth_place),
            ("birth_date", model.no_birth_date),
            ("field_of_study", model.no_field),
            ("degree", model.no_degree),
            ("graduation_date", model.no_graduation_date),
            ("diploma_no", model.no_diploma_no),
            ("diploma_date", model.no_diploma_date),
            ("document_type", model.no_document_type),
            ("page_ref", model.no_page_ref),
        ):
            if rnd.random() < rate and column != contradicted:
                texts[column] = ""
        if kind in ("second_degree", "twin"):
            for column in ("degree", "graduation_date", "diploma_no", "diploma_date"):
                texts[column] = ""
        if kind == "twin":
            for column in ("national_id", "birth_cert_no"):
                texts[column] = ""
        return texts, note

    def _names(self, kind: Kind, p: int, level: int) -> tuple[dict[str, str], str]:
        rnd, model, people, lists = self.rnd, self.model, self.people, self.lists
        female = bool(people.female[p])
        parts = lists.first_names[int(people.first[p])].parts
        surname = lists.surnames[int(people.last[p])]
        note = ""
        if kind == "twin":
            parts = parts[:1]
        elif len(parts) > 1 and rnd.random() < model.part_dropped:
            parts = self.hand.part(parts, female)
        if kind == "ordinary" and rnd.random() < model.surname_changed:
            surname, note = rnd.choice(lists.surnames[:1500]), "surname_changed"
        elif len(surname) > 1 and surname[1] not in lists.apart:
            surname = surname[:1] if rnd.random() < model.suffix_dropped else surname
        first = self.hand.first_name(parts, plain=kind == "twin")
        last = self.hand.surname(surname)
        father = self.hand.first_name(lists.first_names[int(people.father[p])].parts)
        if people.seyyed[p] and rnd.random() >= model.seyyed_dropped:
            first = self.hand.seyyed(first, female)
            father = self.hand.seyyed(father, False) if rnd.random() < 0.5 else father
        if rnd.random() < model.title_added:
            first = self.hand.title(first, female, LEVELS[level])
        if kind != "twin" and rnd.random() < model.names_swapped:
            first, last = last, first
        if kind == "no_name":
            first = last = ""
        return {"first_name": first, "last_name": last, "father_name": father}, note

    def _person(self, p: int) -> dict[str, str]:
        rnd, model, people = self.rnd, self.model, self.people
        born = (int(people.year[p]), int(people.month[p]), int(people.day[p]))
        birth = write_date(rnd, born, model, year_only=model.birth_year_only)
        if rnd.random() < model.birth_date_slip:
            birth = self.hand.slip(birth)
        certificate = certificate_number(int(people.certificate[p]))
        return {
            "sex": rnd.choice(_MARKS["f" if people.female[p] else "m"]),
            "national_id": self.hand.national_id(f"{people.national[p]:010d}"),
            "birth_cert_no": self.hand.number(certificate),
            "birth_place": self.hand.place(int(people.place[p])),
            "birth_date": birth,
        }

    def _degree(self, kind: Kind, i: int, contradicted: str | None) -> dict[str, str]:
        rnd, model, degrees, lists = self.rnd, self.model, self.degrees, self.lists
        year, month, day = int(degrees.year[i]), int(degrees.month[i]), int(degrees.day[i])
        university, field = int(degrees.university[i]), int(degrees.field[i])
        level = int(degrees.level[i])
        number = diploma_number(university, year, int(degrees.number[i]))
        if contradicted == "university":
            university = self._other_university(university, year)
        elif contradicted == "field_of_study":
            field = self._other_field(field, level)
        elif contradicted == "graduation_date":
            year -= rnd.randint(4, 9)
        shown = year
        if rnd.random() < model.year_off_by_one:
            shown += rnd.choice((-1, 1))
        # no month of the twelfth has a day that the next year's might lack
        graduated = (shown, month, min(day, 29) if month == 12 else day)
        issued = self._issued((max(year, shown), *graduated[1:]))
        if rnd.random() < model.field_variant and lists.fields[field].variants:
            subject = rnd.choice(lists.fields[field].variants)
        else:
            subject = lists.fields[field].name
        old = model.old_level if year < 1365 else model.old_level / 3
        name = rnd.choice(_OLD_LEVELS[level]) if rnd.random() < old else LEVEL_NAMES[level]
        return {
            "university": "" if kind == "no_university" else self.hand.university(university, year),
            "field_of_study": subject,
            "degree": name,
            "graduation_date": write_date(
                rnd, graduated, model, year_only=model.graduation_year_only
            ),
            "diploma_no": self.hand.diploma_number(number),
            "diploma_date": write_date(rnd, issued, model, year_only=0.1),
            "document_type": rnd.choice(_DOCUMENTS[rnd.random() < 0.6]),
            "page_ref": f"{university + 1:02d}-{year % 100:02d}/{rnd.randint(1, 400)}",
        }

    def _issued(self, graduated: Solar) -> Solar:
        """A day on which a document was given, within three years of graduation and after it."""
        rnd = self.rnd
        later = rnd.choice((0, 0, 1, 1, 2, 3))
        if later:
            return graduated[0] + later, rnd.randint(1, 12), rnd.randint(1, 29)
        month = rnd.randint(graduated[1], 12)
        first = graduated[2] if month == graduated[1] else 1
        return graduated[0], month, rnd.randint(first, max(first, 29))

    def _other_university(self, university: int, year: int) -> int:
        """Another university that gave degrees in ``year``."""
        return self.rnd.choice(
            [
                u
                for u, other in enumerate(self.lists.universities)
                if u != university and other.founded + 4 <= year
            ]
            or [1 - min(university, 1)]
        )

    def _other_field(self, field: int, level: int) -> int:
        """A field of that level in another faculty."""
        faculty = self.lists.fields[field].faculty
        return self.rnd.choice(
            [
                f
                for f, other in enumerate(self.lists.fields)
                if level in other.levels and other.faculty != faculty
            ]
        )

"""The ledger: rows as a clerk keyed them from paper, and the truth that is kept apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from migrate.diplomas.sample.catalogue import LEVELS, Catalogue
from migrate.diplomas.sample.degrees import Degrees
from migrate.diplomas.sample.error_model import ErrorModel
from migrate.diplomas.sample.hand import Hand
from migrate.diplomas.sample.people import People
from migrate.diplomas.sample.plan import Kind, Plan
from migrate.diplomas.sample.registry import LEVEL_NAMES, certificate_number, diploma_number
from migrate.diplomas.sample.written import write_date

Progress = Callable[[int, int, str], None]

_OLD_LEVELS = (
    ("فوق دیپلم",),
    ("لیسانس",),
    ("فوق لیسانس",),
    ("دکترای حرفه ای", "دکتری حرفه ای"),
    ("دکترا", "دکتری"),
)
_DOCUMENTS = (("گواهینامه موقت", "موقت", "گواهی موقت"), ("دانشنامه", "دانش نامه"))
_MARKS = {"m": ("مرد", "مذکر"), "f": ("زن", "مونث")}


@dataclass(frozen=True)
class Truth:
    """What an all-knowing clerk would say of one row.

    ``degree`` is the index of the degree in the registry (-1: not there), ``person`` of the person
    (-1: not there), ``note`` what makes the row more than ordinary.
    """

    legacy_id: str
    degree: int
    person: int
    outcome: str
    note: str


@dataclass(frozen=True)
class Ledger:
    """``rows`` hold the texts of LEGACY's fields in order; ``truths`` stand in the same order."""

    rows: list[list[str]]
    truths: list[Truth]


class _Clerk:
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
        texts |= self._degree(kind, degree)
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
            if rnd.random() < rate:
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

    def _degree(self, kind: Kind, i: int) -> dict[str, str]:
        rnd, model, degrees, lists = self.rnd, self.model, self.degrees, self.lists
        year, month, day = int(degrees.year[i]), int(degrees.month[i]), int(degrees.day[i])
        university, field = int(degrees.university[i]), int(degrees.field[i])
        level = int(degrees.level[i])
        number = diploma_number(university, year, int(degrees.number[i]))
        if kind == "contradicting":
            university, field, shift = self._contradicted(university, field, level, year)
            year += shift
        shown = year
        if rnd.random() < model.year_off_by_one:
            shown += rnd.choice((-1, 1))
        issued = (year + rnd.choice((0, 0, 1, 1, 2, 3)), rnd.randint(1, 12), rnd.randint(1, 29))
        if rnd.random() < model.field_variant and lists.fields[field].variants:
            subject = rnd.choice(lists.fields[field].variants)
        else:
            subject = lists.fields[field].name
        old = model.old_level if year < 1365 else model.old_level / 3
        name = rnd.choice(_OLD_LEVELS[level]) if rnd.random() < old else LEVEL_NAMES[level]
        # no month of the twelfth has a day that the next year's might lack
        graduated = (shown, month, min(day, 29) if month == 12 else day)
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

    def _contradicted(
        self, university: int, field: int, level: int, year: int
    ) -> tuple[int, int, int]:
        """One fact of the degree changed beyond a slip: university, field, and shift in years."""
        rnd, lists = self.rnd, self.lists
        what = rnd.randrange(3)
        if what == 0:
            others = [
                u
                for u, other in enumerate(lists.universities)
                if u != university and other.founded + 4 <= year
            ]
            return rnd.choice(others), field, 0
        if what == 1:
            others = [
                f
                for f, other in enumerate(lists.fields)
                if level in other.levels and other.faculty != lists.fields[field].faculty
            ]
            if others:
                return university, rnd.choice(others), 0
        return university, field, -rnd.randint(3, 9)


def _undecidable(texts: Mapping[str, str], rivals: list[int], own: int, degrees: Degrees) -> bool:
    """Whether chance took from a row all that tells this degree from another of its holder."""
    told = ("degree", "graduation_date", "diploma_no", "diploma_date")
    if any(texts[column] for column in told):
        return False
    return any(
        degrees.university[other] == degrees.university[own]
        and (not texts["field_of_study"] or degrees.field[other] == degrees.field[own])
        for other in rivals
        if other != own
    )


def keep_ledger(
    rnd: Random,
    people: People,
    degrees: Degrees,
    lists: Catalogue,
    plan: Plan,
    model: ErrorModel,
    *,
    columns: tuple[str, ...],
    code_page: bool,
    progress: Progress | None = None,
) -> Ledger:
    """The rows of ``plan`` as keyed, and their truth.

    ``columns`` are the names of the fields in order, legacy_id among them; ``code_page`` says that
    the file will be Windows-1256, which has neither ی nor digits but ASCII ones.
    """
    clerk = _Clerk(rnd, people, degrees, lists, model, code_page=code_page)
    of_person: dict[int, list[int]] = {}
    holders = {int(degrees.person[degree]) for _, degree in plan.rows}
    for i in plan.registry.tolist():
        if int(degrees.person[i]) in holders:
            of_person.setdefault(int(degrees.person[i]), []).append(i)
    rows: list[list[str]] = []
    truths: list[Truth] = []
    first_of: dict[int, str] = {}
    total = len(plan.rows)
    doubled = {degree for kind, degree in plan.rows if kind == "duplicate"}
    for place, (kind, degree) in enumerate(plan.rows):
        # neither of two rows for one degree may be out of the ordinary by chance
        keyed: Kind = "duplicate" if degree in doubled else kind
        texts, note = clerk.row(keyed, degree)
        person = int(degrees.person[degree])
        known = of_person.get(person, [])
        if kind == "ordinary" and _undecidable(texts, known, degree, degrees):
            outcome, note = "ambiguous", "second_degree"
        else:
            outcome, note = _outcome(kind, bool(degrees.coded[degree]), note)
        if degree in doubled:
            note = "keyed_twice"
            if degree in first_of:
                outcome = "duplicate" if first_of[degree] == "linked" else outcome
            else:
                outcome = "linked" if outcome == "duplicate" else outcome
                first_of[degree] = outcome
        texts["legacy_id"] = str(100_001 + place)
        truths.append(
            Truth(
                legacy_id=texts["legacy_id"],
                degree=degree if plan.held[degree] else -1,
                person=person if known else -1,
                outcome=outcome,
                note=note,
            )
        )
        rows.append(clerk.hand.finish(texts, columns))
        if progress is not None and (place % 5000 == 4999 or place + 1 == total):
            progress(place + 1, total, "ledger rows")
    _share_ids(rnd, plan, rows, truths, columns.index("legacy_id"))
    return Ledger(rows, truths)


def _outcome(kind: Kind, coded: bool, note: str) -> tuple[str, str]:
    """The outcome that a row of ``kind`` deserves, and its note."""
    if kind in ("person_missing", "degree_missing"):
        return kind, kind
    if kind in ("no_name", "no_university", "same_id"):
        return "quarantined", kind
    if kind in ("second_degree", "twin"):
        return "ambiguous", kind
    if kind == "contradicting":
        return "mismatch", kind
    if coded:
        return "already_coded", note
    if note:
        return "mismatch", note
    return ("duplicate" if kind == "duplicate" else "linked"), note


def _share_ids(
    rnd: Random, plan: Plan, rows: list[list[str]], truths: list[Truth], column: int
) -> None:
    """Give each row that is to have another's legacy_id one; neither can then be told apart."""
    free = [
        i
        for i, (kind, _) in enumerate(plan.rows)
        if kind == "ordinary" and truths[i].note == "" and truths[i].outcome == "linked"
    ]
    for place, (kind, _) in enumerate(plan.rows):
        if kind != "same_id" or not free:
            continue
        other = free.pop(rnd.randrange(len(free)))
        shared = truths[other].legacy_id
        rows[place][column] = rows[other][column]
        for row in (place, other):
            truth = truths[row]
            truths[row] = Truth(shared, truth.degree, truth.person, "quarantined", "same_id")

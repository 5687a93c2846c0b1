"""Answers of a returned workbook taken into the store: all or nothing, once, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from sqlalchemy import Connection, Engine, insert

from migrate.codes.issuing import canonical_json
from migrate.errors import InputError
from migrate.review import tokens
from migrate.review.handing import HeldCase
from migrate.review.returned import Returned
from migrate.review.returned_answers import Given, bring_together
from migrate.review.returned_fates import REFUSED, TAKEN, Fate
from migrate.review.returned_judge import Ground, judge
from migrate.store.decisions import decide_within
from migrate.store.engine import DECISIONS, now, reading, writing
from migrate.store.imports import Imported, held_cases, imported, secret_on
from migrate.store.review_tables import ImportRow

# what became of a file
REPEATED, NOTHING, WHOLE, PART, NONE = "repeated", "nothing", "taken", "part", "refused"


@dataclass(frozen=True)
class Taking:
    """What became of a file, and of each case in it.

    ``state``: ``repeated``, it was taken in ``before`` and nothing was done; ``nothing`` to take in it;
    ``taken``; ``part`` of it taken; ``refused`` whole. On a dry run, what would become of it.
    ``decisions`` has the number of each decision that was made, by case.
    """

    state: str
    university: str
    fates: tuple[Fate, ...] = ()
    before: Imported | None = None
    decisions: dict[str, int] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """How many cases met which fate."""
        return dict(sorted(Counter(fate.kind for fate in self.fates).items()))

    def of(self, what: str) -> list[Fate]:
        """The fates that are ``taken``, ``ignored`` or ``refused``."""
        return [fate for fate in self.fates if fate.what == what]


def look(
    engine: Engine, returned: Returned, *, university: str | None = None, partial: bool = False
) -> Taking:
    """What :func:`take_in` would do, by the store as it is now; nothing is written."""
    with reading(engine) as connection:
        return _judged(connection, returned, university, partial=partial)


def take_in(
    engine: Engine,
    returned: Returned,
    *,
    actor: str,
    university: str | None = None,
    partial: bool = False,
) -> Taking:
    """Decide what a returned workbook answers, and keep that it was taken in, in one transaction.

    :param actor: who answers for it. :param university: whose workbook it is, as ``addressee`` has it;
        None to go by its tokens. :param partial: take what can be taken where some of it cannot.
    :raises InputError: without ``university``, a workbook of several universities.
    """
    with writing(engine, lock=DECISIONS) as connection:
        found = _judged(connection, returned, university, partial=partial)
        if found.state not in (WHOLE, PART):
            return found
        for fate in found.of(TAKEN):
            made = _decide(connection, fate, actor, returned.sha256)
            found.decisions[fate.case_id] = made
        row = Imported(
            sha256=returned.sha256,
            file=returned.path.name,
            university=found.university,
            actor=actor.strip(),
            at=now(connection),
            counts=found.counts(),
        )
        kept = asdict(row) | {"counts": canonical_json(row.counts)}
        connection.execute(insert(ImportRow), [kept])
        return found


def _judged(
    connection: Connection, returned: Returned, university: str | None, *, partial: bool
) -> Taking:
    before = imported(connection, returned.sha256)
    if before is not None:
        return Taking(REPEATED, before.university, before=before)
    given = bring_together(returned.rows)
    named = sorted({one.token.case_id for one in given if one.token is not None})
    held = held_cases(connection, named)
    # without a secret no token was ever made here
    secret = secret_on(connection) or ""
    whose = university if university is not None else _whose(returned, given, held, secret)
    ground = Ground(secret, held, whose)
    fates = tuple(judge(one, ground) for one in given)
    found = Taking(NOTHING, whose, fates)
    if found.of(REFUSED) and not (partial and found.of(TAKEN)):
        return Taking(NONE, whose, fates)
    if found.of(TAKEN):
        return Taking(PART if found.of(REFUSED) else WHOLE, whose, fates)
    return found


def _whose(
    returned: Returned, given: Sequence[Given], held: dict[str, HeldCase], secret: str
) -> str:
    whose = {
        held[one.token.case_id].university
        for one in given
        if one.token is not None
        and one.token.case_id in held
        and tokens.genuine(secret, one.token, held[one.token.case_id].university)
    }
    if len(whose) > 1:
        raise InputError(
            "this workbook has cases of several universities",
            file=returned.path,
            found=", ".join(sorted(whose)),
            fix="Say whose it is with --university; the others' cases are refused then",
        )
    return next(iter(whose), "")


def _decide(connection: Connection, fate: Fate, actor: str, sha256: str) -> int:
    answer, case = fate.answer, fate.case
    assert answer is not None
    assert case is not None
    body = {
        "answer": answer.name,
        "reason": answer.reason,
        "comment": answer.comment,
        "corrections": answer.corrections,
        "via": "workbook",
        "imported": sha256,
    }
    made = decide_within(
        connection,
        case.case_id,
        answer.verdict,
        version=case.version,
        actor=actor,
        reason=answer.reason_words,
        degree_id=answer.degree_id,
        supersedes=answer.supersedes,
        body=body,
    )
    return made.seq

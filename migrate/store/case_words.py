"""Words of the names that stand on cases: by them the desk finds a case, in any order and spelling.

A word is what is left of a name from the beginning of one of its words on, without spaces and folded
as ``letters.key`` has it: محمد رضا کریمی is kept as محمدرضاکریمی, رضاکریمی and کریمی. So whatever is
typed, with spaces or without, is found as the beginning of a word, and the index has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Select, delete, func, intersect, select, tuple_, union

from migrate.persian import letters
from migrate.persian.names import parse_name
from migrate.review.roles import Viewer
from migrate.store.bulk import insert_rows
from migrate.store.review_tables import CaseWordRow

# above so many, a page is found sooner by reading the queue in its order
MOST_FOUND = 10_000
# characters of a word that are kept: an index takes no more than some hundreds of bytes
LONGEST = 32
# words of a name, and of what is typed
_MOST_WORDS = 12
_MOST_TYPED = 5
_MOST_READ = 300
# sorts after all that begins alike: no letter is beyond it
_LAST = "\U0010ffff"

Alternatives = Sequence[tuple[str, ...]]


def words_of(legacy: Mapping[str, str], read: Mapping[str, str]) -> frozenset[str]:
    """The words by which a case is found: of its document's names, as written and as they were taken.

    :param legacy, read: a case's mappings of these names.
    """
    found: set[str] = set()
    for side in ({**legacy, **read}, legacy):
        names = [side.get(name) or "" for name in ("first_name", "last_name")]
        apart = [one.parts for one in map(parse_name, names) if one is not None]
        for words in (_typed(" ".join(names)), list(chain(*apart))):
            words = words[:_MOST_WORDS]
            found |= {"".join(words[at:])[:LONGEST] for at in range(len(words))}
    return frozenset(found)


def alternatives(search: str) -> Alternatives:
    """The ways in which what was typed may be meant: beginnings of words, all of which a name must have.

    Beside the words as typed: those that ``parse_name`` finds in them, and each two neighbours
    as one word. From the fifth word on they are taken for one. Empty for what has no letter.
    """
    typed = _typed(search)
    typed = [*typed[: _MOST_TYPED - 1], "".join(typed[_MOST_TYPED - 1 :])]
    typed = [word for word in typed if word]
    if not typed:
        return []
    parsed = parse_name(search[:_MOST_READ])
    ways = [typed, list(parsed.parts[:_MOST_TYPED]) if parsed else typed]
    ways += [
        [*typed[:at], typed[at] + typed[at + 1], *typed[at + 2 :]] for at in range(len(typed) - 1)
    ]
    return list(dict.fromkeys(tuple(word[:LONGEST] for word in way) for way in ways))


def fits(words: Iterable[str], wanted: Alternatives) -> bool:
    """Whether the words of a name are among what was asked for, as the index would say."""
    held = list(words)
    return any(all(any(word.startswith(typed) for word in held) for typed in way) for way in wanted)


def found(
    connection: Connection, viewer: Viewer, wanted: Alternatives, *, university: str = ""
) -> Select[Any] | None:
    """A query of the names of cases that fit, none twice; None where there are too many to be sorted.

    :param university: for a viewer of all, the only one that is asked for; '' for all.
    """
    of = _universities(connection, viewer, university)
    each = [_having(way, of) for way in wanted]
    fitting = select(union(*each).subquery().c.case_id) if len(each) > 1 else each[0]
    some = fitting.limit(MOST_FOUND + 1).subquery()
    if connection.execute(select(func.count()).select_from(some)).scalar_one() > MOST_FOUND:
        return None
    return fitting.distinct()


def _having(way: tuple[str, ...], universities: Sequence[str]) -> Select[Any]:
    begins = [
        select(CaseWordRow.case_id).where(
            CaseWordRow.university.in_(universities),
            CaseWordRow.word >= word,
            CaseWordRow.word <= word + _LAST,
        )
        for word in way
    ]
    return begins[0] if len(begins) == 1 else select(intersect(*begins).subquery().c.case_id)


def write(connection: Connection, cases: Iterable[tuple[str, str, frozenset[str]]]) -> None:
    """Keep the words of cases that have none yet: name, university's key, words."""
    insert_rows(
        connection,
        CaseWordRow,
        [
            {"university": university, "word": word, "case_id": case_id}
            for case_id, university, words in cases
            for word in sorted(words)
        ],
    )


def forget(connection: Connection, case_id: str, university: str, body: str) -> None:
    """Drop the words of a case as it was before: by its university and its body."""
    held = json.loads(body)
    keys = [(university, word, case_id) for word in words_of(held["legacy"], held["legacy_read"])]
    key = tuple_(CaseWordRow.university, CaseWordRow.word, CaseWordRow.case_id)
    connection.execute(delete(CaseWordRow).where(key.in_(keys)))


def _typed(text: str) -> list[str]:
    return [word for word in map(letters.key, letters.fold(text[:_MOST_READ]).split()) if word]


def _universities(connection: Connection, viewer: Viewer, university: str) -> list[str]:
    """Whose words are asked for. Of all, each is found by a step through the index."""
    if viewer.university is not None:
        return [viewer.university]
    if university:
        return [university]
    first = select(func.min(CaseWordRow.university).label("university")).cte(recursive=True)
    beyond = select(func.min(CaseWordRow.university)).where(
        CaseWordRow.university > first.c.university
    )
    steps = first.union_all(select(beyond.scalar_subquery()).where(first.c.university.is_not(None)))
    return [one for one in connection.execute(select(steps.c.university)).scalars() if one]

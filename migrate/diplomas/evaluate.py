"""How a batch's outcomes stand against the truth: wrong links, right links, needless cases.

    python -m migrate.diplomas.evaluate outcomes.csv truth.csv

exits 1 when a degree that counts as found is the wrong one, or fewer than 80% of right links are
linked. Rows are matched by their place in the source, never by legacy_id, which may be repeated.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from migrate.diplomas.terms import CASES, FOUND, OUTCOMES
from migrate.errors import InputError, MigrateError

KINDS = ("second degree", "twin or sibling", "namesake", "other")
LEAST_LINKED = 0.80
_TRUTH_COLUMNS = ("row", "legacy_id", "degree_id", "person_id", "outcome", "family", "namesake")


@dataclass(frozen=True)
class WrongLink:
    """A row whose outcome names a degree that is not its own (``right`` empty: it has none)."""

    row: int
    outcome: str
    degree_id: str
    right: str
    kind: str


@dataclass(frozen=True)
class Evaluation:
    """What came of comparing outcomes with the truth.

    ``confusion``: rows by (true outcome, outcome). ``wrong``: links to a wrong degree. ``linkable``:
    rows that should be linked; ``right``: those of them whose degree was linked to them, or to the
    other row of a degree keyed twice. ``findable``: rows whose degree is in the registry and can be
    told (true outcomes linked, duplicate, already_coded); ``needless``: those of them that went to
    a university; ``lost``: those of them that were quarantined.
    """

    rows: int
    confusion: Mapping[tuple[str, str], int]
    wrong: tuple[WrongLink, ...]
    linkable: int
    right: int
    findable: int
    needless: int
    lost: int

    @property
    def share_linked(self) -> float:
        """Right links that were linked, of all that should be; 0 where there are none."""
        return self.right / self.linkable if self.linkable else 0.0

    @property
    def share_needless(self) -> float:
        """Rows sent to a university without need, of all that are findable."""
        return self.needless / self.findable if self.findable else 0.0

    @property
    def wrong_by_kind(self) -> dict[str, int]:
        """Wrong links by whose the degree is, in the order of KINDS."""
        found = Counter(link.kind for link in self.wrong)
        return {kind: found[kind] for kind in KINDS}

    @property
    def passed(self) -> bool:
        """No wrong link, and at least 80% of right links linked."""
        return not self.wrong and self.share_linked >= LEAST_LINKED


@dataclass(frozen=True)
class _Relation:
    person: str
    family: str
    namesake: str


def _read(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """The lines of a CSV, which must have ``columns``. Raises InputError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            lacking = [name for name in columns if name not in (reader.fieldnames or ())]
            if lacking:
                raise InputError("a column is missing", file=path, found=", ".join(lacking))
            yield from reader
    except FileNotFoundError:
        raise InputError("there is no such file", file=path) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("this file cannot be read as CSV", file=path, found=error) from None


def _relations(path: Path, wanted: set[str]) -> dict[str, _Relation]:
    """What is known of each of the degrees ``wanted``; empty where the file is not there."""
    if not wanted or not path.is_file():
        return {}
    return {
        line["degree_id"]: _Relation(line["person_id"], line["family"], line["namesake"])
        for line in _read(path, ("degree_id", "person_id", "family", "namesake"))
        if line["degree_id"] in wanted
    }


def _kind(given: _Relation | None, own: Mapping[str, str]) -> str:
    """Whose the degree given is, to the person that the row is of."""
    if given is None:
        return "other"
    if given.person == own["person_id"]:
        return "second degree"
    if given.family == own["family"]:
        return "twin or sibling"
    return "namesake" if given.namesake == own["namesake"] else "other"


def evaluate(outcomes: Path, truth: Path) -> Evaluation:
    """Compare ``outcomes.csv`` of a batch with ``truth.csv`` of its sample, line by line.

    A link is wrong where the outcome is linked, duplicate or already_coded and degree_id is not
    the truth's, whatever the true outcome. ``relations.csv`` beside the truth, where it is there,
    tells wrong links by kind. Raises InputError when a file or a column is missing, or the two
    are not of the same rows.
    """
    said = list(_read(outcomes, ("legacy_id", "outcome", "degree_id")))
    true = list(_read(truth, _TRUTH_COLUMNS))
    if len(said) != len(true):
        raise InputError(
            "the outcomes are not of the rows of this truth",
            file=outcomes,
            found=f"{len(said)} lines for {len(true)} rows",
            fix="Compare a batch with the truth of its own source",
        )
    confusion: Counter[tuple[str, str]] = Counter()
    mistaken: list[tuple[dict[str, str], dict[str, str]]] = []
    # degrees keyed twice: whichever row is linked, the other shares its code
    linked = {line["degree_id"] for line in said if line["outcome"] == "linked"}
    linkable = right = findable = needless = lost = 0
    for line, fact in zip(said, true, strict=True):
        if line["outcome"] not in OUTCOMES:
            raise InputError(
                "there is no such outcome",
                file=outcomes,
                row=int(fact["row"]),
                column="outcome",
                found=line["outcome"],
            )
        if line["legacy_id"] != fact["legacy_id"]:
            raise InputError(
                "the outcomes are not in the order of this truth",
                file=outcomes,
                row=int(fact["row"]),
                column="legacy_id",
                found=line["legacy_id"],
            )
        confusion[fact["outcome"], line["outcome"]] += 1
        agrees = line["degree_id"] == fact["degree_id"] != ""
        if line["outcome"] in FOUND and not agrees:
            mistaken.append((line, fact))
        if fact["outcome"] == "linked":
            linkable += 1
            shared = line["outcome"] == "duplicate" and line["degree_id"] in linked
            right += agrees and (line["outcome"] == "linked" or shared)
        if fact["outcome"] in FOUND:
            findable += 1
            needless += line["outcome"] in CASES
            lost += line["outcome"] == "quarantined"
    return Evaluation(
        rows=len(true),
        confusion=dict(confusion),
        wrong=_explained(mistaken, truth.parent / "relations.csv"),
        linkable=linkable,
        right=right,
        findable=findable,
        needless=needless,
        lost=lost,
    )


def _explained(
    mistaken: list[tuple[dict[str, str], dict[str, str]]], path: Path
) -> tuple[WrongLink, ...]:
    """Wrong links with their kinds."""
    known = _relations(path, {line["degree_id"] for line, _ in mistaken})
    return tuple(
        WrongLink(
            row=int(fact["row"]),
            outcome=line["outcome"],
            degree_id=line["degree_id"],
            right=fact["degree_id"],
            kind=_kind(known.get(line["degree_id"]), fact),
        )
        for line, fact in mistaken
    )


def report(result: Evaluation) -> str:
    """The evaluation as text: a confusion table, wrong links by kind, and the two shares."""
    seen = [name for name in OUTCOMES if any(name in pair for pair in result.confusion)]
    width = max(len(name) for name in OUTCOMES)
    lines = ["truth \\ outcome".ljust(width) + "".join(name.rjust(width + 1) for name in seen)]
    for true in seen:
        counts = [result.confusion.get((true, name), 0) for name in seen]
        lines.append(true.ljust(width) + "".join(f"{n:,}".rjust(width + 1) for n in counts))
    kinds = ", ".join(f"{kind} {n}" for kind, n in result.wrong_by_kind.items())
    lines += [
        "",
        f"rows: {result.rows:,}",
        f"links to a wrong degree: {len(result.wrong)} ({kinds})",
        *(
            f"  row {link.row}: {link.outcome} {link.degree_id}, "
            f"should be {link.right or 'none'} ({link.kind})"
            for link in result.wrong[:20]
        ),
        f"right links linked: {result.right:,} of {result.linkable:,} ({result.share_linked:.2%})",
        f"sent to a university without need: {result.needless:,} of {result.findable:,} "
        f"({result.share_needless:.2%}); quarantined without need: {result.lost:,}",
        "passed" if result.passed else "failed",
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Evaluate the two files named; 0 passed, 1 failed, 2 bad usage or input."""
    if len(arguments) != 2:
        print("usage: python -m migrate.diplomas.evaluate OUTCOMES.csv TRUTH.csv", file=sys.stderr)
        return 2
    try:
        result = evaluate(Path(arguments[0]), Path(arguments[1]))
    except MigrateError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(report(result))
    return 0 if result.passed else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

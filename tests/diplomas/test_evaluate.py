"""Evaluation: each row is judged by its place, and a wrong link is never overlooked."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from migrate.diplomas.evaluate import evaluate, main, report
from migrate.diplomas.sample import make
from migrate.errors import InputError

TRUTH = ("row", "legacy_id", "degree_id", "person_id", "outcome", "note", "family", "namesake")


def write(path: Path, heading: tuple[str, ...], lines: list[tuple[str, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([heading, *lines])
    return path


def files(
    folder: Path, rows: list[tuple[str, str, str, str]], people: dict[str, tuple[str, str, str]]
) -> tuple[Path, Path]:
    """Files of rows (true outcome, true degree, outcome, degree); people: person, family, name."""
    truth, outcomes = [], []
    for place, (true, own, said, given) in enumerate(rows, start=2):
        person, family, namesake = people.get(own, ("", "f?", "n?"))
        truth.append((str(place), f"L{place}", own, person, true, "", family, namesake))
        outcomes.append((f"L{place}", said, given))
    write(
        folder / "relations.csv",
        ("degree_id", "person_id", "family", "twin", "namesake"),
        [(degree, who[0], who[1], "", who[2]) for degree, who in people.items()],
    )
    return (
        write(folder / "outcomes.csv", ("legacy_id", "outcome", "degree_id"), outcomes),
        write(folder / "truth.csv", TRUTH, truth),
    )


PEOPLE = {
    "own": ("P1", "f1", "n1"),
    "second": ("P1", "f1", "n1"),
    "sibling": ("P2", "f1", "n2"),
    "namesake": ("P3", "f3", "n1"),
    "stranger": ("P4", "f4", "n4"),
}


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("second", "second degree"),
        ("sibling", "twin or sibling"),
        ("namesake", "namesake"),
        ("stranger", "other"),
        ("", "other"),
    ],
)
@pytest.mark.parametrize("said", ["linked", "duplicate", "already_coded"])
def test_a_wrong_degree_is_a_wrong_link_of_its_kind(
    said: str, given: str, kind: str, tmp_path: Path
) -> None:
    result = evaluate(*files(tmp_path, [("linked", "own", said, given)], PEOPLE))
    assert [(link.row, link.outcome, link.right) for link in result.wrong] == [(2, said, "own")]
    assert {name for name, n in result.wrong_by_kind.items() if n} == {kind}
    assert not result.passed


def test_a_link_for_a_row_without_a_degree_is_wrong(tmp_path: Path) -> None:
    rows = [
        ("degree_missing", "", "linked", "stranger"),
        ("person_missing", "", "linked", "own"),
        ("linked", "own", "linked", "own"),
    ]
    assert [link.row for link in evaluate(*files(tmp_path, rows, PEOPLE)).wrong] == [2, 3]


def test_a_wrong_degree_in_a_case_is_no_wrong_link(tmp_path: Path) -> None:
    rows = [("linked", "own", "linked", "own"), ("linked", "own", "mismatch", "stranger")]
    result = evaluate(*files(tmp_path, rows, PEOPLE))
    assert result.wrong == ()
    assert (result.right, result.linkable) == (1, 2)


def test_shares_are_of_rows_that_can_be_told(tmp_path: Path) -> None:
    rows = [
        ("linked", "a", "linked", "a"),
        ("linked", "b", "linked", "b"),
        ("linked", "c", "ambiguous", ""),
        ("linked", "d", "quarantined", ""),
        ("already_coded", "e", "already_coded", "e"),
        ("duplicate", "a", "person_missing", ""),
        ("mismatch", "f", "mismatch", "f"),
        ("ambiguous", "g", "ambiguous", ""),
        ("quarantined", "h", "quarantined", ""),
    ]
    result = evaluate(*files(tmp_path, rows, {}))
    assert (result.right, result.linkable, result.share_linked) == (2, 4, 0.5)
    assert (result.needless, result.findable, result.lost) == (2, 6, 1)
    assert result.confusion["linked", "ambiguous"] == 1
    assert sum(result.confusion.values()) == result.rows == 9


def test_either_row_of_a_degree_keyed_twice_may_be_the_one_linked(tmp_path: Path) -> None:
    rows = [("linked", "own", "duplicate", "own"), ("duplicate", "own", "linked", "own")]
    result = evaluate(*files(tmp_path, rows, PEOPLE))
    assert (result.right, result.linkable) == (1, 1)
    assert result.passed
    # but a duplicate of nothing that is linked has no code to share
    alone = evaluate(*files(tmp_path, [("linked", "own", "duplicate", "own")], PEOPLE))
    assert alone.right == 0


def test_four_in_five_right_links_pass_and_fewer_do_not(tmp_path: Path) -> None:
    linked = [("linked", name, "linked", name) for name in "abcd"]
    sent = ("linked", "e", "mismatch", "e")
    outcomes, truth = files(tmp_path, [*linked, sent], {})
    assert main([str(outcomes), str(truth)]) == 0
    outcomes, truth = files(tmp_path, [*linked, sent, sent], {})
    assert main([str(outcomes), str(truth)]) == 1


def test_outcomes_of_other_rows_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes, truth = files(tmp_path, [("linked", "own", "linked", "own")] * 2, PEOPLE)
    heading = ("legacy_id", "outcome", "degree_id")
    for lines in (
        [("L2", "linked", "own")],
        [("L3", "linked", "own"), ("L2", "linked", "own")],
        [("L2", "linked", "own"), ("L3", "lost", "own")],
    ):
        write(outcomes, heading, lines)
        with pytest.raises(InputError):
            evaluate(outcomes, truth)
    write(outcomes, ("legacy_id", "outcome"), [])
    assert main([str(outcomes), str(truth)]) == 2
    assert main([str(tmp_path / "none.csv"), str(truth)]) == 2
    assert main([str(outcomes)]) == 2
    assert "degree_id" in capsys.readouterr().err


def test_the_truth_itself_passes_and_the_report_names_nobody(tmp_path: Path) -> None:
    made = make(tmp_path, degrees=1_000, records=300, form="design")
    with made.truth.open(encoding="utf-8", newline="") as stream:
        lines = [
            (line["legacy_id"], line["outcome"], line["degree_id"])
            for line in csv.DictReader(stream)
        ]
    outcomes = write(tmp_path / "outcomes.csv", ("legacy_id", "outcome", "degree_id"), lines)
    result = evaluate(outcomes, made.truth)
    assert result.passed
    assert result.share_linked == 1.0
    assert result.needless == result.lost == 0
    assert report(result).isascii()

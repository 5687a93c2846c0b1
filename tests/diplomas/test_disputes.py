"""Who stands for a degree that several records may be of, and who is left one."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_batch import DEGREE, RECORD, legacy, registry, strangers

from migrate.diplomas.disputes import Possibilities, Resolved, resolve
from migrate.diplomas.link import link
from migrate.diplomas.outcomes import Thresholds
from migrate.diplomas.terms import OUTCOMES

ACCEPT = 0.9999
Entry = tuple[int, int, float]


def resolved(
    *entries: Entry,
    apart: float = 60.0,
    shared: tuple[int, ...] = (),
    sound: bool = True,
    accept: float = ACCEPT,
) -> dict[int, int | None]:
    """The item for which each record stands. ``shared`` numbers entries."""
    found, _ = weighed(*entries, apart=apart, shared=shared, sound=sound, accept=accept)
    return {
        int(record): entries[chosen][1] if stands else None
        for record, chosen, stands in zip(found.record, found.chosen, found.stands, strict=True)
    }


def weighed(
    *entries: Entry,
    apart: float = 60.0,
    shared: tuple[int, ...] = (),
    sound: bool = True,
    accept: float = ACCEPT,
) -> tuple[Resolved, list[float]]:
    record, item, probability = (np.array(part) for part in zip(*entries, strict=True))
    flags = np.zeros(len(record), dtype=bool)
    flags[list(shared)] = True
    may = Possibilities(record, item, probability, flags, np.full(len(record), sound))
    found = resolve(may, lambda one, *_: np.full(len(one), apart), accept)
    return found, found.probability.tolist()


def test_the_best_assignment_of_all_is_taken_where_the_likeliest_first_would_be_wrong() -> None:
    # by the likeliest first, record 0 would take item 1 and leave record 1 with nothing
    entries = ((0, 0, 0.05), (0, 1, 0.949999), (1, 1, 0.5), (1, 2, 0.4999999), (2, 2, 1 - 1e-9))
    assert resolved(*entries) == {0: 0, 1: 1, 2: 2}


def test_a_chain_of_which_the_end_is_not_sure_holds_nobody_off() -> None:
    entries = ((0, 0, 0.05), (0, 1, 0.949999), (1, 1, 0.5), (1, 2, 0.4999999), (2, 2, 0.99))
    assert resolved(*entries) == {0: None, 1: None, 2: None}


def test_a_near_tie_is_not_picked() -> None:
    assert resolved((0, 0, 0.5), (0, 1, 0.4999999)) == {0: None}
    assert resolved((0, 0, 0.999999), (1, 0, 0.999999)) == {0: None, 1: None}


def test_the_surer_of_two_stands_only_if_it_is_as_sure_as_asked_for_given_both() -> None:
    # one of the two is wrong: that it is the first is 2**-10 as likely, and then 2**-16
    assert resolved((0, 0, 1 - 2.0**-24), (1, 0, 1 - 2.0**-14)) == {0: None, 1: None}
    assert resolved((0, 0, 1 - 2.0**-30), (1, 0, 1 - 2.0**-14)) == {0: 0, 1: None}


def test_of_two_who_want_one_the_probability_is_that_of_all_ways_together() -> None:
    # only the first, only the second, neither: 0.9 x 0.4, 0.1 x 0.6 and 0.1 x 0.4
    _, probability = weighed((0, 0, 0.9), (1, 0, 0.6), accept=0.5)
    assert probability[0] == pytest.approx(0.36 / (0.36 + 0.06 + 0.04))


def test_records_that_may_share_a_degree_leave_each_other_nothing() -> None:
    entries = ((0, 0, 0.5), (0, 1, 0.4999999), (1, 1, 1 - 1e-9))
    assert resolved(*entries) == {0: 0, 1: 1}
    assert resolved(*entries, shared=(1,), apart=0.0) == {0: None, 1: 1}
    # what keeps them apart is finite: a thousand to one is less than is asked for
    assert resolved(*entries, apart=10.0) == {0: None, 1: 1}
    assert resolved(*entries, apart=10.0, accept=0.99) == {0: 0, 1: 1}


def test_a_record_that_may_be_none_of_its_degrees_is_not_left_the_last_one() -> None:
    assert resolved((0, 0, 0.5), (0, 1, 0.45), (1, 1, 1 - 1e-9)) == {0: None, 1: 1}


def test_what_is_not_sound_stands_for_nothing_and_holds_nobody_off() -> None:
    entries = ((0, 0, 0.5), (0, 1, 0.4999999), (1, 1, 1 - 1e-9))
    assert resolved(*entries, sound=False) == {0: None, 1: None}


@given(st.data())
def test_neither_the_order_nor_a_record_elsewhere_changes_who_stands(data: st.DataObject) -> None:
    chance = st.sampled_from([0.001, 0.02, 0.3, 0.49, 0.97, 0.9999, 1 - 1e-7])
    cells = st.tuples(st.integers(0, 4), st.integers(0, 4))
    entries: list[Entry] = []
    left = dict.fromkeys(range(5), 1.0)
    for record, item in data.draw(st.lists(cells, unique=True, min_size=1)):
        probability = left[record] * data.draw(chance)
        left[record] -= probability
        entries.append((record, item, probability))
    bits = data.draw(st.sampled_from([0.0, 12.0, 60.0]))
    stands = resolved(*entries, apart=bits)
    assert resolved(*data.draw(st.permutations(entries)), apart=bits) == stands
    more = resolved(*entries, (9, 9, 1 - 1e-9), apart=bits)
    assert more == stands | {9: 9}
    held = [item for item in stands.values() if item is not None]
    assert len(held) == len(set(held))


def lines(*records: dict[str, str], degrees: tuple[dict[str, str], ...] = (DEGREE,)) -> Any:
    named = [{"legacy_id": f"L{n}"} | record for n, record in enumerate(records, start=1)]
    return _linked(named, degrees)


def _linked(records: list[dict[str, str]], degrees: tuple[dict[str, str], ...]) -> Any:
    rows = link(legacy(*records), registry(*degrees)).outcomes.to_pylist()
    assert len(rows) == len(records)
    assert all(row["outcome"] in OUTCOMES and row["reason"] for row in rows)
    return {row["legacy_id"]: row for row in rows}


def without(record: dict[str, str], *fields: str) -> dict[str, str]:
    return {name: value for name, value in record.items() if name not in fields}


TWIN = DEGREE | {
    "degree_id": "D9",
    "person_id": "P9",
    "first_name": "علیرضا",
    "birth_cert_no": "413",
}
MASTER = DEGREE | {
    "degree_id": "D2",
    "degree": "کارشناسی ارشد",
    "graduation_date": "1361-11-20",
}


def test_a_sure_twin_does_not_make_the_other_out_of_a_record_without_a_first_name() -> None:
    vague = without(RECORD, "first_name", "birth_cert_no")
    found = lines(RECORD, vague, degrees=(DEGREE, TWIN))
    assert (found["L1"]["outcome"], found["L1"]["degree_id"]) == ("linked", "D1")
    # it contradicts nothing in the first record: it may be that one's second paper
    assert (found["L2"]["outcome"], found["L2"]["degree_id"]) == ("ambiguous", None)


def test_a_number_that_differs_alone_leaves_no_record_the_other_degree() -> None:
    sure = RECORD | {"diploma_no": "1234", "document_type": "دانشنامه"}
    vague = without(RECORD, "degree", "graduation_date") | {
        "diploma_no": "98765",
        "document_type": "دانشنامه",
    }
    found = lines(sure, vague, degrees=(DEGREE, MASTER))
    assert (found["L1"]["outcome"], found["L1"]["degree_id"]) == ("linked", "D1")
    assert found["L2"]["outcome"] == "ambiguous"


def amid_others(*records: dict[str, str]) -> pa.Table:
    """These and a record of each stranger: without, a degree's second is likelier than a first."""
    others = [without(degree, "degree_id", "person_id") for degree in strangers()]
    numbered = [degree | {"legacy_id": f"L{number}"} for number, degree in enumerate(others)]
    return legacy(*records, *numbered)


def test_a_degree_that_others_leave_is_linked_as_sure_as_they_leave_it() -> None:
    sure = RECORD | {"legacy_id": "sure", "diploma_no": "1234", "document_type": "دانشنامه"}
    vague = without(RECORD, "degree", "graduation_date") | {
        "legacy_id": "vague",
        "diploma_no": "98765",
        "document_type": "دانشنامه",
    }
    records, table = amid_others(sure, vague), registry(DEGREE, MASTER)
    strict, found = (
        link(records, table, thresholds=Thresholds(accept=accept)) for accept in (0.9999, 0.6)
    )
    assert strict.outcomes.column("outcome").to_pylist()[:2] == ["linked", "ambiguous"]
    first, second = found.outcomes.to_pylist()[:2]
    assert (first["outcome"], first["degree_id"]) == ("linked", "D1")
    assert (second["outcome"], second["degree_id"]) == ("linked", "D2")
    # by itself it was less than even; the number that differs is worth a few bits only
    assert 0.6 < float(second["probability"]) < 0.99
    assert "the others as near are surely other records'" in second["reason"]
    rivals = found.candidates.filter(pc.field("rival") & (pc.field("legacy_id") == "vague"))
    assert rivals.column("degree_id").to_pylist() == ["D2"]


def test_what_differs_of_a_person_tells_nothing_between_that_persons_degrees() -> None:
    sure = RECORD | {"legacy_id": "sure"}
    vague = without(RECORD, "degree", "graduation_date") | {
        "legacy_id": "vague",
        "father_name": "پرویز",
        "birth_cert_no": "۹۹۸۷",
    }
    degrees = [without(degree, "father_name", "birth_cert_no") for degree in (DEGREE, MASTER)]
    found = link(
        amid_others(sure, vague), registry(*degrees), thresholds=Thresholds(accept=0.6)
    ).outcomes.to_pylist()
    assert [row["outcome"] for row in found[:2]] == ["linked", "ambiguous"]


def test_two_equally_sure_records_that_disagree_are_both_mismatches() -> None:
    one = RECORD | {"diploma_no": "1234", "document_type": "دانشنامه"}
    other = RECORD | {"diploma_no": "98765", "document_type": "دانشنامه"}
    found = lines(one, other)
    for mine, named in (("L1", "L2 (row 3)"), ("L2", "L1 (row 2)")):
        assert found[mine]["outcome"] == "mismatch"
        assert found[mine]["contradicts"] == "diploma_no"
        assert f"{named} claims the same degree" in found[mine]["reason"]


def test_a_duplicate_agrees_with_every_record_of_its_degree() -> None:
    # the first two agree with the third, which lacks what they disagree in
    one = RECORD | {"diploma_no": "1234", "document_type": "دانشنامه"}
    other = RECORD | {"diploma_no": "98765", "document_type": "دانشنامه"}
    neither = RECORD | {"document_type": "دانشنامه"}
    found = lines(one, other, neither)
    assert [row["outcome"] for row in found.values()] == ["mismatch"] * 3
    assert found["L1"]["contradicts"] == found["L2"]["contradicts"] == "diploma_no"
    assert found["L3"]["contradicts"] is None
    assert "not all records that do agree with each other" in found["L3"]["reason"]


def test_records_that_agree_are_one_claim_however_many() -> None:
    found = lines(RECORD, RECORD, without(RECORD, "birth_place"), RECORD)
    assert sorted(row["outcome"] for row in found.values()) == ["duplicate"] * 3 + ["linked"]
    many = lines(*[RECORD] * 70)
    assert sorted(row["outcome"] for row in many.values()) == ["duplicate"] * 69 + ["linked"]


def test_the_order_of_rows_changes_no_outcome() -> None:
    number = {"document_type": "دانشنامه"}
    records = [
        RECORD | number | {"diploma_no": "1234"},
        RECORD | number | {"diploma_no": "98765"},
        without(RECORD, "degree", "graduation_date"),
        without(RECORD, "first_name", "birth_cert_no"),
        RECORD | {"degree": "فوق لیسانس", "graduation_date": "۱۳۶۱/۱۱/۲۰"},
        RECORD | {"degree": "فوق لیسانس", "graduation_date": "۱۳۶۱"},
        RECORD | {"first_name": "علیرضا", "birth_cert_no": "۴۱۳"},
    ]
    named = [record | {"legacy_id": f"L{n}"} for n, record in enumerate(records)]
    degrees = (DEGREE, TWIN, MASTER)
    columns = ("outcome", "degree_id", "probability", "margin", "contradicts")
    straight = _linked(named, degrees)
    kinds = {row["outcome"] for row in straight.values()}
    assert {"linked", "mismatch", "ambiguous", "duplicate"} <= kinds
    table = registry(*degrees)
    for seed in range(3):
        mixed, draw = list(named), random.Random(seed)
        draw.shuffle(mixed)
        turned = draw.sample(range(table.num_rows), table.num_rows)
        found = link(legacy(*mixed), table.take(pa.array(turned))).outcomes.to_pylist()
        assert len(found) == len(named)
        for row in found:
            assert {name: row[name] for name in columns} == {
                name: straight[row["legacy_id"]][name] for name in columns
            }


def accepting_only(which: str, *records: dict[str, str], degrees: Any) -> Any:
    """The outcomes where ``accept`` is just what record ``which`` reaches by itself."""
    staged, table = legacy(*records), registry(*degrees)
    before = link(staged, table).outcomes.to_pylist()
    (reached,) = (float(row["probability"]) for row in before if row["legacy_id"] == which)
    found = link(staged, table, thresholds=Thresholds(accept=reached - 1e-8)).outcomes
    return {row["legacy_id"]: row for row in found.to_pylist()}


NUMBERED = RECORD | {"legacy_id": "claim", "diploma_no": "1234", "document_type": "دانشنامه"}
OTHER_NUMBER = NUMBERED | {"legacy_id": "other", "diploma_no": "98765"}


def test_a_claim_barely_sure_by_itself_falls_to_a_record_that_may_be_of_its_degree() -> None:
    claim = without(NUMBERED, "graduation_date")
    vague = without(OTHER_NUMBER, "degree", "graduation_date")
    alone = accepting_only("claim", claim, degrees=(DEGREE, MASTER))
    assert alone["claim"]["outcome"] == "linked"
    found = accepting_only("claim", claim, vague, degrees=(DEGREE, MASTER))
    assert found["other"]["outcome"] == "ambiguous"
    assert (found["claim"]["outcome"], found["claim"]["contradicts"]) == ("mismatch", "diploma_no")
    assert found["claim"]["reason"] == (
        "legacy record other (row 3) may be of the same degree, and they disagree in diploma_no"
    )


def test_a_claim_barely_sure_by_itself_falls_to_one_on_thin_evidence() -> None:
    claim, thin = NUMBERED, without(OTHER_NUMBER, "graduation_date")
    found = accepting_only("claim", claim, thin, degrees=(DEGREE, MASTER))
    assert [row["outcome"] for row in found.values()] == ["mismatch", "mismatch"]
    assert found["claim"]["contradicts"] == "diploma_no"
    assert "other (row 3) claims the same degree" in found["claim"]["reason"]
    assert "evidence is thin" in found["other"]["reason"]
    agreeing = thin | {"diploma_no": "1234"}
    found = accepting_only("claim", claim, agreeing, degrees=(DEGREE, MASTER))
    assert found["claim"]["outcome"] == "linked"
    assert found["other"]["outcome"] == "mismatch"

"""Requests through their batches: the whole way once, and every step of it killed and done again."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from batch_room import Running, _shared, migrate, rows_of
from sqlalchemy import select

from migrate.batch import manifest as manifests
from migrate.batch import requests as module
from migrate.batch import run as runs
from migrate.batch import samples
from migrate.batch.requests import release, run, source_of, write_source
from migrate.batch.settings import Settings
from migrate.codes import policy
from migrate.codes.issuing import IssueRequest
from migrate.codes.requests import FIELDS, Request, request_of
from migrate.codes.tracking import new_tracking_no
from migrate.diplomas.schema import LEGACY
from migrate.errors import InputError, RunError
from migrate.intake.quarantine import Problem, write_quarantine
from migrate.intake.sources import open_source
from migrate.review.cases import Case
from migrate.store import request_batches
from migrate.store.cases import cases_of_batch, save_cases
from migrate.store.codes import codes_of_batch, issue, ledger
from migrate.store.engine import open_store, reading
from migrate.store.public_tables import RequestEventRow
from migrate.store.request_status import listed, status
from migrate.store.requests import Pending, pending, submit, submit_all

RECORD = {"first_name": "مریم", "last_name": "کاظمی", "university": "دانشگاه تهران"}
# what the sample says of the rows that are sent as requests
WANTED = ("linked", "mismatch", "already_coded", "person_missing")


@dataclass(frozen=True)
class Sent:
    """Requests that went the whole way: their tracking numbers by what the sample says of them."""

    reports: Path
    numbers: dict[str, str]
    added: dict[str, Any]
    again: dict[str, Any]
    ran: dict[str, Any]


@pytest.fixture(scope="session")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    """A file of requests, added, run, killed while codes are issued, and run to the end."""

    def make(folder: Path) -> None:
        made = samples.make_once(folder / "sample", degrees=2000, records=200, form="design")
        outcomes = {row["legacy_id"]: row["outcome"] for row in rows_of(Path(made["truth"]))}
        with Path(made["source"]).open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        # of each kind the one that says most: evidence enough in a small batch too
        chosen = {
            wanted: max(
                (row for row in rows if outcomes[row["legacy_id"]] == wanted),
                key=lambda row: sum(map(bool, row.values())),
            )
            for wanted in WANTED
        }
        path = folder / "requests.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            lines = csv.DictWriter(stream, [*LEGACY.names, "channel", "applied_on"])
            lines.writeheader()
            for row in chosen.values():
                lines.writerow({**row, "channel": "", "applied_on": ""})
            lines.writerow({**rows[0], "channel": "letter", "applied_on": "۱۴۰۲/۵/۱"})
        reports = folder / "reports"
        store = ["--reports", str(reports)]
        added = migrate("request", "add", str(path), *store, "--json")
        again = migrate("request", "add", str(path), *store, "--json")
        assert (added.code, again.code) == (0, 0), added.err + again.err
        numbers = [one["tracking_no"] for one in json.loads(added.out)["receipts"]]
        # what no file would let through, so that the suite has something to find
        engine = open_store(f"sqlite:///{reports / 'store.sqlite'}")
        spoiled = Request("graduate", "", {**RECORD, "first_name": "۱۲۳"})
        quarantined = submit(engine, spoiled).tracking_no
        engine.dispose()
        options = ["request", "run", "--registry", made["registry"], *store]
        running = Running(*options, log=folder / "first.log")
        running.wait_for(lambda: running.started("5-issue"), "start of 5-issue")
        running.kill()
        ended = migrate(*options, "--json")
        assert ended.code == 0, ended.err
        told = {
            "numbers": dict(zip((*WANTED, "letter"), numbers, strict=True))
            | {"quarantined": quarantined},
            "added": json.loads(added.out),
            "again": json.loads(again.out),
            "ran": json.loads(ended.out),
        }
        (folder / "told.json").write_text(json.dumps(told))

    folder = _shared(tmp_path_factory, "requests", make)
    return Sent(folder / "reports", **json.loads((folder / "told.json").read_text()))


def told(sent: Sent, name: str) -> dict[str, Any]:
    engine = open_store(f"sqlite:///{sent.reports / 'store.sqlite'}")
    found = status(engine, sent.numbers[name])
    engine.dispose()
    assert found is not None
    return asdict(found)


def test_each_request_comes_to_its_end(sent: Sent) -> None:
    states = [receipt["state"] for receipt in sent.added["receipts"]]
    assert states == ["received"] * 4 + ["refused"]
    assert all(receipt["repeated"] for receipt in sent.again["receipts"])
    assert [one["tracking_no"] for one in sent.again["receipts"]] == [
        one["tracking_no"] for one in sent.added["receipts"]
    ]
    assert sent.ran == {
        "ran": [
            {
                "batch": "requests-0001",
                "left": 0,
                "states": {"issued": 2, "refused": 1, "with_university": 2},
            }
        ],
        "elsewhere": [],
    }
    linked = told(sent, "linked")
    assert (linked["state"], linked["rule"]) == ("issued", "linked")
    coded = told(sent, "already_coded")
    assert (coded["state"], coded["rule"]) == ("issued", "already-coded")
    letter = told(sent, "letter")
    assert (letter["state"], letter["rule"]) == ("refused", "letter-no-more")
    assert "خودش درخواست" in letter["instead"]["fa"]
    quarantined = told(sent, "quarantined")
    assert (quarantined["state"], quarantined["rule"]) == ("refused", "quarantined")
    assert "در نام هیچ حرفی نیست" in quarantined["words"]["fa"]
    assert "the first name has no letter in it" in quarantined["words"]["en"]
    assert [step["state"] for step in linked["history"]] == ["received", "linking", "issued"]


def test_a_case_of_a_request_goes_to_its_university_as_others_do(sent: Sent) -> None:
    folder = sent.reports / "requests-0001"
    cases = {row["legacy_id"]: row for row in rows_of(folder / "cases.csv")}
    for name in ("mismatch", "person_missing"):
        found = told(sent, name)
        assert found["state"] == "with_university"
        assert found["case_id"] == cases[sent.numbers[name]]["case_id"]
    packets = list((folder / "packets").glob("*/cases.xlsx"))
    assert len(packets) == len({row["university"] for row in cases.values()})


def test_the_batch_is_one_like_any_other(sent: Sent) -> None:
    outcomes = rows_of(sent.reports / "requests-0001" / "outcomes.csv")
    refused = sent.numbers["letter"]
    assert {row["legacy_id"] for row in outcomes} == set(sent.numbers.values()) - {refused}
    engine = open_store(f"sqlite:///{sent.reports / 'store.sqlite'}")
    (code,) = codes_of_batch(engine, "requests-0001")
    (event,) = ledger(engine)
    assert code.legacy_id == event.legacy_id == sent.numbers["linked"]
    assert json.loads(event.payload)["channel"] == "graduate"
    engine.dispose()
    shown = migrate("request", "list", "--state", "issued", "--reports", str(sent.reports))
    assert code.code in shown.out
    public = migrate("request", "status", code.legacy_id, "--reports", str(sent.reports))
    assert code.code not in public.out
    assert code.degree_id not in public.out
    source = source_of(sent.reports, "requests-0001")
    assert source.parent.stat().st_mode & 0o077 == 0


def test_nothing_pending_is_said_and_nothing_done(sent: Sent) -> None:
    registry = sent.reports.parent / "sample" / "registry.csv"
    before = sorted(path.name for path in sent.reports.iterdir())
    ended = migrate("request", "run", "--registry", str(registry), "--reports", str(sent.reports))
    assert (ended.code, ended.out) == (0, "no request is pending\n")
    assert sorted(path.name for path in sent.reports.iterdir()) == before


# ---- killed at any step: the batch itself is stood in for, its own kills are tested elsewhere


@dataclass
class Desk:
    """A store with requests, and a registry; batches on it are made in no time."""

    address: str
    registry: str
    reports: Path
    numbers: list[str]

    def run(self) -> module.Running:
        return run(self.registry, self.address, self.reports)

    def events(self) -> dict[str, list[tuple[str, str | None]]]:
        engine = open_store(self.address)
        found: dict[str, list[tuple[str, str | None]]] = {}
        with reading(engine) as connection:
            rows = connection.execute(
                select(
                    RequestEventRow.tracking_no, RequestEventRow.state, RequestEventRow.batch
                ).order_by(RequestEventRow.tracking_no, RequestEventRow.n)
            ).all()
        engine.dispose()
        for number, state, batch in rows:
            found.setdefault(number, []).append((state, batch))
        return found


def asked(number: int) -> Request:
    return request_of({**RECORD, "diploma_no": str(number)}, channel="graduate")


def outcome_of(record: dict[str, str]) -> str:
    return ("linked", "mismatch", "quarantined", "already_coded")[int(record["diploma_no"]) % 4]


def batch_in_no_time(settings: Settings, *, watch: object = None) -> None:
    """What a batch leaves that settling reads, and what it leaves in the store."""
    del watch
    folder, batch = settings.folder, settings.batch
    if manifests.read(folder) is None:
        folder.mkdir(parents=True)
        manifests.write(folder, manifests.new(settings))
    records = rows_of(Path(settings.source))
    by_outcome: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for row, record in enumerate(records, start=2):
        by_outcome.setdefault(outcome_of(record), []).append((row, record))
    engine = open_store(settings.store)
    cases = [
        Case(
            case_id=f"C-{record['legacy_id']}",
            version=1,
            batch=batch,
            row=row,
            legacy_id=record["legacy_id"],
            outcome="mismatch",
            university_id="tehran",
            university=record["university"],
            legacy={},
            legacy_read={},
            candidates=(),
            contradicts=(),
            reason="",
            page_ref=None,
        )
        for row, record in by_outcome.get("mismatch", [])
    ]
    save_cases(engine, cases)
    requests = [
        IssueRequest(f"D{record['diploma_no']}", record["legacy_id"], batch, {"first_name": "م"})
        for _, record in by_outcome.get("linked", [])
    ]
    issue(engine, requests, batch=batch, actor="test")
    engine.dispose()
    problems = [
        Problem(row, record["legacy_id"], "first_name", "x", "rule", "bad | بد")
        for row, record in by_outcome.get("quarantined", [])
    ]
    write_quarantine(folder / "quarantine.csv", problems, batch=batch)
    with (folder / "cases.csv").open("w") as stream:
        lines = csv.writer(stream)
        lines.writerow(["case_id", "legacy_id"])
        lines.writerows((case.case_id, case.legacy_id) for case in cases)
    with (folder / "outcomes.csv").open("w") as stream:
        lines = csv.writer(stream)
        lines.writerow(["legacy_id", "outcome", "degree_id"])
        for record in records:
            degree = "" if outcome_of(record) == "quarantined" else f"D{record['diploma_no']}"
            lines.writerow([record["legacy_id"], outcome_of(record), degree])


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path / 'store.sqlite'}"
    else:
        address = str(request.getfixturevalue("postgres"))
    registry = tmp_path / "registry.csv"
    registry.write_text(
        "degree_id,person_id,first_name,last_name,university\nD1,P1,مریم,کاظمی,دانشگاه تهران\n"
    )
    monkeypatch.setattr(runs, "run", batch_in_no_time)
    monkeypatch.setattr(
        runs,
        "resume",
        lambda batch, reports, watch=None: runs.run(runs.stored_settings(batch, reports)),
    )
    engine = open_store(address)
    numbers = [one.tracking_no for one in submit_all(engine, [asked(n) for n in range(8)])]
    engine.dispose()
    return Desk(address, str(registry), tmp_path / "reports", numbers)


Step = Callable[[pytest.MonkeyPatch], None]


def killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def after(target: object, name: str, call: int = 1) -> Step:
    """A kill right after a function has done its work, when it is called so often."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        done, calls = getattr(target, name), []

        def do_and_die(*given: Any, **named: Any) -> Any:
            found = done(*given, **named)
            calls.append(name)
            if len(calls) == call:
                raise KeyboardInterrupt
            return found

        monkeypatch.setattr(target, name, do_and_die)

    return patch


def before(target: object, name: str) -> Step:
    """A kill right before a function does its work."""
    return lambda monkeypatch: monkeypatch.setattr(target, name, killed)


STEPS = {
    "the source is not written": before(module, "write_source"),
    "the source is written": after(module, "write_source"),
    "the batch is being entered": after(request_batches, "insert_all"),
    "the batch is entered": after(request_batches, "take"),
    "the batch has not begun": before(runs, "run"),
    "the manifest is written": after(manifests, "write"),
    "codes are issued": before(sys.modules[__name__], "write_quarantine"),
    "the batch has ended": after(runs, "run"),
    "nothing is settled": before(request_batches, "settle"),
    "it is being settled": after(request_batches, "insert_all", call=2),
    "all is settled": after(request_batches, "settle"),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_loses_no_request_and_doubles_none(
    step: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killing:
        STEPS[step](killing)
        with pytest.raises(KeyboardInterrupt):
            desk.run()
    # what comes in meanwhile waits its turn, or goes along where nothing was taken yet
    engine = open_store(desk.address)
    late = submit(engine, asked(8)).tracking_no
    desk.run()
    states = {one.tracking_no: one.state for one in listed(engine)}
    assert pending(engine) == []
    assert request_batches.unsettled(engine) == {}
    assert states.keys() == {*desk.numbers, late}
    assert Counter(states.values()) == {"issued": 5, "with_university": 2, "refused": 2}
    for number, steps in desk.events().items():
        assert [state for state, _ in steps] == ["received", "linking", states[number]]
        assert len({batch for _, batch in steps[1:]}) == 1
    batches = {steps[1][1] for steps in desk.events().values()}
    assert batches <= {"requests-0001", "requests-0002"}
    held = [row["legacy_id"] for name in batches for row in rows_of(source_of(desk.reports, name))]
    assert sorted(held) == sorted(states)
    # a code for each that was linked, and a case for each that a university has
    codes = [code.legacy_id for name in batches for code in codes_of_batch(engine, name)]
    cases = [case.legacy_id for name in batches for case in cases_of_batch(engine, name)]
    assert len(codes) == len(ledger(engine)) == 3
    assert sorted(cases) == sorted(n for n, state in states.items() if state == "with_university")
    engine.dispose()
    assert desk.run() == module.Running(ran=(), elsewhere=())


def test_a_second_run_at_once_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = []

    def meanwhile(settings: Settings, *, watch: object = None) -> None:
        with pytest.raises(RunError) as refused:
            desk.run()
        lines.append(str(refused.value))
        batch_in_no_time(settings, watch=watch)

    monkeypatch.setattr(runs, "run", meanwhile)
    assert len(desk.run().ran) == 1
    assert "another process is at work" in lines[0]
    assert all(len(steps) == 3 for steps in desk.events().values())


def test_the_store_is_not_open_while_a_batch_runs(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look at an SQLite file in the meantime would lose its locks, and its log with them."""
    held = []

    def meanwhile(settings: Settings, *, watch: object = None) -> None:
        open_files = [os.path.realpath(path) for path in Path("/proc/self/fd").iterdir()]
        held.extend(path for path in open_files if "store.sqlite" in path)
        batch_in_no_time(settings, watch=watch)

    monkeypatch.setattr(runs, "run", meanwhile)
    assert len(desk.run().ran) == 1
    assert held == []


def test_another_folder_over_the_same_store_leaves_a_batch_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as killing:
        STEPS["the batch is entered"](killing)
        with pytest.raises(KeyboardInterrupt):
            desk.run()
    engine = open_store(desk.address)
    late = submit(engine, asked(8)).tracking_no
    other = replace(desk, reports=tmp_path / "others")
    done = other.run()
    assert done.elsewhere == ("requests-0001",)
    assert [one.batch for one in done.ran] == ["requests-0002"]
    assert [row["legacy_id"] for row in rows_of(source_of(other.reports, "requests-0002"))] == [
        late
    ]
    assert [one.batch for one in desk.run().ran] == ["requests-0001"]
    assert request_batches.unsettled(engine) == {}
    engine.dispose()


def test_a_batch_that_cannot_go_on_is_released(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(_settings: Settings, *, watch: object = None) -> None:
        raise InputError("the registry as a whole breaks an expectation")

    with monkeypatch.context() as breaking:
        breaking.setattr(runs, "run", broken)
        with pytest.raises(InputError, match="as a whole"):
            desk.run()
    said = {"actor": "a", "reason": "wrong registry"}
    with pytest.raises(InputError, match="was not begun in this reports folder"):
        release("requests-0001", desk.address, tmp_path, lost=False, **said)
    assert release("requests-0001", desk.address, desk.reports, lost=False, **said) == 8
    (ran,) = desk.run().ran
    assert (ran.batch, sum(ran.states.values())) == ("requests-0002", 8)
    with pytest.raises(InputError, match="no request is on its way"):
        release("requests-0002", desk.address, tmp_path, lost=True, **said)


def test_a_folder_that_is_there_already_is_no_batch_of_requests(desk: Desk) -> None:
    (desk.reports / "requests-0001").mkdir(parents=True)
    (ran,) = desk.run().ran
    assert ran.batch == "requests-0002"


def test_no_request_is_taken_where_an_input_cannot_be_used(desk: Desk) -> None:
    for registry in ("none.csv", f"sqlite:///{desk.reports.parent / 'none.sqlite'}#degrees"):
        with pytest.raises(InputError):
            run(registry, desk.address, desk.reports)
    assert {steps[-1] for steps in desk.events().values()} == {("received", None)}
    assert not desk.reports.exists()


def test_what_is_linked_and_not_issued_is_left_or_refused_by_rule(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "issue", lambda *_, **__: None)
    (ran,) = desk.run().ran
    assert ran.left == 2
    # the rules have changed since these were received
    found = policy.load()
    closed = tuple(
        replace(rule, allowed=False, instead=rule.words) if rule.id == "graduate-always" else rule
        for rule in found.rules
    )
    monkeypatch.setattr(policy, "_own", lambda: replace(found, rules=closed))
    (ran,) = desk.run().ran
    assert (ran.left, ran.states["refused"]) == (0, 4)
    engine = open_store(desk.address)
    told = [status(engine, number) for number in desk.numbers]
    assert sum(one is not None and one.rule == "graduate-always" for one in told) == 2
    engine.dispose()


@pytest.mark.parametrize("seed", range(3))
def test_whatever_a_request_says_its_batch_reads_it_as_it_was_sent(
    tmp_path: Path, seed: int
) -> None:
    hostile = [
        'a "quoted", comma; semicolon\ttab',
        "=cmd|'/C calc'!A0",
        "'; DROP TABLE codes; --",
        "\u200fعلی\u200c رضا\u202e",
        "sep=;",
        "legacy_id,first_name,last_name",
        "ردیف | نام | نام خانوادگی",
        "<script>alert(1)</script>",
        "NULL",
        '""',
        "😀 \u0301",
    ]
    optional = [name for name in FIELDS if name not in LEGACY.required and name != "national_id"]
    sent = []
    for at, text in enumerate(hostile):
        own = {name: hostile[(at + n * seed) % len(hostile)] for n, name in enumerate(optional)}
        record = request_of({**RECORD, **own, "page_ref": text}, channel="graduate").record
        sent.append(Pending(new_tracking_no(), "graduate", "1405-01-01", "", dict(record)))
    path = tmp_path / "source.csv"
    write_source(path, sent)
    opened = open_source(str(path), LEGACY)
    table = [row for batch in opened.batches() for row in batch.table.to_pylist()]
    assert [row["raw_legacy_id"] for row in table] == [one.tracking_no for one in sent]
    for row, one in zip(table, sent, strict=True):
        for name in FIELDS:
            assert (row[f"raw_{name}"] or "") == one.record.get(name, ""), name

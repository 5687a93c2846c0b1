"""`migrate audit`, as it is typed: from the first key to a bundle that an auditor checks."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from batch_room import Ended, Room, Whole

from migrate import cli
from migrate.codes.issuing import IssueRequest
from migrate.store.batches import begin
from migrate.store.codes import issue
from migrate.store.engine import open_store

NAME = "codes.example.ir/ledger"
BY = ("--by", "Z. Karimi", "--reason", "letter 12")

Migrate = Callable[..., Ended]


@pytest.fixture
def migrate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Migrate:
    """The command, in this process, on the store of ``tmp_path``."""
    monkeypatch.delenv("MIGRATE_LEDGER_KEY", raising=False)
    monkeypatch.delenv("MIGRATE_REPORTS", raising=False)
    monkeypatch.setenv("MIGRATE_STORE", f"sqlite:///{tmp_path / 'store.sqlite'}")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["migrate", "audit", *map(str, arguments)])
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return run


def fill(store: Path, count: int, batch: str = "b1") -> list[str]:
    engine = open_store(f"sqlite:///{store}")
    begin(engine, batch, batch[1] * 64)
    asked = [
        IssueRequest(f"D{batch}{n}", f"L{n}", batch, {"first_name": "علی"}) for n in range(count)
    ]
    issued = issue(engine, asked, batch=batch, actor="test").issued
    engine.dispose()
    return [one.code for one in issued]


def test_the_whole_way_from_a_key_to_an_auditor(migrate: Migrate, tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    codes = fill(store, 5)
    made = migrate("key", "new", "first.pem", "--name", NAME)
    vkey = made.out.strip()
    assert (made.code, vkey.split("+")[0]) == (0, NAME)
    private = (tmp_path / "first.pem").read_text()
    assert stat.S_IMODE((tmp_path / "first.pem").stat().st_mode) == 0o600

    assert "the log has no key" in migrate("key", "list").out
    unsigned = migrate("verify")
    assert unsigned.code == 0
    assert "mind: no head is signed" in unsigned.out
    added = migrate("key", "add", "first.pem", *BY)
    assert added.out.startswith(f"{NAME}\n6\n")
    fill(store, 3, "b2")
    signed = migrate("sign", "--key", "first.pem")
    assert signed.out.startswith(f"{NAME}\n9\n")
    assert (tmp_path / "first.pem.head").read_text() == signed.out
    assert migrate("sign", "--key", "first.pem", "--json").out.count(NAME) >= 1

    assert migrate("heads", "--out", "held").out.startswith("2 signed heads written to held, 0")
    assert migrate("heads", "--out", "held").out.startswith("0 signed heads written to held, 2")
    names = sorted(path.name for path in (tmp_path / "held").iterdir())
    assert [name[:13] for name in names] == ["000000000006-", "000000000009-"]

    good = migrate("verify", "--witness", f"held/{names[0]}", "--key", vkey, "--json")
    found = json.loads(good.out)
    assert (good.code, found["fits"], found["size"], found["signed"]) == (0, True, 9, 9)
    assert (found["codes"], found["witnesses"], found["findings"]) == (8, 1, [])
    both = migrate("verify", "--witness", *(f"held/{name}" for name in names))
    assert "2 heads of witnesses" in both.out
    assert both.out.endswith("all of it fits\n")

    assert migrate("bundle", "--out", "log.jsonl").code == 0
    opened = migrate(
        "bundle",
        "--code",
        codes[2],
        "--disclose",
        "--out",
        "code.jsonl",
        "--witness",
        f"held/{names[0]}",
    )
    assert opened.out == "wrote code.jsonl: up to the signed head of 9 events\n"
    assert stat.S_IMODE((tmp_path / "code.jsonl").stat().st_mode) == 0o600
    assert codes[2] not in (tmp_path / "log.jsonl").read_text(encoding="utf-8")
    assert migrate("verifier", "--out", "verifier.py").code == 0
    assert migrate("verifier").out == (tmp_path / "verifier.py").read_text(encoding="utf-8")
    for bundle in ("log.jsonl", "code.jsonl"):
        checked = subprocess.run(
            [
                sys.executable,
                "-I",
                "verifier.py",
                bundle,
                "--key",
                vkey,
                "--head",
                f"held/{names[0]}",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert (checked.returncode, checked.stderr) == (0, "")
    for path in tmp_path.iterdir():
        if path.is_file() and path.name != "first.pem":
            assert private.split("\n")[2].encode() not in path.read_bytes(), path


def test_a_key_is_rotated_and_a_lost_one_declared(migrate: Migrate, tmp_path: Path) -> None:
    fill(tmp_path / "store.sqlite", 2)
    for name in ("a", "b", "c"):
        migrate("key", "new", f"{name}.pem", "--name", NAME)
    migrate("key", "add", "a.pem", *BY)
    rotated = migrate("key", "rotate", "b.pem", "--key", "a.pem", *BY)
    assert rotated.out.startswith(f"{NAME}\n5\n")
    assert "does not sign this log now" in migrate("sign", "--key", "a.pem").refused(2)
    assert migrate("sign", "--key", "b.pem").code == 0
    lost = migrate("key", "lost", "c.pem", *BY, "--json")
    assert json.loads(lost.out)["size"] == 7
    listed = migrate("key", "list").out.splitlines()
    assert [line.split("  ")[1] for line in listed] == [
        "first, signs heads from 3 to 4",
        "rotation, signs heads from 5 to 5",
        "loss, signs heads from 7 on",
    ]
    told = json.loads(migrate("key", "list", "--json").out)
    assert [(one["how"], one["signs_from"], one["retired"]) for one in told] == [
        ("first", 3, 5),
        ("rotation", 5, 6),
        ("loss", 7, None),
    ]
    assert "declared lost" in migrate("verify").out


def test_a_store_that_was_put_back_is_refused_by_the_head_beside_the_key(
    migrate: Migrate, tmp_path: Path
) -> None:
    store = tmp_path / "store.sqlite"
    fill(store, 2)
    migrate("key", "new", "a.pem", "--name", NAME)
    migrate("key", "add", "a.pem", *BY)
    shutil.copy(store, tmp_path / "backup.sqlite")
    fill(store, 3, "b2")
    assert migrate("sign", "--key", "a.pem").code == 0
    migrate("heads", "--out", "held")
    shutil.copy(tmp_path / "backup.sqlite", store)
    fill(store, 9, "b3")
    line = migrate("sign", "--key", "a.pem").refused(1)
    assert "does not continue the signed head of 6" in line
    # without that head nothing in the store tells, so it is signed: two histories of one size or so
    (tmp_path / "a.pem.head").unlink()
    fill(store, 1, "b4")
    assert migrate("sign", "--key", "a.pem").code == 0
    (newest,) = [path for path in (tmp_path / "held").iterdir() if "0006-" in path.name]
    found = migrate("verify", "--witness", newest)
    assert found.code == 1
    assert "the first row that does not fit: forked: witness " in found.out


def test_what_does_not_fit_is_named_and_ends_with_1(migrate: Migrate, tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    codes = fill(store, 4)
    with closing(sqlite3.connect(store)) as raw:
        raw.execute("DROP TRIGGER codes_no_update")
        raw.execute("DROP TRIGGER codes_by_event")
        raw.execute("UPDATE codes SET state = 'revoked' WHERE code = ?", [codes[1]])
        raw.commit()
    ended = migrate("verify")
    assert (ended.code, ended.err) == (1, "")
    assert (
        f"the first row that does not fit: edited: codes code {codes[1]}: "
        "expected state active by event 2, found revoked"
    ) in ended.out
    told = json.loads(migrate("verify", "--json").out)
    assert (told["fits"], told["count"]) == (False, 1)
    assert told["findings"][0]["kind"] == "edited"


def test_a_file_of_another_head_is_never_written_over(migrate: Migrate, tmp_path: Path) -> None:
    fill(tmp_path / "store.sqlite", 1)
    migrate("key", "new", "a.pem", "--name", NAME)
    migrate("key", "add", "a.pem", *BY)
    migrate("heads", "--out", "held")
    (path,) = (tmp_path / "held").iterdir()
    path.write_text("another one")
    assert "holds another head of 2 events" in migrate("heads", "--out", "held").refused(1)
    assert path.read_text() == "another one"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["verify", "--store", "sqlite:///none.sqlite"], 2, "no store here"),
        (["verify", "--witness", "none.txt"], 2, "cannot be read"),
        (["verify", "--key", "nonsense"], 2, "not a key of a log"),
        (["sign"], 2, "no key is named"),
        (["sign", "--key", "none.pem"], 2, "cannot be read"),
        (["sign", "--key", "a.pem"], 2, "the log has no key yet"),
        (["key", "new", "a.pem", "--name", NAME], 2, "never written over"),
        (["key", "new", "b.pem", "--name", "two words"], 2, "no space"),
        (["key", "add", "a.pem", "--by", "Z"], 2, "Missing option '--reason'"),
        (["key", "add", "a.pem", "--by", " ", "--reason", "x"], 2, "who does it and why"),
        (["key", "rotate", "a.pem", "--key", "a.pem", *BY], 2, "no key yet"),
        (["key", "lost", "a.pem", *BY], 2, "no key that could be lost"),
        (["bundle", "--out", "b.jsonl"], 2, "no head of the log is signed"),
        (["bundle", "--out", "b.jsonl", "--code", "12"], 2, "a code has 20 digits"),
        (["bundle", "--out", "b.jsonl", "--code", "1" * 20], 2, "no such code"),
        (["bundle", "--out", "b.jsonl", "--disclose"], 2, "Name it with --code"),
        (["bundle", "--out", "a.pem"], 2, "there is a file already"),
        (["verifier", "--out", "a.pem"], 2, "there is a file already"),
        (["heads"], 2, "Missing option '--out'"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    migrate: Migrate, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    fill(tmp_path / "store.sqlite", 1)
    migrate("key", "new", "a.pem", "--name", NAME)
    assert said in migrate(*arguments).refused(code)
    assert not (tmp_path / "b.jsonl").exists()


def test_help_is_shown_for_the_bare_verbs(migrate: Migrate) -> None:
    for verbs in ([], ["key"]):
        ended = migrate(*verbs)
        assert ended.code == 2
        assert "Usage" in ended.out


# --- a real batch and its folder ---


@pytest.fixture
def room(whole: Whole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    return whole.room.copied(tmp_path / "room")


def verified(migrate: Migrate, room: Room) -> Ended:
    return migrate("verify", "--reports", room.reports, "--store", f"sqlite:///{room.store_file}")


def test_a_batch_that_was_run_fits_with_its_folder(migrate: Migrate, room: Room) -> None:
    ended = verified(migrate, room)
    assert ended.code == 0, ended.out
    assert "all of it fits" in ended.out
    # without its folder it is said that nothing was held against it
    shutil.rmtree(room.folder)
    gone = verified(migrate, room)
    assert gone.code == 0
    assert f"mind: batch {room.folder.name} has no folder" in gone.out


def listed(room: Room) -> list[str]:
    return (room.folder / "codes.csv").read_text(encoding="utf-8").splitlines()


def write_listed(room: Room, lines: list[str]) -> None:
    """Write codes.csv anew, and its SHA-256 into the manifest, as a thorough hand would."""
    from hashlib import sha256

    path = room.folder / "codes.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    manifest = json.loads((room.folder / "manifest.json").read_text(encoding="utf-8"))
    digest = sha256(path.read_bytes()).hexdigest()
    manifest["stages"]["5-issue"]["artefacts"]["codes.csv"] = digest
    (room.folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_a_batch_s_list_of_codes_is_held_against_the_store(migrate: Migrate, room: Room) -> None:
    head, first, second, *rest = listed(room)
    columns = head.split(",")
    code, degree = (columns.index(name) for name in ("code", "degree_id"))

    def first_finding() -> str:
        ended = verified(migrate, room)
        assert ended.code == 1, ended.out
        return next(line for line in ended.out.splitlines() if "does not fit" in line)

    write_listed(room, [head, first, second, *rest])
    assert verified(migrate, room).code == 0
    # changed under its manifest
    (room.folder / "codes.csv").write_text("\n".join([head, second, *rest]), encoding="utf-8")
    assert "edited" in first_finding()
    assert "expected SHA-256" in first_finding()
    # a code left out
    write_listed(room, [head, second, *rest])
    assert f"added: codes code {first.split(',')[code]}" in first_finding()
    assert "not listed" in first_finding()
    # a code listed for another degree
    fields = first.split(",")
    fields[degree] = "D-other"
    write_listed(room, [head, ",".join(fields), second, *rest])
    assert f"code {fields[code]}: expected degree_id D-other as " in first_finding()
    # a code that the store does not have
    fields = first.split(",")
    fields[code] = "9" * 20
    write_listed(room, [head, first, second, *rest, ",".join(fields)])
    assert f"deleted: codes code {'9' * 20}" in first_finding()
    (room.folder / "codes.csv").unlink()
    assert "found no file" in first_finding()

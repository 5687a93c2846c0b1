"""What cannot be run is refused in one clear line, before anything is written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from batch_room import Room, Whole, migrate

HEADINGS = "legacy_id,first_name,last_name,university\n"


def as_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("page-1.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(200))


def write(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


SOURCES = {
    "empty": (write(b""), "this file is empty"),
    "only a heading": (write(HEADINGS.encode()), "only a heading"),
    "PDF": (write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n"), "PDF"),
    "JPEG": (write(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(200)), "JPEG"),
    "zip of a picture": (as_zip, "page-1.jpg"),
    "random bytes": (write(bytes(range(256)) * 20), "not a text table"),
    "no university": (write(b"legacy_id,first_name,last_name\n1,a,b\n"), "university"),
    "no identifier": (write("نام,نام خانوادگی,دانشگاه\nعلی,رضایی,تهران\n".encode()), "legacy_id"),
    "a folder": (lambda path: path.mkdir(), "not a file"),
    "nothing": (lambda path: None, "there is no such file"),
}


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def room(sample: Room, tmp_path: Path) -> Room:
    return sample.copied(tmp_path / "room")


def refused(room: Room, *arguments: str, env: dict[str, str] | None = None) -> str:
    """The line that refuses a run, once it is sure that nothing was written."""
    before = files(room.root)
    line = migrate("run", *arguments, env=env).refused(2)
    assert files(room.root) == before
    return line


def changed(room: Room, **options: str) -> list[str]:
    """The options that begin the batch, some of them changed."""
    arguments = list(room.options)
    for name, value in options.items():
        if f"--{name}" in arguments:
            arguments[arguments.index(f"--{name}") + 1] = value
        else:
            arguments += [f"--{name}", value]
    return arguments


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_that_is_no_ledger_is_refused(kind: str, room: Room) -> None:
    make, words = SOURCES[kind]
    path = room.root / "ledger.csv"
    make(path)
    line = refused(room, *changed(room, source=str(path)))
    assert str(path) in line
    assert words in line


@pytest.mark.parametrize(
    ("registry", "words"),
    [
        ("postgresql://reader@127.0.0.1:1/db#degrees", "Connection refused"),
        ("postgresql://reader@no-such-host.invalid/db#degrees", "no-such-host.invalid"),
        ("sqlite:///{room}/sample/registry.sqlite#nothing", "nothing"),
        ("sqlite:///{room}/sample/registry.sqlite", "names no table"),
        ("sqlite:///{room}/nothing.sqlite#degrees", "no such database file"),
        ("{room}/nothing.csv", "there is no such file"),
        ("nosuchdatabase://host/db#degrees", "nosuchdatabase"),
        ("http:/x://y", "not a database address"),
    ],
)
def test_a_registry_that_cannot_be_reached_is_refused(
    registry: str, words: str, room: Room
) -> None:
    line = refused(room, *changed(room, registry=registry.format(room=room.root)))
    assert words in line


@pytest.mark.parametrize("kind", ["csv", "parquet", "sqlite"])
def test_a_registry_without_degree_id_is_refused(kind: str, room: Room) -> None:
    path = room.root / f"degrees.{kind}"
    with closing(sqlite3.connect(room.registry_file)) as connection:
        frame = pd.read_sql("SELECT * FROM degrees", connection).drop(columns="degree_id")
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "parquet":
        frame.to_parquet(path)
    else:
        with closing(sqlite3.connect(path)) as connection:
            frame.to_sql("degrees", connection, index=False)
    address = f"sqlite:///{path}#degrees" if kind == "sqlite" else str(path)
    line = refused(room, *changed(room, registry=address))
    assert "degree_id" in line
    assert str(path) in line


@pytest.mark.parametrize(
    ("store", "words"),
    [
        ("postgresql://keeper@127.0.0.1:1/db", "Connection refused"),
        ("sqlite:///{room}/sample/registry.sqlite", "not a store"),
        ("sqlite:///{room}/sample/legacy.csv", "not an SQLite database"),
        ("sqlite:///{room}/a/b/c/store.sqlite", "folder does not exist"),
        ("sqlite:///{room}/sample", "folder"),
        ("mysql://keeper@host/db", "mysql"),
        ("store.sqlite", "not an address of a database"),
    ],
)
def test_a_store_that_cannot_be_used_is_refused(store: str, words: str, room: Room) -> None:
    line = refused(room, *changed(room, store=store.format(room=room.root)))
    assert words in line


@pytest.mark.parametrize(
    "name", ["../x", "a/b", ".hidden", "", "x" * 65, "a b", "a\nb", "con.", "-x"]
)
def test_a_name_that_cannot_be_a_folder_s_is_refused(name: str, room: Room) -> None:
    arguments = changed(room)
    arguments[arguments.index("--batch") + 1] = name
    assert "--batch" in refused(room, *arguments)


def test_a_folder_that_holds_something_else_is_no_batch(room: Room) -> None:
    kept = room.reports / "sample"
    kept.mkdir(parents=True)
    (kept / "thesis.docx").touch()
    line = refused(room, *changed(room, batch="sample"))
    assert str(kept) in line
    assert "holds no batch" in line


def test_reports_that_are_a_file_are_refused(room: Room) -> None:
    path = room.root / "reports.txt"
    path.touch()
    assert str(path) in refused(room, *changed(room, reports=str(path)))
    assert str(path / "in" / "it") in refused(room, *changed(room, reports=str(path / "in" / "it")))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a read-only file system")
def test_reports_on_a_read_only_disk_are_refused(room: Room) -> None:
    import subprocess

    folder = room.root / "read-only"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", folder], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this machine mounts nothing")
    try:
        for reports in (folder, folder / "deeper"):
            assert str(folder) in refused(room, *changed(room, reports=str(reports)))
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_reports_without_permission_are_refused(room: Room) -> None:
    folder = room.root / "closed"
    folder.mkdir(mode=0o500)
    assert str(folder) in refused(room, *changed(room, reports=str(folder)))


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        (None, "cannot be read"),
        ("[", "profile"),
        ("headings: 3\n", "headings"),
        ("no: such\n", "no"),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused(
    profile: str | None, words: str, room: Room
) -> None:
    path = room.root / "profile.yaml"
    if profile is not None:
        path.write_text(profile)
    line = refused(room, *changed(room, profile=str(path)))
    assert str(path) in line
    assert words in line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--sauce", "x"], "--sauce"),
        (["run"], "--source and --registry and --batch must be given"),
        (["run", "--source", "x"], "--registry and --batch must be given"),
        (["run", "--source"], "--source"),
        (["go"], "go"),
        (["issue"], "name"),
        (["status", "a", "b"], "b"),
        (["sample", "--degrees", "many"], "--degrees"),
        (["sample", "--degrees", "1"], "--degrees"),
        (["sample", "x", "--form", "verse"], "verse"),
    ],
)
def test_wrong_usage_is_one_line_and_says_where_help_is(
    arguments: list[str], words: str, tmp_path: Path
) -> None:
    line = migrate(*arguments, cwd=tmp_path).refused(2)
    assert words in line
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "verb", [["run", "--resume", "nothing"], ["issue", "nothing"], ["status", "nothing"]]
)
def test_a_batch_that_is_not_there_is_not_begun(verb: list[str], tmp_path: Path) -> None:
    line = migrate(*verb, "--reports", str(tmp_path / "reports")).refused(2)
    assert str(tmp_path / "reports" / "nothing") in line
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "options",
    [
        ["--source", "other.csv"],
        ["--registry", "other.csv"],
        ["--batch", "other"],
        ["--store", "sqlite:///other.sqlite"],
        ["--profile", "other.yaml"],
        ["--no-issue"],
        ["--no-write-back"],
    ],
)
def test_a_resumed_batch_takes_no_other_options(options: list[str], whole: Whole) -> None:
    line = migrate(*whole.room.resume, *options).refused(2)
    assert options[0].removeprefix("--no-").removeprefix("--") in line


def test_a_batch_s_name_is_bound_to_its_inputs(whole: Whole, tmp_path: Path) -> None:
    room = whole.room.copied(tmp_path / "room")
    before = {path: path.read_bytes() for path in room.folder.rglob("*") if path.is_file()}
    other = room.root / "other.csv"
    shutil.copy(room.source, other)
    for name, value in (
        ("source", str(other)),
        ("registry", str(other)),
        ("store", f"sqlite:///{room.root}/other.sqlite"),
        ("profile", str(other)),
    ):
        line = migrate("run", *changed(room, **{name: value})).refused(2)
        assert f"another {name}" in line
    # the same path with other content is another source too
    room.source.write_bytes(room.source.read_bytes() + b"9,x,y\n")
    assert str(room.source) in migrate("run", *room.options).refused(2)
    assert {path: path.read_bytes() for path in room.folder.rglob("*") if path.is_file()} == before


def test_a_manifest_that_is_broken_is_said_to_be(whole: Whole, tmp_path: Path) -> None:
    room = whole.room.copied(tmp_path / "room")
    manifest = room.folder / "manifest.json"
    manifest.write_text("{")
    for verb in (
        room.resume,
        ["run", *room.options],
        ["issue", *room.resume[2:]],
        ["status", *room.resume[3:]],
    ):
        assert str(manifest) in migrate(*verb).refused(2)


def test_a_source_that_breaks_an_expectation_as_a_whole_stops_before_linking(room: Room) -> None:
    lines = room.source.read_text(encoding="windows-1256").splitlines()
    # every row has one identifier: this column counts nothing
    same = [lines[0], *("7," + line.split(",", 1)[1] for line in lines[1:])]
    room.source.write_text("\n".join(same) + "\n", encoding="windows-1256")
    line = migrate("run", *room.options).failed(2)
    assert "legacy-id-distinct-share" in line
    assert "most identifiers repeat" in line
    assert "notebook 2-expectations" in line
    page = room.folder / "expectations.html"
    assert str(page) in line
    assert "most identifiers repeat" in page.read_text()
    assert list(room.manifest["notebooks"]) == ["1-intake"]
    assert not (room.folder / "outcomes.csv").exists()
    assert not (room.folder / "candidates.parquet").exists()
    assert (room.folder / "notebooks" / "2-expectations.html").is_file()

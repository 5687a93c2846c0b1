"""The verifier of bundles: alone in an empty folder, and on bundles that somebody changed."""

from __future__ import annotations

import importlib.util
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_log import CODE, FIRST, NAME, SECOND, STRANGER, THIRD, MadeLog, whole_log

from migrate.codes import bundle, checkpoint, merkle, verifier
from migrate.codes.issuing import canonical_json
from migrate.codes.ledger import leaf_of

FILE = Path(verifier.__file__)
LOG = whole_log()
BUNDLES = {
    "log": LOG.log_bundle(),
    "code": LOG.code_bundle(),
    "shut": LOG.code_bundle(disclosed=False),
}
KEY = THIRD.public.text()


def fits(
    text: str | bytes, *, keys: list[str] | None = None, heads: tuple[str, ...] = ()
) -> list[str]:
    """What the verifier says of a bundle. Raises what it ends with 1 on."""
    data = text.encode() if isinstance(text, str) else text
    lines = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="\n")
    notes = [verifier.read_note(note) for note in heads]
    return verifier.verify(lines, [KEY] if keys is None else keys, notes)


FOUND = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def refused(text: str | bytes, words: str, **options: Any) -> None:
    with pytest.raises(FOUND) as told:
        fits(text, **options)
    assert words in str(told.value)


# --- alone ---


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the verifier, and beside it a path with `cryptography` only."""
    folder = tmp_path_factory.mktemp("alone")
    site = folder / "site"
    site.mkdir()
    for name in ("cryptography", "_cffi_backend", "cffi", "pycparser"):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        whole = origin.parent if origin.name == "__init__.py" else origin
        (site / whole.name).symlink_to(whole)
    shutil.copyfile(FILE, folder / "verifier.py")
    return folder


def run_alone(alone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    start = (
        "import runpy, sys; sys.path.append(sys.argv.pop(1)); sys.argv.pop(0);"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", start, str(alone / "site"), "verifier.py", *arguments],
        cwd=alone,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_runs_in_an_empty_folder_without_this_program(alone: Path) -> None:
    none = subprocess.run(
        [sys.executable, "-I", "-S", "-c", "import sys; sys.path.append('site'); import migrate"],
        cwd=alone,
        capture_output=True,
        text=True,
    )
    assert "No module named 'migrate'" in none.stderr
    for name, text in BUNDLES.items():
        (alone / f"{name}.jsonl").write_text(text, encoding="utf-8", newline="\n")
    (alone / "held.txt").write_text(LOG.heads[1].note(), encoding="utf-8", newline="\n")
    done = run_alone(alone, "log.jsonl", "--key", KEY, "--head", "held.txt")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "head 5 of a witness: this log continues it",
        f"head 11 of {NAME}, root {LOG.root().hex()}: 11 leaves fit",
    ]
    opened = run_alone(alone, "code.jsonl", "--key", KEY)
    assert opened.returncode == 0
    assert opened.stdout.count(f'"code":"{CODE}"') == 3
    assert "0012345679" in opened.stdout
    shut = run_alone(alone, "shut.jsonl", "--key", KEY)
    assert (shut.returncode, CODE in shut.stdout) == (0, False)
    nobody = run_alone(alone, "log.jsonl")
    assert nobody.returncode == 3
    assert "NOT VOUCHED FOR" in nobody.stdout
    spoilt = BUNDLES["log"].replace("suspended", "reinstated", 1)
    (alone / "spoilt.jsonl").write_text(spoilt, encoding="utf-8", newline="\n")
    found = run_alone(alone, "spoilt.jsonl", "--key", KEY)
    assert (found.returncode, found.stderr) == (1, "")
    assert found.stdout.startswith("DOES NOT FIT: ")
    assert len(found.stdout.splitlines()) == 1
    for arguments in (("none.jsonl",), ("log.jsonl", "--head", "none.txt"), ()):
        assert run_alone(alone, *arguments).returncode == 2


def test_it_can_be_read_in_one_sitting() -> None:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    assert sum(bool(line.strip()) for line in lines) <= 250
    assert "migrate." not in "".join(line for line in lines if "import" in line)


# --- what fits ---


def test_bundles_fit_whoever_vouches() -> None:
    for text in BUNDLES.values():
        assert fits(text)[-1].startswith(f"head 11 of {NAME}")
        assert fits(text, keys=[])
    # nobody in the log vouches for a key after a loss: those before are no help
    for key in (FIRST, SECOND, STRANGER):
        refused(BUNDLES["log"], "no key that you named vouches", keys=[key.public.text()])
    assert fits(BUNDLES["log"], keys=[STRANGER.public.text(), KEY])


def test_a_key_that_took_over_is_vouched_for_by_the_one_before() -> None:
    log = MadeLog(LOG.events[:8], LOG.heads[:4])
    for key in (FIRST, SECOND):
        assert fits(log.log_bundle(), keys=[key.public.text()])
        assert fits(log.code_bundle(), keys=[key.public.text()])
    # at the head of the rotation itself, it is the old one that signs
    at_once = MadeLog(LOG.events[:6], LOG.heads[:3])
    assert fits(at_once.log_bundle(), keys=[FIRST.public.text()])
    refused(at_once.log_bundle(), "no key that you named", keys=[SECOND.public.text()])


def test_heads_of_witnesses_fit_in_any_order() -> None:
    notes = tuple(head.note() for head in LOG.heads)
    for kind in BUNDLES:
        assert (
            len([said for said in fits(BUNDLES[kind], heads=notes) if "of a witness" in said]) == 6
        )


# --- any byte ---


@pytest.mark.parametrize("kind", BUNDLES)
@settings(max_examples=1500, deadline=None)
@given(data=st.data())
def test_any_change_of_one_byte_is_found(kind: str, data: st.DataObject) -> None:
    text = BUNDLES[kind].encode()
    place = data.draw(st.integers(0, len(text) - 1))
    way = data.draw(st.sampled_from(["change", "delete", "insert"]))
    byte = data.draw(st.binary(min_size=1, max_size=1) | st.sampled_from([b" ", b"\n", b"0", b'"']))
    new = b"" if way == "delete" else byte
    changed = text[:place] + new + text[place + (way != "insert") :]
    if changed != text:
        with pytest.raises(FOUND):
            fits(changed)


@pytest.mark.parametrize("kind", BUNDLES)
def test_any_flipped_bit_at_regular_places_is_found(kind: str) -> None:
    # without a draw, so that the same places are tried each time
    text = BUNDLES[kind].encode()
    for place in range(0, len(text), 5):
        changed = text[:place] + bytes([text[place] ^ (1 << place % 7)]) + text[place + 1 :]
        with pytest.raises(FOUND):
            fits(changed)


def test_a_signature_has_one_text() -> None:
    # the last letter of base64 before its end may be written in four ways for the same bytes
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for kind in BUNDLES:
        for head in (LOG.heads[-1], LOG.heads[2]):
            note = head.note().replace("\n", "\\n")
            assert note.endswith("=\\n")
            last = letters.index(note[-4])
            for spare in range(1, 4):
                other = note[:-4] + letters[last ^ spare] + note[-3:]
                spoilt = BUNDLES[kind].replace(note, other)
                assert spoilt != BUNDLES[kind]
                refused(spoilt, "base64 written in another way")


def test_its_tree_is_that_of_the_program() -> None:
    size = len(LOG.events)
    leaves = [leaf_of(event).encode() for event in LOG.events]
    subtrees: list[bytes] = []
    for at, leaf in enumerate(leaves):
        verifier.grow(subtrees, at, leaf)
        assert verifier.root_of(subtrees) == LOG.root(at + 1)
    for new in range(1, size + 1):
        for index in range(new):
            path = merkle.inclusion_path(index, new, LOG.node)
            start = merkle.leaf_hash(leaves[index])
            walked = verifier.climb(index, new - 1, start, path)
            assert walked is not None
            assert walked[1] == LOG.root(new)
            # one that is cut off or goes on leads nowhere, whatever hash it ends at
            assert not path or verifier.climb(index, new - 1, start, path[:-1]) is None
            assert verifier.climb(index, new - 1, start, [*path, start]) is None
        for old in range(new + 1):
            proof = merkle.consistency_path(old, new, LOG.node)
            for one in (proof, proof[:-1], [*proof, bytes(32)], proof[::-1], []):
                for roots in ((LOG.root(old), LOG.root(new)), (LOG.root(new), LOG.root(old))):
                    theirs = merkle.verify_consistency(old, roots[0], new, roots[1], one)
                    # a head of no leaf is signed by no key, so nothing has to follow it
                    ours = verifier.consistent(old, roots[0], new, roots[1], one)
                    assert ours == (theirs and old > 0), (old, new)


# --- more than a byte ---


def lines_of(kind: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in BUNDLES[kind].splitlines()]


def joined(values: list[dict[str, Any]]) -> str:
    return "".join(canonical_json(value) + "\n" for value in values)


def spoil(kind: str, change: Callable[[list[dict[str, Any]]], object]) -> str:
    values = lines_of(kind)
    change(values)
    return joined(values)


def test_leaves_that_are_gone_moved_or_changed_are_found() -> None:
    refused(spoil("log", lambda rows: rows.pop(3)), "deleted or reordered")
    refused(spoil("log", lambda rows: rows.pop()), "truncated: 10 leaves, and a head of 11")
    refused(spoil("log", lambda rows: rows.insert(3, rows.pop(4))), "deleted or reordered")
    refused(spoil("log", lambda rows: rows.append({**rows[-1], "seq": 12})), "truncated: 12 leaves")
    refused(spoil("log", lambda rows: rows[3].update(batch="x")), "edited: leaves up to 5")
    refused(spoil("log", lambda rows: rows[-1].update(batch="x")), "edited: leaves up to 11")
    refused(spoil("code", lambda rows: rows[2]["leaf"].update(batch="x")), "is not in the log")
    refused(spoil("code", lambda rows: rows.insert(3, rows.pop(4))), "deleted or reordered")
    refused(spoil("code", lambda rows: rows.insert(3, rows[2])), "deleted or reordered")


def test_a_proof_of_another_leaf_is_found() -> None:
    def swap(rows: list[dict[str, Any]]) -> None:
        rows[2]["proof"], rows[3]["proof"] = rows[3]["proof"], rows[2]["proof"]

    refused(spoil("code", swap), "is not in the log that the head is of")
    refused(spoil("code", lambda rows: rows[2]["proof"].pop()), "is not in the log")
    refused(spoil("code", lambda rows: rows[2]["proof"].append("0" * 64)), "is not in the log")
    refused(spoil("code", lambda rows: rows[2]["proof"].reverse()), "is not in the log")
    refused(
        spoil("log", lambda rows: rows[0]["heads"][0]["consistency"].pop()), "does not continue"
    )
    refused(spoil("log", lambda rows: rows[0]["heads"][1]["consistency"].reverse()), "forked")


def test_what_is_disclosed_must_be_what_the_leaf_commits_to() -> None:
    refused(spoil("code", lambda rows: rows[2]["disclosed"].update(actor="x")), "another actor")
    refused(
        spoil("code", lambda rows: rows[2].update(salt="0" * 32)), "the leaf commits to another"
    )
    refused(spoil("code", lambda rows: rows[2].update(salt="A" * 32)), "not a salt")
    refused(spoil("code", lambda rows: rows[2].update(facts="{}")), "facts are not those")
    refused(spoil("code", lambda rows: rows[2].pop("salt")), "not a line of a bundle")
    refused(spoil("shut", lambda rows: rows[2].update(salt="0" * 32)), "not a line of a bundle")
    refused(
        spoil("shut", lambda rows: rows[2].update(note="a valid code")), "not a line of a bundle"
    )
    refused(spoil("code", lambda rows: rows[2]["disclosed"].update(grade="A")), "grade")


def test_a_head_that_the_right_key_did_not_sign_is_found() -> None:
    def signed_by(key: Any, size: int = 11, root: bytes | None = None) -> Callable[..., object]:
        note = checkpoint.head(NAME, size, root or LOG.root(size), "2026-11-28T09:00:00Z")
        return lambda rows: rows[0].update(head=note.signed(key).note())

    for key in (FIRST, SECOND, STRANGER):
        refused(spoil("log", signed_by(key)), "forged signature")
    refused(spoil("log", signed_by(THIRD, root=bytes(32))), "does not continue")
    refused(spoil("log", signed_by(THIRD, size=10)), "truncated")
    refused(spoil("code", signed_by(THIRD, root=bytes(32))), "is not in the log")

    def by_the_new_one(rows: list[dict[str, Any]]) -> None:
        note = checkpoint.head(NAME, 6, LOG.root(6), "2026-11-28T09:00:00Z").signed(SECOND)
        rows[0]["heads"][2]["note"] = note.note()

    refused(spoil("log", by_the_new_one), "forged signature: head 6")
    refused(spoil("log", lambda rows: rows[0]["heads"].pop(2)), "no head by the key before vouches")
    other = replace(LOG.heads[-1], origin="other.example", signatures=()).signed(THIRD)
    refused(spoil("log", lambda rows: rows[0].update(head=other.note())), "of another log")


def test_the_keys_must_be_those_that_the_log_tells_of() -> None:
    refused(spoil("log", lambda rows: rows[0]["keys"].reverse()), "keys are not those")
    refused(spoil("log", lambda rows: rows[0]["keys"].pop()), "keys are not those")
    refused(spoil("code", lambda rows: rows.pop(4)), "")
    for events in (
        [("key_added", FIRST, "rotation")],
        [("key_added", FIRST, "loss")],
        [("key_retired", FIRST, "loss")],
        [("key_added", FIRST, "first"), ("key_added", SECOND, "first")],
        [("key_added", FIRST, "first"), ("key_added", FIRST, "rotation")],
        [("key_added", FIRST, "first"), ("key_retired", SECOND, "loss")],
        [("key_added", FIRST, "first"), ("key_retired", FIRST, "rotation")],
        [
            ("key_added", FIRST, "first"),
            ("key_added", SECOND, "rotation"),
            ("key_added", THIRD, "rotation"),
        ],
    ):
        told = [
            {"event": event, "payload": {"how": how, "key": key.public.text()}, "seq": seq}
            for seq, (event, key, how) in enumerate(events, 1)
        ]
        with pytest.raises(ValueError, match="cannot stand here"):
            verifier.succession(told)


# --- what only a witness finds ---


def test_a_fork_is_found_by_whoever_holds_a_head_of_the_other_side() -> None:
    ours, theirs = whole_log(), whole_log()
    for log, code in ((ours, CODE), (theirs, "10000000000000000218")):
        log.issue(code)
        log.sign(THIRD)
    for log, other in ((ours, theirs), (theirs, ours)):
        assert fits(log.log_bundle())
        assert fits(log.log_bundle(), heads=(LOG.heads[-1].note(),))
        refused(log.log_bundle(), "forked", heads=(other.heads[-1].note(),))
        refused(log.code_bundle(), "forked", heads=(other.heads[-1].note(),))


def test_a_log_written_anew_by_whoever_has_the_key_is_found_by_a_witness() -> None:
    log = whole_log()
    log.events[2] = replace(log.events[2], degree_id="D-other")
    sizes = [(head.size, head) for head in log.heads]
    signers = (FIRST, FIRST, FIRST, SECOND, THIRD, THIRD)
    log.heads = [
        checkpoint.head(NAME, size, log.root(size), "2026-11-28T09:00:00Z").signed(key)
        for (size, _), key in zip(sizes, signers, strict=True)
    ]
    assert fits(log.log_bundle())
    refused(log.log_bundle(), "forked", heads=(LOG.heads[-1].note(),))
    refused(log.code_bundle(), "forked", heads=(LOG.heads[2].note(),))


def test_a_log_that_was_put_back_is_found_by_a_witness() -> None:
    old = MadeLog(LOG.events[:10], LOG.heads[:5])
    assert fits(old.log_bundle())
    refused(old.log_bundle(), "rolled back, or old", heads=(LOG.heads[-1].note(),))


def test_a_head_between_those_that_are_proved_cannot_be_held_against_a_code() -> None:
    log = whole_log()
    between = checkpoint.head(NAME, 2, log.root(2), "2026-11-28T09:00:00Z").signed(FIRST)
    refused(BUNDLES["code"], "not among those the bundle proves", heads=(between.note(),))
    # the whole log has all its leaves, so any head can be
    assert fits(BUNDLES["log"], heads=(between.note(),))
    refused(BUNDLES["log"], "forged signature", heads=(replace(between, root=bytes(32)).note(),))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "{}\n",
        "[]\n",
        "[" * 100_000,
        '{"format":"migrate-ledger-bundle/2"}\n',
        '{"a":' * 5000,
        '{"format":NaN}\n',
        "9" * 5000 + "\n",
        '{"a":1,"a":1}\n',
    ],
)
def test_what_is_no_bundle_is_refused(text: str) -> None:
    with pytest.raises(FOUND):
        fits(text)


def test_the_two_programs_agree_on_the_format() -> None:
    top = json.loads(BUNDLES["log"].splitlines()[0])
    assert top["format"] == bundle.FORMAT
    assert isinstance(verifier, ModuleType)

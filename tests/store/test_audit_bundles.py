"""Bundles out of the store are taken by the verifier, and hold no personal data unless asked."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from audited_store import NAME, Keys, make_keys, requests
from sqlalchemy import Engine

from migrate.codes import checkpoint, verifier
from migrate.errors import InputError
from migrate.store import heads, lifecycle, log_keys
from migrate.store.batches import begin
from migrate.store.bundles import write_code, write_log
from migrate.store.codes import issue
from migrate.store.engine import reading

BY = {"actor": "Z. Karimi", "reason": "letter 12"}
PERSONAL = ("Z. Karimi", "letter 12", "علی", "0000000007", "Db1-7", '"L7"')


@pytest.fixture
def ring(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


@pytest.fixture
def codes(engine: Engine, ring: Keys) -> list[str]:
    """A log of more than one node's leaves, with two keys; the codes in order."""
    log_keys.add_first_key(engine, ring.first, actor="A", reason="ceremony")
    begin(engine, "b1", "1" * 64)
    issued = issue(engine, requests("b1", range(260)), batch="b1", actor="Z. Karimi").issued
    heads.sign(engine, ring.first)
    lifecycle.suspend(engine, issued[7].code, **BY)
    log_keys.rotate(engine, ring.first, ring.second, actor="A", reason="yearly")
    lifecycle.reinstate(engine, issued[7].code, **BY)
    heads.sign(engine, ring.second)
    # not in any bundle yet
    lifecycle.revoke(engine, issued[7].code, **BY)
    return [one.code for one in issued]


def fits(text: str, ring: Keys, *notes: str) -> list[str]:
    held = [verifier.read_note(note) for note in notes]
    lines = io.StringIO(text, newline="\n")
    return verifier.verify(lines, [ring.first.public.text()], held)


def signed(engine: Engine) -> dict[int, str]:
    with reading(engine) as connection:
        return {one.size: one.note for one in heads.signed(connection)}


def test_the_whole_log_goes_out_without_personal_data(
    engine: Engine, ring: Keys, codes: list[str]
) -> None:
    stream = io.StringIO(newline="\n")
    told: list[int] = []
    head = write_log(engine, stream, progress=lambda done, total, what: told.append(total))
    text = stream.getvalue()
    assert (head.size, told[-1]) == (265, 265)
    assert len(text.splitlines()) == 266
    assert not any(word in text for word in (*PERSONAL, *codes))
    assert fits(text, ring, *signed(engine).values())[-1].endswith("265 leaves fit")


def test_a_code_goes_out_with_its_proofs(engine: Engine, ring: Keys, codes: list[str]) -> None:
    stream = io.StringIO(newline="\n")
    assert write_code(engine, codes[7], stream).size == 265
    text = stream.getvalue()
    assert not any(word in text for word in (*PERSONAL, *codes))
    assert [json.loads(line)["leaf"]["event"] for line in text.splitlines()[1:]] == [
        "key_added",
        "issued",
        "suspended",
        "key_added",
        "key_retired",
        "reinstated",
    ]
    assert fits(text, ring)[-1].endswith("6 leaves fit")


def test_the_holder_gets_it_opened(engine: Engine, ring: Keys, codes: list[str]) -> None:
    stream = io.StringIO(newline="\n")
    write_code(engine, codes[7], stream, disclose=True)
    said = fits(stream.getvalue(), ring)
    assert len([line for line in said if codes[7] in line]) == 3
    for word in PERSONAL:
        assert any(word in line.replace('\\"', '"') for line in said), word
    # of no one else
    assert not any(other in stream.getvalue() for other in codes if other != codes[7])


def test_a_head_of_a_witness_is_proved_when_asked(
    engine: Engine, ring: Keys, codes: list[str]
) -> None:
    notes = signed(engine)
    assert sorted(notes) == [1, 261, 263, 264, 265]
    stream = io.StringIO(newline="\n")
    write_code(engine, codes[7], stream)
    # the heads that vouch for keys are in it anyway
    assert fits(stream.getvalue(), ring, notes[263])
    with pytest.raises(ValueError, match="not among those the bundle proves"):
        fits(stream.getvalue(), ring, notes[261])
    asked = io.StringIO(newline="\n")
    write_code(engine, codes[7], asked, witnesses=[checkpoint.parse(notes[261])])
    assert fits(asked.getvalue(), ring, notes[261])
    forged = checkpoint.head(NAME, 261, bytes(32), "2026-11-28T00:00:00Z").signed(ring.first)
    for note in (forged, checkpoint.head(NAME, 9, bytes(32), "x").signed(ring.first)):
        with pytest.raises(InputError, match="did not sign the witness's head"):
            write_code(engine, codes[7], io.StringIO(), witnesses=[note])


def test_what_cannot_be_bundled_is_refused(engine: Engine, ring: Keys) -> None:
    with pytest.raises(InputError, match="no head of the log is signed"):
        write_log(engine, io.StringIO())
    with pytest.raises(InputError, match="no such code"):
        write_code(engine, "1" * 20, io.StringIO())
    log_keys.add_first_key(engine, ring.first, **BY)
    begin(engine, "b1", "1" * 64)
    code = issue(engine, requests("b1", range(1)), batch="b1", actor="test").issued[0].code
    with pytest.raises(InputError, match="no head was signed since this code"):
        write_code(engine, code, io.StringIO())

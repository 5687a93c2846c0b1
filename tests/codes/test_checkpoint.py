"""Keys, and the notes they sign: read to the letter, and by nobody else's key."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.codes import checkpoint, keys
from migrate.codes.keys import COSIGNATURE, PublicKey, SigningKey
from migrate.errors import InputError

NAME = "codes.example.ir/ledger"
ROOT = bytes(range(32))
AT = "2026-11-28T09:00:00Z"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    path = tmp_path_factory.mktemp("keys") / "key.pem"
    keys.create(path, NAME)
    return keys.load(path)


def test_another_programs_note_is_read_and_verified() -> None:
    # the example in the documentation of Go's sumdb/note, where the format comes from
    vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    line = (
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
        "otpRZb6KE6RyyBwJnAM="
    )
    public = PublicKey.parse(vkey)
    assert public.text() == vkey
    signature = checkpoint._signature(line)
    assert signature.text() == line
    assert (signature.name, signature.key_id.hex()) == ("PeterNeumann", "c74f20a3")
    assert public.verifies(signature.value, text.encode())
    assert not public.verifies(signature.value, text.encode() + b" ")


def test_the_example_of_the_specification_is_read() -> None:
    note = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5"
        "/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    )
    read = checkpoint.parse(note)
    assert (read.origin, read.size, read.at) == ("example.com/behind-the-sofa", 20852163, None)
    assert read.note() == note


def test_a_head_is_signed_read_and_verified(key: SigningKey) -> None:
    head = checkpoint.head(NAME, 12, ROOT, AT)
    assert not head.signed_by(key.public)
    note = head.signed(key).note()
    assert note.split("\n")[:5] == [
        NAME,
        "12",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        f"time {AT}",
        "",
    ]
    read = checkpoint.parse(note)
    assert read.signed_by(key.public)
    assert (read.size, read.root, read.at) == (12, ROOT, AT)
    assert read.note() == note


def test_witnesses_sign_the_same_note(key: SigningKey, tmp_path: Path) -> None:
    keys.create(tmp_path / "w.pem", "sharif.example.ir/witness")
    witness = keys.load(tmp_path / "w.pem")
    note = checkpoint.head(NAME, 12, ROOT, AT).signed(key).signed(witness)
    read = checkpoint.parse(note.note())
    assert read.signed_by(key.public)
    assert read.signed_by(witness.public)
    # a cosignature with the time, as the tools for witnesses make it
    typed = PublicKey(witness.public.name, witness.public.raw, COSIGNATURE)
    assert PublicKey.parse(typed.text()) == typed
    assert not read.claims(typed)
    time = 1_795_000_000
    value = witness.sign(f"cosignature/v1\ntime {time}\n{read.text()}".encode())
    line = checkpoint.Signature(typed.name, typed.key_id, time.to_bytes(8, "big") + value)
    cosigned = checkpoint.parse(read.note() + line.text() + "\n")
    assert cosigned.signed_by(typed)
    later = checkpoint.Signature(typed.name, typed.key_id, (time + 1).to_bytes(8, "big") + value)
    assert not checkpoint.parse(read.note() + later.text() + "\n").signed_by(typed)


def test_a_second_line_of_a_known_key_must_hold_too(key: SigningKey) -> None:
    good = checkpoint.head(NAME, 12, ROOT, AT).signed(key)
    bad = checkpoint.Signature(NAME, key.public.key_id, bytes(64))
    assert not checkpoint.parse(good.note() + bad.text() + "\n").signed_by(key.public)


@given(st.data())
def test_any_change_of_a_byte_is_refused(key: SigningKey, data: st.DataObject) -> None:
    note = checkpoint.head(NAME, 12, ROOT, AT).signed(key).note().encode()
    place = data.draw(st.integers(0, len(note) - 1))
    kind = data.draw(st.sampled_from(["change", "delete", "insert"]))
    byte = data.draw(st.binary(min_size=1, max_size=1))
    if kind == "delete":
        changed = note[:place] + note[place + 1 :]
    else:
        changed = note[:place] + byte + note[place + (kind == "change") :]
    if changed == note:
        return
    try:
        read = checkpoint.parse(changed.decode())
    except ValueError:
        return
    assert not read.signed_by(key.public)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda note: note.replace("\n12\n", "\n012\n"),
        lambda note: note.replace("\n12\n", "\n+12\n"),
        lambda note: note.replace("\n12\n", "\n-1\n"),
        lambda note: note.replace("\n12\n", "\n١٢\n"),
        lambda note: note.replace("\n12\n", "\n" + "9" * 25 + "\n"),
        lambda note: note.replace("\n", "\r\n"),
        lambda note: note.removesuffix("\n"),
        lambda note: note + "\n",
        lambda note: note.replace("— ", "- "),
        lambda note: note.replace("AAEC", "AA EC"),
        lambda note: note.replace("Hh8=", "Hh9="),
        lambda note: note.split("\n\n")[0],
        lambda note: note.split("\n\n")[0] + "\n\n",
        lambda note: "\n" + note,
        lambda note: note.replace("time", "ti\x00me"),
        lambda note: note + note.split("\n\n")[1] * 64,
        lambda _: "",
        lambda _: "a\n1\nAA==\n\n— a AAAA\n",
    ],
)
def test_what_the_format_does_not_allow_is_refused(key: SigningKey, spoil: object) -> None:
    note = checkpoint.head(NAME, 12, ROOT, AT).signed(key).note()
    spoilt = spoil(note)  # type: ignore[operator]
    assert spoilt != note
    with pytest.raises(ValueError):
        checkpoint.parse(spoilt)


def test_a_key_file_is_its_owners_alone_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    old = os.umask(0)
    try:
        public = keys.create(path, NAME)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.load(path).public == public
    content = path.read_bytes()
    with pytest.raises(InputError, match="there already"):
        keys.create(path, NAME)
    assert path.read_bytes() == content
    (tmp_path / "link.pem").symlink_to(tmp_path / "elsewhere.pem")
    with pytest.raises(InputError):
        keys.create(tmp_path / "link.pem", NAME)
    assert not (tmp_path / "elsewhere.pem").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620])
def test_a_key_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key.pem"
    keys.create(path, NAME)
    path.chmod(mode)
    with pytest.raises(InputError, match=r"others .* mode 0"):
        keys.load(path)


def test_what_is_not_a_key_is_refused_and_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    keys.create(path, NAME)
    secret = path.read_text().split("\n")[2]
    for content in (b"", b"nothing", path.read_bytes().split(b"\n", 1)[1], path.read_bytes()[:-40]):
        spoilt = tmp_path / "spoilt.pem"
        spoilt.write_bytes(content)
        spoilt.chmod(0o600)
        with pytest.raises(InputError, match="not a key of a ledger") as refused:
            keys.load(spoilt)
        assert secret not in str(refused.value)
        assert refused.value.__cause__ is None
    with pytest.raises(InputError, match="cannot be read"):
        keys.load(tmp_path / "none.pem")
    with pytest.raises(InputError, match="not a file"):
        keys.load(Path("/dev/null"))


def test_a_private_key_is_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    keys.create(path, NAME)
    loaded = keys.load(path)
    raw = loaded._private.private_bytes_raw()
    for shown in (repr(loaded), str(loaded), f"{loaded!s}"):
        assert raw.hex() not in shown
        assert "_private" not in shown


def test_the_key_is_found_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(keys.KEY_FILE, raising=False)
    with pytest.raises(InputError, match="MIGRATE_LEDGER_KEY"):
        keys.load(None)
    public = keys.create(tmp_path / "key.pem", NAME)
    monkeypatch.setenv(keys.KEY_FILE, str(tmp_path / "key.pem"))
    assert keys.load(None).public == public


@pytest.mark.parametrize("name", ["", "with space", "a+b", "line\nbreak", "a\u2003b", "x" * 256])
def test_a_name_that_notes_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="name"):
        keys.create(tmp_path / "key.pem", name)
    assert not (tmp_path / "key.pem").exists()


@given(st.data())
def test_a_spoilt_verifier_key_is_refused(key: SigningKey, data: st.DataObject) -> None:
    text = key.public.text()
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    spoilt = text[:place] + letter + text[place + 1 :]
    if spoilt != text:
        with pytest.raises(ValueError):
            PublicKey.parse(spoilt)

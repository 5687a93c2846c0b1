"""Settings: an address never keeps its password, a name always names a folder."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.batch import secrets
from migrate.batch.settings import (
    Settings,
    absolute_address,
    check_batch_name,
    without_password,
)
from migrate.errors import InputError

PASSWORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=4, max_size=20)
VALUES = {
    "batch": "b",
    "reports": "/r",
    "source": "/s.csv",
    "registry": "/d.csv",
    "store": "sqlite:////r/store.sqlite",
}


@given(PASSWORDS, st.sampled_from(["", "#degrees", "?host=%2Ftmp#schema.degrees"]))
def test_a_password_is_taken_out_of_an_address_whole(password: str, rest: str) -> None:
    written = f"postgresql://reader:{quote(password, safe='')}@host:5432/db{rest}"
    bare, found = without_password(absolute_address(written))
    assert found == password
    assert bare == f"postgresql://reader@host:5432/db{rest}"


@given(PASSWORDS)
def test_a_password_among_the_options_is_taken_out_too(password: str) -> None:
    written = f"postgresql://reader@host/db?password={quote(password, safe='')}&sslmode=require#t"
    bare, found = without_password(absolute_address(written))
    assert found == password
    assert bare == "postgresql://reader@host/db?sslmode=require#t"


@pytest.mark.parametrize("address", ["/a/b.csv", "sqlite:////a/b.sqlite#degrees"])
def test_an_address_without_a_password_stays_as_it_is(address: str) -> None:
    assert without_password(absolute_address(address)) == (address, None)


def test_paths_are_made_absolute_in_addresses_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute_address("a.csv") == str(tmp_path / "a.csv")
    assert absolute_address("sqlite:///a.sqlite#t") == f"sqlite:///{tmp_path / 'a.sqlite'}#t"


@pytest.mark.parametrize("name", ["a", "ledger-1362", "دفتر-۱۳۶۲", "2.b_c", "x" * 64])
def test_a_name_that_can_be_a_folder_s_is_taken(name: str) -> None:
    assert check_batch_name(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-a", "_a", "a.", "a b", "a\n", "x" * 65])
def test_a_name_that_cannot_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        check_batch_name(name)


def test_settings_come_back_as_they_were_stored() -> None:
    settings = Settings(**VALUES, profile="/p.yaml", write_back=False)
    assert Settings.from_dict(settings.to_dict(), file=Path("m")) == settings
    # a batch that was begun before a parameter was there has its default
    assert Settings.from_dict(VALUES, file=Path("m")) == Settings(**VALUES)


@pytest.mark.parametrize(
    ("values", "column"),
    [
        (VALUES | {"colour": "red"}, "colour"),
        ({name: value for name, value in VALUES.items() if name != "store"}, "store"),
        (VALUES | {"write_back": "yes"}, "write_back"),
        (VALUES | {"batch": 7}, "batch"),
    ],
)
def test_a_setting_that_is_wrong_is_named(values: dict[str, object], column: str) -> None:
    with pytest.raises(InputError) as caught:
        Settings.from_dict(values, file=Path("manifest.json"))
    assert caught.value.column == column
    assert "manifest.json" in str(caught.value)


@given(PASSWORDS.filter(lambda text: text.strip() == text and "*" not in text))
def test_a_known_password_is_masked_however_it_is_written(password: str) -> None:
    forms = (password, quote(password), quote(password, safe=""), repr(password)[1:-1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(secrets.STORE_PASSWORD, password)
        for form in forms:
            assert secrets.mask(f"«{form}»") == "«***»"
        assert secrets.mask_all({form: [form, {"deep": form}, 7, None] for form in forms}) == {
            "***": ["***", {"deep": "***"}, 7, None]
        }


def test_a_password_in_any_address_is_masked_known_or_not() -> None:
    shown = secrets.mask("see postgresql://u:hunter2@host/db and http://a.b/c")
    assert shown == "see postgresql://u:***@host/db and http://a.b/c"

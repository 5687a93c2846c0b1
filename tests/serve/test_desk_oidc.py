"""Signing in by an OpenID provider, and the ways in which somebody might lie about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from desk_room import ORIGIN, Browser, DeskRoom, desk, furnish_desk
from identity_provider import CLIENT, CLIENT_SECRET, IdentityProvider, provider

from migrate.errors import InputError
from migrate.serve.review import oidc
from migrate.serve.settings import Settings, checked
from migrate.store import users
from migrate.store.engine import open_store

BACK = f"{ORIGIN}/review/oidc/return"


@dataclass
class Way:
    """A browser on its way to the provider, and what it would come back with."""

    browser: Browser
    query: dict[str, str]
    code: str

    def come_back(self, **changes: str) -> Browser:
        given = {"code": self.code, "state": self.query["state"]} | changes
        self.browser._keep(self.browser.client.get("/review/oidc/return", params=given))
        return self.browser


@pytest.fixture
def identity() -> Iterator[IdentityProvider]:
    with provider() as held:
        yield held


@pytest.fixture
def room(tmp_path: Path, identity: IdentityProvider) -> DeskRoom:
    held = furnish_desk(f"sqlite:///{tmp_path / 'store.sqlite'}", tmp_path, count=2)
    engine = open_store(held.address)
    users.add(
        engine, "o.azizi", name="امید عزیزی", role="clerk", university="shiraz", by="test",
        issuer=identity.issuer, subject="subject-17",
    )  # fmt: skip
    engine.dispose()
    return held


@pytest.fixture
def browse(
    room: DeskRoom, identity: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    monkeypatch.setenv(oidc.SECRET, CLIENT_SECRET)
    settings = {
        "public_url": ORIGIN, "oidc_issuer": identity.issuer, "oidc_client": CLIENT,
    }  # fmt: skip
    with desk(room, **settings) as browser:
        yield browser


def set_out(browse: Any, identity: IdentityProvider) -> Way:
    one = browse()
    answer = one.client.get("/review/oidc", follow_redirects=False)
    assert answer.status_code == 303
    where = answer.headers["location"]
    assert where.startswith(f"{identity.issuer}/authorize?")
    query = dict(parse_qsl(urlsplit(where).query))
    return Way(one, query, identity.authorize(query))


def is_in(one: Browser) -> bool:
    return one.get("/review").path == "/review" and one.status == 200


def test_a_registered_user_comes_in_by_the_provider(
    browse: Any, identity: IdentityProvider
) -> None:
    way = set_out(browse, identity)
    assert way.query["code_challenge_method"] == "S256"
    assert way.query["redirect_uri"] == BACK
    assert way.query["scope"] == "openid"
    one = way.come_back()
    assert one.status == 200
    # a page leads on, so that the strict cookie is sent
    assert re.search(r'http-equiv="refresh" content="0;url=/review"', one.text)
    assert "امید عزیزی" in one.get("/review").text
    # the verifier went to the provider only, and the secret by its header
    form = identity.token_requests[0]
    assert form["code_verifier"] not in str(way.query)
    assert CLIENT_SECRET not in str(form)


def test_cookies_of_the_way_are_lax_short_and_gone_afterwards(
    browse: Any, identity: IdentityProvider
) -> None:
    one = browse()
    cookie = one.client.get("/review/oidc", follow_redirects=False).headers["set-cookie"]
    assert "samesite=lax" in cookie.lower()
    assert "HttpOnly" in cookie
    assert "Max-Age=900" in cookie
    way = set_out(browse, identity)
    way.come_back()
    assert "review-oidc" not in str(way.browser.client.cookies)


@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another client"},
        {"aud": ["desk", "another"]},
        {"aud": ["desk", "another"], "azp": "another"},
        {"aud": None},
        {"azp": "another"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"iat": None},
        {"nbf": 4_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": 17},
        {"sub": "subject-18"},
        {"sub": "SUBJECT-17"},
        {"sub": " subject-17"},
        {"at_hash": "another"},
        {"_how": "none"},
        {"_how": "hmac"},
        {"_how": "other key"},
        {"_how": "tampered"},
        {"_how": "nonsense"},
        {"_issuer": "https://evil.example"},
    ],
    ids=str,
)
def test_a_token_that_is_not_right_lets_nobody_in(
    browse: Any, identity: IdentityProvider, lies: dict[str, Any]
) -> None:
    if "_issuer" in lies:
        identity.lies = lies
        one = browse()
        assert one.get("/review/oidc").status == 403
        assert not is_in(one)
        return
    way = set_out(browse, identity)
    identity.lies = lies
    one = way.come_back()
    assert one.status == 403
    assert not is_in(one)
    # and the same way is not to be gone twice
    identity.lies = {}
    assert way.come_back().status == 403
    assert not is_in(one)


def test_an_answer_that_this_browser_did_not_ask_for_lets_nobody_in(
    browse: Any, identity: IdentityProvider
) -> None:
    way = set_out(browse, identity)
    for changes in (
        {"state": ""},
        {"state": "x" * 43},
        {"code": "x"},
        {"error": "access_denied"},
        {"iss": "https://evil.example"},
    ):
        other = set_out(browse, identity)
        assert other.come_back(**changes).status == 403, changes
        assert not is_in(other.browser)
    # somebody else's answer, put upon another browser
    victim = browse()
    stranger = Way(victim, way.query, way.code)
    assert stranger.come_back().status == 403
    assert not is_in(victim)
    # nor with a way of the victim's own
    begun = set_out(browse, identity)
    mixed = Way(begun.browser, begun.query, way.code)
    assert mixed.come_back().status == 403
    assert not is_in(begun.browser)


def test_a_disabled_user_stays_out(room: DeskRoom, browse: Any, identity: IdentityProvider) -> None:
    engine = open_store(room.address)
    users.disable(engine, "o.azizi", by="test")
    engine.dispose()
    one = set_out(browse, identity).come_back()
    assert one.status == 403
    assert not is_in(one)


def test_a_new_key_of_the_provider_is_fetched_when_it_is_needed(
    browse: Any, identity: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    from joserfc.jwk import RSAKey

    assert set_out(browse, identity).come_back().status == 200
    identity.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
    # not at once again: keys are not fetched as often as somebody sends nonsense
    assert set_out(browse, identity).come_back().status == 403
    monkeypatch.setattr(oidc, "_AGAIN", -1.0)
    assert set_out(browse, identity).come_back().status == 200


def test_a_provider_that_is_away_is_told_in_words(room: DeskRoom) -> None:
    with desk(
        room, public_url=ORIGIN, oidc_issuer="http://127.0.0.1:9", oidc_client=CLIENT
    ) as browse:
        one = browse().get("/review/oidc")
        assert one.status == 403
        assert "انجام نشد" in one.text


@pytest.mark.parametrize(
    "settings",
    [
        {"oidc_issuer": "https://id.example"},
        {"oidc_client": "desk"},
        {
            "oidc_issuer": "http://id.example",
            "oidc_client": "desk",
            "public_url": "https://x.example",
        },
        {
            "oidc_issuer": "ftp://id.example",
            "oidc_client": "desk",
            "public_url": "https://x.example",
        },
        {"oidc_issuer": "https://id.example", "oidc_client": "desk"},
        {"scans": "/nowhere/at/all"},
    ],
)
def test_a_provider_is_named_whole_and_safe_or_not_at_all(settings: dict[str, str]) -> None:
    with pytest.raises(InputError):
        checked(Settings(store="sqlite:///x.sqlite", **settings))  # type: ignore[arg-type]

"""Trying to break in: another university, another role, forged forms, other origins, odd addresses."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk_room import PASSWORD, DeskRoom, desk, furnish_desk
from sqlalchemy import text

from migrate.codes.requests import Scan
from migrate.serve.review.scans import has_scan, read_scan
from migrate.store.engine import open_store


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> DeskRoom:
    folder = tmp_path_factory.mktemp("desk")
    return furnish_desk(f"sqlite:///{folder / 'store.sqlite'}", folder)


@pytest.fixture(scope="module")
def browse(room: DeskRoom) -> Iterator[Any]:
    with desk(room) as browser:
        yield browser


@pytest.fixture(scope="module")
def state(room: DeskRoom, browse: Any) -> tuple[str, str]:
    """A case that waits for a second person and one that is decided, both of the first university."""
    clerk = browse("z.karimi")
    waits, done = room.named("degree_missing")[0], room.named("mismatch")[0]
    clerk.get(f"/review/case/{waits}").decide(waits, "register_degree", "file_checked")
    clerk.get(f"/review/case/{done}").decide(done, "refuse", "other_person")
    return waits, done


def everything(room: DeskRoom) -> str:
    """All that people can change, as text."""
    engine = open_store(room.address)
    try:
        with engine.connect() as connection:
            # when a lease ends is put off by whoever holds it and looks
            work = "SELECT case_id, version, university, state, leased_by FROM case_work ORDER BY 1"
            kept = ("decisions", "approvals", "proposals", "users")
            asked = [work, *(f"SELECT * FROM {table} ORDER BY 1" for table in kept)]
            return "\n".join(str(connection.execute(text(one)).all()) for one in asked)
    finally:
        engine.dispose()


POSTS = (
    ("", {"answer": "refuse", "reason": "other_person", "version": "1", "supersedes": ""}),
    ("", {"answer": "refuse", "reason": "other_person", "version": "1", "do": "score"}),
    ("/release", {}),
    ("/undo", {}),
    ("/reopen", {"supersedes": "2", "reason": "x"}),
)


@pytest.mark.parametrize("user", ["a.tehrani", "n.rad"])
def test_another_universitys_people_find_nothing_by_any_address(
    room: DeskRoom, browse: Any, state: tuple[str, str], user: str
) -> None:
    stranger = browse(user)
    before = everything(room)
    names = [one.case_id for one in room.mine]
    for name in names:
        for end in ("", "/history", f"/scan/{room.scan}", "?done=" + name, "?from=1&said=undone"):
            assert stranger.get(f"/review/case/{name}{end}").status == 404, end
            assert "کریمی" not in stranger.text
        stranger.get("/review")
        for end, fields in POSTS:
            stranger.get("/review")
            stranger.post(f"/review/case/{name}{end}", **fields)
            # to leave a case that is not theirs does nothing, and says nothing
            assert stranger.status in ((200,) if end == "/release" else (403, 404)), end
    for seq in range(1, 5):
        assert stranger.get(f"/review/approvals/{seq}").status in (403, 404)
        stranger.get("/review")
        stranger.post(f"/review/approvals/{seq}", verdict="approved", reason="file_seen")
        assert stranger.status in (403, 404)
    # their own case does not open another's scan or decision either
    own = room.theirs[0].case_id
    assert stranger.get(f"/review/case/{own}/scan/{room.scan}").status == 404
    assert stranger.get(f"/review/case/{own}?from=1&said=undone").status == 200
    # nor is a form filled in with what another university said
    assert stranger.get(f"/review/case/{own}?from=1&said=undone").text.count("checked") == 0
    for query in (
        "", "university=shiraz", "search=" + names[0], "search=L1", "search=محمدرضا", "state=all",
        "batch=b1&state=all", "field=father_name&state=all", "overdue=1",
        f"after=2000-01-01~{names[0]}&state=all", "search=' OR '1'='1",
    ):  # fmt: skip
        stranger.get(f"/review/cases?{query}")
        assert not any(f"/review/case/{name}" in stranger.text for name in names), query
    for path in ("/review", "/review?university=shiraz", "/review/approvals"):
        stranger.get(path)
        assert "شیراز" not in stranger.text
    # nor does a case of others lead on from it
    stranger.get("/review").post("/review/next", after=names[0])
    assert not any(f"/review/case/{name}" in stranger.text for name in names)
    after = everything(room)
    mine = re.compile("|".join(names))
    rows = [
        [row for row in re.findall(r"\([^()]*\)", one) if mine.search(row)]
        for one in (before, after)
    ]
    assert rows[0] == rows[1]


def test_a_role_does_nothing_that_is_anothers(
    room: DeskRoom, browse: Any, state: tuple[str, str]
) -> None:
    waits, done = state
    refused = {
        "hesabres": [*POSTS],
        "vezarat": [one for one in POSTS if one[0] != "/reopen"],
        "r.moradi": [("/reopen", {"supersedes": "2", "reason": "x"})],
    }
    before = everything(room)
    for user, posts in refused.items():
        one = browse(user)
        for name in (waits, done, room.mine[-1].case_id):
            for end, fields in posts:
                one.get("/review/help").post(f"/review/case/{name}{end}", **fields)
                assert one.status == 403, (user, end)
        if user != "vezarat":
            one.get("/review/help").post(
                "/review/approvals/1", verdict="approved", reason="file_seen"
            )
            assert one.status == 403
        if user != "r.moradi":
            assert one.get("/review/help").post("/review/next").status == 403
    # a colleague's decision is not a clerk's to take back
    one = browse("r.moradi")
    assert one.get("/review/help").post(f"/review/case/{done}/undo").status == 409
    assert everything(room) == before


@pytest.mark.parametrize(
    ("origin", "fields"),
    [
        ("https://evil.example", {}),
        ("null", {}),
        (None, {}),
        ("http://testserver.evil.example", {}),
        ("https://testserver", {}),
        ("http://testserver", {"csrf": ""}),
        ("http://testserver", {"csrf": "x" * 43}),
    ],
)
def test_a_form_from_elsewhere_does_nothing(
    room: DeskRoom, browse: Any, origin: str | None, fields: dict[str, str]
) -> None:
    clerk, name = browse("z.karimi"), room.mine[-1].case_id
    clerk.get(f"/review/case/{name}")
    before = everything(room)
    held = {"answer": "refuse_person", "reason": "not_issued", "version": "1", "supersedes": ""}
    for path in (f"/review/case/{name}", "/review/next", "/review/sign-out"):
        clerk.get(f"/review/case/{name}")
        clerk.post(path, origin=origin, **held, **fields)
        assert clerk.status == 403
    assert everything(room) == before
    assert clerk.get("/review").path == "/review"


def test_a_token_of_another_session_opens_no_form(room: DeskRoom, browse: Any) -> None:
    one, other = browse("z.karimi"), browse("r.moradi")
    stolen = other.get("/review/help").token
    one.get("/review/help")
    assert one.post("/review/next", csrf=stolen).status == 403


def test_a_browser_that_says_another_site_sent_it_is_believed(room: DeskRoom, browse: Any) -> None:
    clerk = browse("z.karimi")
    clerk.get("/review/help")
    for site in ("cross-site", "same-site", "none"):
        answer = clerk.client.post(
            "/review/next",
            data={"csrf": clerk.token},
            headers={"Origin": "http://testserver", "Sec-Fetch-Site": site},
        )
        assert answer.status_code == 403


def test_without_a_session_every_page_leads_to_the_sign_in(room: DeskRoom, browse: Any) -> None:
    nobody = browse()
    for path in (
        "/review", "/review/cases", "/review/approvals", "/review/help",
        f"/review/case/{room.mine[0].case_id}", f"/review/case/{room.mine[0].case_id}/history",
        f"/review/case/{room.mine[0].case_id}/scan/{room.scan}", "/review/approvals/1",
    ):  # fmt: skip
        nobody.get(path)
        assert nobody.path.startswith("/review/sign-in?next=%2Freview"), path
        assert room.mine[0].case_id not in nobody.text or "C-" in path
    for end, fields in POSTS:
        nobody.post(f"/review/case/{room.mine[0].case_id}{end}", **fields)
        assert nobody.status == 401


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/review\\..\\x",
        "/c/1",
        "javascript:1",
        "/reviewx",
    ],
)
def test_a_sign_in_leads_nowhere_else(browse: Any, onward: str) -> None:
    clerk = browse().get("/review/sign-in?next=" + onward)
    clerk.client.follow_redirects = False
    answer = clerk.client.post(
        "/review/sign-in",
        data={"csrf": clerk.token, "user": "z.karimi", "password": PASSWORD, "next": onward},
        headers={"Origin": "http://testserver"},
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/review"


def test_cookies_are_for_this_host_alone_and_tokens_change_at_sign_in(browse: Any) -> None:
    clerk = browse()
    clerk.get("/review/sign-in")
    clerk.client.cookies.set("review-session", "A" * 43)
    answer = clerk.client.post(
        "/review/sign-in",
        data={"csrf": clerk.token, "user": "z.karimi", "password": PASSWORD, "next": "/review"},
        headers={"Origin": "http://testserver"},
        follow_redirects=False,
    )
    cookie = next(one for one in answer.headers.get_list("set-cookie") if "review-session=" in one)
    assert "A" * 43 not in cookie
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert "Max-Age=36000" in cookie
    # signed out, the token opens nothing any more
    token = re.search(r"review-session=([^;]+)", cookie)
    assert token
    clerk.client.cookies.clear()
    clerk.client.cookies.set("review-session", token[1])
    clerk.get("/review").post("/review/sign-out")
    clerk.client.cookies.clear()
    clerk.client.cookies.set("review-session", token[1])
    assert clerk.get("/review").path.startswith("/review/sign-in")


def test_behind_tls_cookies_have_the_prefix_and_go_by_tls_only(room: DeskRoom) -> None:
    with desk(room, public_url="https://testserver") as browse:
        clerk = browse()
        answer = clerk.client.get("/review/sign-in")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-review-form=")
        assert "Secure" in cookie
        assert "Domain" not in cookie
        assert "max-age=31536000" in answer.headers["strict-transport-security"]


def test_a_wrong_name_and_a_wrong_password_are_answered_the_same(browse: Any) -> None:
    def asked(user: str) -> tuple[int, str]:
        one = browse()
        one.get("/review/sign-in").post("/review/sign-in", user=user, password="wrong", next="")
        return one.status, re.sub(r'value="[^"]*"', "", one.text)

    assert asked("z.karimi") == asked("nobody.there")
    assert asked("z.karimi")[0] == 403


def test_after_some_tries_one_waits_by_name_even_with_the_right_password(browse: Any) -> None:
    one = browse()
    for _ in range(5):
        one.get("/review/sign-in").post("/review/sign-in", user="n.rad", password="x", next="")
    one.get("/review/sign-in").post("/review/sign-in", user="n.rad", password=PASSWORD, next="")
    assert one.status == 429
    assert "دقیقهٔ دیگر" in one.text


def test_headers_hold_scripts_to_our_own(room: DeskRoom, browse: Any) -> None:
    answer = browse("z.karimi").client.get(f"/review/case/{room.mine[-2].case_id}")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "<script>" not in answer.text
    assert not re.search(r" on[a-z]+=", answer.text)
    # the public pages have none as before
    assert "script-src" not in browse().client.get("/").headers["content-security-policy"]


def test_a_public_service_without_a_desk_has_none(room: DeskRoom) -> None:
    with desk(room, desk=False, scans="") as browse:
        assert browse().get("/review").status == 404
        assert browse().get("/review/sign-in").status == 404


def test_a_scan_is_shown_only_where_it_is_what_was_sent(
    room: DeskRoom, browse: Any, tmp_path: Path
) -> None:
    clerk, name = browse("z.karimi"), room.mine[0].case_id
    answer = clerk.client.get(f"/review/case/{name}/scan/{room.scan}")
    assert answer.headers["content-type"] == "image/png"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    for odd in (
        "../secret.png",
        "..%2Fsecret.png",
        "%2e%2e/secret.png",
        "0" * 64,
        room.scan.upper(),
    ):
        assert clerk.client.get(f"/review/case/{name}/scan/{odd}").status_code == 404
    # a request's path that leads out, by itself or by a link, leads nowhere
    (room.scans / "link.png").symlink_to(room.scans.parent / "secret.png")
    import hashlib

    content = (room.scans.parent / "secret.png").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    for path in (
        "../secret.png",
        "link.png",
        str(room.scans.parent / "secret.png"),
        "\x00",
        "a" * 5000,
    ):
        assert read_scan(room.scans, Scan(digest, path)) is None, path
        assert not has_scan(room.scans, Scan(digest, path)), path
    # another file under the same name is not it, nor a kind that a browser might run
    (tmp_path / "page.png").write_bytes(b"<script>alert(1)</script>")
    assert read_scan(tmp_path, Scan(room.scan, "page.png")) is None
    page = hashlib.sha256(b"<script>alert(1)</script>").hexdigest()
    assert read_scan(tmp_path, Scan(page, "page.png")) is None


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_do_nothing(room: DeskRoom, browse: Any, method: str) -> None:
    clerk = browse("z.karimi")
    before = everything(room)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = clerk.client.request(method, f"/review/case/{room.mine[-1].case_id}")
    assert answer.status_code in (204, 405)
    assert everything(room) == before


def test_markup_in_a_record_is_text(tmp_path: Path) -> None:
    from desk_room import case

    from migrate.store.cases import save_cases

    room = furnish_desk(f"sqlite:///{tmp_path / 'store.sqlite'}", tmp_path, count=1)
    evil = "<img src=x onerror=alert(1)>'\"&\u202e"
    made = case(50, legacy={"first_name": evil, "last_name": evil}, legacy_read={}, page_ref=evil,
                contested_by=(evil,), case_id="C-EVIL-EVIL-EVIL", legacy_id=evil)  # fmt: skip
    engine = open_store(room.address)
    save_cases(engine, [made])
    engine.dispose()
    with desk(room) as browse:
        clerk = browse("z.karimi")
        for path in (
            "/review/case/C-EVIL-EVIL-EVIL",
            "/review/cases",
            "/review/case/C-EVIL-EVIL-EVIL/history",
        ):
            clerk.get(path)
            assert clerk.status == 200
            assert "<img src=x" not in clerk.text
            assert "\u202e" not in clerk.text
        clerk.get("/review/case/C-EVIL-EVIL-EVIL")
        clerk.decide("C-EVIL-EVIL-EVIL", "refuse", "other", comment=evil)
        clerk.get("/review/case/C-EVIL-EVIL-EVIL/history")
        assert "<img src=x" not in clerk.text
        assert "&lt;img src=x" in clerk.text

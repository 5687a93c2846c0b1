"""The desk under the rights that docs/desk.md lists, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from desk_room import desk, furnish_desk
from sqlalchemy.exc import DBAPIError

from migrate.codes.issuing import IssueRequest
from migrate.store import codes
from migrate.store.engine import open_store
from migrate.store.lookup import find

DOCS = Path(__file__).parents[2] / "docs"


def statements(name: str) -> list[str]:
    """What a page of the documentation tells an administrator to run."""
    block = (DOCS / name).read_text(encoding="utf-8").partition("```sql\n")[2].partition("```")[0]
    lines = [line for line in block.splitlines() if not line.startswith("--")]
    return [one.strip() for one in "\n".join(lines).split(";") if one.strip()]


def test_a_day_at_the_desk_needs_the_documented_rights_only(postgres: str, tmp_path: Path) -> None:
    room = furnish_desk(postgres, tmp_path)
    owner = open_store(postgres)
    with owner.begin() as connection:
        for role in ("migrate_desk", "migrate_serve"):
            connection.execute(sa.text(f"DROP ROLE IF EXISTS {role}"))
        for statement in (*statements("inquiry.md"), *statements("desk.md")):
            connection.execute(sa.text(statement))
    address = sa.make_url(postgres).set(username="migrate_desk")
    under = type(room)(
        address.render_as_string(hide_password=False), room.mine, room.theirs, room.scans, room.scan
    )
    try:
        with desk(under) as browse:
            clerk, approver = browse("z.karimi"), browse("m.hosseini")
            assert clerk.status == 200
            new, plain = room.named("degree_missing")[0], room.named("ambiguous")[0]
            clerk.post("/review/next")
            clerk.post("/review/next", after=clerk.path.split("/")[3].partition("?")[0])
            clerk.get(f"/review/case/{new}").decide(new, "register_degree", "never_registered")
            clerk.post(f"/review/case/{new}/undo")
            clerk.decide(new, "register_degree", "never_registered")
            clerk.get(f"/review/case/{plain}").decide(plain, "", "", do="score")
            clerk.get(f"/review/case/{plain}").decide(plain, "choose:1", "file_checked")
            assert clerk.status == 200
            approver.get("/review/approvals/3")
            approver.post("/review/approvals/3", verdict="approved", reason="file_seen")
            assert approver.status == 200
            # a code rests on the choice; to open the case again suspends it
            held = next(one for one in room.mine if one.case_id == plain)
            degree = held.candidates[0].degree_id
            asked = IssueRequest(degree, held.legacy_id, "b1", {}, decision_seq=4)
            (issued,) = codes.issue(owner, [asked], batch="b1", actor="test").issued
            approver.get(f"/review/case/{plain}/history")
            approver.post(
                f"/review/case/{plain}/reopen",
                supersedes=approver.value("supersedes"),
                reason="اعتراض",
            )
            assert approver.status == 200
            with owner.connect() as connection:
                found = find(connection, issued.code)
                seen = connection.execute(sa.text("SELECT user_id FROM score_views")).scalars()
                assert list(seen) == ["z.karimi"]
            assert found is not None
            assert found.state == "suspended"
            for path in ("/review", "/review/cases?search=موسوی", f"/review/case/{new}/history"):
                assert clerk.get(path).status == 200
        role = sa.create_engine(address)
        for statement in (
            "UPDATE users SET role = 'approver'",
            "INSERT INTO users SELECT * FROM users",
            "DELETE FROM decisions",
            "UPDATE decisions SET actor = 'x'",
            "DELETE FROM approvals",
            "UPDATE cases SET body = ''",
            "UPDATE case_work SET university = 'tehran'",
            "INSERT INTO codes SELECT * FROM codes",
            "SELECT * FROM store_secrets",
            "DELETE FROM sign_ins",
            "DELETE FROM score_views",
            "UPDATE score_views SET user_id = 'x'",
            "INSERT INTO case_words SELECT * FROM case_words",
        ):
            with pytest.raises(DBAPIError, match="permission denied"), role.begin() as connection:
                connection.execute(sa.text(statement))
        role.dispose()
    finally:
        with owner.begin() as connection:
            for name in ("migrate_desk", "migrate_serve"):
                connection.execute(sa.text(f"DROP OWNED BY {name}"))
                connection.execute(sa.text(f"DROP ROLE {name}"))
        owner.dispose()

"""The routes of the desk, each with who may come there."""

from __future__ import annotations

from starlette.routing import Route

from migrate.review.roles import MAY_APPROVE, MAY_DECIDE, MAY_REOPEN
from migrate.serve.review import approval_pages, case_answers, case_pages, list_pages, sign_in
from migrate.serve.review.access import Handler, page, told

_CASE = "/review/case/{case_id}"


def review_routes() -> list[Route]:
    """All routes of the desk."""
    return [
        _open("/review/sign-in", sign_in.sign_in_form),
        _open("/review/sign-in", sign_in.sign_in, "POST"),
        _open("/review/oidc", sign_in.to_provider),
        _open("/review/oidc/return", sign_in.from_provider),
        _open("/review/static/{name}", list_pages.static),
        _page("/review/sign-out", sign_in.sign_out, "POST"),
        _page("/review", list_pages.home),
        _page("/review/help", list_pages.help_page),
        _page("/review/cases", list_pages.cases),
        _page("/review/next", case_answers.go_on, "POST", MAY_DECIDE),
        _page(_CASE, case_pages.case_page),
        _page(_CASE, case_answers.answer, "POST", MAY_DECIDE),
        _page(f"{_CASE}/release", case_answers.release, "POST", MAY_DECIDE),
        _page(f"{_CASE}/undo", case_answers.undo, "POST", MAY_DECIDE),
        _page(f"{_CASE}/reopen", case_answers.reopen, "POST", MAY_REOPEN),
        _page(f"{_CASE}/history", case_pages.history),
        _page(f"{_CASE}/scan/{{sha256}}", case_pages.scan),
        _page("/review/approvals", approval_pages.approvals, "GET", MAY_APPROVE),
        _page("/review/approvals/{seq:int}", approval_pages.approval, "GET", MAY_APPROVE),
        _page("/review/approvals/{seq:int}", approval_pages.give_approval, "POST", MAY_APPROVE),
    ]


def _page(path: str, handler: Handler, method: str = "GET", roles: tuple[str, ...] = ()) -> Route:
    return Route(path, page(handler, roles=roles), methods=[method], name=handler.__name__)


def _open(path: str, endpoint: object, method: str = "GET") -> Route:
    name = endpoint.__name__  # type: ignore[attr-defined]
    return Route(path, told(endpoint, name), methods=[method], name=name)  # type: ignore[arg-type]

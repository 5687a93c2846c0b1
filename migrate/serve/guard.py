"""What stands before every request and after every answer: limits of size, headers, one log line."""

from __future__ import annotations

import asyncio
import time

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from migrate.serve.addresses import client_of, is_trusted, networks
from migrate.serve.lines import log_failure, log_request
from migrate.serve.pages import INDEXED, is_static
from migrate.serve.problems import RETRY, respond
from migrate.serve.settings import Settings

# a browser sends about 20 headers in 2 KB; the server itself stops reading at 16 KB
MOST_HEADERS = 64
LONGEST_HEADERS = 12_288
LONGEST_PATH = 1_024
# bytes of a body, and of a file of codes
MOST_BYTES = 65_536
FILES = "/api/v1/bulk"
FILE_BYTES = 1_048_576
# seconds in which the whole of a body must have come
BODY_SECONDS = 20.0
# requests that wait in one process; those beyond are told to come back
MOST_WAITING = 400

# what routing leaves in a scope
_ROUTED = ("route", "endpoint")

_CSP = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    ),
)
_HSTS = (b"strict-transport-security", b"max-age=31536000")


class Guard:
    """An ASGI application around another one.

    It refuses what is too large, too slow or not for this host; tells the application the client's
    true address (``scope["client"]``) and scheme; lets HEAD be GET without a body; puts the headers
    of security on every answer; and writes one line a request, in which no address, code, national
    ID or key stands.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._settings = settings
        self._trusted = networks(settings.trusted_proxies)
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        scope = self._behind_proxies(scope)
        sent = _Sent(send, self._headers(scope))
        self._waiting += 1
        try:
            refused = self._refusal(scope)
            if refused is not None:
                status, detail = refused
                headers = {"Retry-After": str(RETRY)} if status == 503 else {}
                # what is left of a refused body is not read
                headers["Connection"] = "close"
                response = respond(Request(scope), status, detail, headers=headers)
                await response(scope, receive, sent)
            else:
                inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
                await self.app(inner, _Body(receive, _most_bytes(scope["path"])), sent)
                scope.update({name: inner[name] for name in _ROUTED if name in inner})
        except Exception as error:
            log_failure(error)
            if not sent.status:
                response = respond(Request(scope), 500, "The service failed. It was written down.")
                await response(scope, receive, sent)
        finally:
            self._waiting -= 1
            log_request(scope, sent.status, time.perf_counter() - began)

    def _behind_proxies(self, scope: Scope) -> Scope:
        """The scope with the address and the scheme that trusted proxies tell."""
        peer = scope.get("client")
        here = peer[0] if peer else None
        forwarded = [
            value.decode("latin-1")
            for name, value in scope["headers"]
            if name == b"x-forwarded-for"
        ]
        client = client_of(here, forwarded, self._trusted)
        told = dict(scope["headers"]).get(b"x-forwarded-proto", b"")
        secure = self._settings.secure or scope.get("scheme") == "https"
        if here and is_trusted(here, self._trusted) and told.strip().lower() == b"https":
            secure = True
        return {
            **scope,
            "client": (client, 0),
            "scheme": "https" if secure else "http",
            "state": {},
        }

    def _headers(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        headers = list(_HEADERS)
        if scope["scheme"] == "https":
            headers.append(_HSTS)
        if not is_static(scope["path"]):
            headers.append((b"cache-control", b"no-store"))
        if scope["path"] not in INDEXED:
            headers.append((b"x-robots-tag", b"noindex, nofollow"))
        return headers

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and words for a request that is not even looked at."""
        headers = scope["headers"]
        size = sum(len(name) + len(value) for name, value in headers)
        if len(headers) > MOST_HEADERS or size > LONGEST_HEADERS:
            return 431, "The headers are too many or too long."
        if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > LONGEST_PATH:
            return 400, "The address is too long."
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1:
            return 400, "Exactly one Host header is needed."
        # a health check comes from inside, by an address
        known = not self._settings.hosts or scope["path"] == "/healthz"
        if not known and _host(hosts[0]) not in self._settings.hosts:
            return 421, "This service does not answer under that name."
        named = dict(headers)
        if b"content-length" in named and b"transfer-encoding" in named:
            # two lengths of one body: what one server takes for its end, another takes for a request
            return 400, "A body has a Content-Length or a Transfer-Encoding, not both."
        length = named.get(b"content-length", b"0")
        if not length.isdigit():
            return 400, "The Content-Length is no number."
        if int(length) > _most_bytes(scope["path"]):
            return 413, f"A body here has at most {_most_bytes(scope['path']):,} bytes."
        if self._waiting > MOST_WAITING:
            return 503, "Too many requests at once."
        return None


class _Sent:
    """A ``send`` that puts headers on the answer, those that it has itself excepted."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        self._send = send
        self._headers = headers
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            held = list(message.get("headers", ()))
            names = {name.lower() for name, _ in held}
            held += [(name, value) for name, value in self._headers if name not in names]
            message = {**message, "headers": held}
        await self._send(message)


class _Body:
    """A ``receive`` that counts a body's bytes as they come, whatever was said of them before.

    What is raised here the application hands on: it is an answer, not a failure.
    """

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._until = time.monotonic() + BODY_SECONDS
        self._most = most
        self._bytes = 0
        self._whole = False

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout(self._until - time.monotonic()):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, headers={"Connection": "close"}) from None
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._most:
            detail = f"A body here has at most {self._most:,} bytes."
            raise HTTPException(413, detail, headers={"Connection": "close"})
        self._whole = not message.get("more_body", False)
        return message


def _most_bytes(path: str) -> int:
    return FILE_BYTES if path == FILES else MOST_BYTES


def _host(value: bytes) -> str:
    host = value.decode("latin-1").strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")

"""A small OpenID provider with real keys, over real HTTP, that can be told to lie."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

CLIENT = "desk"
CLIENT_SECRET = "the secret of our client at the provider"


class IdentityProvider:
    """``lies`` are claims, or parts of the answer, that the next tokens have instead of the truth."""

    def __init__(self) -> None:
        self.key: Any = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.lies: dict[str, Any] = {}
        self.subject = "subject-17"
        self.codes: dict[str, dict[str, str]] = {}
        self.token_requests: list[dict[str, str]] = []
        self.issuer = ""

    def authorize(self, query: dict[str, str]) -> str:
        """What a person's consent at the provider comes to: the code of the way back."""
        code = base64.urlsafe_b64encode(
            hashlib.sha256(json.dumps(query).encode()).digest()
        ).decode()
        self.codes[code] = query
        return code

    def token(self, form: dict[str, str], basic: str) -> dict[str, Any] | None:
        self.token_requests.append(form)
        asked = self.codes.pop(form.get("code", ""), None)
        expected = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        if asked is None or basic != f"Basic {expected}":
            return None
        challenge = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        if form["redirect_uri"] != asked["redirect_uri"]:
            return None
        return {"access_token": "at", "token_type": "Bearer", "id_token": self.id_token(asked)}

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
        } | {name: value for name, value in self.lies.items() if not name.startswith("_")}
        claims = {name: value for name, value in claims.items() if value is not None}
        how = self.lies.get("_how", "")
        if how == "none":
            parts = ({"alg": "none"}, claims)
            encoded = [
                base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode()
                for one in parts
            ]
            return ".".join([*encoded, ""])
        if how == "hmac":
            # by the public key, or by our own secret
            key = OctKey.import_key(CLIENT_SECRET)
            return jwt.encode({"alg": "HS256"}, claims, key, algorithms=["HS256"])
        if how == "other key":
            other = RSAKey.generate_key(2048, {"kid": "one"})
            return jwt.encode({"alg": "RS256", "kid": "one"}, claims, other)
        if how == "tampered":
            token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
            head, body, signature = token.split(".")
            body = (
                base64.urlsafe_b64encode(json.dumps(claims | {"sub": "subject-18"}).encode())
                .rstrip(b"=")
                .decode()
            )
            return ".".join((head, body, signature))
        if how == "nonsense":
            return "a.b.c"
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def answer(self, path: str) -> Any:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.lies.get("_issuer", self.issuer),
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        if path == "/keys":
            held = [
                self.key.as_dict(private=False),
                ECKey.generate_key("P-256").as_dict(private=False),
            ]
            # a symmetric key that nobody should take for one
            held.append(OctKey.import_key(CLIENT_SECRET).as_dict(private=True))
            return {"keys": held}
        return None


@contextmanager
def provider() -> Iterator[IdentityProvider]:
    """A provider that answers until the block ends."""
    held = IdentityProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(held.answer(urlsplit(self.path).path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._say(held.token(form, self.headers.get("authorization", "")))

        def _say(self, found: Any) -> None:
            content = json.dumps(found).encode()
            self.send_response(400 if found is None else 200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_given: object) -> None:
            """Nothing: a test says what it found."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield held
    finally:
        server.shutdown()
        server.server_close()

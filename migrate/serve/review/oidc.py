"""OpenID Connect: people of a provider sign in by authorization code with PKCE (RFC 7636).

A user is whom somebody registered beforehand by issuer and subject; a provider's word makes none.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

SECRET = "MIGRATE_OIDC_SECRET"  # noqa: S105 (its name, not itself)
# signatures by the provider's own keys only: never `none`, nor one that our secret could make
ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "EdDSA")
LEEWAY = 30
_TIMEOUT = 5.0
_LONGEST = 262_144
# seconds for which what the provider says of itself is kept, and between two looks for a new key
_KEPT = 600.0
_AGAIN = 30.0


class OidcError(Exception):
    """The provider's answer is not one that lets anybody in; its words are for the log."""


@dataclass(frozen=True)
class Asked:
    """What a sign-in was begun with: it stays in the browser's cookie until the answer comes."""

    state: str
    nonce: str
    verifier: str

    def text(self) -> str:
        """For the cookie."""
        return ".".join((self.state, self.nonce, self.verifier))

    @staticmethod
    def read(text: str) -> Asked | None:
        """What :meth:`text` gave; None for anything else."""
        parts = text.split(".")
        whole = len(parts) == 3 and all(40 <= len(part) <= 64 for part in parts)
        return Asked(*parts) if whole else None


class Provider:
    """A provider as its discovery document describes it (OpenID Connect Discovery 1.0).

    :param issuer: as it stands in its tokens. :param client: our client there.
    :param client_secret: '' for a public client. :param back: our address that people come back to.
    """

    def __init__(self, issuer: str, client: str, client_secret: str, back: str) -> None:
        self.issuer = issuer
        self._client = client
        self._secret = client_secret
        self._back = back
        self._lock = threading.Lock()
        self._told: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def begin(self) -> tuple[str, Asked]:
        """Where to send somebody, and what must be there when they come back."""
        asked = Asked(*(secrets.token_urlsafe(32) for _ in range(3)))
        challenge = hashlib.sha256(asked.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": self._back,
            "scope": "openid",
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        where = str(self._discover()["authorization_endpoint"])
        return f"{where}{'&' if urlsplit(where).query else '?'}{urlencode(query)}", asked

    def finish(self, asked: Asked, *, state: str, code: str, issuer: str = "") -> str:
        """The subject whom the provider vouches for.

        :param asked: what the same browser began with. :param state, code: as they came back.
        :param issuer: ``iss`` of the answer (RFC 9207), '' where there is none.
        :raises OidcError: for an answer that was not asked for, a token whose signature, issuer,
            audience, time or nonce is wrong, or a provider that does not answer.
        """
        if not state or not hmac.compare_digest(state.encode(), asked.state.encode()):
            raise OidcError("the state is another")
        if issuer and issuer != self.issuer:
            raise OidcError("the answer is another issuer's")
        return self._subject(self._token(code, asked), asked)

    def _token(self, code: str, asked: Asked) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": asked.verifier,
            "client_id": self._client,
        }
        where = str(self._discover()["token_endpoint"])
        identity = (self._client, self._secret) if self._secret else None
        return self._fetch("POST", where, data=form, auth=identity)

    def _subject(self, answer: dict[str, Any], asked: Asked) -> str:
        token = answer.get("id_token")
        if not isinstance(token, str) or len(token) > _LONGEST:
            raise OidcError("there is no ID token")
        try:
            read = self._decode(token)
            claims = CodeIDToken(
                read.claims,
                read.header,
                {
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self._client},
                    "nonce": {"essential": True, "value": asked.nonce},
                },
                {"nonce": asked.nonce, "client_id": self._client} | _access(answer),
            )
            claims.validate(leeway=LEEWAY)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise OidcError(f"the ID token is not right: {type(error).__name__}") from None
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise OidcError("the subject is no text")
        return subject

    def _decode(self, token: str) -> jwt.Token:
        """Read a token by the provider's keys; fetched anew, not too often, where none of them fits."""
        try:
            return jwt.decode(token, self._jwks(), algorithms=list(ALGORITHMS))
        except (JoseError, ValueError):
            if not self._jwks_are_older_than(_AGAIN):
                raise
            self._keys = None
            return jwt.decode(token, self._jwks(), algorithms=list(ALGORITHMS))

    def _jwks_are_older_than(self, seconds: float) -> bool:
        return self._keys is not None and time.monotonic() - self._keys[0] > seconds

    def _jwks(self) -> KeySet:
        with self._lock:
            if self._keys is None or time.monotonic() - self._keys[0] > _KEPT:
                held = self._fetch("GET", str(self._discover()["jwks_uri"]))
                self._keys = (time.monotonic(), KeySet.import_key_set(_public(held)))
            return self._keys[1]

    def _discover(self) -> dict[str, Any]:
        if self._told is None or time.monotonic() - self._told[0] > _KEPT:
            where = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
            told = self._fetch("GET", where)
            if told.get("issuer") != self.issuer:
                raise OidcError("the provider says that it is another issuer")
            secure = urlsplit(self.issuer).scheme
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if urlsplit(str(told.get(name))).scheme not in {"https", secure}:
                    raise OidcError(f"the provider has no safe {name}")
            self._told = (time.monotonic(), told)
        return self._told[1]

    def _fetch(self, method: str, where: str, **given: Any) -> dict[str, Any]:
        try:
            with (
                httpx.Client(timeout=_TIMEOUT, follow_redirects=False) as client,
                client.stream(method, where, **given) as response,
            ):
                body = b""
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > _LONGEST:
                        raise OidcError("the provider's answer is endless")
                if response.status_code != 200:
                    raise OidcError(f"the provider answers {response.status_code}")
            found = httpx.Response(200, content=body).json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise OidcError(f"the provider does not answer: {type(error).__name__}") from None
        if not isinstance(found, dict):
            raise OidcError("the provider's answer is no object")
        return found


def secret() -> str:
    """The secret of our client at the provider, from the environment."""
    return os.environ.get(SECRET, "")


def _access(answer: dict[str, Any]) -> dict[str, str]:
    held = answer.get("access_token")
    return {"access_token": held} if isinstance(held, str) else {}


def _public(held: dict[str, Any]) -> Any:
    # a symmetric key in a public document is nobody's secret
    keys = held.get("keys")
    if not isinstance(keys, list):
        raise OidcError("the provider has no keys")
    return {
        "keys": [
            one
            for one in keys
            if isinstance(one, dict) and one.get("kty") != "oct" and one.get("use", "sig") == "sig"
        ]
    }

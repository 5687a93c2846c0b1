"""What a service is started with, as plain values that go to its worker processes as JSON."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from migrate.codes.sheet_values import inquiry_url
from migrate.errors import InputError
from migrate.persian.lists import read_list
from migrate.store.limits import Rate

# where worker processes find what they are started with; it holds no password
VARIABLE = "MIGRATE_SERVE_SETTINGS"
_LIMITS = Path(__file__).with_name("limits.yaml")
_HOST = re.compile(r"[a-z0-9.-]+|\[[0-9a-f:.]+\]", re.ASCII)


@dataclass(frozen=True)
class Limits:
    """Rates by name (address, code, overall) and costs by name, as ``limits.yaml`` explains."""

    rates: Mapping[str, Rate] = field(hash=False)
    costs: Mapping[str, int] = field(hash=False)


@dataclass(frozen=True)
class Settings:
    """How the service runs.

    :ivar store: address of the store, without a password.
    :ivar public_url: how the world reaches the service: https://codes.example. Its host is then
        the only one that is answered, and ``https`` turns HSTS on. '' where it is not known.
    :ivar trusted_proxies: networks whose X-Forwarded-For and X-Forwarded-Proto are believed.
    :ivar limits: path of a YAML file that replaces rates or costs; '' for the shipped ones.
    :ivar grid: milliseconds; an answer is given at a multiple of it after its question came.
    :ivar threads: look-ups that a worker does at once, and connections of each of its pools.
    :ivar desk: whether the review desk is served at /review.
    :ivar scans: path of the folder that holds scans of documents; '' where there is none.
    :ivar oidc_issuer, oidc_client: an OpenID provider whose users may sign in at the desk, and what
        this service is called there; its secret stays in the environment. '' for none.
    """

    store: str
    public_url: str = ""
    trusted_proxies: tuple[str, ...] = ()
    limits: str = ""
    grid: int = 20
    threads: int = 6
    desk: bool = False
    scans: str = ""
    oidc_issuer: str = ""
    oidc_client: str = ""

    @property
    def hosts(self) -> frozenset[str]:
        """Names that the Host header may have; empty when any may."""
        host = urlsplit(self.public_url).hostname
        return frozenset({host} if host else ())

    @property
    def secure(self) -> bool:
        """Whether the world reaches the service by TLS."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def sheet_url(self) -> str:
        """The address that certificate sheets carry: the public URL, where a sheet may carry it.

        '' where it is not known or not https: no sheet is made then. What a request's Host says is
        never printed, as whoever asks writes it.
        """
        try:
            inquiry_url(self.public_url, "")
        except InputError:
            return ""
        return self.public_url

    def to_json(self) -> str:
        """For the environment of worker processes."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Settings:
        """What :meth:`to_json` gave."""
        held = json.loads(text)
        return Settings(**{**held, "trusted_proxies": tuple(held["trusted_proxies"])})


def checked(settings: Settings) -> Settings:
    """The settings, once each of them is seen to make sense.

    :raises InputError: for one that does not.
    """
    if settings.public_url:
        parts = urlsplit(settings.public_url)
        plain = not (parts.query or parts.fragment or parts.username)
        if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
            raise InputError(
                "the public URL is http:// or https://, a host and a port at most",
                found=settings.public_url,
                fix="Write it as https://codes.example",
            )
        if parts.path not in ("", "/"):
            raise InputError(
                "the service stands at the root of its host", found=settings.public_url
            )
    for network in settings.trusted_proxies:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise InputError(
                "a trusted proxy is an address or a network",
                found=network,
                fix=f"{error}. Write it as 127.0.0.1 or 10.1.0.0/16",
            ) from None
    if not 0 <= settings.grid <= 1_000:
        raise InputError("the time grid is 0 to 1000 milliseconds", found=settings.grid)
    if not 1 <= settings.threads <= 64:
        raise InputError("threads are 1 to 64", found=settings.threads)
    load_limits(settings.limits)
    _check_desk(settings)
    return replace(settings, public_url=settings.public_url.rstrip("/"))


def _check_desk(settings: Settings) -> None:
    if settings.scans and not Path(settings.scans).is_dir():
        raise InputError("there is no such folder of scans", file=settings.scans)
    if bool(settings.oidc_issuer) != bool(settings.oidc_client):
        raise InputError(
            "an OpenID provider is named by its issuer and by our client there",
            fix="Give both --oidc-issuer and --oidc-client",
        )
    if not settings.oidc_issuer:
        return
    parts = urlsplit(settings.oidc_issuer)
    near = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or (parts.scheme != "https" and not (near and parts.scheme == "http")):
        raise InputError(
            "an OpenID provider is reached by https",
            found=settings.oidc_issuer,
            fix="Write the issuer as the provider does: https://id.example",
        )
    if not settings.public_url:
        raise InputError(
            "an OpenID provider must know where to send people back",
            fix="Give --public-url",
        )


@cache
def load_limits(path: str = "") -> Limits:
    """The shipped limits, with those of a file in their place.

    :raises InputError: for a file that cannot be read, a name that is not one, a rate or a cost
        that is no positive number, or a cost that its rate could never take.
    """
    held: dict[str, Any] = read_list(_LIMITS)
    if path:
        given = _read(Path(path))
        for part in ("rates", "costs"):
            for name, value in (given.pop(part, None) or {}).items():
                if name not in held[part]:
                    raise InputError(
                        f"there is no limit {name} among {part}",
                        file=path,
                        fix=f"There are {', '.join(held[part])}",
                    )
                held[part][name] = value
        if given:
            raise InputError(
                "a file of limits holds rates and costs", file=path, found=", ".join(given)
            )
    try:
        rates = {
            name: Rate(float(rate["per_minute"]), int(rate["burst"]))
            for name, rate in held["rates"].items()
        }
        costs = {name: int(cost) for name, cost in held["costs"].items()}
    except (TypeError, KeyError, ValueError) as error:
        raise InputError(
            "a rate is {per_minute: 60, burst: 40}, a cost a whole number",
            file=path,
            found=f"{type(error).__name__}: {error}",
        ) from None
    for name, cost in costs.items():
        # what is charged afterwards may go above the burst, what is charged first could never fit
        if cost < (name == "inquiry") or (name != "not_found" and cost > rates["address"].burst):
            raise InputError(
                "a cost is positive and not above the burst of an address",
                file=path,
                column=name,
                found=cost,
            )
    return Limits(rates, costs)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError("the file cannot be read", file=path, found=error.strerror) from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise InputError("the file is not YAML", file=path, found=error) from None
    if not isinstance(found, dict):
        raise InputError("a file of limits holds rates and costs", file=path)
    return dict(found)

"""What a batch is run with: plain values, checked before anything starts, never a secret."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from migrate.errors import InputError

_BATCH_NAME = re.compile(r"[^\W_][\w.-]{0,63}")
_SECRET_KEYS = ("password", "passwd", "pwd", "sslpassword")


@dataclass(frozen=True)
class Settings:
    """The parameters of one batch, as they stand in its manifest and in its notebooks.

    Paths are absolute; addresses of databases hold no password (see :func:`without_password`).
    The same settings over the same inputs give the same artefacts.
    """

    batch: str
    reports: str
    source: str
    registry: str
    store: str
    profile: str = ""
    write_back: bool = True
    accept: float = 0.9999
    corrections: str = ""
    model: str = ""

    @property
    def folder(self) -> Path:
        """The folder of the batch, ``<reports>/<batch>``."""
        return Path(self.reports) / self.batch

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any], *, file: Path) -> Settings:
        """Read settings back, refusing unknown, missing and mistyped ones by name.

        ``file`` is where the values stood, for the message. Raises InputError.
        """
        known = {field.name: field for field in fields(cls)}
        for name in values:
            if name not in known:
                raise InputError(
                    "unknown parameter", file=file, column=name, fix="Remove it or mend its name"
                )
        required = ("batch", "reports", "source", "registry", "store")
        for name in required:
            if name not in values:
                raise InputError("a parameter is missing", file=file, column=name, fix="Add it")
        for name, value in values.items():
            wanted: type = {"write_back": bool, "accept": float}.get(name, str)
            if not isinstance(value, wanted):
                raise InputError(
                    f"a parameter must be {wanted.__name__}", file=file, column=name, found=value
                )
        return cls(**values)


def check_batch_name(name: str) -> str:
    """Give back ``name`` when it can name a folder on any system; else raise InputError."""
    if not _BATCH_NAME.fullmatch(name) or name.endswith("."):
        raise InputError(
            "a batch's name is letters, digits, '-', '_' and '.', 64 at most, "
            "starting with a letter or digit",
            found=name,
            fix="Choose another name for --batch",
        )
    return name


def sqlite_address(path: Path) -> str:
    """The address of an SQLite file, whatever characters its path holds."""
    from sqlalchemy.engine import URL

    return URL.create("sqlite", database=str(path)).render_as_string()


def absolute_address(address: str) -> str:
    """A file's absolute path, or a database's address with an absolute SQLite path.

    A ``#table`` fragment is kept. Raises InputError for an address that cannot be read.
    """
    if "://" not in address:
        return str(Path(address).expanduser().resolve())
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    base, hash_sign, table = address.partition("#")
    try:
        url = make_url(base)
    except ArgumentError as error:
        raise InputError(
            "this is not a database address",
            found=re.sub(r":[^:@/]*@", ":***@", base),
            fix="Write it as SQLAlchemy does: sqlite:///file.sqlite#table "
            "or postgresql+psycopg://user@host/database#table",
        ) from error
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        url = url.set(database=str(Path(url.database).expanduser().resolve()))
    return url.render_as_string(hide_password=False) + hash_sign + table


def without_password(address: str) -> tuple[str, str | None]:
    """Split an address into itself without any password, and the password if it held one."""
    if "://" not in address:
        return address, None
    from sqlalchemy.engine import make_url

    base, hash_sign, table = address.partition("#")
    url = make_url(base)
    password = url.password
    for key in _SECRET_KEYS:
        if key in url.query:
            value = url.query[key]
            password = value if isinstance(value, str) else value[0]
    # URL.set() takes a None for "leave it as it is"
    bare = url._replace(password=None).difference_update_query(_SECRET_KEYS)
    return bare.render_as_string(hide_password=False) + hash_sign + table, password

"""`migrate user`: who may sign in at the review desk."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from migrate.options import help_alone
from migrate.serve.commands.stores import AsJson, Reports, Store, opened

app = typer.Typer(
    name="user",
    invoke_without_command=True,
    help="""Register who may sign in at the review desk: named people, each with one role.

There are no users to begin with. A password is asked on the terminal, or read from a file or a pipe;
it is never an argument.""",
)
app.callback()(help_alone)
UserId = Annotated[str, typer.Argument(metavar="ID", help="The user's name, as z.karimi.")]
By = Annotated[str, typer.Option("--by", help="Who does it.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        help="A file whose first line is the password; - for standard input.",
        show_default=False,
    ),
]


@app.command()
def add(
    user_id: UserId,
    name: Annotated[str, typer.Option(help="What people call the user.")],
    role: Annotated[
        Literal["clerk", "approver", "ministry", "auditor"],
        typer.Option(help="Clerks decide, approvers are second persons too, auditors only read."),
    ],
    by: By,
    university: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="Of a clerk or an approver: the folder of the university's packets."
        ),
    ] = None,
    password_file: PasswordFile = None,
    oidc_issuer: Annotated[
        str | None, typer.Option(help="The OpenID provider that the user signs in by.")
    ] = None,
    oidc_subject: Annotated[
        str | None, typer.Option(help="What the provider calls the user: the claim `sub`.")
    ] = None,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Register a user. Role and university can never be changed: register another user instead.

    [bold]Example[/bold]

        migrate user add z.karimi --name "Z. Karimi" --role clerk --university shiraz --by "M. Amini"
    """
    from migrate.store import users

    needs = oidc_issuer is None or password_file is not None
    with opened(store, reports) as engine:
        password = _password(password_file) if needs else None
        made = users.add(
            engine,
            user_id,
            name=name,
            role=role,
            university=university,
            by=by,
            password=password,
            issuer=oidc_issuer,
            subject=oidc_subject,
        )
    _print(made, as_json)


@app.command()
def disable(
    user_id: UserId,
    by: By,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Let a user sign in no more, and end all sessions: at once and for ever."""
    from migrate.store import users

    with opened(store, reports) as engine:
        _print(users.disable(engine, user_id, by=by), as_json)


@app.command("reset-password")
def reset_password(
    user_id: UserId,
    password_file: PasswordFile = None,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Give a user another password, and end all sessions."""
    from migrate.store import users

    with opened(store, reports) as engine:
        _print(users.set_password(engine, user_id, _password(password_file)), as_json)


@app.command("list")
def list_(store: Store = "", reports: Reports = Path("reports"), as_json: AsJson = False) -> None:
    """Show all users, those that were disabled too."""
    from migrate.store import users

    with opened(store, reports) as engine:
        found = users.registered(engine)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=2))
        return
    for one in found:
        typer.echo(_line(one))
    if not found:
        typer.echo("no user is registered")


@app.command()
def purge(
    keep_days: Annotated[
        int, typer.Option(min=1, help="Tries to sign in of so many days are kept.")
    ] = 366,
    store: Store = "",
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Delete tries to sign in that are older than they may be kept."""
    from migrate.store import sign_ins

    with opened(store, reports) as engine:
        gone = sign_ins.purge(engine, keep_days=keep_days)
    typer.echo(json.dumps({"deleted": gone}) if as_json else f"{gone:,} tries deleted")


def _password(path: Path | None) -> str:
    from migrate.errors import InputError

    if path is None:
        if not sys.stdin.isatty():
            raise InputError(
                "there is no terminal to ask for a password on", fix="Give --password-file"
            )
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        text = sys.stdin.readline() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise InputError("the password cannot be read", file=path, found=error) from None
    return text.splitlines()[0] if text else ""


def _print(user: object, as_json: bool) -> None:
    typer.echo(json.dumps(asdict(user), ensure_ascii=False) if as_json else _line(user))  # type: ignore[call-overload]


def _line(user: object) -> str:
    from migrate.store.users import User

    assert isinstance(user, User)
    where = user.university or "all universities"
    how = f"by {user.issuer}" if user.issuer else "by password"
    state = f"disabled {user.disabled_at} by {user.disabled_by}" if user.disabled_at else "in force"
    return f"{user.user_id}  {user.name}  {user.role}  {where}  {how}  {state}"

"""`migrate serve`: the public inquiry service, on this machine."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrate.serve.commands.stores import Reports, Store, store_address

if TYPE_CHECKING:
    import uvicorn


def serve(
    store: Store = "",
    reports: Reports = Path("reports"),
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on.")] = 8000,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes; limits are shared through the store.")
    ] = 1,
    public_url: Annotated[
        str,
        typer.Option(
            envvar="MIGRATE_PUBLIC_URL",
            help="How the world reaches the service, as https://codes.example. Requests for other "
            "names are refused, and https tells browsers to stay with it. Holders' sheets name it: "
            "without it there are none.",
        ),
    ] = "",
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NETWORK",
            help="A proxy whose X-Forwarded-For is believed: 127.0.0.1 or 10.1.0.0/16. May be "
            "given several times. Without it, all who come by a proxy share its limit.",
        ),
    ] = None,
    limits: Annotated[
        Path | None, typer.Option(help="A YAML file with other rates and costs (docs/inquiry.md).")
    ] = None,
    grid: Annotated[
        int,
        typer.Option(
            min=0, max=1000, help="Answers are given at multiples of so many milliseconds."
        ),
    ] = 20,
    threads: Annotated[
        int, typer.Option(min=1, max=64, help="Look-ups that a process does at once.")
    ] = 6,
    desk: Annotated[
        bool,
        typer.Option(
            "--desk/--no-desk",
            help="Serve the review desk too, at /review. It needs more rights on the store than the "
            "inquiry does (docs/desk.md).",
        ),
    ] = False,
    scans: Annotated[
        Path | None, typer.Option(help="The folder of scans that came with requests, for the desk.")
    ] = None,
    oidc_issuer: Annotated[
        str,
        typer.Option(
            envvar="MIGRATE_OIDC_ISSUER",
            help="An OpenID provider whose users may sign in at the desk. Its secret comes from "
            "MIGRATE_OIDC_SECRET.",
        ),
    ] = "",
    oidc_client: Annotated[
        str, typer.Option(envvar="MIGRATE_OIDC_CLIENT", help="What this service is called there.")
    ] = "",
) -> None:
    """Let anyone look codes up: one page in Persian and English, and a JSON API.

    It reads codes and writes only look-ups, limits and graduates' requests, and it never changes a
    store's schema. Put a proxy with TLS before it.

    [bold]Example[/bold]

        migrate serve --store postgresql://serve@db/codes --workers 2
            --public-url https://codes.example --trusted-proxy 127.0.0.1
    """
    from migrate.serve.settings import VARIABLE, Settings, checked
    from migrate.serve.stores import open_for_serving

    settings = checked(
        Settings(
            store=store_address(store, reports),
            public_url=public_url,
            trusted_proxies=tuple(trusted_proxy or ()),
            limits=str(limits.resolve()) if limits else "",
            grid=grid,
            threads=threads,
            desk=desk,
            scans=str(scans.resolve()) if scans else "",
            oidc_issuer=oidc_issuer,
            oidc_client=oidc_client,
        )
    )
    # said here in one line, rather than by every worker in many
    open_for_serving(settings.store, desk=desk).close()
    os.environ[VARIABLE] = settings.to_json()
    typer.echo(f"Serving on http://{host}:{port} with {workers} process(es). Stop with Ctrl+C.")
    _run(host, port, workers)


def _run(host: str, port: int, workers: int) -> None:
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    config = uvicorn.Config(
        "migrate.serve.worker:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        # addresses, codes in paths and headers stay out of logs, and proxies are judged by ours
        access_log=False,
        proxy_headers=False,
        server_header=False,
        log_config=_LOGGING,
        h11_max_incomplete_event_size=16_384,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=10,
        limit_concurrency=2_000,
        ws="none",
    )
    if workers == 1:
        server = uvicorn.Server(config)
        with contextlib.suppress(KeyboardInterrupt):
            server.run()
        if not server.started:
            raise typer.Exit(3)
        return
    Multiprocess(config, sockets=[shared_socket(config)]).run()


def shared_socket(config: uvicorn.Config) -> socket.socket:
    """The socket that several workers accept on; what they accept takes its options.

    Without TCP_NODELAY an answer's body waits for the other side to acknowledge its head: 40 ms on
    a connection that is kept.
    """
    shared = config.bind_socket()
    shared.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return shared


_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "migrate.serve.lines.JsonLines"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "stream": "ext://sys.stderr",
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "migrate.serve": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}

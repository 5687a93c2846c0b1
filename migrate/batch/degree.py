"""One degree of a registry, read and checked as a batch reads and checks all of them."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from migrate.batch import secrets
from migrate.batch.project import suite
from migrate.batch.settings import absolute_address, without_password
from migrate.batch.stages.facts import facts_of
from migrate.diplomas.schema import REGISTRY
from migrate.errors import InputError
from migrate.intake.expectations import facts, validate
from migrate.intake.readers import database
from migrate.intake.readers.rows import chunked, row_numbers
from migrate.intake.registry import OpenRegistry, open_registry
from migrate.intake.sources import is_database, raw_table
from migrate.intake.staging import Staging
from migrate.store.replacing import RegistryFacts

_KEY = REGISTRY.key


def registry_facts(
    registry: str, degree_id: str, accepted: frozenset[str] = frozenset()
) -> RegistryFacts:
    """What a registry says of a degree now: the facts that a code would be issued on.

    :param registry: a file, or an SQLAlchemy address with ``#table``. A password comes from
        ``MIGRATE_REGISTRY_PASSWORD`` where the address has none.
    :param accepted: as in ``RegistryFacts``.
    :raises InputError: for a registry that cannot be read, one that does not have the degree or has it
        twice, and a row that would have stopped a batch: no letters, no person, no name.
    """
    address, password = without_password(absolute_address(registry))
    secrets.keep_in_environment(secrets.REGISTRY_PASSWORD, password)
    found = _rows(open_registry(address, REGISTRY), degree_id)
    where = database.shown(address) if is_database(address) else address
    count = sum(part.num_rows for part in found)
    if count != 1:
        held = f"{count} rows of the degree" if count else "no such degree"
        raise InputError(
            f"this registry has {held}",
            file=where,
            column=_KEY,
            found=degree_id,
            fix="Name the registry that the code was issued against, and its table",
        )
    (degree,) = found
    broken = validate(facts(degree), suite("registry"), key="row").broken
    if broken:
        raise InputError(
            f"the degree breaks expectation {broken[0].rule}: {broken[0].reason}",
            file=where,
            column=broken[0].column,
            found=degree_id,
            fix="Have the registry's row corrected",
        )
    return RegistryFacts(degree_id, facts_of(degree, [degree_id])[degree_id], address, accepted)


def _rows(registry: OpenRegistry, degree_id: str) -> list[pa.Table]:
    """The staged rows of a degree; none where the registry has none."""
    staging = Staging(REGISTRY)
    if is_database(registry.address):
        found = _own([staging.stage(_asked(registry, degree_id))], degree_id)
        if found:
            return found
    # a file; or a degree_id that the database writes in another way than it is read
    return _own(map(staging.stage, registry.batches()), degree_id)


def _asked(registry: OpenRegistry, degree_id: str) -> pa.Table:
    """The raw rows that a database gives for a degree's key, without reading all others."""
    wanted = {name: column for column, name in registry.findings.headings if name}
    with database.opened(registry.address, secrets.REGISTRY_PASSWORD) as (connection, table):
        # as text: whatever type the key has
        key = sa.cast(table.c[wanted[_KEY]], sa.Text)
        columns = [table.c[column] for column in wanted.values()]
        rows = connection.execute(sa.select(*columns).where(key == degree_id)).all()
    texts = [database.texts([row[place] for row in rows]) for place in range(len(wanted))]
    values = [chunked([text], pa.string()) for text in texts]
    return raw_table(REGISTRY, row_numbers(1, len(rows)), dict(zip(wanted, values, strict=True)))


def _own(staged: Iterable[pa.Table], degree_id: str) -> list[pa.Table]:
    parts = (table.filter(pc.equal(table.column(_KEY), degree_id)) for table in staged)
    return [part for part in parts if part.num_rows]

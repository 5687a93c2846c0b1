"""The ledger's head signed after an issuing, where this machine has the key."""

from __future__ import annotations

import os
from pathlib import Path

from migrate.batch.commands.audit_key import keep_head, loaded
from migrate.codes.keys import KEY_FILE
from migrate.errors import MigrateError, RunError
from migrate.store import heads
from migrate.store.engine import open_store
from migrate.store.heads import SignedHead


def sign_if_told(store: str) -> SignedHead | None:
    """Sign the newest head of the ledger where ``MIGRATE_LEDGER_KEY`` names a key, else do nothing.

    :param store: the address of the store.
    :raises RunError: when the head cannot be signed; the codes are issued all the same.
    """
    named = os.environ.get(KEY_FILE)
    if not named:
        return None
    try:
        key, held = loaded(Path(named))
        engine = open_store(store)
        try:
            signed = heads.sign(engine, key, held=held)
        finally:
            engine.dispose()
        keep_head(Path(named), signed)
        return signed
    except MigrateError as error:
        raise RunError(
            f"the codes are issued, and the ledger's head was not signed: {error}",
            fix="Mend that, then run `migrate audit sign`",
        ) from error

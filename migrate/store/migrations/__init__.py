"""The store's history as Alembic revisions; see migrate/store/engine.py for how they are run."""

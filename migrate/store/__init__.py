"""What outlives a batch: SQLAlchemy tables and Alembic migrations."""

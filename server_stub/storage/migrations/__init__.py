"""Alembic's migrations of the collector's database, applied by ``serve`` and ``migrate``."""

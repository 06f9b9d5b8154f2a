"""Whether the schema has moved on under a program that runs."""

from __future__ import annotations

from functools import cache

import psycopg

from console.db import queue_schema
from console.db.migrate import load
from console.db.pool import Pool
from console.errors import ConnectionFailedError, OutdatedError


async def moved_on(pool: Pool) -> str | None:
    """The newest migration of the database that this program does not know; None too when the database can't say."""
    try:
        connection = await pool.begin("BEGIN READ ONLY")
        try:
            found = await connection.execute("SELECT name FROM schema_migrations")
            applied = {row.name for row in await found.fetchall()}
        finally:
            await pool.end(connection)
    except (psycopg.Error, ConnectionFailedError):
        return None
    unknown = (name for name in applied - _known() if queue_schema.older([name]) is None)
    return max(unknown, default=None)


def outdated(name: str) -> OutdatedError:
    """The one line for a program that the schema has left behind."""
    return OutdatedError(
        f"the database's schema is newer: it has {name}, which this program does not know",
        hint="leave and start the console again, the newer version where it is installed",
    )


@cache
def _known() -> frozenset[str]:
    return frozenset(migration.name for migration in load())

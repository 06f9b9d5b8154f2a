"""Whether the schema has moved on under a program that runs."""

from __future__ import annotations

from functools import cache

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from console.db import queue_schema
from console.db.migrate import load
from console.errors import OutdatedError


async def moved_on(engine: AsyncEngine) -> str | None:
    """The newest migration of the database that this program does not know; None too when the database can't say."""
    try:
        async with engine.connect() as connection:
            applied = set((await connection.execute(text("SELECT name FROM schema_migrations"))).scalars())
    except (SQLAlchemyError, OSError):
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

"""The models' session over the connection of a transaction; imported with the first statement over models."""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Executable
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import LRUCache

from console.db.rows import Result
from console.db.scope import TenantSession

_COMPILED: LRUCache[Any, Any] = LRUCache(500)


class _Lent:
    """The connection, which its transaction commits, rolls back and closes, and no session does."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def commit(self) -> None:
        return

    async def rollback(self) -> None:
        return

    async def close(self) -> None:
        return


def session_on(connection: psycopg.AsyncConnection[Any], workspace_id: UUID | None) -> AsyncSession:
    """A session within the connection's transaction, limited to the workspace."""

    async def lend() -> Any:
        return _Lent(connection)

    dialect = _template().dialect
    pool = NullPool(lambda: dialect.connect(async_creator_fn=lend), dialect=dialect, reset_on_return=None)
    engine = Engine(pool, dialect, _template().url).execution_options(compiled_cache=_COMPILED)
    return AsyncSession(
        AsyncEngine(engine),
        sync_session_class=TenantSession,
        expire_on_commit=False,
        info={"workspace_id": workspace_id},
    )


async def run(session: AsyncSession, statement: Executable, params: dict[str, Any]) -> Result:
    """Read over models; raises the driver's own errors."""
    try:
        # Plain statements write beside the session: what it has loaded before may be old.
        result: Any = await session.execute(statement, params, execution_options={"populate_existing": True})
    except DBAPIError as error:
        raise (error.orig or error) from error
    rows = result.all()
    return Result(rows, len(rows))


@cache
def _template() -> Engine:
    """What all engines have in common; it never connects."""
    return create_async_engine("postgresql+psycopg://").sync_engine

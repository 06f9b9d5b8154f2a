"""The queue's pool of connections."""

from __future__ import annotations

from typing import Any

from psycopg_pool import AsyncConnectionPool

CLOSE_SECONDS = 0.3


class QueuePool(AsyncConnectionPool[Any]):
    """A pool that waits only a moment for its own tasks when it closes: they may hang on a server that is gone."""

    async def close(self, timeout: float = CLOSE_SECONDS) -> None:  # noqa: ASYNC109 - the library's own argument
        """As in psycopg_pool."""
        await super().close(timeout)

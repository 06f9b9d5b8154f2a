"""Workspaces worked on one after another: what goes wrong in one is none of the others'."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

import psycopg
from procrastinate.exceptions import ProcrastinateException

from console.errors import ConnectionFailedError, OutdatedError
from console.ids import WorkspaceId
from console.log import incident

AGAIN_SECONDS = 60.0
"""How long the same trouble of a workspace is not logged again."""
_told: dict[tuple[WorkspaceId, type[Exception]], float] = {}


async def apart(work: Callable[[WorkspaceId], Awaitable[Any]], workspace_id: WorkspaceId) -> None:
    """Do `work` for a workspace; what goes wrong in it is logged. A database or queue that is gone is raised."""
    try:
        await work(workspace_id)
    except (ConnectionFailedError, OutdatedError, ProcrastinateException, psycopg.OperationalError, OSError):
        raise
    except Exception as error:
        trouble, now = (workspace_id, type(error)), monotonic()
        if now - _told.get(trouble, -AGAIN_SECONDS) >= AGAIN_SECONDS:
            _told[trouble] = now
            incident(error)

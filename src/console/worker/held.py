"""Replies held back go out when they are due, also when the console that held them is gone."""

from __future__ import annotations

import asyncio
from functools import partial

from console.db.engine import Database
from console.domain.held import HOLD_SECONDS
from console.errors import ConflictError, RefusedError
from console.ids import WorkspaceId
from console.services.held import release_due, workspaces_holding
from console.worker.apart import apart
from console.worker.outlast import outlast

LOOK_SECONDS = HOLD_SECONDS / 4
"""Whatever is held between two looks is due well after the second one."""
SOONEST_SECONDS = 0.1


async def run_releases(db: Database) -> None:
    """Release until cancelled, each reply within a moment of its time."""

    async def release() -> None:
        while True:
            await asyncio.sleep(min(max(await release_once(db), SOONEST_SECONDS), LOOK_SECONDS))

    await outlast(release, "held replies")


async def release_once(db: Database) -> float:
    """One round over all workspaces that hold replies; returns the seconds until the next one is due."""
    soonest = LOOK_SECONDS
    for workspace_id, due_in in await workspaces_holding(db):
        if due_in <= 0:
            await apart(partial(_release, db), workspace_id)
        soonest = min(soonest, due_in)
    return soonest


async def _release(db: Database, workspace_id: WorkspaceId) -> None:
    try:
        await release_due(db, workspace_id)
    except (ConflictError, RefusedError):
        return  # It met another act, or waited too long: the next round finds it again.

"""The schedule of rollups: once a minute, in each workspace where something was counted."""

from __future__ import annotations

import asyncio
from functools import partial

from console.db.engine import Database
from console.services.rollups import roll_up, workspaces_with_usage
from console.worker.apart import apart
from console.worker.outlast import outlast

PERIOD_SECONDS = 60.0


async def run_rollups(db: Database) -> None:
    """Roll up every minute until cancelled."""

    async def rounds() -> None:
        while True:
            for workspace_id in await workspaces_with_usage(db):
                await apart(partial(roll_up, db), workspace_id)
            await asyncio.sleep(PERIOD_SECONDS)

    await outlast(rounds, "rollups")

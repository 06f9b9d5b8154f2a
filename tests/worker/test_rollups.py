"""The worker sums up usage and gives back what lapsed, without being asked."""

from __future__ import annotations

import asyncio

from console.db.engine import Database
from console.services.rollups import workspaces_with_usage
from console.services.sweep import workspaces_with_work
from console.worker.rollups import run_rollups
from tests.services.quota_support import ask, begun_run, lapse
from tests.services.run_support import good
from tests.services.test_usage import rollups
from tests.worker.test_worker import until
from tests.world import make_talk, make_world


async def test_what_was_used_is_rolled_up(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    await ask(db, world, await make_talk(gateway_db, world), good())
    assert world.workspace_id in await workspaces_with_usage(db)
    task = asyncio.create_task(run_rollups(db))

    async def rolled() -> bool:
        return [(row.grain, row.metric) for row in await rollups(db, world)] == [
            ("day", "answers"),
            ("hour", "answers"),
        ]

    await until(rolled)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_workspace_where_something_lapsed_is_swept(db: Database) -> None:
    from console.services.quotas import release_lapsed, reserve

    world = await make_world(db)
    run_id, token = await begun_run(db, world)
    await reserve(db, world.workspace_id, run_id, token, 0)
    async with db.write(world.workspace_id) as tx:
        await tx.execute("UPDATE runs SET state = 'failed' WHERE workspace_id = :ws")
    assert world.workspace_id not in await workspaces_with_work(db)
    await lapse(db, world)
    assert world.workspace_id in await workspaces_with_work(db)
    assert await release_lapsed(db, world.workspace_id) == 2  # by day and by month
    assert world.workspace_id not in await workspaces_with_work(db)

"""The sweep: workspace by workspace, each under its tenant, defers what has no job, frees what was
abandoned and wakes what was put aside."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from console.db.engine import Database
from console.db.jobs import answer_job, crawl_job, defer
from console.ids import WorkspaceId
from console.services.sweep import return_abandoned, untaken_crawls, untaken_runs, wake_snoozed, workspaces_with_work
from console.worker.outlast import outlast
from console.worker.stalled import drop_stalled

if TYPE_CHECKING:
    import procrastinate

PERIOD_SECONDS = 2.0


async def run_sweeps(db: Database, app: procrastinate.App) -> None:
    """Sweep every two seconds until cancelled."""

    async def sweep() -> None:
        while True:
            await sweep_once(db, app)
            await asyncio.sleep(PERIOD_SECONDS)

    await outlast(sweep, "sweep")


async def sweep_once(db: Database, app: procrastinate.App) -> int:
    """One round over all workspaces with work; returns how many jobs it deferred."""
    await drop_stalled(db, app)
    deferred = 0
    for workspace_id in await workspaces_with_work(db):
        await return_abandoned(db, workspace_id)
        await wake_snoozed(db, workspace_id)
        deferred += await _defer_untaken(db, app, workspace_id)
    return deferred


async def _defer_untaken(db: Database, app: procrastinate.App, workspace_id: WorkspaceId) -> int:
    jobs = [answer_job(workspace_id, *ids) for ids in await untaken_runs(db, workspace_id)]
    jobs += [crawl_job(workspace_id, *ids) for ids in await untaken_crawls(db, workspace_id)]
    return sum([await defer(app, job) for job in jobs])

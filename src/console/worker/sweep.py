"""The sweep: workspace by workspace, each under its tenant, defers what has no job, frees what was
abandoned and wakes what was put aside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from console.db.engine import Database
from console.db.jobs import answer_job, crawl_job, defer
from console.ids import WorkspaceId
from console.services.quotas import release_lapsed
from console.services.sweep import return_abandoned, untaken_crawls, untaken_runs, wake_snoozed, workspaces_with_work
from console.worker.apart import apart
from console.worker.outlast import outlast
from console.worker.stalled import drop_stalled

if TYPE_CHECKING:
    import procrastinate

PERIOD_SECONDS = 2.0

Duty = Callable[[WorkspaceId], Awaitable[object]]
"""Something more to do in each workspace with work, which needs what the sweep has not: a model."""


async def run_sweeps(db: Database, app: procrastinate.App, duties: Sequence[Duty] = ()) -> None:
    """Sweep every two seconds until cancelled."""

    async def sweep() -> None:
        while True:
            await sweep_once(db, app, duties)
            await asyncio.sleep(PERIOD_SECONDS)

    await outlast(sweep, "sweep")


async def sweep_once(db: Database, app: procrastinate.App, duties: Sequence[Duty] = ()) -> None:
    """One round over all workspaces with work."""
    await drop_stalled(db, app)
    own: list[Duty] = [partial(work, db) for work in (return_abandoned, wake_snoozed, release_lapsed)]
    own.append(partial(_defer_untaken, db, app))
    for workspace_id in await workspaces_with_work(db):
        for duty in (*own, *duties):
            await apart(duty, workspace_id)


async def _defer_untaken(db: Database, app: procrastinate.App, workspace_id: WorkspaceId) -> None:
    jobs = [answer_job(workspace_id, *ids) for ids in await untaken_runs(db, workspace_id)]
    jobs += [crawl_job(workspace_id, *ids) for ids in await untaken_crawls(db, workspace_id)]
    for job in jobs:
        await defer(app, job)

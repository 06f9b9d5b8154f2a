"""Jobs that nobody will finish. Each holds its conversation's or source's lock, so none of its kind runs meanwhile."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.db.engine import Database
from console.db.jobs import ANSWER

if TYPE_CHECKING:
    import procrastinate

BEGUN_SECONDS, SILENT_SECONDS = 5.0, 10.0
"""How long a job may take to begin its run, and a worker may be silent."""

_BEGUN = """
    SELECT j.id, j.task_name, j.args, j.worker_id IS NULL OR EXISTS (
        SELECT FROM jobs.procrastinate_workers w WHERE w.id = j.worker_id
            AND w.last_heartbeat < now() - make_interval(secs => :silent)) AS orphaned
    FROM jobs.procrastinate_jobs j
    WHERE j.status = 'doing' AND EXISTS (
        SELECT FROM jobs.procrastinate_events e WHERE e.job_id = j.id AND e.type = 'started'
            AND e.at < now() - make_interval(secs => :begun))
"""
_IN_HAND = """
    SELECT 1 FROM {table} WHERE workspace_id = :ws AND id = :id AND state = 'running' AND lease_expires_at > now()
"""


async def drop_stalled(db: Database, app: procrastinate.App) -> int:
    """Delete jobs that a dead worker left behind, and those that a living one could not report as done.

    What they were for is swept up anyway: a job is a hint, the run and its lease are the truth.
    """
    from procrastinate.exceptions import ConnectorException
    from procrastinate.jobs import Status

    async with db.read(None) as tx:
        begun = await tx.rows(_BEGUN, silent=SILENT_SECONDS, begun=BEGUN_SECONDS)
    stalled = [job.id for job in begun if job.orphaned or not await _in_hand(db, job)]
    for id in stalled:
        with contextlib.suppress(ConnectorException):  # Another worker was first.
            await app.job_manager.finish_job_by_id_async(id, Status.FAILED, delete_job=True)
    return len(stalled)


async def _in_hand(db: Database, job: Any) -> bool:
    statement = _IN_HAND.format(table="runs" if job.task_name == ANSWER else "crawl_runs")
    async with db.read(UUID(job.args["workspace_id"])) as tx:
        return await tx.scalar(statement, id=UUID(job.args["id"])) is not None

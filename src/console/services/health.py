"""Whether work gets done: live workers, and answers that wait too long."""

from __future__ import annotations

from dataclasses import dataclass

from console.db.engine import Database
from console.services.sweep import workspaces_with_work

HEARTBEAT_SECONDS = 15
WORKER_SECONDS = 10
"""A worker takes a queued answer long before this."""


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """How many lanes of workers have beaten lately, and how many answers no worker took in time."""

    workers: int
    overdue: int


async def worker_health(db: Database) -> WorkerHealth:
    """The state of the queue, over all workspaces: counts only."""
    async with db.read(None) as tx:
        workers: int = await tx.scalar(
            "SELECT count(*) FROM jobs.procrastinate_workers"
            " WHERE last_heartbeat > now() - make_interval(secs => :seconds)",
            seconds=HEARTBEAT_SECONDS,
        )
    overdue = 0
    for workspace_id in await workspaces_with_work(db):
        async with db.read(workspace_id) as tx:
            overdue += await tx.scalar(
                "SELECT count(*) FROM runs WHERE workspace_id = :ws AND state = 'queued'"
                " AND created_at < now() - make_interval(secs => :seconds)",
                seconds=WORKER_SECONDS,
            )
    return WorkerHealth(workers, overdue)

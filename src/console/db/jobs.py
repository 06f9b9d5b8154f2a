"""The job queue: procrastinate in the schema `jobs`. Its rows are hints; `runs` and `crawl_runs` are the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.db.link import LINK

if TYPE_CHECKING:
    import procrastinate

ANSWER, CRAWL = "console.answer", "console.crawl"
ANSWERS_QUEUE, INGEST_QUEUE = "answers", "ingest"


@dataclass(frozen=True, slots=True)
class Job:
    """Work to defer: ids only. One job at a time per `lock`; one waiting job per `id`."""

    task: str
    queue: str
    workspace_id: UUID
    id: UUID
    lock: UUID


def answer_job(workspace_id: UUID, run_id: UUID, conversation_id: UUID) -> Job:
    """The job that answers a queued run; one at a time per conversation."""
    return Job(ANSWER, ANSWERS_QUEUE, workspace_id, run_id, conversation_id)


def crawl_job(workspace_id: UUID, crawl_run_id: UUID, source_id: UUID) -> Job:
    """The job that ingests a source; one at a time per source."""
    return Job(CRAWL, INGEST_QUEUE, workspace_id, crawl_run_id, source_id)


def queue_app(url: str, *, pool_size: int = 2) -> procrastinate.App:
    """The queue's application on the direct URL; open it with `async with app.open_async()`."""
    import procrastinate

    from console.db.hangup import Impatient
    from console.db.queue_pool import QueuePool

    connector = procrastinate.PsycopgConnector(
        conninfo=url,
        pool_factory=QueuePool,
        min_size=0,
        max_size=pool_size,
        timeout=5,
        # The pool waits twice as long after each failure; whoever uses it asks again sooner than that.
        reconnect_timeout=2,
        connection_class=Impatient,
        # A worker frozen between two statements must not keep its locks.
        kwargs={"options": "-c search_path=jobs -c idle_in_transaction_session_timeout=5s", **LINK},
    )
    return procrastinate.App(connector=connector)


async def defer(app: procrastinate.App, job: Job) -> bool:
    """Put a job in the queue; False when one for the same run waits there already."""
    from procrastinate.exceptions import AlreadyEnqueued

    task: Any = app.configure_task(
        job.task, queue=job.queue, lock=str(job.lock), queueing_lock=f"{job.task}:{job.id}", allow_unknown=True
    )
    try:
        await task.defer_async(workspace_id=str(job.workspace_id), id=str(job.id))
    except AlreadyEnqueued:
        return False
    return True

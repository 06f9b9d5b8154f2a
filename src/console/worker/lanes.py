"""The two lanes of the worker on the job queue: ingest never delays an answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.db.jobs import ANSWER, ANSWERS_QUEUE, CRAWL, INGEST_QUEUE
from console.ids import RunId, WorkspaceId
from console.services.answers import Answers
from console.worker.outlast import outlast

if TYPE_CHECKING:
    import procrastinate

ANSWERS_AT_ONCE = 4
HEARTBEAT_SECONDS, STALLED_SECONDS = 3.0, 10.0
GRACE_SECONDS, SIGN_OFF_SECONDS = 5.0, 0.3
_JOB = "process job "
"""How the queue names its tasks."""

Crawl = Callable[[WorkspaceId, UUID], Awaitable[None]]


def register(app: procrastinate.App, answers: Answers, crawl: Crawl) -> None:
    """Teach the queue its two tasks. Their arguments are ids; each opens its own tenant's transactions."""

    @app.task(name=ANSWER, queue=ANSWERS_QUEUE)
    async def answer(workspace_id: str, id: str) -> None:
        # A run that must wait for a typing visitor stays queued: the sweep brings it again, no lane is held.
        await answers.run(WorkspaceId(UUID(workspace_id)), RunId(UUID(id)))

    @app.task(name=CRAWL, queue=INGEST_QUEUE)
    async def ingest(workspace_id: str, id: str) -> None:
        await crawl(WorkspaceId(UUID(workspace_id)), UUID(id))


async def run_lanes(app: procrastinate.App) -> None:
    """Work until cancelled; a cancelled lane finishes what it holds for a few seconds first."""
    async with asyncio.TaskGroup() as lanes:
        lanes.create_task(_lane(app, ANSWERS_QUEUE, ANSWERS_AT_ONCE), name="answers lane")
        lanes.create_task(_lane(app, INGEST_QUEUE, 1), name="ingest lane")


async def _lane(app: procrastinate.App, queue: str, concurrency: int) -> None:
    async def work() -> None:
        await _ended_in_time(_run(app, queue, concurrency))

    await outlast(work, f"{queue} lane")


async def _run(app: procrastinate.App, queue: str, concurrency: int) -> None:
    await app.run_worker_async(
        queues=[queue],
        name=queue,
        concurrency=concurrency,
        install_signal_handlers=False,
        delete_jobs="always",
        fetch_job_polling_interval=2.0,
        update_heartbeat_interval=HEARTBEAT_SECONDS,
        stalled_worker_timeout=STALLED_SECONDS,
        shutdown_graceful_timeout=GRACE_SECONDS,
    )


async def _ended_in_time(lane: Coroutine[Any, Any, None]) -> None:
    """A lane that is told to stop finishes its jobs and signs off; told again, it leaves off where it waits."""
    working = asyncio.create_task(lane)
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        while not working.done():
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):  # Left behind, it would hold up the end of its loop.
                await asyncio.wait({working}, timeout=GRACE_SECONDS if _jobs_in_hand() else SIGN_OFF_SECONDS)
        raise


def _jobs_in_hand() -> bool:
    return any(task.get_name().startswith(_JOB) for task in asyncio.all_tasks())

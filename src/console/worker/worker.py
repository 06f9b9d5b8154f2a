"""One worker process: its lanes, its sweep, the replies it lets go, and the notifier of what it commits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from console.db.engine import Database
from console.db.jobs import queue_app
from console.db.notify import Notifier
from console.services.answers import Answers
from console.worker.held import run_releases
from console.worker.lanes import ANSWERS_AT_ONCE, Crawl, register, run_lanes
from console.worker.rollups import run_rollups
from console.worker.sweep import Duty, run_sweeps


async def run_worker(
    db: Database,
    direct_url: str,
    answers: Answers,
    crawl: Crawl,
    *,
    stop: asyncio.Event,
    ready: Callable[[], None] = lambda: None,
    duties: Sequence[Duty] = (),
) -> None:
    """Work until `stop` is set; what is in hand then gets a few seconds to finish, the rest stays queued."""
    app = queue_app(direct_url, pool_size=ANSWERS_AT_ONCE + 3)
    register(app, answers, crawl)
    async with Notifier(db, direct_url), app.open_async():
        tasks = [
            asyncio.create_task(run_lanes(app), name="lanes"),
            asyncio.create_task(run_sweeps(db, app, duties), name="sweep"),
            asyncio.create_task(run_releases(db), name="held replies"),
            asyncio.create_task(run_rollups(db), name="rollups"),
            asyncio.create_task(stop.wait(), name="stop"),
        ]
        ready()
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

"""A worker outlives its database: after an outage it answers as before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import psycopg
import pytest

from console.db import hangup
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.notify import Notifier
from console.services.answers import Answers
from console.worker.worker import run_worker
from tests.proxy import Proxy
from tests.services.run_support import Fixed, good
from tests.worker.test_worker import no_crawl, until
from tests.world import Talk, make_talk, make_world

pytestmark = pytest.mark.usefixtures("dropped_links")
OUTAGE, TRIES = 14.0, 6.0
"""Seconds without a database, and the longest pause between two tries to reach it."""


@pytest.fixture(scope="module")
def urls(own_urls: ServerUrls) -> ServerUrls:
    """Whose sessions are ended and whose workers' registrations are deleted."""
    return own_urls


@pytest.fixture
async def worker(app_proxy: Proxy) -> AsyncIterator[asyncio.Task[None]]:
    """A worker behind the proxy, with the pool of a real one."""
    db = Database(app_proxy.url)
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(
        run_worker(db, app_proxy.url, Answers(db, Fixed(good())), no_crawl, stop=stop, ready=ready.set)
    )
    await ready.wait()
    yield task
    stop.set()
    await task
    await db.close()


@pytest.fixture
async def talk(db: Database, gateway_db: Database, urls: ServerUrls) -> AsyncIterator[Talk]:
    async with Notifier(gateway_db, urls.gateway):
        yield await make_talk(gateway_db, await make_world(db))


async def test_all_its_connections_are_ended_again_and_again(
    worker: asyncio.Task[None], talk: Talk, god: psycopg.AsyncConnection
) -> None:
    await answered_by(worker, talk)
    for _ in range(40):
        await god.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await asyncio.sleep(0.1)
    await answered_by(worker, talk)


async def test_nothing_is_reached_for_a_while(worker: asyncio.Task[None], talk: Talk, app_proxy: Proxy) -> None:
    await answered_by(worker, talk)
    clock = asyncio.get_running_loop().time
    app_proxy.cut()
    begun = clock()
    ticks = [begun]
    while ticks[-1] < begun + OUTAGE:
        await asyncio.sleep(0.05)
        ticks.append(clock())
    app_proxy.mend()
    stood_still = longest(ticks)
    assert longest([begun, *app_proxy.refused, clock()]) < TRIES + 5 * stood_still
    await answered_by(worker, talk)


async def test_its_links_go_dead(
    worker: asyncio.Task[None], talk: Talk, app_proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No end of a dead link is told: each is given up in its own time, and made anew."""
    monkeypatch.setattr(hangup, "PATIENCE_SECONDS", 3.0)
    await answered_by(worker, talk)
    app_proxy.strand()
    await answered_by(worker, talk)


async def test_its_registration_is_lost(worker: asyncio.Task[None], talk: Talk, god: psycopg.AsyncConnection) -> None:
    await answered_by(worker, talk)
    await god.execute("DELETE FROM jobs.procrastinate_workers")
    await answered_by(worker, talk)
    cursor = await god.execute("SELECT count(*) FROM jobs.procrastinate_workers")
    assert await cursor.fetchone() != (0,)
    await answered_by(worker, talk)


def longest(times: list[float]) -> float:
    """The longest of the times between two neighbours."""
    return max(later - earlier for earlier, later in pairwise(times))


async def answered_by(worker: asyncio.Task[None], talk: Talk) -> None:
    """Say something and see it answered, once, by a worker that lives."""
    before = len(await talk.seen())
    await talk.say("q")

    async def answered() -> bool:
        return len(await talk.seen()) == before + 2

    await until(answered)
    assert not worker.done()
    assert [role for role, _ in await talk.seen()][-2:] == ["user", "assistant"]

"""What runs beside the screens ends soon after it is told to, at whatever point and whatever the database does."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from console.db import hangup
from console.db.engine import Database
from console.db.hub import Hub
from console.db.link import LINK
from console.db.listen import listen
from console.db.notify import Notifier
from console.errors import ConnectionFailedError
from console.ids import new_id
from console.services.answers import Answers
from console.worker.worker import run_worker
from tests.proxy import Proxy
from tests.services.run_support import Fixed, good
from tests.worker.test_worker import no_crawl

pytestmark = pytest.mark.usefixtures("dropped_links")
HANG = 60.0
LONGEST = 0.6
TIMES = {"hub": 24, "listener": 24, "notifier": 24, "call": 24, "worker": 6}

Work = Callable[[str], Coroutine[Any, Any, None]]


async def hub(url: str) -> None:
    async with Hub(url).listening():
        await asyncio.Event().wait()


async def listener(url: str) -> None:
    async with opened(url) as db:
        async for _ in listen(db, url, new_id()):
            pass


async def notifier(url: str) -> None:
    async with opened(url) as db, Notifier(db, url):
        while True:
            db.on_commit(new_id(), {("conversation", new_id()), ("run", new_id())})
            await asyncio.sleep(0.03)


async def call(url: str) -> None:
    async with opened(url) as db:
        while True:
            with suppress(ConnectionFailedError):
                async with db.write(new_id()) as tx:
                    await tx.scalar("SELECT count(*) FROM messages")
            await asyncio.sleep(0)


async def worker(url: str) -> None:
    async with opened(url) as db:
        await run_worker(db, url, Answers(db, Fixed(good())), no_crawl, stop=asyncio.Event())


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    db = Database(url, pool_size=3)
    try:
        yield db
    finally:
        await db.close()


WORKS: dict[str, Work] = {"hub": hub, "listener": listener, "notifier": notifier, "call": call, "worker": worker}
FAULTS: dict[str, Callable[[Proxy], None]] = {
    "up": lambda _: None,
    "down": lambda proxy: proxy.cut(),
    "stalled": lambda proxy: proxy.stall(),
}


@pytest.fixture(autouse=True)
def nothing_else_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time limit of a statement, or of making a link, comes to the help of a cancellation."""
    monkeypatch.setattr(hangup, "PATIENCE_SECONDS", 10 * HANG)
    monkeypatch.setitem(LINK, "connect_timeout", 10 * int(HANG))


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("work", WORKS)
async def test_it_ends(app_proxy: Proxy, work: str, fault: str) -> None:
    chance = random.Random(f"{work} {fault}")  # noqa: S311
    working = [asyncio.create_task(WORKS[work](app_proxy.url), name=f"{work} {n}") for n in range(TIMES[work])]
    ends = [asyncio.create_task(cancelled(task, chance.uniform(0, LONGEST))) for task in working]
    # The earliest are cancelled before it, in the midst of their beginning; the rest meet it.
    await asyncio.sleep(LONGEST * 0.4)
    FAULTS[fault](app_proxy)
    await asyncio.gather(*ends)


async def cancelled(task: asyncio.Task[None], after: float) -> None:
    """Cancel it then, once, and wait for its end."""
    await asyncio.sleep(after)
    assert not task.done(), task
    task.cancel()
    await asyncio.wait({task}, timeout=HANG)
    assert task.done(), task.get_stack()
    assert task.cancelled(), task.exception()


@pytest.mark.parametrize("fault", FAULTS)
async def test_all_of_it_ends_with_its_loop(app_proxy: Proxy, fault: str) -> None:
    """A loop that closes cancels every task at once, those of the libraries too."""
    chance = random.Random(fault)  # noqa: S311
    delays = [chance.uniform(0, LONGEST) for _ in range(4)]
    FAULTS[fault](app_proxy)
    await asyncio.gather(*(asyncio.to_thread(closed, app_proxy.url, delay) for delay in delays))


def closed(url: str, after: float) -> None:
    """Leave a loop in which all this runs, after that time, and wait until it is closed."""
    tasks: list[asyncio.Task[None]] = []  # A loop holds its tasks but weakly.

    async def main() -> None:
        tasks.extend(asyncio.create_task(work(url), name=name) for name, work in WORKS.items())
        await asyncio.sleep(after)
        assert not any(task.done() for task in tasks), tasks

    thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
    thread.start()
    thread.join(after + HANG)
    assert not thread.is_alive()

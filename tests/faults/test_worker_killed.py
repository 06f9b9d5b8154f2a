"""Worker processes that die or freeze in the middle of an answer: the visitor gets one answer all the same."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.notify import Notifier
from tests.services.run_support import SAID, run_states
from tests.worker.test_worker import until, working
from tests.world import Talk, World, make_talk, make_world

pytestmark = pytest.mark.usefixtures("dropped_links")
ROOT = Path(__file__).parents[2]
POINTS = ["queued", "begun", "reserved", "answered", "counted", "published"]


@pytest.fixture(scope="module")
def urls(own_urls: ServerUrls) -> ServerUrls:
    """Whose worker dies at the first run that comes by: it is to be the test's."""
    return own_urls


@pytest.fixture(scope="module")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the children keep their bytecode: they start often."""
    return tmp_path_factory.mktemp("bytecode")


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_a_point_of_an_answer(
    db: Database, gateway_db: Database, urls: ServerUrls, bytecode: Path, god: psycopg.AsyncConnection, point: str
) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await queued(talk, gateway_db, urls, "first")
    async with child(urls, bytecode, "A", failpoint=point) as killed:
        assert await killed.wait() == -signal.SIGKILL
    await let_time_pass(god, world)
    async with working(db, urls):
        await until(lambda: finished(db, world, answers=1))
        # What the dead worker held is free again: the same conversation goes on.
        await queued(talk, gateway_db, urls, "second")
        await until(lambda: finished(db, world, answers=2))
    first = "A" if point == "published" else SAID
    assert await talk.seen() == [("user", "first"), ("assistant", first), ("user", "second"), ("assistant", SAID)]
    assert await run_states(db, world) == ["complete", "complete"]


async def test_killed_while_it_thinks(
    db: Database, gateway_db: Database, urls: ServerUrls, bytecode: Path, god: psycopg.AsyncConnection
) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await queued(talk, gateway_db, urls, "first")
    async with child(urls, bytecode, "A", gated=True) as killed:
        await said(killed, "answering")
        killed.kill()
        await killed.wait()
    await let_time_pass(god, world)
    async with working(db, urls):
        await until(lambda: finished(db, world, answers=1))
    assert await talk.seen() == [("user", "first"), ("assistant", SAID)]


async def test_frozen_past_its_lease_it_answers_no_second_time(
    db: Database, gateway_db: Database, urls: ServerUrls, bytecode: Path, god: psycopg.AsyncConnection
) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    async with Notifier(gateway_db, urls.gateway), child(urls, bytecode, "A", gated=True) as frozen:
        await talk.say("first")
        await said(frozen, "answering")
        frozen.send_signal(signal.SIGSTOP)
        await let_time_pass(god, world)
        async with child(urls, bytecode, "B") as second:
            await until(lambda: finished(db, world, answers=1))
            assert frozen.stdin is not None
            frozen.stdin.write(b"\n")  # It wakes with its answer in hand.
            frozen.send_signal(signal.SIGCONT)
            await said(frozen, "done")
            second.kill()
            await second.wait()
        await let_time_pass(god, world)
        await talk.say("second")
        await until(lambda: finished(db, world, answers=2))
        assert frozen.returncode is None
    assert await talk.seen() == [("user", "first"), ("assistant", "B"), ("user", "second"), ("assistant", "A")]
    assert await run_states(db, world) == ["complete", "complete"]


async def queued(talk: Talk, gateway_db: Database, urls: ServerUrls, content: str) -> None:
    """Say it, and bring its job into the queue."""
    async with Notifier(gateway_db, urls.gateway):
        await talk.say(content)


async def finished(db: Database, world: World, *, answers: int) -> bool:
    """Whether so many answers are published, each counted once, and the queue holds nothing more of them."""
    async with db.read(world.workspace_id) as tx:
        now = await tx.row(
            "SELECT (SELECT count(*) FROM messages WHERE role = 'assistant') AS published,"
            " (SELECT count(*) FROM usage_events WHERE metric = 'answers') AS counted,"
            " (SELECT coalesce(sum(used), 0) FROM usage_counters"
            "  WHERE metric = 'answers' AND period = 'month') AS used,"
            " (SELECT coalesce(sum(reserved), 0) FROM usage_counters WHERE metric = 'answers') AS reserved,"
            " (SELECT count(*) FROM jobs.procrastinate_jobs WHERE args ->> 'workspace_id' = :id) AS jobs",
            id=str(world.workspace_id),
        )
    assert now is not None
    assert now.published <= answers
    assert now.counted == now.published == now.used
    return bool(now.published == answers and now.jobs == 0 and now.reserved == 0)


async def let_time_pass(god: psycopg.AsyncConnection, world: World) -> None:
    """End the leases of the runs in hand, and the patience with the workers that hold their jobs."""
    id = world.workspace_id
    await god.execute(
        "UPDATE runs SET lease_expires_at = now() - interval '1 second' WHERE workspace_id = %s AND state = 'running'",
        (id,),
    )
    await god.execute(
        "UPDATE jobs.procrastinate_workers SET last_heartbeat = now() - interval '1 minute' WHERE id IN"
        " (SELECT worker_id FROM jobs.procrastinate_jobs WHERE status = 'doing' AND args ->> 'workspace_id' = %s)",
        (str(id),),
    )


@asynccontextmanager
async def child(
    urls: ServerUrls, bytecode: Path, name: str, *, gated: bool = False, failpoint: str = ""
) -> AsyncIterator[Process]:
    """A worker process, killed at the end of the block if it lives then."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.worker_child", urls.app, name, *(["gated"] if gated else []),
        cwd=ROOT, stdin=PIPE, stdout=PIPE,
        env=kept | {"CONSOLE_FAILPOINT": failpoint, "PYTHONPYCACHEPREFIX": str(bytecode), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said(process: Process, word: str) -> None:
    """Wait until the child has said the word."""
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while (line := await process.stdout.readline()) != f"{word}\n".encode():
            assert line, f"the child ended before it said {word}"

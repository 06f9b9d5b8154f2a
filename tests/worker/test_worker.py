"""The worker on the real queue: it answers what visitors ask, also when a hint was lost or a worker died."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.notify import Notifier
from console.domain.conversation import HandoffReason
from console.ids import WorkspaceId, new_id
from console.services.answers import Answers
from console.services.conversations import Conversations
from console.services.takeover import Takeover
from console.worker.worker import run_worker
from tests.services.run_support import SAID, Fixed, good
from tests.world import Talk, World, make_talk, make_world

SOON = 240.0


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition of the database, looked at again and again, with a deadline."""
    async with asyncio.timeout(SOON):
        while not await condition():
            await asyncio.sleep(0.02)


async def no_crawl(_workspace_id: WorkspaceId, _id: UUID) -> None:
    return


@asynccontextmanager
async def working(db: Database, urls: ServerUrls, answers: Answers | None = None) -> AsyncIterator[None]:
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(
        run_worker(db, urls.app, answers or Answers(db, Fixed(good())), no_crawl, stop=stop, ready=ready.set)
    )
    await ready.wait()
    try:
        yield
    finally:
        stop.set()
        await task


async def test_a_visitors_message_is_answered_through_the_queue(
    db: Database, gateway_db: Database, urls: ServerUrls
) -> None:
    world = await make_world(db)
    async with Notifier(gateway_db, urls.gateway), working(db, urls):
        talk = await make_talk(gateway_db, world)
        await talk.say("can I return it?")

        async def answered() -> bool:
            return (await talk.seen())[-1] == ("assistant", SAID)

        await until(answered)


async def test_a_run_without_a_job_is_swept_up(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    """The gateway died between commit and defer: no notifier ran here at all."""
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("anybody?")
    async with working(db, urls):

        async def answered() -> bool:
            return len(await talk.seen()) == 2

        await until(answered)


async def test_a_run_of_a_dead_worker_is_taken_again(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("anybody?")
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "UPDATE runs SET state = 'running', attempt = 1, lease_token = gen_random_uuid(),"
            " lease_expires_at = now() - interval '1 second' WHERE workspace_id = :ws"
        )
    async with working(db, urls):

        async def answered() -> bool:
            return len(await talk.seen()) == 2

        await until(answered)


async def test_an_abandoned_conversation_returns_to_the_queue(
    db: Database, gateway_db: Database, urls: ServerUrls
) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await Takeover(db).claim(world.member, talk.id)
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "UPDATE conversations SET lease_expires_at = now() - interval '1 second' WHERE workspace_id = :ws"
        )
    async with working(db, urls):

        async def returned() -> bool:
            now = await Conversations(db).get(world.member, talk.id)
            return now.waiting and now.handoff_reason is HandoffReason.ABANDONED

        await until(returned)


async def test_many_conversations_at_once_each_get_one_answer(
    db: Database, gateway_db: Database, urls: ServerUrls
) -> None:
    world = await make_world(db)
    async with Notifier(gateway_db, urls.gateway), working(db, urls):
        talks = [await make_talk(gateway_db, world) for _ in range(30)]
        await asyncio.gather(*(talk.say(f"question {n}") for n, talk in enumerate(talks)))

        async def all_answered() -> bool:
            return await answers_in(db, world) == len(talks)

        await until(all_answered)
        for talk in talks:
            assert [role for role, _ in await talk.seen()] == ["user", "assistant"]


async def answers_in(db: Database, world: World) -> int:
    async with db.read(world.workspace_id) as tx:
        count: int = await tx.scalar("SELECT count(*) FROM messages WHERE role = 'assistant'")
        return count


async def test_finished_jobs_leave_the_queue(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    world = await make_world(db)
    async with Notifier(gateway_db, urls.gateway), working(db, urls):
        talk = await make_talk(gateway_db, world)
        await talk.say("q")

        async def gone() -> bool:
            async with db.read(world.workspace_id) as tx:
                left = await tx.scalar(
                    "SELECT count(*) FROM jobs.procrastinate_jobs WHERE args ->> 'workspace_id' = :id",
                    id=str(world.workspace_id),
                )
            return left == 0 and len(await talk.seen()) == 2

        await until(gone)


async def test_a_job_that_its_worker_could_not_report_as_done_is_dropped(
    db: Database, gateway_db: Database, urls: ServerUrls
) -> None:
    """It would hold the conversation's lock as long as its worker lives."""
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    before = await newest_worker(urls)
    async with working(db, urls):

        async def at_work() -> bool:
            return await newest_worker(urls) > before

        await until(at_work)
        await stick(urls, world, talk)
        await talk.say("anybody?")

        async def answered() -> bool:
            return len(await talk.seen()) == 2

        await until(answered)


async def newest_worker(urls: ServerUrls) -> int:
    """The number of the worker that signed on last, of those who have not left."""
    async with await psycopg.AsyncConnection.connect(urls.superuser, autocommit=True) as god:
        row = await (await god.execute("SELECT coalesce(max(id), 0) FROM jobs.procrastinate_workers")).fetchone()
    assert row is not None
    return int(row[0])


async def stick(urls: ServerUrls, world: World, talk: Talk) -> None:
    """A job of a living worker, begun long ago, whose run has ended."""
    async with await psycopg.AsyncConnection.connect(urls.superuser, autocommit=True) as god:
        await god.execute("SET search_path = jobs")
        cursor = await god.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status, worker_id)"
            " SELECT 'answers', 'console.answer', %s, %s, 'doing', max(id) FROM procrastinate_workers RETURNING id",
            (str(talk.id), Jsonb({"workspace_id": str(world.workspace_id), "id": str(new_id())})),
        )
        job = await cursor.fetchone()
        assert job is not None
        await god.execute("DELETE FROM procrastinate_events WHERE job_id = %s", job)
        await god.execute(
            "INSERT INTO procrastinate_events (job_id, type, at) VALUES (%s, 'started', now() - interval '1 minute')",
            job,
        )

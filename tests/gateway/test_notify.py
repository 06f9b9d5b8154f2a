"""A visitor's message reaches the queue and the screens by the gateway's own role."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import psycopg

from console.db.embedded.urls import ServerUrls
from console.db.engine import Database
from console.db.notify import channel
from tests.gateway.support import Gateway


async def test_a_message_wakes_the_screens_and_queues_one_job(gateway: Gateway, db: Database, urls: ServerUrls) -> None:
    async with await psycopg.AsyncConnection.connect(urls.app, autocommit=True) as listener:
        await listener.execute(f'LISTEN "{channel(gateway.world.workspace_id)}"')
        talk = await gateway.start()
        await asyncio.gather(*(gateway.send(talk, f"question {number}") for number in range(5)))
        # A batch that came in one packet is given whole, so one or more.
        heard = {note.payload async for note in listener.notifies(timeout=60, stop_after=1)}
        assert heard == {f"conversation:{talk.id}"}
        job = await _job(db, UUID(talk.id))
    assert (job.task_name, job.queue_name, job.n) == ("console.answer", "answers", 1)
    async with db.read(gateway.world.workspace_id) as tx:
        run_id = await tx.scalar("SELECT id FROM runs WHERE workspace_id = :ws AND state = 'queued'")
    assert job.args == {"workspace_id": str(gateway.world.workspace_id), "id": str(run_id)}


async def _job(db: Database, conversation_id: UUID) -> Any:
    """The jobs of a conversation, once there is one."""
    async with asyncio.timeout(60):
        while True:
            async with db.read(None) as tx:
                row = await tx.row(
                    "SELECT min(task_name) AS task_name, min(queue_name) AS queue_name, count(*) AS n,"
                    " (array_agg(args))[1] AS args FROM jobs.procrastinate_jobs WHERE lock = :lock HAVING count(*) > 0",
                    lock=str(conversation_id),
                )
            if row is not None:
                return row
            await asyncio.sleep(0.05)

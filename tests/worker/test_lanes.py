"""An answer never waits for knowledge to be read."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.notify import Notifier
from console.ids import WorkspaceId
from console.services.answers import Answers
from console.services.sources import Sources
from console.worker.worker import run_worker
from tests.services.knowledge_support import write_articles
from tests.services.run_support import SAID, Fixed, good
from tests.worker.test_worker import SOON, until
from tests.world import make_talk, make_world

CRAWLS = 8


async def test_an_answer_passes_all_crawls(
    db: Database, gateway_db: Database, urls: ServerUrls, tmp_path: Path
) -> None:
    world, begun, end = await make_world(db), asyncio.Event(), asyncio.Event()

    async def endless(_workspace_id: WorkspaceId, _id: UUID) -> None:
        begun.set()
        await end.wait()

    stop, ready = asyncio.Event(), asyncio.Event()
    async with Notifier(db, urls.app), Notifier(gateway_db, urls.gateway):
        for number in range(CRAWLS):
            folder = tmp_path / f"{number}"
            folder.mkdir()
            write_articles(folder, ["apples"])
            await Sources(db).add(world.admin, "folder", str(folder))
        worker = asyncio.create_task(
            run_worker(db, urls.app, Answers(db, Fixed(good())), endless, stop=stop, ready=ready.set)
        )
        await ready.wait()
        async with asyncio.timeout(SOON):
            await begun.wait()
        talks = [await make_talk(gateway_db, world) for _ in range(CRAWLS)]
        for talk in talks:
            await talk.say("can I return it?")

        async def answered() -> bool:
            return all([(await talk.seen())[-1] == ("assistant", SAID) for talk in talks])

        await until(answered)
        assert not end.is_set()
        end.set()
        stop.set()
        await worker

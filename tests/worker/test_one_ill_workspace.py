"""What goes wrong in one workspace is none of the others': the worker works on for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import psycopg
import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.jobs import queue_app
from console.domain.conversation import HandoffReason
from console.ids import WorkspaceId
from console.services.conversations import Conversations
from console.services.messages import Messages
from console.services.takeover import Takeover
from console.worker.sweep import sweep_once
from tests.worker.test_worker import until, working
from tests.world import World, make_talk, make_world

_ILL = """
CREATE FUNCTION ill() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''nothing can be stored here''; END';
CREATE TRIGGER ill BEFORE INSERT ON {table} FOR EACH ROW WHEN (NEW.workspace_id = '{id}') EXECUTE FUNCTION ill();
"""
_WELL = "DROP TRIGGER ill ON {table}; DROP FUNCTION ill()"


@asynccontextmanager
async def ill(urls: ServerUrls, world: World, table: str) -> AsyncIterator[None]:
    """The workspace can't store a row there."""
    async with await psycopg.AsyncConnection.connect(urls.superuser, autocommit=True) as god:
        await god.execute(_ILL.format(table=table, id=world.workspace_id).encode())
        try:
            yield
        finally:
            await god.execute(_WELL.format(table=table).encode())


@pytest.fixture
async def worlds(db: Database) -> list[World]:
    """In the order in which workspaces are worked on, and in the other."""
    made = [await make_world(db) for _ in range(3)]
    return sorted(made, key=lambda world: world.workspace_id)


async def test_abandoned_conversations_of_the_others_return(
    db: Database, gateway_db: Database, urls: ServerUrls, worlds: list[World]
) -> None:
    bad, talks = worlds[1], [await make_talk(gateway_db, world) for world in worlds]
    for world, talk in zip(worlds, talks, strict=True):
        await Takeover(db).claim(world.member, talk.id)
        await lapse(db, world)

    async def returned() -> bool:
        now = [await Conversations(db).get(w.member, t.id) for w, t in zip(worlds, talks, strict=True)]
        return [each.handoff_reason is HandoffReason.ABANDONED for each in now] == [True, False, True]

    async with ill(urls, bad, "conversation_events"), working(db, urls):
        await until(returned)
        await talks[1].say("is anybody there?")
        # The worker lives, and has been round again since.
        again = await make_talk(gateway_db, worlds[2])
        await Takeover(db).claim(worlds[2].member, again.id)
        await lapse(db, worlds[2])

        async def again_returned() -> bool:
            now = await Conversations(db).get(worlds[2].member, again.id)
            return now.handoff_reason is HandoffReason.ABANDONED

        await until(again_returned)


async def lapse(db: Database, world: World) -> None:
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "UPDATE conversations SET lease_expires_at = now() - interval '1 second'"
            " WHERE workspace_id = :ws AND lease_expires_at IS NOT NULL"
        )


async def test_held_replies_of_the_others_go_out(
    db: Database, gateway_db: Database, urls: ServerUrls, worlds: list[World]
) -> None:
    bad, talks = worlds[1], [await make_talk(gateway_db, world) for world in worlds]
    for world, talk in zip(worlds, talks, strict=True):
        claim = await Takeover(db).claim(world.member, talk.id)
        await Messages(db).hold(world.member, talk.id, "hello", token="t", epoch=claim.epoch)
        async with db.write(world.workspace_id) as tx:
            await tx.execute("UPDATE held_sends SET due_at = now() - interval '1 second' WHERE workspace_id = :ws")

    def gone_out(*wanted: bool) -> Callable[[], Awaitable[bool]]:
        async def look() -> bool:
            return [await talk.seen() == [("human", "hello")] for talk in talks] == list(wanted)

        return look

    async with AsyncExitStack() as illness:
        await illness.enter_async_context(ill(urls, bad, "messages"))
        async with working(db, urls):
            await until(gone_out(True, False, True))
            await illness.aclose()
            await until(gone_out(True, True, True))


async def test_a_duty_that_fails_stops_neither_the_others_nor_the_sweep(
    db: Database, gateway_db: Database, urls: ServerUrls, worlds: list[World]
) -> None:
    done: list[WorkspaceId] = []

    async def fails(id: WorkspaceId) -> None:
        raise ValueError("an embedder that is broken")

    async def does(id: WorkspaceId) -> None:
        done.append(id)

    for world in worlds:
        await (await make_talk(gateway_db, world)).say("q")
    app = queue_app(urls.app)
    async with app.open_async():
        await sweep_once(db, app, [fails, does])
    assert {world.workspace_id for world in worlds} <= set(done)

"""An act whose COMMIT broke off: done whole or not at all, and the same act again finds out which."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.message import Sent
from console.errors import ConnectionFailedError
from console.services.audit import first_break
from console.services.conversations import Conversations
from console.services.messages import Messages
from console.services.takeover import Takeover
from console.services.visitors import Visitors
from tests.proxy import Proxy
from tests.world import World, make_talk, make_world


@pytest.fixture
async def shaky(app_proxy: Proxy) -> AsyncIterator[Database]:
    """The database through the proxy, one link at a time."""
    async with through(app_proxy) as database:
        yield database


@asynccontextmanager
async def through(proxy: Proxy) -> AsyncIterator[Database]:
    database = Database(proxy.url, pool_size=1)
    await database.ping()  # The driver has a COMMIT of its own on its first link.
    try:
        yield database
    finally:
        await database.close()


async def test_a_visitors_message_is_stored_once(
    db: Database, gateway_db: Database, urls: ServerUrls, socket_dir: Path
) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    assert await talk.say("first") == 1
    async with Proxy(urls.gateway, socket_dir).open() as proxy, through(proxy) as shaky:
        visitors = Visitors(shaky)
        proxy.lose_next_commit()
        with pytest.raises(ConnectionFailedError):
            await visitors.send(talk.token, talk.id, "second", key="k")
        assert proxy.lost.is_set()
        assert await visitors.send(talk.token, talk.id, "second", key="k") == Sent(2, repeated=True)
    assert await talk.say("third") == 3
    assert [content for _, content in await talk.seen()] == ["first", "second", "third"]
    assert await count(db, world, "runs") == 1


async def test_an_operators_message_is_stored_once(
    db: Database, gateway_db: Database, app_proxy: Proxy, shaky: Database
) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    epoch = (await Takeover(db).claim(world.member, talk.id)).epoch
    app_proxy.lose_next_commit()
    with pytest.raises(ConnectionFailedError):
        await Messages(shaky).send(world.member, talk.id, "hello", token="t", epoch=epoch)
    assert app_proxy.lost.is_set()
    again = await Messages(shaky).send(world.member, talk.id, "hello", token="t", epoch=epoch)
    assert again == Sent(1, repeated=True)
    assert (await Messages(db).send(world.member, talk.id, "next", token="u", epoch=epoch)).seq == 2
    assert await talk.seen() == [("human", "hello"), ("human", "next")]


async def test_a_claim_is_mine_when_asked_again(
    db: Database, gateway_db: Database, app_proxy: Proxy, shaky: Database
) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    before = (await Conversations(db).get(world.member, talk.id)).epoch
    app_proxy.lose_next_commit()
    with pytest.raises(ConnectionFailedError):
        await Takeover(shaky).claim(world.member, talk.id, epoch=before)
    assert app_proxy.lost.is_set()
    again = await Takeover(shaky).claim(world.member, talk.id, epoch=before)
    assert again.claimed
    assert again.holder is not None
    assert (again.holder.user_id, again.epoch) == (world.member.user_id, before + 1)
    assert await traces(db, world) == (1, 1)


async def test_a_claim_killed_before_its_commit_never_was(
    db: Database, gateway_db: Database, god: psycopg.AsyncConnection
) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    before = await Conversations(db).get(world.member, talk.id)
    async with god.transaction():
        # The claim has written the conversation and its event when it waits for the audit's head.
        await god.execute("SELECT FROM audit_heads WHERE workspace_id = %s FOR UPDATE", (world.workspace_id,))
        claim = asyncio.create_task(Takeover(db).claim(world.member, talk.id))
        await god.execute("SELECT pg_terminate_backend(%s)", (await one_held_up(god),))
        with pytest.raises(ConnectionFailedError):
            await claim
        assert await Conversations(db).get(world.member, talk.id) == before
        assert await traces(db, world) == (0, 0)
    won = await Takeover(db).claim(world.other, talk.id, epoch=before.epoch)
    assert (won.claimed, won.epoch) == (True, before.epoch + 1)
    assert await traces(db, world) == (1, 1)
    async with db.read(world.workspace_id) as tx:
        assert await first_break(tx) is None


async def test_a_rival_wins_over_a_claim_killed_before_its_commit(
    db: Database, gateway_db: Database, god: psycopg.AsyncConnection
) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    async with god.transaction():
        await god.execute("SELECT FROM audit_heads WHERE workspace_id = %s FOR UPDATE", (world.workspace_id,))
        claim = asyncio.create_task(Takeover(db).claim(world.member, talk.id))
        first = await one_held_up(god)
        rival = asyncio.create_task(Takeover(db).claim(world.other, talk.id))
        await one_held_up(god, by=first)
        await god.execute("SELECT pg_terminate_backend(%s)", (first,))
        with pytest.raises(ConnectionFailedError):
            await claim
    assert (await rival).claimed
    lost = await Takeover(db).claim(world.member, talk.id)
    assert lost.holder is not None
    assert (lost.claimed, lost.holder.user_id) == (False, world.other.user_id)
    assert await traces(db, world) == (1, 1)


async def one_held_up(god: psycopg.AsyncConnection, by: int | None = None) -> Any:
    """The backend that waits for a lock of `by`, or of the superuser's own connection."""
    async with asyncio.timeout(60):
        while True:
            cursor = await god.execute(
                "SELECT pid FROM pg_locks WHERE NOT granted"
                " AND coalesce(%s, pg_backend_pid()) = ANY (pg_blocking_pids(pid))",
                (by,),
            )
            if row := await cursor.fetchone():
                return row[0]
            await asyncio.sleep(0.01)


async def traces(db: Database, world: World) -> tuple[int, int]:
    """How many claims the conversations' events and the audit log tell of."""
    async with db.read(world.workspace_id) as tx:
        events = await tx.scalar("SELECT count(*) FROM conversation_events WHERE kind = 'claimed'")
        acts = await tx.scalar("SELECT count(*) FROM audit_events WHERE action = 'conversation.claimed'")
        return events, acts


async def count(db: Database, world: World, table: str) -> int:
    async with db.read(world.workspace_id) as tx:
        found: int = await tx.scalar(f"SELECT count(*) FROM {table}")
        return found

"""Fifty calls for one connection: each gets it or is told so within the pool's patience."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, aclosing, contextmanager, suppress

import psutil
import psycopg
import pytest

from console.db import hangup
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.notify import Notifier
from console.domain.inbox import InboxFilter
from console.domain.live import Changed, Link, LinkChanged
from console.errors import ConnectionFailedError
from console.services.conversations import Conversations
from console.services.inbox import Inbox
from console.services.live import Live
from console.services.messages import Messages
from console.services.takeover import Takeover
from tests.world import World, make_talk, make_world

CALLS = 50
PATIENCE = 5.0
LONG = 120.0
"""Where not the patience is asked for: the last of so many has its turn late on a busy machine."""


async def test_each_of_many_calls_gets_its_turn(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    narrow = Database(urls.app, pool_size=1)
    narrow.pool.patience = LONG
    epoch = (await Takeover(narrow).claim(world.member, talk.id)).epoch
    send = Messages(narrow).send
    sent = await asyncio.gather(*(send(world.member, talk.id, f"{n}", token=f"{n}", epoch=epoch) for n in range(CALLS)))
    assert sorted(each.seq for each in sent) == list(range(1, CALLS + 1))
    await narrow.close()


async def test_who_gets_none_is_told_so_in_time(
    db: Database, gateway_db: Database, urls: ServerUrls, god: psycopg.AsyncConnection
) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    narrow = Database(urls.app, pool_size=1)
    inbox, conversations = Inbox(narrow), Conversations(narrow)
    clock = asyncio.get_running_loop().time
    async with god.transaction():
        # The first call waits for this lock as long as the transaction lasts, and keeps the one connection.
        await god.execute("SELECT FROM audit_heads WHERE workspace_id = %s FOR UPDATE", (world.workspace_id,))
        holding = asyncio.create_task(Takeover(narrow).claim(world.member, talk.id))
        await held_up(god)
        begun = clock()
        calls = [
            conversations.get(world.member, talk.id) if n % 2 else inbox.page(world.member, InboxFilter.ALL)
            for n in range(CALLS)
        ]
        async with asyncio.timeout(60):
            results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [ConnectionFailedError] * CALLS
        assert clock() - begun > PATIENCE - 0.1
        assert not holding.done()
    assert (await holding).claimed
    narrow.pool.patience = LONG
    pages = await asyncio.gather(*(inbox.page(world.member, InboxFilter.ALL) for _ in range(CALLS)))
    assert [len(page.rows) for page in pages] == [1] * CALLS
    await narrow.close()


async def test_the_live_link_is_none_of_the_pool(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    narrow = Database(urls.app, pool_size=1)
    async with narrow.read(None) as held, Notifier(gateway_db, urls.gateway):
        await held.scalar("SELECT 1")
        async with aclosing(Live(narrow, urls.app).events(world.member)) as events, asyncio.timeout(60):
            assert await anext(events) == LinkChanged(Link.LIVE)
            assert await anext(events) == Changed(None)
            await talk.say("hello")
            while await anext(events) != Changed(frozenset({talk.id})):
                pass
    await narrow.close()


async def test_a_frozen_session_is_given_up(db: Database, urls: ServerUrls, monkeypatch: pytest.MonkeyPatch) -> None:
    world = await make_world(db)
    own = Database(urls.app, pool_size=1)
    with ExitStack() as frozen:
        async with asyncio.timeout(60):
            with pytest.raises(ConnectionFailedError), impatient(monkeypatch):
                await frozen_within(own, world, frozen)
            # While it stands there still: another takes its place, also when it froze between two calls.
            async with own.read(None) as tx:
                pid = await tx.scalar("SELECT pg_backend_pid()")
            freeze(pid, frozen)
            with suppress(ConnectionFailedError), impatient(monkeypatch):
                await own.ping()
            await own.ping()
    await own.close()


@contextmanager
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A statement may stay unanswered for half a second, as long as the block runs."""
    with monkeypatch.context() as patched:
        patched.setattr(hangup, "PATIENCE_SECONDS", 0.5)
        yield


async def frozen_within(db: Database, world: World, frozen: ExitStack) -> None:
    async with db.write(world.workspace_id) as tx:
        freeze(await tx.scalar("SELECT pg_backend_pid()"), frozen)
        await tx.scalar("SELECT 1")


def freeze(pid: int, frozen: ExitStack) -> None:
    """Stop the process until the stack ends."""
    process = psutil.Process(pid)
    frozen.callback(process.resume)
    process.suspend()


async def held_up(god: psycopg.AsyncConnection) -> None:
    """Wait until a backend waits for a lock of the superuser's own connection."""
    async with asyncio.timeout(60):
        while True:
            cursor = await god.execute(
                "SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
            )
            if cursor.rowcount:
                return
            await asyncio.sleep(0.01)

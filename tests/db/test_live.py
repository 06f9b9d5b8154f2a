"""NOTIFY is a hint with ids only; after a gap everything is read again; without it screens poll."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import psycopg

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.listen import listen
from console.db.notify import Notifier, channel
from console.domain.live import Changed, Link, LinkChanged, LiveEvent
from tests.world import make_talk, make_world


async def following(events: AsyncIterator[LiveEvent], wanted: type[LiveEvent] | LiveEvent) -> LiveEvent:
    """The next event that equals `wanted` or is of its type."""
    async with asyncio.timeout(20):
        async for event in events:
            if event == wanted or (isinstance(wanted, type) and isinstance(event, wanted)):
                return event
    raise AssertionError("the events ended")


async def test_a_commit_reaches_a_listener_as_ids(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    async with Notifier(gateway_db, urls.gateway), aclosing(listen(db, urls.app, world.workspace_id)) as events:
        assert await following(events, LinkChanged) == LinkChanged(Link.LIVE)
        assert await following(events, Changed) == Changed(None)
        await talk.say("hello")
        assert await following(events, Changed) == Changed(frozenset({talk.id}))


async def test_another_workspace_hears_nothing(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    ours, theirs = await make_world(db), await make_world(db)
    talk, own = await make_talk(gateway_db, theirs), await make_talk(gateway_db, ours)
    async with Notifier(gateway_db, urls.gateway), aclosing(listen(db, urls.app, ours.workspace_id)) as events:
        await following(events, Changed(None))
        await talk.say("for them")
        await own.say("for us")
        assert await following(events, Changed) == Changed(frozenset({own.id}))


async def test_payloads_hold_opaque_ids_only(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    async with await psycopg.AsyncConnection.connect(urls.gateway, autocommit=True) as connection:
        await connection.execute(f'LISTEN "{channel(world.workspace_id)}"'.encode())
        async with Notifier(gateway_db, urls.gateway):
            await talk.say("my secret words")
        payloads = {note.payload async for note in connection.notifies(timeout=5, stop_after=1)}
    assert payloads == {f"conversation:{talk.id}"}


async def test_a_cut_link_comes_back_and_reads_everything_again(
    db: Database, gateway_db: Database, urls: ServerUrls
) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    async with Notifier(gateway_db, urls.gateway), aclosing(listen(db, urls.app, world.workspace_id)) as events:
        await following(events, Changed(None))
        await cut_listeners(urls, world.workspace_id)
        assert await following(events, LinkChanged) == LinkChanged(Link.POLLING)
        for number in range(50):
            await talk.say(f"missed {number}")
        assert await following(events, LinkChanged(Link.LIVE))
        assert await following(events, Changed(None)) == Changed(None)
        assert len(await talk.seen()) == 50


async def cut_listeners(urls: ServerUrls, workspace_id: Any) -> None:
    async with await psycopg.AsyncConnection.connect(urls.superuser, autocommit=True) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE %s",
            (f"LISTEN%{workspace_id.hex}%",),
        )


async def test_an_unreachable_server_is_offline(urls: ServerUrls, db: Database) -> None:
    world = await make_world(db)
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    async with aclosing(listen(Database(nowhere), nowhere, world.workspace_id)) as events:
        assert await following(events, LinkChanged) == LinkChanged(Link.OFFLINE)

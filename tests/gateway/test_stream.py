"""The event stream: everything after the last seen seq, in order, exactly once, and then live."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest

from console.db.embedded.urls import ServerUrls
from console.db.engine import Database
from console.db.hub import Hub
from console.db.notify import Notifier
from console.ids import ConversationId
from console.services.messages import Messages
from console.services.takeover import Takeover
from tests.gateway.support import Gateway, Talk, refused, running
from tests.world import World

Event = dict[str, Any]


@asynccontextmanager
async def live(db: Database, urls: ServerUrls, world: World, **options: Any) -> AsyncIterator[Gateway]:
    """A gateway whose streams are woken by notifications."""
    hub = Hub(urls.gateway)
    async with (
        Notifier(db, urls.gateway),
        hub.listening(),
        running(db, hub=hub, **options) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=120) as client,
    ):
        yield Gateway(client, world)


async def events(gateway: Gateway, talk: Talk, last: int | None = None) -> AsyncGenerator[Event, None]:
    """The events of one connection, parsed; comments are left out."""
    headers = talk.bearer | ({"Last-Event-ID": str(last)} if last is not None else {})
    path = f"/v1/conversations/{talk.id}/events"
    async with gateway.client.stream("GET", path, headers=headers) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        event: Event = {}
        async for line in reply.aiter_lines():
            name, _, value = line.partition(": ")
            if line and name:
                event[name] = json.loads(value) if name == "data" else value
            elif not line and "event" in event:
                yield event
                event = {}


async def take(stream: AsyncIterator[Event], count: int, kind: str = "message") -> list[Event]:
    """The next events of a kind."""
    taken: list[Event] = []
    async with asyncio.timeout(60):
        async for event in stream:
            taken += [event] if event["event"] == kind else []
            if len(taken) == count:
                break
    return taken


async def test_what_was_said_and_what_follows(
    db: Database, gateway_db: Database, urls: ServerUrls, world: World
) -> None:
    async with live(gateway_db, urls, world, poll_seconds=60) as gateway, Notifier(db, urls.app):
        talk = await gateway.start()
        await gateway.send(talk, "hello")
        async with aclosing(events(gateway, talk)) as stream:
            (first,) = await take(stream, 1)
            assert (first["id"], first["data"]["content"]) == ("1", "hello")
            assert [event["data"] for event in await take(stream, 1, "control")] == [
                {"control": "ai", "waiting": False}
            ]
            claim = await Takeover(db).claim(world.member, ConversationId(UUID(talk.id)))
            assert [event["data"] for event in await take(stream, 1, "control")] == [
                {"control": "human", "waiting": False}
            ]
            await Messages(db).note(world.member, claim.conversation_id, "for us only", token="n")
            await Messages(db).send(world.member, claim.conversation_id, "hi there", token="t", epoch=claim.epoch)
            (second,) = await take(stream, 1)
            assert (second["id"], second["data"]["role"], second["data"]["content"]) == ("3", "human", "hi there")


async def test_a_link_cut_after_each_event_loses_and_doubles_nothing(
    gateway_db: Database, urls: ServerUrls, world: World
) -> None:
    async with live(gateway_db, urls, world) as gateway:
        talk = await gateway.start()
        seen: list[int] = []
        for number in range(12):
            await gateway.send(talk, f"m{number}")
            await gateway.send(talk, f"n{number}")
            async with aclosing(events(gateway, talk, last=seen[-1] if seen else None)) as stream:
                seen += [int(event["id"]) for event in await take(stream, 1)]
        async with aclosing(events(gateway, talk, last=seen[-1])) as stream:
            seen += [int(event["id"]) for event in await take(stream, 24 - len(seen))]
        assert seen == list(range(1, 25))


async def test_without_notifications_the_stream_polls(gateway_db: Database, world: World) -> None:
    async with (
        running(gateway_db, poll_seconds=0.05) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=120) as client,
    ):
        gateway = Gateway(client, world)
        talk = await gateway.start()
        async with aclosing(events(gateway, talk)) as stream:
            await take(stream, 1, "control")
            await gateway.send(talk, "hello")
            (message,) = await take(stream, 1)
            assert message["data"]["content"] == "hello"


async def test_many_visitors_each_hear_their_own(gateway_db: Database, urls: ServerUrls, world: World) -> None:
    async with live(gateway_db, urls, world, poll_seconds=60) as gateway:
        talks = [await gateway.start() for _ in range(10)]

        async def heard(number: int) -> str:
            async with aclosing(events(gateway, talks[number])) as stream:
                await take(stream, 1, "control")
                await gateway.send(talks[number], f"mine {number}")
                (message,) = await take(stream, 1)
                content: str = message["data"]["content"]
                return content

        assert await asyncio.gather(*map(heard, range(10))) == [f"mine {number}" for number in range(10)]


async def test_one_link_serves_all_streams(gateway_db: Database, urls: ServerUrls, world: World) -> None:
    async with live(gateway_db, urls, world, poll_seconds=60) as gateway, AsyncExitStack() as closing:
        talks = [await gateway.start() for _ in range(20)]
        streams = [await closing.enter_async_context(aclosing(events(gateway, talk))) for talk in talks]
        for stream in streams:
            await take(stream, 1, "control")
        async with asyncio.timeout(60):
            # A link of the test before may still be leaving; what these streams have, they keep.
            while await _sessions(gateway_db, "query = 'LISTEN visitors'") != 1:
                await asyncio.sleep(0.01)
            while await _sessions(gateway_db, "state LIKE 'idle in transaction%'"):
                await asyncio.sleep(0.01)


async def _sessions(db: Database, which: str) -> int:
    """How many other sessions of this database are so."""
    mine = "pid <> pg_backend_pid() AND datname = current_database()"
    async with db.read(None) as tx:
        return int(await tx.scalar(f"SELECT count(*) FROM pg_stat_activity WHERE {which} AND {mine}"))


async def test_a_foreign_token_gets_no_stream(gateway: Gateway) -> None:
    mine, theirs = await gateway.start(), await gateway.start()
    path = f"/v1/conversations/{theirs.id}/events"
    assert refused(await gateway.client.get(path, headers=mine.bearer), 404)["code"] == "not_found"
    assert refused(await gateway.client.get(path), 401)["code"] == "no_token"
    bad = mine.bearer | {"Last-Event-ID": "three"}
    assert refused(await gateway.client.get(f"/v1/conversations/{mine.id}/events", headers=bad), 400)


async def test_the_servers_end_ends_its_streams(
    gateway_db: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.gateway.server._GRACE_SECONDS", 600)
    async with asyncio.timeout(60), running(gateway_db, poll_seconds=600) as address:
        client = httpx.AsyncClient(base_url=address, trust_env=False, timeout=120)
        gateway = Gateway(client, world)
        stream = events(gateway, await gateway.start())
        await take(stream, 1, "control")
    assert [event async for event in stream] == []
    await client.aclose()

"""Who types and who speaks, told in both directions while it lasts and no longer."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing
from uuid import UUID

import httpx
import pytest

from console.db.embedded.urls import ServerUrls
from console.db.engine import Database
from console.db.notify import Notifier
from console.domain.run import RunState
from console.ids import ConversationId
from console.services.answers import Answers
from console.services.messages import Messages
from console.services.presence import Presence
from console.services.takeover import Takeover
from tests.gateway.support import Gateway, Talk, refused
from tests.gateway.test_stream import events, live, take
from tests.services.run_support import Fixed, newest_run, unsure
from tests.world import World


def typing_path(talk: Talk) -> str:
    return f"/v1/conversations/{talk.id}/typing"


async def test_a_visitor_types_for_six_seconds(gateway: Gateway, db: Database) -> None:
    talk = await gateway.start()
    for _ in range(2):
        reply = await gateway.client.post(typing_path(talk), headers=talk.bearer)
        assert (reply.status_code, reply.content) == (204, b"")
    id = ConversationId(UUID(talk.id))
    around, member = Presence(db).around, gateway.world.member
    async with db.write(gateway.world.workspace_id) as tx:
        lasts = await tx.scalar("SELECT extract(epoch FROM typing_until - seen_at) FROM visitor_presences")
        await tx.execute("UPDATE visitor_presences SET typing_until = now() + interval '1 hour'")
    assert lasts == 6
    (seen,) = await around(member, [id])
    assert (seen.user_id, seen.typing) == (None, True)
    async with db.write(gateway.world.workspace_id) as tx:
        await tx.execute("UPDATE visitor_presences SET typing_until = now()")
    assert await around(member, [id]) == ()


async def test_typing_needs_the_token(gateway: Gateway) -> None:
    mine, theirs = await gateway.start(), await gateway.start()
    refused(await gateway.client.post(typing_path(theirs), headers=mine.bearer), 404)
    refused(await gateway.client.post(typing_path(mine)), 401)
    refused(await gateway.client.get(typing_path(mine), headers=mine.bearer), 405)


async def test_the_stream_tells_who_types_and_who_speaks(
    db: Database, gateway_db: Database, urls: ServerUrls, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.services.presence.TYPING_SECONDS", 600)
    async with live(gateway_db, urls, world, poll_seconds=60) as gateway, Notifier(db, urls.app):
        talk = await gateway.start()
        id = ConversationId(UUID(talk.id))
        async with aclosing(events(gateway, talk)) as stream:

            async def told(kind: str) -> object:
                (event,) = await take(stream, 1, kind)
                assert "id" not in event
                return event["data"]

            assert await told("control") == {"control": "ai", "waiting": False}
            await gateway.send(talk, "can I return it?")
            assert await told("typing") == {"typing": True}
            answers = Answers(db, Fixed(unsure()))
            assert await answers.run(world.workspace_id, await newest_run(db, world)) is RunState.COMPLETE
            assert await told("control") == {"control": "human", "waiting": True}
            assert await told("typing") == {"typing": False}
            claim = await Takeover(db).claim(world.member, id)
            assert await told("control") == {"control": "human", "waiting": False}
            await Presence(db).here(world.other, id, typing=True)
            await Presence(db).here(world.member, id, typing=True)
            assert await told("typing") == {"typing": True}
            await Messages(db).send(world.member, id, "hello", token="t", epoch=claim.epoch)
            await Presence(db).here(world.member, id)
            assert await told("typing") == {"typing": False}
            await Takeover(db).hand_back(world.member, id, epoch=claim.epoch)
            assert await told("control") == {"control": "ai", "waiting": False}


async def test_typing_ends_though_nobody_says_so(
    db: Database, gateway_db: Database, urls: ServerUrls, world: World
) -> None:
    async with live(gateway_db, urls, world, poll_seconds=600) as gateway, Notifier(db, urls.app):
        talk = await gateway.start()
        id = ConversationId(UUID(talk.id))
        await Takeover(db).claim(world.member, id)
        async with aclosing(events(gateway, talk)) as stream:
            await take(stream, 1, "control")
            clock = asyncio.get_running_loop().time
            begun = clock()
            await Presence(db).here(world.member, id, typing=True)
            assert [e["data"] for e in await take(stream, 2, "typing")] == [{"typing": True}, {"typing": False}]
            assert clock() - begun > 5


async def test_another_operator_who_types_is_no_business_of_the_visitor(
    db: Database, gateway_db: Database, urls: ServerUrls, world: World
) -> None:
    async with live(gateway_db, urls, world, poll_seconds=0.05) as gateway:
        talk = await gateway.start()
        id = ConversationId(UUID(talk.id))
        await Presence(db).here(world.other, id, typing=True)
        await Takeover(db).claim(world.member, id)
        async with aclosing(events(gateway, talk)) as stream:
            heard = [(await anext(stream))["event"]]
            await gateway.send(talk, "hello?")
            heard.append((await anext(stream))["event"])
        assert heard == ["control", "message"]


@pytest.mark.parametrize("last", [0, 3])
async def test_only_messages_move_the_last_event_id(
    gateway_db: Database, urls: ServerUrls, world: World, last: int
) -> None:
    async with live(gateway_db, urls, world) as gateway, AsyncExitStack() as closing:
        talk = await gateway.start()
        for number in range(4):
            await gateway.send(talk, f"{number}")
        headers = talk.bearer | {"Last-Event-ID": str(last)}
        path = talk.path.replace("messages", "events")
        reply: httpx.Response = await closing.enter_async_context(gateway.client.stream("GET", path, headers=headers))
        ids: list[str] = []
        async for line in reply.aiter_lines():
            ids += [line[4:]] if line.startswith("id: ") else []
            if line.startswith("event: typing"):
                break
        assert ids == [str(seq) for seq in range(last + 1, 5)]

"""Which web pages may talk with an agent through the gateway, and that no other page is told anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import httpx
import pytest

from console.db.engine import Database
from console.services.origins import Origins
from tests.gateway.support import Gateway, Talk, refused, running
from tests.gateway.test_stream import events, take
from tests.world import World, make_world

SHOP = "https://shop.example"
STRANGERS = [
    "null", "https://shop.example.evil.example", "https://evilshop.example", "http://shop.example",
    "https://shop.example:444", "https://shop.example/", "https://SHOP.example", "*", "", "https://",
]  # fmt: skip
HERS = {"Origin": SHOP}
ASKS = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


@pytest.fixture
async def listed(db: Database, gateway: Gateway) -> AsyncIterator[Gateway]:
    """The gateway, whose agent lists one shop."""
    await Origins(db).add(gateway.world.admin, "assistant", SHOP)
    yield gateway


def told(reply: httpx.Response) -> set[str]:
    """The names of a reply's headers for web pages."""
    return {name for name in reply.headers if name.startswith("access-control-")}


async def every_way(gateway: Gateway, talk: Talk, headers: dict[str, str]) -> list[httpx.Response]:
    client, base = gateway.client, talk.path.removesuffix("/messages")
    mine = headers | talk.bearer
    return [
        await client.post(gateway.start_path, headers=headers),
        await client.get(talk.path, headers=mine),
        await client.post(talk.path, json={"content": "a"}, headers=mine | {"Idempotency-Key": "k"}),
        await client.post(f"{base}/typing", headers=mine),
        await client.head(f"{base}/events", headers=mine),
    ]


async def test_a_listed_page_may_do_all_that_a_visitor_may(listed: Gateway) -> None:
    talk = await listed.start()
    replies = await every_way(listed, talk, HERS)
    assert [reply.status_code for reply in replies] == [201, 200, 201, 204, 200]
    refusals = [
        await listed.client.get(talk.path, headers=HERS),
        await listed.client.post(talk.path, headers=HERS | talk.bearer),
    ]
    assert [reply.status_code for reply in refusals] == [401, 400]
    for reply in replies + refusals:
        assert reply.headers["access-control-allow-origin"] == SHOP
        assert "access-control-allow-credentials" not in reply.headers
        assert reply.headers["vary"] == "Origin"


async def test_a_listed_page_may_ask_first(listed: Gateway) -> None:
    talk = await listed.start()
    for path, methods in ((listed.start_path, "POST"), (talk.path, "GET, POST")):
        reply = await listed.client.options(path, headers=HERS | ASKS)
        assert (reply.status_code, reply.content) == (204, b"")
        assert reply.headers["access-control-allow-origin"] == SHOP
        assert reply.headers["access-control-allow-methods"] == methods
        allowed = reply.headers["access-control-allow-headers"].lower()
        assert all(name in allowed for name in ("authorization", "content-type", "idempotency-key"))
        refused(await listed.client.options(path, headers=HERS), 405)
        refused(await listed.client.options(path, headers=ASKS), 405)


@pytest.mark.parametrize("origin", STRANGERS)
async def test_any_other_page_is_refused_and_told_nothing(listed: Gateway, origin: str) -> None:
    talk = await listed.start()
    for reply in await every_way(listed, talk, {"Origin": origin}):
        assert reply.status_code == 403
        assert not told(reply)
        assert reply.headers["vary"] == "Origin"
    for path in (listed.start_path, talk.path, f"/v1/conversations/{'x' * 36}/messages"):
        reply = await listed.client.options(path, headers={"Origin": origin} | ASKS)
        assert refused(reply, 403)["code"] == "origin"
        assert not told(reply)
    assert (await listed.read(talk)).json() == {"messages": []}


async def test_two_origins_at_once_are_none(listed: Gateway) -> None:
    talk = await listed.start()
    headers = [("Origin", SHOP), ("Origin", SHOP), *talk.bearer.items()]
    reply = await listed.client.get(talk.path, headers=headers)
    assert refused(reply, 403)
    assert not told(reply)


async def test_a_list_is_one_agents_own(listed: Gateway, db: Database) -> None:
    other = Gateway(listed.client, await make_world(db))
    talk = await other.start()
    for reply in await every_way(other, talk, HERS):
        assert reply.status_code == 403
        assert not told(reply)
    assert not told(await listed.client.options(talk.path, headers=HERS | ASKS))


async def test_without_an_origin_nothing_is_asked_and_nothing_told(gateway: Gateway) -> None:
    talk = await gateway.start()
    for reply in await every_way(gateway, talk, {}):
        assert reply.is_success
        assert not told(reply)


async def test_a_removed_origin_is_refused_at_once(listed: Gateway, db: Database) -> None:
    talk = await listed.start()
    assert (await listed.client.get(talk.path, headers=HERS | talk.bearer)).status_code == 200
    await Origins(db).remove(listed.world.admin, "assistant", SHOP)
    refused(await listed.client.get(talk.path, headers=HERS | talk.bearer), 403)
    assert not told(await listed.client.options(talk.path, headers=HERS | ASKS))


async def test_the_open_stream_of_a_removed_origin_ends(db: Database, gateway_db: Database, world: World) -> None:
    await Origins(db).add(world.admin, "assistant", SHOP)
    async with (
        running(gateway_db, poll_seconds=0.05) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=60, headers=HERS) as client,
    ):
        gateway = Gateway(client, world)
        async with aclosing(events(gateway, await gateway.start())) as stream:
            await take(stream, 1, "control")
            await Origins(db).remove(world.admin, "assistant", SHOP)
            assert [event async for event in stream] == []

"""Too many is 429 with the time to come again, counted by visitor, by address and by agent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import httpx
import pytest

from console.db.engine import Database
from console.gateway.limits import Limits
from tests.gateway.support import ROOMY, Gateway, Talk, refused, running
from tests.world import World, make_world


def limited(db: Database, world: World, **limits: Any) -> AbstractAsyncContextManager[Gateway]:
    """A gateway with these limits."""
    return visited(db, world, replace(ROOMY, **limits))


@asynccontextmanager
async def visited(db: Database, world: World, limits: Limits) -> AsyncIterator[Gateway]:
    async with running(db, limits=limits) as address, visiting(address, world) as gateway:
        yield gateway


@asynccontextmanager
async def visiting(address: str, world: World, local: str = "127.0.0.1") -> AsyncIterator[Gateway]:
    transport = httpx.AsyncHTTPTransport(local_address=local)
    async with httpx.AsyncClient(base_url=address, transport=transport, timeout=120) as client:
        yield Gateway(client, world)


def too_many(reply: httpx.Response, what: str, most: int) -> None:
    error = refused(reply, 429)
    assert error["code"] == "too_many"
    assert what in error["message"]
    assert 1 <= int(reply.headers["retry-after"]) <= most


async def test_each_visitor_has_a_rate_of_messages(gateway_db: Database, world: World) -> None:
    async with limited(gateway_db, world, messages=3) as gateway:
        one, two = await gateway.start(), await gateway.start()
        sent = [await gateway.send(one, "again", "the-same-key") for _ in range(4)]
        assert [reply.status_code for reply in sent] == [201, 200, 200, 429]
        too_many(sent[-1], "messages", 20)
        assert (await gateway.send(two, "hello")).status_code == 201
        assert len((await gateway.read(one)).json()["messages"]) == 1


async def test_each_visitor_has_rates_of_reads_typing_and_streams(gateway_db: Database, world: World) -> None:
    async with limited(gateway_db, world, reads=2, typing=2, openings=2) as gateway:
        talk = await gateway.start()
        base = talk.path.removesuffix("/messages")
        for method, path, what in (("GET", "messages", "reads"), ("POST", "typing", "typing"), ("HEAD", "events", "")):
            replies = [await gateway.client.request(method, f"{base}/{path}", headers=talk.bearer) for _ in range(3)]
            assert [reply.is_success for reply in replies] == [True, True, False]
            if what:
                too_many(replies[-1], what, 30)
        assert (await gateway.send(talk, "still heard")).status_code == 201


async def test_a_guesser_does_not_use_up_the_visitors_rate(gateway_db: Database, world: World) -> None:
    async with limited(gateway_db, world, reads=3) as gateway:
        talk = await gateway.start()
        forged = [Talk(talk.id, talk.token[:-1] + letter) for letter in "abc" if not talk.token.endswith(letter)]
        for _ in range(4):
            for each in forged:
                assert (await gateway.read(each)).status_code in {404, 429}
        assert (await gateway.read(talk)).status_code == 200


async def test_an_agent_has_a_rate_of_conversations(gateway_db: Database, db: Database, world: World) -> None:
    async with limited(gateway_db, world, starts=2) as gateway:
        replies = [await gateway.client.post(gateway.start_path) for _ in range(3)]
        assert [reply.status_code for reply in replies] == [201, 201, 429]
        too_many(replies[-1], "conversations", 30)
        other = Gateway(gateway.client, await make_world(db))
        await other.start()


async def test_an_address_has_a_rate_of_requests_of_any_kind(gateway_db: Database, world: World) -> None:
    async with limited(gateway_db, world, requests=4) as gateway:
        talk = await gateway.start()
        await gateway.read(talk)
        await gateway.client.options(talk.path, headers={"Origin": "null", "Access-Control-Request-Method": "GET"})
        await gateway.client.get(talk.path)
        too_many(await gateway.read(talk), "requests from this address", 15)
        too_many(await gateway.client.get(talk.path), "requests from this address", 15)
        assert (await gateway.client.get("/healthz")).status_code == 200
        async with visiting(str(gateway.client.base_url), world, "127.0.0.2") as elsewhere:
            assert (await elsewhere.read(talk)).status_code == 200


async def test_a_forwarded_address_is_believed_from_a_trusted_proxy_alone(gateway_db: Database, world: World) -> None:
    async def statuses(gateway: Gateway) -> list[int]:
        hops = [{"X-Forwarded-For": f"6.6.6.6, 198.51.100.{number}"} for number in (1, 1, 2, 2)]
        return [(await gateway.client.post(gateway.start_path, headers=hop)).status_code for hop in hops]

    async with limited(gateway_db, world, requests=1) as gateway:
        assert await statuses(gateway) == [201, 429, 429, 429]
    proxies = (ip_network("127.0.0.1"),)
    async with limited(gateway_db, world, requests=1, trusted_proxies=proxies) as gateway:
        assert await statuses(gateway) == [201, 429, 201, 429]


@pytest.mark.parametrize(("limits", "most"), [(replace(ROOMY, streams=2), 2), (replace(ROOMY, address_streams=3), 3)])
async def test_few_streams_are_open_at_once(gateway_db: Database, world: World, limits: Limits, most: int) -> None:
    async with visited(gateway_db, world, limits) as gateway:
        talk = await gateway.start()
        path = talk.path.replace("messages", "events")
        async with asyncio.timeout(60):
            for _ in range(2):  # A place that is left is free again.
                opened = [
                    await gateway.client.send(
                        gateway.client.build_request("GET", path, headers=talk.bearer), stream=True
                    )
                    for _ in range(most)
                ]
                assert {reply.status_code for reply in opened} == {200}
                too_many(await gateway.client.get(path, headers=talk.bearer), "open streams", 5)
                assert (await gateway.read(talk)).status_code == 200
                for reply in opened:
                    await reply.aclose()
                while (await gateway.client.head(path, headers=talk.bearer)).status_code == 429:
                    await asyncio.sleep(0.01)

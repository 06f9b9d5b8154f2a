"""Clients that are slow on purpose hold nothing: neither a place, nor memory, nor anybody else's answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import httpx
import psutil
import pytest

from console.db.engine import Database
from console.db.hub import Hub
from tests.gateway.support import ROOMY, Gateway, Talk, running
from tests.world import World

CLIENTS = 200
STUCK = 20
HASTY = replace(ROOMY, header_seconds=1.0, body_seconds=1.0, idle_seconds=1)
HEADLONG = replace(ROOMY, header_seconds=1.0)
Link = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial = Callable[..., Awaitable[Link]]


@pytest.fixture
async def dial() -> AsyncIterator[Dial]:
    """Opens connections, which end with the test."""
    opened: list[asyncio.StreamWriter] = []

    async def one(address: str, local: str = "127.0.0.1", *, window: int | None = None) -> Link:
        url, raw = httpx.URL(address), socket.socket()
        raw.setblocking(False)
        raw.bind((local, 0))
        if window:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        await asyncio.get_running_loop().sock_connect(raw, (url.host, url.port))
        link = await asyncio.open_connection(sock=raw, limit=window or 2**16)
        opened.append(link[1])
        return link

    yield one
    for writer in opened:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def rest(link: Link) -> bytes:
    """All that still comes until the gateway hangs up, also of a link that it resets."""
    found = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(60):
            while more := await link[0].read(2**16):
                found += more
    return found


async def said(dial: Dial, address: str, words: bytes) -> Link:
    """A connection on which this was said."""
    link = await dial(address)
    link[1].write(words)
    return link


async def dribble(link: Link, text: bytes) -> None:
    """A byte every tenth of a second, for as long as somebody listens."""
    try:
        for byte in text:
            link[1].write(bytes([byte]))
            await link[1].drain()
            await asyncio.sleep(0.1)
    except ConnectionError:
        return


@asynccontextmanager
async def crowd(links: list[Link], text: bytes) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(dribble(link, text)) for link in links]
        yield
        for task in tasks:
            task.cancel()


async def test_two_hundred_slow_clients_stop_nobody_and_are_hung_up_on(
    gateway_db: Database, world: World, dial: Dial
) -> None:
    async with (
        running(gateway_db, limits=HEADLONG) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=60) as client,
        asyncio.TaskGroup() as group,
    ):
        gateway = Gateway(client, world)
        talk = await gateway.start()
        links = [await dial(address) for _ in range(CLIENTS)]
        # Read from here on: to write after the answer is to have it reset.
        answering = [group.create_task(rest(link)) for link in links]
        async with crowd(links, b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 1000):
            for number in range(5):
                assert (await gateway.send(talk, f"{number}")).status_code == 201
            answers = [await answer for answer in answering]
        heads = [answer.partition(b"\r\n")[0] for answer in answers]
        # Whoever wrote in the very moment of the end has it reset.
        assert heads.count(b"HTTP/1.1 408 Request Timeout") + heads.count(b"") == CLIENTS
        assert heads.count(b"") < CLIENTS / 2


async def test_connections_without_a_word_or_between_words_end(gateway_db: Database, world: World, dial: Dial) -> None:
    async with running(gateway_db, limits=HASTY) as address:
        whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        long = b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
        silent = await dial(address)
        # Each speaks at once: its time runs from its beginning.
        (idle, again, after) = [await said(dial, address, words) for words in (whole, whole + b"GET /healthz HT", long)]
        async with crowd([after], b"a" * 1000):
            answers = await asyncio.gather(*map(rest, (silent, idle, again, after)))
        assert [answer.count(b"HTTP/1.1 200") for answer in answers] == [0, 1, 1, 1]
        assert answers[0].startswith(b"HTTP/1.1 408")


async def test_an_address_can_not_take_every_connection(gateway_db: Database, dial: Dial) -> None:
    limits = replace(ROOMY, address_connections=20, connections=30)
    async with running(gateway_db, limits=limits) as address:
        greedy = [await dial(address, "127.0.0.2") for _ in range(25)]
        answers = await asyncio.gather(*(rest(link) for link in greedy[20:]))
        assert {answer.partition(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 429 Too Many Requests"}
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=60) as client:
            assert (await client.get("/healthz")).status_code == 200
        others = [await dial(address, f"127.0.1.{number}") for number in range(1, 16)]
        refused = await rest(others[-1])
        assert refused.startswith(b"HTTP/1.1 503")
        assert b"Retry-After: " in refused
        assert json.loads(refused.partition(b"\r\n\r\n")[2])["error"]["code"] == "busy"


async def test_a_place_that_is_left_is_free_again(gateway_db: Database, dial: Dial) -> None:
    async with running(gateway_db, limits=replace(ROOMY, address_connections=3)) as address:
        for _ in range(5):
            links = [await dial(address) for _ in range(3)]
            for _, writer in links:
                writer.close()
                await writer.wait_closed()
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=60) as client, asyncio.timeout(60):
            while (await client.get("/healthz")).status_code != 200:
                await asyncio.sleep(0.01)


async def test_a_head_without_end_is_refused(gateway_db: Database, dial: Dial) -> None:
    async with running(gateway_db) as address:
        for text in (
            b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000,
            b"no http at all\r\n\r\n",
            b"\x16\x03\x01\x00\xa5\x01\x00\r\n",
        ):
            link = await dial(address)
            link[1].write(text)
            answer = await rest(link)
            assert answer.startswith(b"HTTP/1.1 400 ")
            assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "http"


class Counted(Hub):
    """Counts the streams that have begun, also those that have ended by now."""

    begun = 0

    @contextlib.contextmanager
    def follow(self, id: UUID) -> Iterator[asyncio.Event]:
        self.begun += 1
        with super().follow(id) as woken:
            yield woken


async def test_a_stream_nobody_reads_is_bounded_and_ended(gateway_db: Database, world: World, dial: Dial) -> None:
    hub, limits = Counted(gateway_db.url), replace(ROOMY, write_seconds=3.0)
    async with (
        running(gateway_db, limits=limits, hub=hub) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=120) as client,
    ):
        gateway = Gateway(client, world)
        talk = await gateway.start()
        for number in range(100):
            assert (await gateway.send(talk, f"{number} ".ljust(20_000, "€"))).status_code == 201
        begun = psutil.Process().memory_info().rss
        for _ in range(STUCK):
            (await dial(address, window=4096))[1].write(_asking(talk))
        peak = begun
        async with asyncio.timeout(120):
            while hub.begun < STUCK or hub._followers:
                peak = max(peak, psutil.Process().memory_info().rss)
                assert (await gateway.read(talk)).status_code == 200
                await asyncio.sleep(0.02)
        assert hub.begun == STUCK
        # Each has 12 MB to say.
        assert peak - begun < STUCK * 2_500_000


async def test_a_stream_nobody_reads_does_not_hold_up_the_end(
    gateway_db: Database, world: World, dial: Dial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.gateway.server._GRACE_SECONDS", 600)
    hub = Hub(gateway_db.url)
    async with (
        asyncio.timeout(120),
        running(gateway_db, hub=hub) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=60) as client,
    ):
        gateway = Gateway(client, world)
        talk = await gateway.start()
        for number in range(60):
            assert (await gateway.send(talk, f"{number} ".ljust(20_000, "€"))).status_code == 201
        link = await dial(address, window=4096)
        link[1].write(_asking(talk))
        assert await link[0].readexactly(100_000)


def _asking(talk: Talk) -> bytes:
    path = talk.path.replace("messages", "events")
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {talk.token}\r\n\r\n".encode()

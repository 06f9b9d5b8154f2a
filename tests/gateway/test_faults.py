"""Slow, large and vanishing clients; a database that is gone, full or foreign."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from console import log
from console.db.embedded.server import EmbeddedServer
from console.db.embedded.urls import ServerUrls
from console.db.engine import Database
from tests.gateway.support import ROOMY, Gateway, Talk, refused, running
from tests.world import World

LIMIT = 128 * 1024


async def _raw(address: str, head: bytes, *chunks: bytes) -> bytes:
    """Send these very bytes, then read until the gateway hangs up."""
    url = httpx.URL(address)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(head)
    for chunk in chunks:
        writer.write(chunk)
    try:
        async with asyncio.timeout(60):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def _head(talk: Talk, **more: str) -> bytes:
    headers = {"Host": "x", "Content-Type": "application/json", "Idempotency-Key": str(uuid4()), **talk.bearer}
    lines = [
        f"{name}: {value}" for name, value in (headers | {k.replace("_", "-"): v for k, v in more.items()}).items()
    ]
    return "\r\n".join([f"POST {talk.path} HTTP/1.1", *lines, "", ""]).encode()


async def test_a_body_of_the_limit_is_read_and_one_byte_more_is_not(gateway: Gateway) -> None:
    talk = await gateway.start()
    body = json.dumps({"content": "a"}).encode()
    assert (await gateway.post(talk, body.ljust(LIMIT))).status_code == 201
    assert refused(await gateway.post(talk, body.ljust(LIMIT + 1)), 413)["code"] == "too_large"


@pytest.mark.parametrize("size", [10_000_000, 200_000])
async def test_a_large_body_is_413(gateway: Gateway, size: int) -> None:
    talk = await gateway.start()
    refused(await gateway.post(talk, b'{"content": "' + b"a" * size + b'"}'), 413)
    assert (await gateway.send(talk, "still there")).json() == {"seq": 1}


async def test_an_endless_body_is_cut_off(gateway: Gateway, address: str) -> None:
    talk, url = await gateway.start(), httpx.URL(address)
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(_head(talk, Transfer_Encoding="chunked"))
    with pytest.raises(ConnectionError):
        await _pour(writer, megabytes=64)
    writer.close()


async def _pour(writer: asyncio.StreamWriter, *, megabytes: int) -> None:
    for _ in range(megabytes):
        writer.write(b"100000\r\n" + b" " * 0x100000 + b"\r\n")
        await writer.drain()


async def test_a_length_that_lies_is_not_believed(gateway: Gateway, address: str) -> None:
    talk = await gateway.start()
    body = b'{"content": "a"}'
    assert (await _raw(address, _head(talk, Content_Length="-1"), body)).startswith(b"HTTP/1.1 400")
    both = _head(talk, Content_Length="1000000000", Connection="close", Transfer_Encoding="chunked")
    answer = await _raw(address, both, b"10\r\n" + body + b"\r\n0\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 201", b"HTTP/1.1 400"))
    short = await _raw(address, _head(talk, Content_Length="4", Connection="close"), body)
    assert short.startswith(b"HTTP/1.1 400")


@pytest.fixture
async def hasty(gateway_db: Database) -> AsyncIterator[str]:
    """A gateway that waits 0.3 s for a body."""
    async with running(gateway_db, limits=replace(ROOMY, body_seconds=0.3)) as address:
        yield address


async def test_a_body_that_does_not_come_is_408(gateway: Gateway, hasty: str) -> None:
    talk = await gateway.start()
    answer = await _raw(hasty, _head(talk, Content_Length="100"), b'{"content')
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in answer.lower()


async def test_a_large_body_that_does_not_end_is_413(gateway: Gateway, gateway_db: Database) -> None:
    talk = await gateway.start()
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    async with running(gateway_db, limits=replace(ROOMY, body_seconds=2.0)) as patient:
        answer = await _raw(patient, _head(talk, Transfer_Encoding="chunked"), chunk, chunk, chunk)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer.lower()


async def test_a_client_that_leaves_is_no_incident(
    gateway: Gateway, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    talk, url = await gateway.start(), httpx.URL(address)
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(_head(talk, Content_Length="100") + b'{"content')
    await writer.drain()
    assert (await gateway.send(talk, "meanwhile")).status_code == 201
    writer.close()
    await writer.wait_closed()
    assert (await gateway.send(talk, "afterwards")).status_code == 201
    assert not [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}]


async def test_no_database_is_503_and_says_when_to_come_again(gateway: Gateway) -> None:
    talk, nowhere = await gateway.start(), Database("postgresql://nobody:hidden@127.0.0.1:1/nothing")
    async with running(nowhere) as address, httpx.AsyncClient(base_url=address, trust_env=False, timeout=60) as client:
        assert (await client.get("/healthz")).status_code == 200
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"ready": False, "reason": "connection"})
        away = Gateway(client, gateway.world)
        for reply in (await client.post(gateway.start_path), await away.send(talk, "a"), await away.read(talk)):
            assert refused(reply, 503)["code"] == "unavailable"
            assert int(reply.headers["retry-after"]) > 0
            assert not [word for word in ("127.0.0.1", "nobody", "nothing", "hidden") if word in reply.text]
    await nowhere.close()


async def test_a_gateway_that_is_ready_says_so(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"ok": True}
    assert (await client.get("/readyz")).json() == {"ready": True}


async def test_lost_connections_are_made_again(gateway: Gateway, urls: ServerUrls) -> None:
    talk = await gateway.start()
    await gateway.send(talk, "before")
    async with await psycopg.AsyncConnection.connect(urls.superuser, autocommit=True) as superuser:
        await superuser.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
            " WHERE usename = 'console_gateway_login' AND datname = current_database()"
        )
    assert (await gateway.send(talk, "after")).json() == {"seq": 2}


async def test_an_exhausted_pool_is_a_bounded_wait(urls: ServerUrls, world: World) -> None:
    narrow = Database(urls.gateway, pool_size=1)
    narrow.pool.patience = 3.0
    async with running(narrow) as address, httpx.AsyncClient(base_url=address, trust_env=False, timeout=120) as client:
        gateway = Gateway(client, world)
        talk = await gateway.start()
        async with narrow.read(None) as held:
            await held.scalar("SELECT 1")
            sends = asyncio.gather(*(gateway.send(talk, f"{number}") for number in range(50)))
            alive = [(await client.get("/healthz")).status_code for _ in range(10)]
            assert not sends.done()
            replies = await sends
        assert alive == [200] * 10
        for reply in replies:
            refused(reply, 503)
            assert int(reply.headers["retry-after"]) > 0
        narrow.pool.patience = 60
        replies = await asyncio.gather(*(gateway.send(talk, f"{number}") for number in range(50)))
        assert {reply.status_code for reply in replies} == {201}
        assert len((await gateway.read(talk)).json()["messages"]) == 50
    await narrow.close()


async def test_what_nobody_expected_is_500_with_the_name_of_its_log_entry(
    server: EmbeddedServer, gateway: Gateway, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    talk = await gateway.start()
    name = f"empty_{UUID(talk.id).hex[-8:]}"
    empty = Database(server.create_database(name).gateway)
    async with running(empty) as address, httpx.AsyncClient(base_url=address, trust_env=False, timeout=60) as client:
        reply = await Gateway(client, gateway.world).send(talk, "planted words")
        error = refused(reply, 500)
        assert "relation" not in reply.text
        assert (await client.get("/healthz")).status_code == 200
    await empty.close()
    (record,) = [record for record in caplog.records if record.name == "console"]
    fields = record.fields | {"causes": record.causes}  # type: ignore[attr-defined]
    assert fields["incident"] in error["message"]
    assert "planted words" not in str(fields)
    assert talk.token[50:] not in str(fields)
    assert log.__name__ == record.name + ".log"
    assert capfd.readouterr().out == ""

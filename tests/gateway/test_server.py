"""The server around the application: its port, its end."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.db.engine import Database
from console.errors import RefusedError
from console.gateway.protocol import Connection
from console.gateway.server import serve
from tests.gateway.support import running


async def test_a_port_that_is_taken_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RefusedError, match=f"can't listen on 127.0.0.1:{port}: Address already in use"):
            await serve(Starlette(), host="127.0.0.1", port=port, stop=asyncio.Event())


@pytest.mark.parametrize("host", ["no.such.host.invalid", "256.1.1.1", "a b", "\x1b[2J", "é" * 70], ids=ascii)
async def test_a_host_that_is_not_ours_is_one_clear_line(host: str) -> None:
    with pytest.raises(RefusedError, match="can't listen on") as refused:
        await serve(Starlette(), host=host, port=0, stop=asyncio.Event())
    assert "\x1b" not in refused.value.message


async def test_an_answer_does_not_wait_for_the_network(gateway_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[asyncio.Transport] = []

    class Seen(Connection):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            made.append(transport)
            super().connection_made(transport)

    monkeypatch.setattr("console.gateway.server.Connection", Seen)
    async with (
        running(gateway_db) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=60) as client,
    ):
        await client.get("/healthz")
        (accepted,) = [transport.get_extra_info("socket") for transport in made]
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_a_request_in_hand_is_answered_before_the_end() -> None:
    begun, stop, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(_request: Request) -> Response:
        begun.set()
        await go_on.wait()
        return Response("done")

    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    app = Starlette(routes=[Route("/", slow)])
    server = asyncio.create_task(serve(app, host="127.0.0.1", port=0, stop=stop, listening=port.set_result))
    address = f"http://127.0.0.1:{await port}"
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        request = asyncio.create_task(client.get(address))
        await begun.wait()
        stop.set()
        with pytest.raises(httpx.TransportError):
            await _until_refused(client, f"{address}/nowhere")
        await asyncio.wait({server}, timeout=0.5)
        assert not server.done()
        go_on.set()
        assert (await request).text == "done"
    await server


async def _until_refused(client: httpx.AsyncClient, address: str) -> None:
    while True:
        await client.get(address)

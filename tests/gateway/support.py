"""A running gateway, and the few requests that all its tests make."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from console.db.engine import Database
from console.db.hub import Hub
from console.domain.keys import public_key
from console.gateway.app import create_app
from console.gateway.limits import Limits
from console.gateway.server import serve
from tests.world import World

JSON = {"Content-Type": "application/json"}
MANY = 1_000_000
ROOMY = Limits(
    messages=MANY, reads=MANY, typing=MANY, openings=MANY, requests=MANY, starts=MANY, streams=MANY,
    address_streams=MANY, address_connections=MANY, connections=2000,
)  # fmt: skip
"""Limits that no test meets by accident."""


@asynccontextmanager
async def running(
    db: Database, *, limits: Limits = ROOMY, host: str = "127.0.0.1", **options: Any
) -> AsyncIterator[str]:
    """A gateway over this database; gives its address. Without a `hub` of the test's own nothing wakes its streams."""

    async def ready() -> None:
        async with db.read(None) as tx:
            await tx.scalar("SELECT 1")

    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    hub = options.pop("hub", None) or Hub(db.url)
    app = create_app(db, hub=hub, ready=ready, limits=limits, **options)
    serving = serve(app, host=host, port=0, stop=stop, listening=port.set_result, stopping=hub.stop, limits=limits)
    server = asyncio.create_task(serving)
    try:
        yield f"http://{host}:{await port}"
    finally:
        stop.set()
        await server


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as its visitor holds it."""

    id: str
    token: str

    @property
    def path(self) -> str:
        return f"/v1/conversations/{self.id}/messages"

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, slots=True)
class Gateway:
    """The client, and the world whose agent it visits."""

    client: httpx.AsyncClient
    world: World

    @property
    def public_key(self) -> str:
        return public_key(self.world.workspace_id, self.world.agent_id.hex)

    @property
    def start_path(self) -> str:
        return f"/v1/agents/{self.public_key}/conversations"

    async def start(self, **profile: str) -> Talk:
        reply = await self.client.post(self.start_path, json=profile)
        assert reply.status_code == 201, reply.text
        return Talk(reply.json()["conversation_id"], reply.json()["visitor_token"])

    async def send(self, talk: Talk, content: str, key: str | None = None) -> httpx.Response:
        headers = talk.bearer | {"Idempotency-Key": key or str(uuid4())}
        return await self.client.post(talk.path, json={"content": content}, headers=headers)

    async def post(self, talk: Talk, body: bytes, **headers: str) -> httpx.Response:
        """These very bytes as a message; a header given as "" is left out."""
        sent = JSON | talk.bearer | {"Idempotency-Key": str(uuid4())} | named(headers)
        return await self.client.post(talk.path, content=body, headers={k: v for k, v in sent.items() if v})

    async def read(self, talk: Talk, after: object = None) -> httpx.Response:
        params = {} if after is None else {"after": str(after)}
        return await self.client.get(talk.path, params=params, headers=talk.bearer)


def named(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers from keyword arguments: `content_type` is Content-Type."""
    return {name.replace("_", "-").title(): value for name, value in headers.items()}


def refused(reply: httpx.Response, status: int) -> dict[str, str]:
    """The error of a reply with this status, after a look at its shape."""
    assert reply.status_code == status, (reply.status_code, reply.text)
    assert set(reply.json()) == {"error"}
    error: dict[str, str] = reply.json()["error"]
    assert {"code", "message"} <= set(error) <= {"code", "message", "hint"}
    assert "Traceback" not in reply.text
    return error

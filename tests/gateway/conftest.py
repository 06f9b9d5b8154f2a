"""A real gateway on loopback, over a real Postgres as the gateway's role, with a published agent behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from console.db.embedded.urls import ServerUrls
from console.db.engine import Database
from console.db.notify import Notifier
from tests.gateway.support import Gateway, running
from tests.world import World, make_world


@pytest.fixture
async def world(db: Database) -> World:
    """A fresh workspace."""
    return await make_world(db)


@pytest.fixture
async def address(gateway_db: Database, urls: ServerUrls) -> AsyncIterator[str]:
    """Where the gateway listens."""
    async with Notifier(gateway_db, urls.gateway), running(gateway_db) as address:
        yield address


@pytest.fixture
async def client(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A visitor's program."""
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=120) as client:
        yield client


@pytest.fixture
def gateway(client: httpx.AsyncClient, world: World) -> Gateway:
    """The gateway as a visitor of the world's agent."""
    return Gateway(client, world)

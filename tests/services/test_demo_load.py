"""Loading the demo: whole at once, the same twice, and made whole after an interruption anywhere."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from console.db.embedded.server import EmbeddedServer
from console.db.engine import Database
from console.db.migrate import migrate
from console.demo.content import WORKSPACES
from console.demo.load import load_workspace
from console.errors import ConsoleError
from console.services import Services
from console.services.visitors import Visitors

SPACE = WORKSPACES[0]
COUNTED = ("workspaces", "workspace_users", "agents", "agent_versions", "sources", "conversations", "messages")


@pytest.fixture
async def fresh(server: EmbeddedServer) -> AsyncIterator[tuple[Database, Database]]:
    """A database of its own, as the app and as the gateway."""
    name = f"demo_{os.getpid()}"
    urls = server.create_database(name)
    migrate(urls.owner)
    db, gateway_db = Database(urls.app), Database(urls.gateway)
    yield db, gateway_db
    await db.close()
    await gateway_db.close()
    server.drop_database(name)


async def counts(db: Database, services: Services) -> dict[str, Any]:
    async with db.read(None) as tx:
        owner = SPACE.members[0]
        row = await tx.row("SELECT user_id FROM auth_login(:email)", email=owner.email)
    assert row is not None
    signed = await services.auth.login(owner.email, "demo-password")
    async with db.read(signed.memberships[0].workspace_id) as tx:
        return {table: await tx.scalar(f"SELECT count(*) FROM {table}") for table in COUNTED}


class StoppedHereError(ConsoleError):
    """The demo was stopped here."""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("broken", ["members", "versions", "sources", "messages"])
async def test_an_interrupted_load_is_made_whole(
    fresh: tuple[Database, Database], broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, gateway_db = fresh
    act = {"members": "add", "versions": "publish", "sources": "add", "messages": "send"}[broken]
    services = Services(db)

    async def stop(*_given: object, **_named: object) -> None:
        raise StoppedHereError

    with monkeypatch.context() as patched:
        patched.setattr(getattr(services, broken), act, stop)
        with pytest.raises(StoppedHereError):
            await load_workspace(services, gateway_db, SPACE, lambda _line: None)
    agent = await load_workspace(Services(db), gateway_db, SPACE, lambda _line: None)
    assert agent.published_number == 2
    first = await counts(db, Services(db))
    assert (first["workspace_users"], first["sources"]) == (len(SPACE.members), 1)
    await load_workspace(Services(db), gateway_db, SPACE, lambda _line: None)
    assert await counts(db, Services(db)) == first


async def test_what_is_told_is_what_is_there(fresh: tuple[Database, Database]) -> None:
    db, gateway_db = fresh
    lines: list[str] = []
    agent = await load_workspace(Services(db), gateway_db, SPACE, lines.append)
    there = (await counts(db, Services(db)))["conversations"]
    await Visitors(gateway_db).start(agent.public_key, {"name": "Tess"})
    await load_workspace(Services(db), gateway_db, SPACE, lines.append)
    assert lines == [f"{SPACE.name}: 6 people, agent v2, {n} conversations" for n in (there, there + 1)]

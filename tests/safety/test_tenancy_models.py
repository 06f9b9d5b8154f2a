"""The scope of the models stands alone before what the services read through models.

Each read is asked for one workspace by a login that no policy binds, over a session that is limited to another.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database, ReadTx
from console.db.models.review import KnowledgeGap
from console.errors import NotFoundError
from console.ids import new_id
from console.services.agents import Agents
from console.services.gaps import Gaps
from console.services.versions import Versions, published
from console.services.workspaces import Workspaces
from tests.world import World, make_world


class Limited(Database):
    """Its reads are of the workspace they ask for; the models are limited to `limit` and `agent`."""

    limit: UUID
    agent: UUID | None = None

    @asynccontextmanager
    async def read(self, workspace_id: UUID | None, *, one_moment: bool = False) -> AsyncIterator[ReadTx]:
        async with super().read(workspace_id, one_moment=one_moment) as tx:
            tx.session.info["workspace_id"] = self.limit
            if self.agent is not None:
                tx.narrow(self.agent)
            yield tx


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace with one row of each kind that is read."""

    db: Limited
    world: World


Read = Callable[[Place], Awaitable[Any]]


async def _published(place: Place) -> Any:
    async with place.db.read(place.world.workspace_id) as tx:
        return await published(tx, place.world.agent_id)


READS: dict[str, Read] = {
    "workspace": lambda at: Workspaces(at.db).get(at.world.owner),
    "agents": lambda at: Agents(at.db).list(at.world.owner),
    "agent": lambda at: Agents(at.db).draft(at.world.owner, at.world.agent_id),
    "versions": lambda at: Versions(at.db).list(at.world.owner, at.world.agent_id),
    "published": _published,
    "gaps": lambda at: Gaps(at.db).list(at.world.owner),
}
OF_ONE_AGENT = ["agents", "agent", "versions", "published", "gaps"]


@pytest.fixture
async def place(urls: ServerUrls) -> AsyncIterator[Place]:
    db = Limited(urls.superuser)
    world = await make_world(db)
    db.limit = world.workspace_id
    await _fill(db, world)
    yield Place(db, world)
    await db.close()


async def _fill(db: Database, world: World) -> None:
    async with db.write(world.workspace_id) as tx:
        gap = KnowledgeGap(id=new_id(), agent_id=world.agent_id, question="x", normalised_hash=b"x", trigger="no_hit")
        gap.workspace_id = world.workspace_id
        tx.session.add(gap)
        await tx.session.flush()


async def _finds(read: Read, place: Place) -> bool:
    try:
        return bool(await read(place))
    except NotFoundError:
        return False


@pytest.mark.parametrize("name", READS)
async def test_a_service_reads_what_the_scope_shows_and_nothing_else(place: Place, name: str) -> None:
    assert await _finds(READS[name], place)
    place.db.limit = new_id()
    assert not await _finds(READS[name], place)


@pytest.mark.parametrize("name", OF_ONE_AGENT)
async def test_a_session_of_another_agent_reads_nothing(place: Place, name: str) -> None:
    place.db.agent = new_id()
    assert not await _finds(READS[name], place)

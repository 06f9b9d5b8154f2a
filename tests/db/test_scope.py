"""The ORM's own fence, alone: as the superuser, whom row-level security does not bind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Select, delete, exists, func, insert, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, load_only

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.models.agents import Agent, AgentVersion
from console.db.models.conversations import Contact, Conversation
from console.db.models.identity import User, Workspace, WorkspaceUser
from console.errors import ConsoleError
from console.ids import new_id
from tests.world import World, make_world


@dataclass(frozen=True, slots=True)
class Two:
    """Two workspaces on a connection that may do anything."""

    db: Database
    a: World
    b: World


@pytest.fixture
async def two(urls: ServerUrls) -> AsyncIterator[Two]:
    database = Database(urls.superuser, pool_size=10)
    yield Two(database, await make_world(database), await make_world(database))
    await database.close()


async def _agents_of(database: Database, world: World) -> int:
    async with database.read(world.workspace_id) as tx:
        return int(await tx.scalar("SELECT count(*) FROM agents WHERE workspace_id = :ws"))


_member = aliased(WorkspaceUser)
_numbered = select(WorkspaceUser.workspace_id, WorkspaceUser.name).cte("numbered")
_inner = select(WorkspaceUser.workspace_id).where(WorkspaceUser.role == "owner").subquery()

READS: dict[str, Callable[[], Select[Any]]] = {
    "entity": lambda: select(Workspace.id),
    "column": lambda: select(Agent.workspace_id),
    "alias": lambda: select(_member.workspace_id),
    "join": lambda: select(AgentVersion.workspace_id).join(Agent, Agent.id == AgentVersion.agent_id),
    "joined to a global table": lambda: select(Workspace.id).join(User, User.id.is_not(None)).distinct(),
    "outer join": lambda: (
        select(Agent.workspace_id)
        .select_from(User)
        .outerjoin(Agent, User.id.is_not(None))
        .where(Agent.id.is_not(None))
        .distinct()
    ),
    "cte": lambda: select(_numbered.c.workspace_id).distinct(),
    "sub-query": lambda: select(_inner.c.workspace_id),
    "in a global statement": lambda: select(select(Agent.workspace_id).limit(1).scalar_subquery()),
    "aggregate": lambda: select(WorkspaceUser.workspace_id).group_by(WorkspaceUser.workspace_id),
    "locked": lambda: select(Agent.workspace_id).with_for_update(),
}


@pytest.mark.parametrize("name", READS)
async def test_a_read_sees_its_own_workspace_only(two: Two, name: str) -> None:
    async with two.db.write(two.a.workspace_id) as tx:
        found = (await tx.session.scalars(READS[name]())).all()
    assert found
    assert set(found) == {two.a.workspace_id}


@pytest.mark.parametrize("name", READS)
async def test_without_a_workspace_nothing_is_seen(two: Two, name: str) -> None:
    async with two.db.write(None) as tx:
        assert not any((await tx.session.scalars(READS[name]())).all())


async def test_a_union_is_limited_in_both_parts(two: Two) -> None:
    both = union_all(select(Agent.workspace_id), select(WorkspaceUser.workspace_id))
    async with two.db.read(two.a.workspace_id) as tx:
        assert set((await tx.session.scalars(both)).all()) == {two.a.workspace_id}


async def test_a_row_is_not_found_by_its_key(two: Two) -> None:
    async with two.db.read(two.a.workspace_id) as tx:
        assert await tx.session.get(Agent, (two.b.workspace_id, two.b.agent_id)) is None
        assert await tx.session.get(Workspace, two.b.workspace_id) is None
        assert await tx.session.get(Agent, (two.a.workspace_id, two.a.agent_id)) is not None


async def test_what_is_loaded_later_stays_the_tenants(two: Two) -> None:
    async with two.db.read(two.a.workspace_id) as tx:
        agent = (await tx.session.scalars(select(Agent).options(load_only(Agent.slug)))).one()
        await tx.session.refresh(agent, ["name"])
        assert agent.name == "Assistant"


async def test_an_update_and_a_delete_touch_no_foreign_row(two: Two) -> None:
    async with two.db.write(two.a.workspace_id) as tx:
        every = update(Agent).values(name="taken").returning(Agent.workspace_id)
        assert (await tx.session.scalars(every)).all() == [two.a.workspace_id]
        theirs = update(Agent).where(Agent.id == two.b.agent_id).values(name="taken").returning(Agent.id)
        assert (await tx.session.scalars(theirs)).all() == []
        gone = delete(WorkspaceUser).where(WorkspaceUser.role == "viewer").returning(WorkspaceUser.workspace_id)
        assert (await tx.session.scalars(gone)).all() == [two.a.workspace_id]
        await tx.session.rollback()


async def test_the_sub_query_of_an_update_is_limited(two: Two) -> None:
    theirs = exists().where(Agent.id == two.b.agent_id)
    async with two.db.write(two.a.workspace_id) as tx:
        changed = update(WorkspaceUser).where(theirs).values(name="x").returning(WorkspaceUser.user_id)
        assert (await tx.session.scalars(changed)).all() == []
        await tx.session.rollback()


async def test_a_foreign_row_can_not_be_added(two: Two) -> None:
    for workspace_id in (two.b.workspace_id, None):
        with pytest.raises(ConsoleError):
            async with two.db.write(two.a.workspace_id) as tx:
                tx.session.add(Contact(workspace_id=workspace_id, id=new_id()))
    with pytest.raises(ConsoleError):
        async with two.db.write(None) as tx:
            tx.session.add(Contact(workspace_id=two.a.workspace_id, id=new_id()))


async def test_a_foreign_row_can_not_be_inserted(two: Two) -> None:
    row = {"workspace_id": two.b.workspace_id, "id": new_id()}
    own = {"workspace_id": two.a.workspace_id, "id": new_id()}
    copied = insert(Contact).from_select(["workspace_id", "id"], select(Agent.workspace_id, Agent.id))
    for statement in (insert(Contact).values(row), insert(Contact).values([own, row]), copied):
        with pytest.raises(ConsoleError):
            async with two.db.write(two.a.workspace_id) as tx:
                await tx.session.execute(statement)
    for rows in (row, [own, row], {"id": new_id()}):
        with pytest.raises(ConsoleError):
            async with two.db.write(two.a.workspace_id) as tx:
                await tx.session.execute(insert(Contact), rows)


async def test_a_workspace_can_not_be_made_from_inside_another(two: Two) -> None:
    made = insert(Workspace).values(id=new_id(), slug=f"w-{new_id().hex[-12:]}", name="x")
    with pytest.raises(ConsoleError):
        async with two.db.write(two.a.workspace_id) as tx:
            await tx.session.execute(made)


async def test_an_own_row_is_added_every_way(two: Two) -> None:
    async with two.db.write(two.a.workspace_id) as tx:
        tx.session.add(Contact(workspace_id=two.a.workspace_id, id=new_id()))
        await tx.session.execute(insert(Contact).values(workspace_id=two.a.workspace_id, id=new_id()))
        await tx.session.execute(insert(Contact), [{"workspace_id": two.a.workspace_id, "id": new_id()}])
        assert await tx.session.scalar(select(func.count()).select_from(Contact)) == 3


async def test_a_row_can_not_be_moved_away(two: Two) -> None:
    async def by_statement(session: AsyncSession) -> None:
        await session.execute(update(Agent).values(workspace_id=two.b.workspace_id))

    async def by_attribute(session: AsyncSession) -> None:
        (await session.scalars(select(Agent))).one().workspace_id = two.b.workspace_id

    for move in (by_statement, by_attribute):
        with pytest.raises(ConsoleError):
            async with two.db.write(two.a.workspace_id) as tx:
                await move(tx.session)


async def test_a_session_may_be_narrowed_to_one_agent(two: Two) -> None:
    second = new_id()
    ws = two.a.workspace_id
    async with two.db.write(ws) as tx:
        tx.session.add(Agent(workspace_id=ws, id=second, slug="second", name="S", draft_hash=b"", widget_key="s"))
        await tx.session.flush()
        for agent_id in (two.a.agent_id, second):
            tx.session.add(Conversation(workspace_id=ws, id=new_id(), agent_id=agent_id, visitor_id="v"))
    async with two.db.write(two.a.workspace_id) as tx:
        tx.narrow(second)
        assert (await tx.session.scalars(select(Agent.id))).all() == [second]
        assert (await tx.session.scalars(select(Conversation.agent_id))).all() == [second]
        assert (await tx.session.scalars(select(AgentVersion.id))).all() == []
        assert len((await tx.session.scalars(select(WorkspaceUser.user_id))).all()) == 5
        ended = update(Conversation).values(subject="x").returning(Conversation.agent_id)
        assert (await tx.session.scalars(ended)).all() == [second]
    async with two.db.read(two.a.workspace_id) as tx:
        tx.narrow(two.a.agent_id)
        assert (await tx.session.scalars(select(Agent.id))).all() == [two.a.agent_id]


async def test_cached_statements_never_carry_another_tenant(two: Two) -> None:
    """The criteria are compiled once and kept: only the bound workspace may change, also between none and one."""
    for turn in range(100):
        world = (two.a, two.b)[turn % 2]
        async with two.db.read(world.workspace_id) as tx:
            assert (await tx.session.scalars(select(Agent.workspace_id))).all() == [world.workspace_id]
        if turn % 10 == 0:
            async with two.db.read(None) as tx:
                assert (await tx.session.scalars(select(Agent.workspace_id))).all() == []


async def test_tenants_at_the_same_time_keep_apart(two: Two) -> None:
    async def ask(world: World) -> bool:
        async with two.db.read(world.workspace_id) as tx:
            first = await tx.session.scalars(select(Agent.workspace_id))
            await asyncio.sleep(0)
            second = await tx.session.scalars(select(WorkspaceUser.workspace_id).distinct())
            return [*first, *second] == [world.workspace_id] * 2

    for _ in range(10):
        assert all(await asyncio.gather(*(ask(world) for world in (two.a, two.b) * 5)))
    assert await _agents_of(two.db, two.b) == 1

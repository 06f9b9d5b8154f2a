"""Law 5: visitors meet published versions only, and one pointer says which."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from psycopg import DatabaseError

from console.db.engine import Database
from console.domain.agent import Agent, AgentDraft, AgentVersion, Published
from console.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError, RefusedError
from console.ids import AgentId, VersionId, new_id
from console.services import audit
from console.services.agents import Agents
from console.services.versions import Versions, published
from tests.services.test_agents import new_source
from tests.world import World, make_world


async def new_agent(db: Database, world: World) -> Agent:
    return await Agents(db).create(world.admin, f"a-{new_id().hex[-8:]}", "Help")


async def edited(db: Database, world: World, agent: Agent, **changes: object) -> AgentDraft:
    draft = await Agents(db).draft(world.admin, agent.id)
    revision = draft.agent.draft_revision
    return await Agents(db).edit(world.admin, agent.id, {**draft.settings, **changes}, revision=revision)


async def met(db: Database, world: World, agent_id: AgentId) -> Published:
    async with db.read(world.workspace_id) as tx:
        return await published(tx, agent_id)


async def three_versions(db: Database, world: World) -> tuple[Agent, list[AgentVersion]]:
    agent, versions = await new_agent(db, world), []
    live: VersionId | None = None
    for text in ("one", "two", "three"):
        await edited(db, world, agent, description=text)
        versions.append(await Versions(db).publish(world.admin, agent.id, note=text, expected=live))
        live = versions[-1].id
    return agent, versions


async def test_editing_a_draft_changes_nothing_for_visitors(db: Database) -> None:
    world = await make_world(db)
    agent = await new_agent(db, world)
    with pytest.raises(NotFoundError):
        await met(db, world, agent.id)
    first = await Versions(db).publish(world.admin, agent.id, note="first", expected=None)
    before = await met(db, world, agent.id)
    changed = await edited(db, world, agent, name="Other", retrieval_config={"threshold": 0.9, "sources": []})
    assert changed.agent.changed_since_publish
    assert await met(db, world, agent.id) == before
    assert (before.name, before.threshold, before.sources, before.number) == ("Help", 0.5, None, 1)
    await Versions(db).publish(world.admin, agent.id, expected=first.id)
    after = await met(db, world, agent.id)
    assert (after.name, after.threshold, after.sources, after.number) == ("Other", 0.9, (), 2)


async def test_a_run_keeps_the_version_that_it_began_with(db: Database) -> None:
    world = await make_world(db)
    agent, versions = await three_versions(db, world)
    async with db.read(world.workspace_id) as tx:
        kept = await published(tx, agent.id, versions[0].id)
        assert (kept.number, kept.snapshot["description"]) == (1, "one")
        with pytest.raises(NotFoundError):
            await published(tx, world.agent_id, versions[0].id)


async def test_the_sources_of_a_version_are_ids(db: Database) -> None:
    world = await make_world(db)
    source = await new_source(db, world, "FAQ")
    agent = await new_agent(db, world)
    await edited(db, world, agent, retrieval_config={"sources": ["FAQ"]})
    await Versions(db).publish(world.admin, agent.id, expected=None)
    assert [str(id) for id in (await met(db, world, agent.id)).sources or ()] == [source]


async def test_nothing_is_published_twice(db: Database) -> None:
    world = await make_world(db)
    agent, versions = await three_versions(db, world)
    with pytest.raises(RefusedError, match="the draft is what version 3 has"):
        await Versions(db).publish(world.admin, agent.id, expected=versions[2].id)
    await Versions(db).rollback(world.admin, agent.id, to=1, expected=versions[2].id)
    again = await Versions(db).publish(world.admin, agent.id, expected=versions[0].id)
    assert (again.number, again.snapshot) == (4, versions[2].snapshot)


async def test_rollback_moves_the_pointer_and_nothing_else(db: Database) -> None:
    world = await make_world(db)
    agent, versions = await three_versions(db, world)
    draft = await Agents(db).draft(world.admin, agent.id)
    back = await Versions(db).rollback(world.admin, agent.id, note="oops", expected=versions[2].id)
    assert (back.number, back.live) == (2, True)
    assert (await met(db, world, agent.id)).number == 2
    assert (await Agents(db).draft(world.admin, agent.id)).settings == draft.settings
    listed = await Versions(db).list(world.viewer, agent.id)
    assert [(v.number, v.note, v.author_name, v.live) for v in listed] == [
        (3, "three", "adam", False), (2, "two", "adam", True), (1, "one", "adam", False),
    ]  # fmt: skip
    await Versions(db).rollback(world.admin, agent.id, expected=versions[1].id)
    with pytest.raises(RefusedError, match="no earlier version"):
        await Versions(db).rollback(world.admin, agent.id, expected=versions[0].id)
    with pytest.raises(RefusedError, match="live already"):
        await Versions(db).rollback(world.admin, agent.id, to=1, expected=versions[0].id)
    with pytest.raises(NotFoundError, match="no version 9"):
        await Versions(db).rollback(world.admin, agent.id, to=9, expected=versions[0].id)


@pytest.mark.parametrize("rounds", range(5))
async def test_of_racing_publishes_and_rollbacks_one_wins(db: Database, rounds: int) -> None:
    world = await make_world(db)
    agent, versions = await three_versions(db, world)
    await edited(db, world, agent, description="four")
    live, service = versions[2].id, Versions(db)
    acts: list[Callable[[], Awaitable[AgentVersion]]] = [
        lambda: service.publish(world.admin, agent.id, expected=live),
        lambda: service.rollback(world.owner, agent.id, to=1, expected=live),
        lambda: service.rollback(world.admin, agent.id, to=2, expected=live),
    ] * 2
    outcomes = await asyncio.gather(*(act() for act in acts), return_exceptions=True)
    won = [o for o in outcomes if isinstance(o, AgentVersion)]
    assert len(won) == 1
    assert [type(o) for o in outcomes if o is not won[0]] == [ConflictError] * 5
    assert (await met(db, world, agent.id)).version_id == won[0].id
    assert len(await service.list(world.admin, agent.id)) == max(3, won[0].number)


async def test_the_loser_is_told_who_was_first_and_nothing_of_its_try_is_left(db: Database) -> None:
    world = await make_world(db)
    agent, versions = await three_versions(db, world)
    await edited(db, world, agent, description="four")
    for expected in (versions[1].id, None, VersionId(new_id())):
        with pytest.raises(ConflictError, match="since"):
            await Versions(db).publish(world.admin, agent.id, expected=expected)
    assert len(await Versions(db).list(world.admin, agent.id)) == 3


@pytest.mark.parametrize(
    "statement", ["UPDATE agent_versions SET note = 'x'", "DELETE FROM agent_versions", "TRUNCATE agent_versions"]
)
async def test_the_app_can_not_change_a_version(db: Database, statement: str) -> None:
    world = await make_world(db)
    with pytest.raises(DatabaseError, match="permission denied"):
        async with db.write(world.workspace_id) as tx:
            await tx.execute(statement)


async def test_the_pointer_can_not_name_another_agents_version(db: Database) -> None:
    world = await make_world(db)
    agent, versions = await three_versions(db, world)
    with pytest.raises(DatabaseError, match="agents_published"):
        async with db.write(world.workspace_id) as tx:
            await tx.execute(
                "UPDATE agents SET published_version_id = :v WHERE workspace_id = :ws AND id = :id",
                v=versions[0].id, id=world.agent_id,
            )  # fmt: skip
    assert agent.id != world.agent_id


async def test_only_admins_publish_and_roll_back(db: Database) -> None:
    world = await make_world(db)
    agent, versions = await three_versions(db, world)
    for actor in (world.viewer, world.member):
        with pytest.raises(NotAllowedError):
            await Versions(db).publish(actor, agent.id, expected=versions[2].id)
        with pytest.raises(NotAllowedError):
            await Versions(db).rollback(actor, agent.id, expected=versions[2].id)
    with pytest.raises(NotFoundError):
        await Versions(db).publish(world.admin, AgentId(new_id()), expected=None)


async def test_publish_and_rollback_are_in_the_audit_log_with_their_notes(db: Database) -> None:
    world = await make_world(db)
    agent, versions = await three_versions(db, world)
    await Versions(db).rollback(world.admin, agent.id, to=1, note="it lied", expected=versions[2].id)
    async with db.read(world.workspace_id) as tx:
        rows = await tx.rows(
            "SELECT e.action, e.resource_id, e.evidence, t.content FROM audit_events e"
            " JOIN audit_texts t ON t.workspace_id = e.workspace_id AND t.seq = e.seq"
            " WHERE e.workspace_id = :ws AND e.action IN ('agent.publish', 'agent.rollback') ORDER BY e.seq"
        )
        assert await audit.first_break(tx) is None
    assert [(r.action, r.content) for r in rows] == [
        ("agent.publish", "one"), ("agent.publish", "two"), ("agent.publish", "three"), ("agent.rollback", "it lied"),
    ]  # fmt: skip
    assert rows[-1].evidence == [f"agent_version:{versions[0].id}"]
    assert {r.resource_id for r in rows} == {agent.id}


async def test_a_note_is_of_bounded_length(db: Database) -> None:
    world = await make_world(db)
    agent = await new_agent(db, world)
    for note in ("x" * 2001, "a\x00b", "\udcff"):
        with pytest.raises(InvalidInputError):
            await Versions(db).publish(world.admin, agent.id, note=note, expected=None)

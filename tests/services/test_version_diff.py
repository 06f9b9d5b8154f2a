"""What differs between the draft, the live version and any other, as the services tell it."""

from __future__ import annotations

from typing import Any

import pytest

from console.db.engine import Database
from console.domain.agent import Agent
from console.domain.agent_diff import AgentDiff
from console.errors import NotFoundError, NotMemberError
from console.ids import new_id
from console.services.agents import Agents
from console.services.versions import Versions
from tests.services.test_agents import new_source
from tests.services.test_versions import edited, new_agent, three_versions
from tests.world import World, make_world


def told(found: AgentDiff) -> dict[str, list[str]]:
    return {change.field: [f"{line.sign} {line.text}" for line in change.lines] for change in found.changes}


async def diff(db: Database, world: World, agent: Agent, *which: Any) -> AgentDiff:
    return await Versions(db).diff(world.viewer, agent.id, *which)


async def test_the_draft_is_compared_with_what_is_live(db: Database) -> None:
    world = await make_world(db)
    agent, versions = await three_versions(db, world)
    same = await diff(db, world, agent)
    assert (same.changes, same.count, same.left.label, same.right.label) == ((), 0, "v3 (live)", "draft")
    await edited(db, world, agent, description="four", name="New")
    found = await diff(db, world, agent)
    assert told(found) == {"name": ['~ "Help" -> "New"'], "description": ['~ "three" -> "four"']}
    assert (found.left.note, found.left.author_name, found.left.at) == ("three", "adam", versions[2].created_at)
    assert found.right.revision == found.agent.draft_revision


async def test_any_two_versions_are_compared_either_way(db: Database) -> None:
    world = await make_world(db)
    agent, _ = await three_versions(db, world)
    assert told(await diff(db, world, agent, 1, 3)) == {"description": ['~ "one" -> "three"']}
    assert told(await diff(db, world, agent, "draft", 2)) == {"description": ['~ "three" -> "two"']}
    with pytest.raises(NotFoundError, match="no version 9"):
        await diff(db, world, agent, 9, "draft")


async def test_what_was_never_published_is_compared_with_nothing(db: Database) -> None:
    world = await make_world(db)
    agent = await new_agent(db, world)
    found = await diff(db, world, agent)
    assert (found.left.label, told(found)) == ("nothing", {"name": ['~ "" -> "Help"']})


async def test_sources_are_told_by_name_even_when_they_are_gone(db: Database) -> None:
    world = await make_world(db)
    await new_source(db, world, "FAQ")
    gone = await new_source(db, world, "Gone")
    agent = await new_agent(db, world)
    await edited(db, world, agent, retrieval_config={"sources": ["FAQ", "Gone"]})
    live = (await Versions(db).publish(world.admin, agent.id, expected=None)).id
    await edited(db, world, agent, retrieval_config={"sources": ["FAQ"]})
    assert told(await diff(db, world, agent)) == {"retrieval_config.sources": ["- Gone"]}
    async with db.write(world.workspace_id) as tx:
        await tx.execute("DELETE FROM sources WHERE workspace_id = :ws AND id = :id", id=gone)
    assert told(await diff(db, world, agent)) == {"retrieval_config.sources": [f"- a removed source {gone}"]}
    await Versions(db).publish(world.admin, agent.id, expected=live)


async def test_another_workspace_sees_no_agent_and_no_version(db: Database) -> None:
    world, other = await make_world(db), await make_world(db)
    agent, _ = await three_versions(db, world)
    with pytest.raises(NotFoundError, match="no agent"):
        await Versions(db).diff(other.owner, agent.id)
    with pytest.raises(NotFoundError):
        await diff(db, world, agent, "live", 4)
    stranger = other.owner.__class__(other.owner.user_id, world.workspace_id, other.owner.role, *("",) * 2)  # type: ignore[arg-type]
    with pytest.raises(NotMemberError):
        await Versions(db).diff(stranger, agent.id)


async def test_the_list_counts_changes_and_the_answers_of_a_week(db: Database) -> None:
    world = await make_world(db)
    agent, _ = await three_versions(db, world)
    await edited(db, world, agent, description="four", guardrails=["never"])
    async with db.write(world.workspace_id) as tx:
        for days, quantity, metric in ((1, 2, "answers"), (6, 3, "answers"), (8, 50, "answers"), (1, 70, "evals")):
            await tx.execute(
                "INSERT INTO usage_events (workspace_id, id, idempotency_key, metric, quantity, agent_id, occurred_at)"
                " VALUES (:ws, :id, :key, :metric, :quantity, :agent, now() - make_interval(days => :days))",
                id=new_id(), key=new_id().hex, metric=metric, quantity=quantity, agent=agent.id, days=days,
            )  # fmt: skip
    rows = {row.agent.id: row for row in await Agents(db).overview(world.viewer)}
    assert (rows[agent.id].changes, rows[agent.id].answers) == (2, 5)
    assert rows[world.agent_id].answers == 0
    assert [row.agent.slug for row in rows.values()] == sorted(row.agent.slug for row in rows.values())

"""The demo's past: told once, at its times, by the product's own services, and made whole after an interruption."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.clock import utc_now
from console.db.embedded.server import EmbeddedServer
from console.db.engine import Database
from console.db.migrate import migrate
from console.demo import milestones
from console.demo.content import WORKSPACES
from console.demo.load import load_workspace
from console.demo.milestones import CHANGES, LIMITED, SHARE
from console.demo.past import _house, tell_past
from console.demo.stories import DAYS, FEWEST, stories
from console.demo.told import House
from console.domain.actor import Actor
from console.domain.quota import Metric
from console.errors import ConsoleError
from console.ids import ConversationId
from console.services import Services, audit

COUNTED = (
    "conversations", "messages", "contacts", "leads", "feedback", "knowledge_gaps", "gap_occurrences", "usage_events",
    "agent_versions", "curated_answers", "conversation_events", "labels", "conversation_labels", "canned_replies",
)  # fmt: skip
LATE = """
    SELECT count(*) FROM {} WHERE created_at > now() - interval '50 minutes' AND conversation_id IN
        (SELECT id FROM conversations WHERE visitor_id LIKE 'past-%')
"""
ADDED = {
    "handoffs": "SELECT count(*) FROM usage_events WHERE metric = 'handoffs'",
    "cost": "SELECT sum(cost_usd) FROM usage_events",
    "publishes in the audit": "SELECT count(*) FROM audit_events WHERE action = 'agent.publish'",
    "answers from gaps": "SELECT count(*) FROM curated_answers WHERE origin_gap_id IS NOT NULL",
    "dismissed": "SELECT count(*) FROM knowledge_gaps WHERE status = 'dismissed'",
}
BEGINS = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Loaded:
    """A database of its own, the demo loaded into it."""

    db: Database
    gateway_db: Database

    async def tell(self, days: int) -> tuple[int, list[str]]:
        lines: list[str] = []
        return await tell_past(Services(self.db), self.gateway_db, lines.append, days=days), lines

    async def houses(self) -> list[House]:
        return [(await _house(Services(self.db), space))[0] for space in WORKSPACES]

    async def counts(self) -> list[dict[str, int]]:
        found = []
        for house in await self.houses():
            async with self.db.read(house.owner.workspace_id) as tx:
                found.append({table: await tx.scalar(f"SELECT count(*) FROM {table}") for table in COUNTED})
        return found

    async def added(self) -> list[dict[str, Any]]:
        """What else there is of a past, by workspace."""
        found = []
        for house in await self.houses():
            async with self.db.read(house.owner.workspace_id) as tx:
                found.append({name: await tx.scalar(statement) for name, statement in ADDED.items()})
        return found

    async def scalar(self, statement: str) -> Any:
        async with self.db.read((await self.houses())[0].owner.workspace_id) as tx:
            return await tx.scalar(statement)


@pytest.fixture
async def loaded(server: EmbeddedServer) -> AsyncIterator[Loaded]:
    name = f"past_{os.getpid()}"
    urls = server.create_database(name)
    migrate(urls.owner)
    found = Loaded(Database(urls.app), Database(urls.gateway))
    for space in WORKSPACES:
        await load_workspace(Services(found.db), found.gateway_db, space, lambda _line: None)
    yield found
    await found.db.close()
    await found.gateway_db.close()
    server.drop_database(name)


def test_the_same_seed_is_the_same_past() -> None:
    for space in WORKSPACES:
        days = [stories(space.slug, day, BEGINS, seed=7) for day in range(DAYS)]
        assert days == [stories(space.slug, day, BEGINS, seed=7) for day in range(DAYS)]
        assert all(FEWEST <= len(day) <= 40 for day in days)
        assert len({story.key for day in days for story in day}) == sum(map(len, days))
        for number, day in enumerate(days):
            assert all(BEGINS <= story.at - timedelta(days=number) < BEGINS + timedelta(days=1) for story in day)
    assert stories("acme-retail", 0, BEGINS, seed=8) != stories("acme-retail", 0, BEGINS, seed=7)


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The days that are told here have the staff's afternoons: the month has them a week apart."""
    days = zip(CHANGES, (DAYS - 3, DAYS - 2), strict=False)
    monkeypatch.setattr(milestones, "CHANGES", tuple(replace(change, day=day) for change, day in days))


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("busy")
async def test_it_is_told_once_and_at_its_times(loaded: Loaded) -> None:
    before = await loaded.counts()
    told, lines = await loaded.tell(3)
    assert lines == [*(f"history: {day} of 3 days" for day in (1, 2, 3)), "history is there"]
    assert told >= 2 * 2 * FEWEST
    retail, docs = first = await loaded.counts()
    assert retail["messages"] > 2 * retail["conversations"]
    for found, had in zip((retail, docs), before, strict=True):
        assert [table for table in COUNTED if found[table] <= had[table]] == []
        assert found["agent_versions"] == had["agent_versions"] + 2
    for added in await loaded.added():
        assert [name for name, value in added.items() if not value] == []
    spread = await loaded.scalar("SELECT count(DISTINCT date_trunc('day', occurred_at)) FROM usage_events")
    assert spread >= 2
    for table in ("messages", "conversation_events"):
        assert await loaded.scalar(LATE.format(table)) == 0, table
    for house in await loaded.houses():
        async with loaded.db.read(house.owner.workspace_id) as tx:
            assert await audit.first_break(tx) is None
    meters = await Services(loaded.db).usage.meters((await loaded.houses())[0].owner)
    used = {meter.quota.metric: meter.percent for meter in meters}
    assert used[Metric.TOKENS] == pytest.approx(100 * SHARE, abs=1)
    assert WORKSPACES[0].slug == LIMITED

    assert await loaded.tell(3) == (0, ["history is there"])
    again = await loaded.counts()
    assert again == first


async def test_replies_that_somebody_removed_stay_away(loaded: Loaded) -> None:
    services, (house, _) = Services(loaded.db), await loaded.houses()
    await loaded.tell(0)
    first, *rest = [str(reply.shortcut) for reply in await services.canned.all(house.owner)]
    await services.canned.remove(house.owner, first)
    await loaded.tell(0)
    assert [str(reply.shortcut) for reply in await services.canned.all(house.owner)] == rest
    assert len(await services.labels.all(house.owner)) == 4


class StoppedHereError(ConsoleError):
    """The demo was stopped here."""


@pytest.mark.timeout(300)
async def test_what_was_cut_off_is_made_whole(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    from console.services.takeover import Takeover

    real, left = Takeover.resolve, 9

    async def stops(self: Takeover, *given: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise StoppedHereError
        return await real(self, *given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Takeover, "resolve", stops)
        with pytest.raises(BaseExceptionGroup):
            await loaded.tell(2)
    begun = (await loaded.counts())[0]["conversations"]
    assert begun
    await loaded.tell(2)
    for house in await loaded.houses():
        wanted = {
            story.key
            for day in (DAYS - 2, DAYS - 1)
            for story in stories(house.slug, day, (await _house(Services(loaded.db), _space(house)))[1], seed=7)
            if story.at < utc_now() - timedelta(hours=4)
        }
        async with loaded.db.read(house.owner.workspace_id) as tx:
            rows = await tx.rows("SELECT visitor_id FROM conversations WHERE visitor_id LIKE 'past-%'")
        assert len(rows) == len({row.visitor_id for row in rows})
        assert wanted <= {row.visitor_id for row in rows}


def _space(house: House) -> Any:
    return next(space for space in WORKSPACES if space.slug == house.slug)


@pytest.mark.timeout(300)
async def test_a_worker_that_comes_between_ends_no_telling(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    from console.services.messages import Messages

    real, lost = Messages.send, set[ConversationId]()

    async def lost_once(self: Messages, actor: Actor, id: ConversationId, content: str, **named: Any) -> Any:
        if id not in lost:
            lost.add(id)
            await Services(loaded.db).takeover.release(actor, id, epoch=named["epoch"])
        return await real(self, actor, id, content, **named)

    monkeypatch.setattr(Messages, "send", lost_once)
    await loaded.tell(2)
    assert lost
    waiting = "SELECT count(*) FROM conversations WHERE visitor_id LIKE 'past-%' AND waiting_since IS NOT NULL"
    assert await loaded.scalar(waiting) == 0

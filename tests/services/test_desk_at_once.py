"""Whatever people do at once at one desk, nothing is lost, doubled or stuck, and the AI is silent where they are."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from console.clock import utc_now
from console.db.engine import Database
from console.domain.conversation import Priority
from console.domain.run import RunState
from console.errors import ConflictError, InvalidInputError
from console.ids import RunId
from console.services import audit
from console.services.answers import Answers
from console.services.conversations import Conversations
from console.services.held import release_due
from console.services.labels import Labels
from console.services.messages import Messages
from console.services.sweep import return_abandoned, wake_snoozed
from console.services.takeover import Takeover
from console.services.triage import Triage
from tests.services.desk import count, expire_leases, make_due
from tests.services.run_support import Fixed, good
from tests.world import Talk, World, make_talk, make_world

LANES, STEPS = 6, 150
HUMAN = {"claimed", "taken_over", "released", "left", "assigned", "unassigned", "abandoned", "handed_off"}
AI = {"handed_back", "resolved"}
STUCK = """
    SELECT count(*) FROM conversations WHERE workspace_id = :ws AND CASE
        WHEN status <> 'open' OR control = 'ai' THEN waiting_since IS NOT NULL
        ELSE claimed_by_user_id IS NULL AND waiting_since IS NULL END
"""


class Desk:
    """Acts drawn by lot, and which words were acknowledged."""

    def __init__(self, db: Database, world: World, talks: list[Talk], seed: int) -> None:
        self.db, self.world, self.talks, self.lot = db, world, talks, random.Random(seed)  # noqa: S311 - a lot, not a secret
        self.said: list[str] = []
        self.held: list[str] = []
        self.tried = self.answered = 0

    async def work(self) -> None:
        """So many steps; more where the lot has not let the assistant have its say."""
        for step in range(10 * STEPS):
            if step >= STEPS and self.answered:
                return
            try:
                await self._act()
            except (ConflictError, InvalidInputError):
                continue  # Another was first.

    async def _act(self) -> None:
        """One act by one person, as it was seen a moment ago."""
        takeover, talk, staff = Takeover(self.db), self.lot.choice(self.talks), [self.world.member, self.world.admin]
        now = await Conversations(self.db).get(self.world.viewer, talk.id)
        holders = [each for each in staff if now.holder is not None and now.holder.user_id == each.user_id]
        epoch, who = now.epoch, self.lot.choice(holders if holders and self.lot.random() < 0.7 else staff)
        to = self.lot.choice([None, self.world.member.user_id, self.world.admin.user_id])
        until = self.lot.choice([None, utc_now() + timedelta(seconds=1)])
        acts: list[tuple[int, Callable[[], Awaitable[object]]]] = [
            (4, lambda: takeover.claim(who, talk.id)),
            (1, lambda: takeover.release(who, talk.id, epoch=epoch)),
            (5, lambda: takeover.hand_back(who, talk.id, epoch=epoch)),
            (1, lambda: takeover.resolve(who, talk.id, epoch=epoch)),
            (1, lambda: takeover.snooze(who, talk.id, until=until, epoch=epoch)),
            (1, lambda: takeover.assign(who, talk.id, to, epoch=epoch)),
            (1, lambda: takeover.take_from(self.world.admin, talk.id, epoch=epoch)),
            (2, lambda: takeover.undo(who, talk.id, epoch=epoch)),
            (6, lambda: self._say(self.held, lambda words: self._messages.hold(
                who, talk.id, words, token=words, epoch=epoch))),
            (2, lambda: self._say(self.said, lambda words: self._messages.send(
                who, talk.id, words, token=words, epoch=epoch))),
            (5, lambda: self._say(self.said, talk.say)),
            (2, lambda: self._call_back(talk)),
            (2, self._worker),
            (8, self._answer),
            (1, lambda: Triage(self.db).set_priority(who, talk.id, self.lot.choice(list(Priority)))),
            (1, lambda: Labels(self.db).change(who, talk.id, add=[self.lot.choice("abc")])),
        ]  # fmt: skip
        await self.lot.choices([act for _, act in acts], [often for often, _ in acts])[0]()

    @property
    def _messages(self) -> Messages:
        return Messages(self.db)

    async def _say(self, acknowledged: list[str], say: Callable[[str], Awaitable[object]]) -> None:
        self.tried += 1
        words = f"words {self.tried}"
        await say(words)
        acknowledged.append(words)

    async def _call_back(self, talk: Talk) -> None:
        for held in await self._messages.held(self.world.member, talk.id):
            await self._messages.cancel_held(self.world.member, talk.id, held.id)

    async def _worker(self) -> None:
        if self.lot.random() < 0.5:
            await make_due(self.db, self.world)
        elif self.lot.random() < 0.2:
            await expire_leases(self.db, self.world)
        for act in (release_due, return_abandoned, wake_snoozed):
            await act(self.db, self.world.workspace_id)

    async def _answer(self) -> None:
        async with self.db.read(self.world.workspace_id) as tx:
            rows = await tx.rows("SELECT id FROM runs WHERE workspace_id = :ws AND state = 'queued' LIMIT 1")
        for row in rows:
            state = await Answers(self.db, Fixed(good())).run(self.world.workspace_id, RunId(row.id))
            self.answered += state is RunState.COMPLETE


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [3, 11])
async def test_everything_at_once(db: Database, gateway_db: Database, seed: int) -> None:
    world = await make_world(db)
    desk = Desk(db, world, [await make_talk(gateway_db, world) for _ in range(2)], seed)
    await asyncio.gather(*(desk.work() for _ in range(LANES)))
    await make_due(db, world)
    await release_due(db, world.workspace_id)
    assert await count(db, world, "held_sends") == 0
    async with db.read(world.workspace_id) as tx:
        assert await tx.scalar(STUCK) == 0
        assert await audit.first_break(tx) is None
        drafts = {line for row in await tx.rows("SELECT content FROM drafts") for line in row.content.splitlines()}
    messages = [each for talk in desk.talks for each in await _messages(db, world, talk)]
    out = [row.content for row in messages if row.role != "assistant"]
    assert len(desk.held) > 10
    assert len(out) < len(messages)  # The assistant had its say too.
    assert len(set(out)) == len(out)
    assert set(desk.said) <= set(out)
    assert sorted(desk.held) == sorted(words for words in desk.held if (words in out) != (words in drafts))
    for talk in desk.talks:
        await _silent_where_people_are(db, world, talk)


async def _messages(db: Database, world: World, talk: Talk) -> list[Any]:
    async with db.read(world.workspace_id) as tx:
        statement = "SELECT seq, role, content FROM messages WHERE conversation_id = :id ORDER BY seq"
        found = list(await tx.rows(statement, id=talk.id))
    assert [row.seq for row in found] == list(range(1, len(found) + 1))
    return found


async def _silent_where_people_are(db: Database, world: World, talk: Talk) -> None:
    """Reads the conversation's log beside its messages: whose turn it was when the assistant spoke."""
    async with db.read(world.workspace_id) as tx:
        statement = (
            "SELECT after_seq, kind, detail FROM conversation_events WHERE conversation_id = :id ORDER BY epoch, id"
        )
        events = list(await tx.rows(statement, id=talk.id))
    control = "ai"
    was: dict[str, Any] = {}
    for row in await _messages(db, world, talk):
        while events and events[0].after_seq < row.seq:
            event = events.pop(0)
            before, was[event.kind] = was.get(event.detail.get("reason")), event.detail.get("before")
            if event.kind in HUMAN | AI:
                control = "human" if event.kind in HUMAN else "ai"
            elif event.kind == "undone" and before is not None:
                control = before["control"]
        assert (row.role, control) != ("assistant", "human"), row.seq
        assert (row.role, control) != ("human", "ai"), row.seq

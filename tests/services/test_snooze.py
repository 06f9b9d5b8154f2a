"""What is put aside comes back: in its time, or when the visitor writes, to whom it was with."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from console.clock import utc_now
from console.db.engine import Database
from console.domain.conversation import Control, Status
from console.domain.inbox import InboxFilter
from console.domain.run import RunState
from console.errors import ConflictError, InvalidInputError, NotAllowedError
from console.services.answers import Answers
from console.services.inbox import Inbox
from console.services.sweep import wake_snoozed, workspaces_with_work
from console.services.takeover import Takeover
from tests.services.desk import change, count, kinds, now_of
from tests.services.run_support import Fixed, good, newest_run
from tests.world import Talk, World, make_talk

HOUR = timedelta(hours=1)
DUE = "UPDATE conversations SET snoozed_until = now() - interval '1 second' WHERE workspace_id = :ws"


@pytest.fixture
async def talk(gateway_db: Database, world: World) -> Talk:
    return await make_talk(gateway_db, world)


async def test_a_person_s_comes_back_to_the_queue_and_to_that_person(db: Database, world: World, talk: Talk) -> None:
    await talk.say("can it wait?")
    claim, until = await Takeover(db).claim(world.member, talk.id), utc_now() + HOUR
    aside = await Takeover(db).snooze(world.member, talk.id, until=until, epoch=claim.epoch)
    assert (aside.status, aside.control, aside.holder, aside.epoch) == (
        Status.SNOOZED, Control.HUMAN, None, claim.epoch + 1,
    )  # fmt: skip
    assert (aside.snoozed_until, aside.waiting_since, aside.assignee_id) == (until, None, world.member.user_id)
    closed = (await Inbox(db).page(world.other, InboxFilter.ALL)).rows
    assert [(row.id, row.status, row.snoozed_until) for row in closed] == [(talk.id, Status.SNOOZED, until)]
    assert await wake_snoozed(db, world.workspace_id) == 0
    await change(db, world, DUE)
    assert world.workspace_id in await workspaces_with_work(db)
    assert await wake_snoozed(db, world.workspace_id) == 1
    assert await wake_snoozed(db, world.workspace_id) == 0
    woken = await now_of(db, world.member, talk)
    assert (woken.status, woken.control, woken.epoch, woken.snoozed_until) == (
        Status.OPEN, Control.HUMAN, aside.epoch + 1, None,
    )  # fmt: skip
    assert woken.waiting
    assert woken.waiting_since is not None
    for who, seen in ((world.member, [talk.id]), (world.other, [])):
        assert [row.id for row in (await Inbox(db).page(who, InboxFilter.MINE)).rows] == seen
    assert await kinds(db, world, talk) == ["claimed", "snoozed", "woken"]
    assert await count(db, world, "runs", "state = 'queued'") == 0


async def test_the_ai_s_comes_back_to_the_ai_which_answers_what_waits(db: Database, world: World, talk: Talk) -> None:
    await talk.say("can I return it?")
    begun = await newest_run(db, world)

    async def put_aside(point: str) -> None:
        if point == "answered":
            await Takeover(db).snooze(world.member, talk.id, until=utc_now() + HOUR, epoch=0)

    answers = Answers(db, Fixed(good()), checkpoint=put_aside)
    assert await answers.run(world.workspace_id, begun) is RunState.SUPERSEDED
    assert (await now_of(db, world.member, talk)).control is Control.AI
    assert [role for role, _ in await talk.seen()] == ["user"]
    await change(db, world, DUE)
    await wake_snoozed(db, world.workspace_id)
    woken = await now_of(db, world.member, talk)
    assert (woken.status, woken.control, woken.waiting_since) == (Status.OPEN, Control.AI, None)
    assert await Answers(db, Fixed(good())).run(world.workspace_id, await newest_run(db, world)) is RunState.COMPLETE
    mine = (await Inbox(db).page(world.member, InboxFilter.MINE)).rows
    assert [row.assignee_id for row in mine] == [world.member.user_id]


@pytest.mark.parametrize("held", [True, False])
async def test_the_visitor_wakes_it(db: Database, world: World, talk: Talk, held: bool) -> None:
    takeover = Takeover(db)
    epoch = (await takeover.claim(world.member, talk.id)).epoch if held else 0
    aside = await takeover.snooze(world.member, talk.id, until=None, epoch=epoch)
    assert aside.snoozed_until is None
    await change(db, world, "UPDATE conversations SET updated_at = now() - interval '9 years' WHERE workspace_id = :ws")
    assert await wake_snoozed(db, world.workspace_id) == 0
    await talk.say("here I am again")
    woken = await now_of(db, world.member, talk)
    assert (woken.status, woken.control) == (Status.OPEN, Control.HUMAN if held else Control.AI)
    assert (woken.waiting, woken.waiting_since is not None) == (held, held)
    assert (woken.assignee_id, woken.epoch) == (world.member.user_id, aside.epoch + 1)
    assert await count(db, world, "runs", "state = 'queued'") == (0 if held else 1)
    assert (await kinds(db, world, talk))[-1] == "reopened"
    with pytest.raises(ConflictError, match="can't be undone"):
        await takeover.undo(world.member, talk.id, epoch=woken.epoch)


async def test_the_visitor_and_the_sweep_wake_it_once(db: Database, world: World, talk: Talk) -> None:
    takeover = Takeover(db)
    for n in range(100):
        epoch = (await takeover.claim(world.member, talk.id)).epoch
        aside = await takeover.snooze(world.member, talk.id, until=utc_now() + HOUR, epoch=epoch)
        await change(db, world, DUE)
        gate = asyncio.Barrier(2)

        async def write(n: int = n, gate: asyncio.Barrier = gate) -> None:
            await gate.wait()
            await talk.say(f"words {n}")

        async def sweep(gate: asyncio.Barrier = gate) -> int:
            await gate.wait()
            return await wake_snoozed(db, world.workspace_id)

        await asyncio.gather(write(), sweep())
        now = await now_of(db, world.member, talk)
        assert (now.status, now.waiting, now.epoch) == (Status.OPEN, True, aside.epoch + 1)


async def test_who_may_and_when(db: Database, world: World, talk: Talk) -> None:
    takeover = Takeover(db)
    claim = await takeover.claim(world.member, talk.id)
    for past in (utc_now() - HOUR, utc_now() - timedelta(seconds=1)):
        with pytest.raises(InvalidInputError, match="past"):
            await takeover.snooze(world.member, talk.id, until=past, epoch=claim.epoch)
    for far in (utc_now() + timedelta(days=4000), datetime.max.replace(tzinfo=UTC)):
        with pytest.raises(InvalidInputError, match="ten years"):
            await takeover.snooze(world.member, talk.id, until=far, epoch=claim.epoch)
    with pytest.raises(ConflictError, match="mia has held"):
        await takeover.snooze(world.other, talk.id, until=None, epoch=claim.epoch)
    with pytest.raises(ConflictError):
        await takeover.snooze(world.member, talk.id, until=None, epoch=claim.epoch - 1)
    with pytest.raises(NotAllowedError):
        await takeover.snooze(world.viewer, talk.id, until=None, epoch=claim.epoch)
    await talk.say("wait")
    with pytest.raises(ConflictError, match="wrote meanwhile"):
        await takeover.snooze(world.member, talk.id, until=None, epoch=claim.epoch, seen=0)
    resolved = await takeover.resolve(world.member, talk.id, epoch=claim.epoch)
    with pytest.raises(ConflictError, match="is resolved"):
        await takeover.snooze(world.member, talk.id, until=None, epoch=resolved.epoch)


async def test_put_aside_again_only_the_time_changes(db: Database, world: World, talk: Talk) -> None:
    takeover, later = Takeover(db), utc_now() + 2 * HOUR
    claim = await takeover.claim(world.member, talk.id)
    aside = await takeover.snooze(world.member, talk.id, until=utc_now() + HOUR, epoch=claim.epoch)
    again = await takeover.snooze(world.member, talk.id, until=later, epoch=aside.epoch)
    assert (again.status, again.control, again.snoozed_until) == (Status.SNOOZED, Control.HUMAN, later)


async def test_a_claim_wakes_it(db: Database, world: World, talk: Talk) -> None:
    aside = await Takeover(db).snooze(world.member, talk.id, until=utc_now() + HOUR, epoch=0)
    assert (await Takeover(db).claim(world.other, talk.id, epoch=aside.epoch)).claimed
    now = await now_of(db, world.other, talk)
    assert (now.status, now.snoozed_until, now.assignee_id) == (Status.OPEN, None, None)

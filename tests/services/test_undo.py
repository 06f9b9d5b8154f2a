"""A resolve, snooze or hand-back taken back within its seconds: all is as it was, and nothing else is undone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import psycopg
import pytest

from console.clock import utc_now
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.actor import Actor
from console.domain.conversation import Control, Conversation, Priority, Status
from console.domain.held import HOLD_SECONDS
from console.domain.run import RunState
from console.errors import ConflictError
from console.services import audit, undo
from console.services.answers import Answers
from console.services.messages import Messages
from console.services.takeover import Takeover
from console.services.triage import Triage
from tests.services.desk import change, count, expire_leases, kinds, now_of
from tests.services.run_support import Fixed, good, newest_run, run_states
from tests.world import Talk, World

LONG = 600.0
Act = Callable[[Takeover, Actor, Talk, int], Awaitable[Conversation]]
ACTS: dict[str, Act] = {
    "resolved": lambda takeover, me, talk, epoch: takeover.resolve(me, talk.id, epoch=epoch),
    "snoozed": lambda takeover, me, talk, epoch: takeover.snooze(me, talk.id, until=None, epoch=epoch),
    "handed_back": lambda takeover, me, talk, epoch: takeover.hand_back(me, talk.id, epoch=epoch),
}
STATE = (
    "SELECT status, control, claimed_by_user_id, claimed_at, assigned_to_user_id, waiting_since, handoff_reason,"
    " snoozed_until, ended_at, ai_turns, supersessions, last_answered_seq FROM conversations WHERE id = :id"
)
acts = pytest.mark.parametrize("act", ACTS)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine must not end what these tests are about; how long it lasts has its own test."""
    monkeypatch.setattr(undo, "HOLD_SECONDS", LONG)


async def state(db: Database, world: World, talk: Talk) -> tuple[object, ...]:
    async with db.read(world.workspace_id) as tx:
        row = await tx.row(STATE, id=talk.id)
        assert row is not None
        return tuple(row)


@acts
async def test_mine_is_mine_again(db: Database, world: World, talk: Talk, act: str) -> None:
    takeover = Takeover(db)
    await change(
        db, world, "UPDATE conversations SET handoff_reason = 'customer_request', ai_turns = 3, supersessions = 2,"
        " last_answered_seq = 1 WHERE workspace_id = :ws",
    )  # fmt: skip
    claim = await takeover.claim(world.member, talk.id)
    before = await state(db, world, talk)
    done = await ACTS[act](takeover, world.member, talk, claim.epoch)
    assert await state(db, world, talk) != before
    back = await takeover.undo(world.member, talk.id, epoch=done.epoch)
    assert await state(db, world, talk) == before
    assert (back.status, back.control, back.epoch) == (Status.OPEN, Control.HUMAN, done.epoch + 1)
    assert back.holder is not None
    assert back.holder.user_id == world.member.user_id
    assert back.holder.lease_expires_at - utc_now() > timedelta(seconds=30)
    assert await kinds(db, world, talk) == ["claimed", act, "undone"]
    assert await count(db, world, "runs", "state IN ('queued', 'running')") == 0
    await Messages(db).send(world.member, talk.id, "still me", token="t", epoch=back.epoch)
    async with db.read(world.workspace_id) as tx:
        assert await tx.scalar("SELECT action FROM audit_events ORDER BY seq DESC LIMIT 1") == "conversation.undo"
        assert await audit.first_break(tx) is None


@pytest.mark.parametrize("act", ["resolved", "snoozed"])
async def test_nobodys_is_nobodys_again(db: Database, world: World, talk: Talk, act: str) -> None:
    """What waited for a person waits as long as it has; what the AI had it answers."""
    takeover = Takeover(db)
    before = await state(db, world, talk)
    done = await ACTS[act](takeover, world.member, talk, 0)
    back = await takeover.undo(world.member, talk.id, epoch=done.epoch)
    assert await state(db, world, talk) == before
    assert await Answers(db, Fixed(good())).run(world.workspace_id, await newest_run(db, world)) is RunState.COMPLETE
    given = await takeover.assign(world.member, talk.id, world.other.user_id, epoch=back.epoch)
    before = await state(db, world, talk)
    done = await ACTS[act](takeover, world.member, talk, given.epoch)
    await takeover.undo(world.member, talk.id, epoch=done.epoch)
    assert await state(db, world, talk) == before


async def test_a_snooze_that_was_resolved_sleeps_again(db: Database, world: World, talk: Talk) -> None:
    takeover, until = Takeover(db), utc_now() + timedelta(hours=1)
    aside = await takeover.snooze(world.member, talk.id, until=until, epoch=0)
    resolved = await takeover.resolve(world.member, talk.id, epoch=aside.epoch)
    back = await takeover.undo(world.member, talk.id, epoch=resolved.epoch)
    assert (back.status, back.snoozed_until, back.assignee_id) == (Status.SNOOZED, until, world.member.user_id)


@pytest.mark.parametrize("point", ["queued", "begun", "answered"])
async def test_an_answer_begun_meanwhile_is_fenced_off(db: Database, world: World, talk: Talk, point: str) -> None:
    takeover = Takeover(db)
    claim = await takeover.claim(world.member, talk.id)
    done = await takeover.hand_back(world.member, talk.id, epoch=claim.epoch)

    async def undo(reached: str) -> None:
        if reached == point:
            await takeover.undo(world.member, talk.id, epoch=done.epoch)

    await Answers(db, Fixed(good()), checkpoint=undo).run(world.workspace_id, await newest_run(db, world))
    assert [role for role, _ in await talk.seen()] == ["user"]
    expected = "cancelled" if point == "queued" else "superseded"
    assert (await run_states(db, world))[-1] == expected


@acts
async def test_only_by_whom_it_was_and_only_at_once(
    db: Database, urls: ServerUrls, world: World, talk: Talk, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    takeover = Takeover(db)
    claim = await takeover.claim(world.member, talk.id)
    done = await ACTS[act](takeover, world.member, talk, claim.epoch)
    refused = pytest.raises(ConflictError, match="can't be undone")
    for who, epoch in ((world.other, done.epoch), (world.owner, done.epoch), (world.member, claim.epoch)):
        with refused:
            await takeover.undo(who, talk.id, epoch=epoch)
    await _age(urls, world, LONG / 2)
    await Triage(db).set_priority(world.other, talk.id, Priority.HIGH)
    back = await takeover.undo(world.member, talk.id, epoch=done.epoch)
    with refused:
        await takeover.undo(world.member, talk.id, epoch=back.epoch)
    done = await ACTS[act](takeover, world.member, talk, back.epoch)
    monkeypatch.setattr(undo, "HOLD_SECONDS", HOLD_SECONDS)
    await _age(urls, world, HOLD_SECONDS + 0.1)
    with refused:
        await takeover.undo(world.member, talk.id, epoch=done.epoch)


async def _age(urls: ServerUrls, world: World, seconds: float) -> None:
    """Let all events be so old; nobody but the superuser may change one."""
    async with await psycopg.AsyncConnection.connect(urls.superuser, autocommit=True) as connection:
        await connection.execute(
            "UPDATE conversation_events SET created_at = now() - make_interval(secs => %s) WHERE workspace_id = %s",
            (seconds, world.workspace_id),
        )


@acts
async def test_not_after_somebody_else_acted(db: Database, world: World, talk: Talk, act: str) -> None:
    takeover = Takeover(db)
    claim = await takeover.claim(world.member, talk.id)
    done = await ACTS[act](takeover, world.member, talk, claim.epoch)
    taken = await takeover.claim(world.other, talk.id)
    for epoch in (done.epoch, taken.epoch):
        with pytest.raises(ConflictError, match="can't be undone"):
            await takeover.undo(world.member, talk.id, epoch=epoch)
    assert (await now_of(db, world.other, talk)).epoch == taken.epoch


@pytest.mark.parametrize("act", ["resolved", "snoozed"])
async def test_not_after_the_visitor_opened_it_again(db: Database, world: World, talk: Talk, act: str) -> None:
    takeover = Takeover(db)
    claim = await takeover.claim(world.member, talk.id)
    done = await ACTS[act](takeover, world.member, talk, claim.epoch)
    await talk.say("wait")
    for epoch in (done.epoch, done.epoch + 1):
        with pytest.raises(ConflictError, match="can't be undone"):
            await takeover.undo(world.member, talk.id, epoch=epoch)
    assert (await now_of(db, world.member, talk)).status is Status.OPEN


async def test_what_a_vanished_holder_had_waits_for_a_person(db: Database, world: World, talk: Talk) -> None:
    takeover = Takeover(db)
    claim = await takeover.claim(world.member, talk.id)
    await expire_leases(db, world)
    done = await takeover.resolve(world.other, talk.id, epoch=claim.epoch)
    back = await takeover.undo(world.other, talk.id, epoch=done.epoch)
    assert back.waiting
    assert back.waiting_since is not None


async def test_what_was_held_back_stays_said(db: Database, world: World, talk: Talk) -> None:
    takeover = Takeover(db)
    claim = await takeover.claim(world.member, talk.id)
    await Messages(db).hold(world.member, talk.id, "bye", token="t", epoch=claim.epoch)
    done = await takeover.resolve(world.member, talk.id, epoch=claim.epoch)
    await takeover.undo(world.member, talk.id, epoch=done.epoch)
    assert [words for _, words in await talk.seen()] == ["hello?", "bye"]


async def test_of_an_undo_and_a_claim_one_wins(db: Database, world: World, talk: Talk) -> None:
    takeover = Takeover(db)
    for _ in range(100):
        claim = await takeover.claim(world.member, talk.id)
        done = await takeover.resolve(world.member, talk.id, epoch=claim.epoch)
        gate = asyncio.Barrier(2)

        async def undo(epoch: int = done.epoch, gate: asyncio.Barrier = gate) -> object:
            await gate.wait()
            return await takeover.undo(world.member, talk.id, epoch=epoch)

        async def take(gate: asyncio.Barrier = gate) -> object:
            await gate.wait()
            return (await takeover.claim(world.other, talk.id)).claimed

        undone, taken = await asyncio.gather(undo(), take(), return_exceptions=True)
        now = await now_of(db, world.member, talk)
        assert now.holder is not None
        assert now.epoch == done.epoch + 1
        assert isinstance(undone, ConflictError) is taken
        assert now.holder.user_id == (world.other if taken else world.member).user_id
        await takeover.hand_back(world.other if taken else world.member, talk.id, epoch=now.epoch)

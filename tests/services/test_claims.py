"""One claimer: every claim is a compare-and-set, a lease by the database's clock, and told to the loser."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.actor import Actor, Role
from console.domain.conversation import Claim, Control, HandoffReason, Status
from console.errors import ConflictError, NotAllowedError, NotFoundError
from console.ids import ConversationId, new_id
from console.services import audit
from console.services.conversations import Conversations
from console.services.drafts import Drafts
from console.services.messages import Messages
from console.services.sweep import return_abandoned
from console.services.takeover import Takeover
from tests.world import Talk, World, add_person, make_talk, make_world

RACERS, ROUNDS, CONNECTIONS = 100, 50, 50


async def expire_lease(db: Database, world: World, talk: Talk) -> None:
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "UPDATE conversations SET lease_expires_at = now() - interval '1 second'"
            " WHERE workspace_id = :ws AND id = :id",
            id=talk.id,
        )


async def test_of_a_hundred_racing_claims_one_wins_each_of_fifty_rounds(urls: ServerUrls, gateway_db: Database) -> None:
    db = Database(urls.app, pool_size=CONNECTIONS)
    db.pool.patience = 240.0
    world = await make_world(db)
    racers = [await add_person(db, world.workspace_id, f"racer{n}", Role.MEMBER) for n in range(RACERS)]
    takeover, talk = Takeover(db), await make_talk(gateway_db, world)
    await connect_all(db, CONNECTIONS)
    for _ in range(ROUNDS):
        gate = asyncio.Barrier(RACERS)
        epoch = (await Conversations(db).get(world.owner, talk.id)).epoch

        async def claim(racer: Actor, gate: asyncio.Barrier = gate, epoch: int = epoch) -> Claim:
            await gate.wait()
            return await takeover.claim(racer, talk.id, epoch=epoch)

        claims = await asyncio.gather(*(claim(racer) for racer in racers))
        winners = [racer for racer, result in zip(racers, claims, strict=True) if result.claimed]
        assert len(winners) == 1
        assert {result.holder.user_id for result in claims if result.holder} == {winners[0].user_id}
        assert {result.epoch for result in claims} == {epoch + 1}
        await takeover.hand_back(winners[0], talk.id, epoch=epoch + 1)
    async with db.read(world.workspace_id) as tx:
        assert await tx.scalar("SELECT count(*) FROM audit_events WHERE action = 'conversation.claimed'") == ROUNDS
        assert await audit.first_break(tx) is None
    await db.close()


async def connect_all(db: Database, number: int) -> None:
    """Make the connections one after another: all at once they may keep a busy server too long."""
    async with AsyncExitStack() as open_ones:
        for _ in range(number):
            await open_ones.enter_async_context(db.read(None))


async def test_the_loser_is_told_who_won_and_since_when(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, takeover = await make_talk(gateway_db, world), Takeover(db)
    won = await takeover.claim(world.member, talk.id)
    lost = await takeover.claim(world.other, talk.id)
    assert won.claimed
    assert not lost.claimed
    assert lost.holder is not None
    assert (lost.holder.name, lost.holder.user_id) == ("mia", world.member.user_id)
    assert won.holder is not None
    assert lost.holder.since == won.holder.since


async def test_claiming_twice_is_one_claim(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, takeover = await make_talk(gateway_db, world), Takeover(db)
    first = await takeover.claim(world.member, talk.id)
    assert await takeover.claim(world.member, talk.id) == first


async def test_a_claim_for_an_old_state_is_refused(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, takeover = await make_talk(gateway_db, world), Takeover(db)
    await takeover.claim(world.member, talk.id, epoch=0)
    await takeover.release(world.member, talk.id, epoch=1)
    late = await takeover.claim(world.other, talk.id, epoch=0)
    assert (late.claimed, late.holder, late.epoch) == (False, None, 2)


async def test_a_viewer_may_not_claim_and_the_denial_is_audited(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    with pytest.raises(NotAllowedError, match="needs the role member"):
        await Takeover(db).claim(world.viewer, talk.id)
    async with db.read(world.workspace_id) as tx:
        rows = await tx.rows("SELECT action, outcome, resource_id FROM audit_events")
    assert [tuple(row) for row in rows] == [("conversation.claim", "denied", talk.id)]


async def test_a_role_taken_away_ends_at_the_next_transaction(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "UPDATE workspace_users SET left_at = now() WHERE workspace_id = :ws AND user_id = :id",
            id=world.member.user_id,
        )
    with pytest.raises(NotAllowedError, match="no member"):
        await Takeover(db).claim(world.member, talk.id)


async def test_no_such_conversation(db: Database) -> None:
    world = await make_world(db)
    with pytest.raises(NotFoundError, match="no conversation"):
        await Takeover(db).claim(world.member, ConversationId(new_id()))


async def test_an_admin_takes_over_and_the_old_holder_can_no_longer_send(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, takeover = await make_talk(gateway_db, world), Takeover(db)
    old = await takeover.claim(world.member, talk.id)
    await Drafts(db).save(world.member, talk.id, "half a sen")
    with pytest.raises(NotAllowedError):
        await takeover.take_from(world.other, talk.id, epoch=old.epoch)
    new = await takeover.take_from(world.admin, talk.id, epoch=old.epoch)
    assert new.claimed
    with pytest.raises(ConflictError, match="adam has held"):
        await Messages(db).send(world.member, talk.id, "too late", token="t1", epoch=old.epoch)
    kept = await Drafts(db).load(world.member, talk.id)
    assert kept is not None
    assert kept.content == "half a sen"
    assert await talk.seen() == []
    async with db.read(world.workspace_id) as tx:
        actions = [
            row[0] for row in await tx.rows("SELECT action FROM audit_events WHERE outcome = 'done' ORDER BY seq")
        ]
    assert actions == ["conversation.claimed", "conversation.taken_over"]


async def test_an_owner_who_does_not_hold_it_can_not_send(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    claim = await Takeover(db).claim(world.member, talk.id)
    with pytest.raises(ConflictError):
        await Messages(db).send(world.owner, talk.id, "let me", token="t", epoch=claim.epoch)


async def test_an_expired_lease_neither_sends_nor_holds(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, takeover = await make_talk(gateway_db, world), Takeover(db)
    claim = await takeover.claim(world.member, talk.id)
    await expire_lease(db, world, talk)
    with pytest.raises(ConflictError, match="don't hold"):
        await Messages(db).send(world.member, talk.id, "late", token="t", epoch=claim.epoch)
    assert await takeover.renew(world.member) == 0
    assert (await takeover.claim(world.other, talk.id)).claimed


async def test_a_vanished_holder_returns_the_conversation_as_abandoned(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, takeover = await make_talk(gateway_db, world), Takeover(db)
    claim = await takeover.claim(world.member, talk.id)
    assert await takeover.renew(world.member) == 1
    assert await return_abandoned(db, world.workspace_id) == 0
    await expire_lease(db, world, talk)
    assert await return_abandoned(db, world.workspace_id) == 1
    now = await Conversations(db).get(world.member, talk.id)
    assert now.waiting
    assert (now.handoff_reason, now.epoch) == (HandoffReason.ABANDONED, claim.epoch + 1)
    with pytest.raises(ConflictError):
        await takeover.hand_back(world.member, talk.id, epoch=claim.epoch)


async def test_release_waits_for_a_person_and_resolve_ends(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, takeover = await make_talk(gateway_db, world), Takeover(db)
    claim = await takeover.claim(world.member, talk.id)
    released = await takeover.release(world.member, talk.id, epoch=claim.epoch)
    assert released.waiting
    resolved = await takeover.resolve(world.other, talk.id, epoch=released.epoch)
    assert (resolved.status, resolved.control, resolved.holder) == (Status.RESOLVED, Control.AI, None)
    await talk.say("one more thing")
    reopened = await Conversations(db).get(world.member, talk.id)
    assert (reopened.status, reopened.control, reopened.epoch) == (Status.OPEN, Control.AI, resolved.epoch + 1)


async def test_handing_back_lets_the_ai_answer_a_waiting_visitor_only(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, takeover = await make_talk(gateway_db, world), Takeover(db)
    await talk.say("hello?")
    claim = await takeover.claim(world.member, talk.id)
    await takeover.hand_back(world.member, talk.id, epoch=claim.epoch)
    assert await queued(db, world) == 1
    claim = await takeover.claim(world.member, talk.id)
    assert await queued(db, world) == 0
    await Messages(db).send(world.member, talk.id, "hello!", token="t", epoch=claim.epoch)
    await takeover.hand_back(world.member, talk.id, epoch=claim.epoch)
    assert await queued(db, world) == 0


async def queued(db: Database, world: World) -> int:
    async with db.read(world.workspace_id) as tx:
        count: int = await tx.scalar("SELECT count(*) FROM runs WHERE state = 'queued'")
        return count


async def test_somebody_who_left_no_longer_renews(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, takeover = await make_talk(gateway_db, world), Takeover(db)
    await takeover.claim(world.member, talk.id)
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "UPDATE workspace_users SET left_at = now() WHERE workspace_id = :ws AND user_id = :id",
            id=world.member.user_id,
        )
    assert await takeover.renew(world.member) == 0


async def test_resolving_over_a_message_not_seen_is_refused(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, takeover = await make_talk(gateway_db, world), Takeover(db)
    await talk.say("thanks")
    claim = await takeover.claim(world.member, talk.id)
    await talk.say("wait, one more thing")
    with pytest.raises(ConflictError, match="wrote meanwhile"):
        await takeover.resolve(world.member, talk.id, epoch=claim.epoch, seen=1)
    assert (await Conversations(db).get(world.member, talk.id)).holder is not None
    assert (await takeover.resolve(world.member, talk.id, epoch=claim.epoch, seen=2)).status is Status.RESOLVED

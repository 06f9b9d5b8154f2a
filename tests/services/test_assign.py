"""A conversation given to a member: theirs to see, told to them, still anybody's to claim."""

from __future__ import annotations

import pytest

from console.db.engine import Database
from console.domain.conversation import Control, Status
from console.domain.inbox import InboxFilter
from console.errors import ConflictError, InvalidInputError, NotAllowedError
from console.ids import UserId, new_id
from console.services.inbox import Inbox
from console.services.notifications import Notifications
from console.services.takeover import Takeover
from tests.services.desk import change, count, kinds, now_of
from tests.world import Talk, World, make_world


async def test_it_waits_for_that_person_who_is_told(db: Database, world: World, talk: Talk) -> None:
    given = await Takeover(db).assign(world.member, talk.id, world.other.user_id, epoch=0)
    assert (given.control, given.holder, given.epoch) == (Control.HUMAN, None, 1)
    assert (given.assignee_id, given.assignee_name, given.waiting) == (world.other.user_id, "max", True)
    assert given.waiting_since is not None
    assert await count(db, world, "runs", "state = 'queued'") == 0
    told = await Notifications(db).all(world.other)
    assert [(one.type, one.actor_name, one.conversation_id) for one in told] == [("assigned", "mia", talk.id)]
    assert await Notifications(db).all(world.member) == ()
    for who, seen in ((world.other, [talk.id]), (world.member, [])):
        assert [row.id for row in (await Inbox(db).page(who, InboxFilter.MINE)).rows] == seen
        assert (await Inbox(db).counts(who)).mine == len(seen)
        every = (await Inbox(db).page(who, InboxFilter.ALL)).rows
        assert [(row.id, row.assignee_name) for row in every] == [(talk.id, "max")]
    claim = await Takeover(db).claim(world.other, talk.id)
    assert (await now_of(db, world.other, talk)).assignee_id == world.other.user_id
    released = await Takeover(db).release(world.other, talk.id, epoch=claim.epoch)
    assert released.assignee_id is None


async def test_to_me_it_is_a_claim(db: Database, world: World, talk: Talk) -> None:
    mine = await Takeover(db).assign(world.member, talk.id, world.member.user_id, epoch=0)
    assert mine.holder is not None
    assert mine.holder.user_id == world.member.user_id
    assert await kinds(db, world, talk) == ["claimed"]
    with pytest.raises(ConflictError, match="mia has held"):
        await Takeover(db).assign(world.other, talk.id, world.other.user_id, epoch=mine.epoch)


async def test_to_nobody_it_is_the_queue_s(db: Database, world: World, talk: Talk) -> None:
    takeover = Takeover(db)
    given = await takeover.assign(world.member, talk.id, world.other.user_id, epoch=0)
    freed = await takeover.assign(world.member, talk.id, None, epoch=given.epoch)
    assert (freed.assignee_id, freed.waiting, freed.waiting_since) == (None, True, given.waiting_since)
    assert await kinds(db, world, talk) == ["assigned", "unassigned"]
    assert (await Inbox(db).page(world.other, InboxFilter.MINE)).rows == ()


async def test_another_s_claim_ends_the_assignment(db: Database, world: World, talk: Talk) -> None:
    given = await Takeover(db).assign(world.member, talk.id, world.other.user_id, epoch=0)
    await Takeover(db).claim(world.admin, talk.id, epoch=given.epoch)
    assert (await now_of(db, world.member, talk)).assignee_id is None


async def test_only_to_somebody_who_may_reply(db: Database, world: World, talk: Talk) -> None:
    elsewhere = await make_world(db)
    for nobody in (UserId(new_id()), elsewhere.member.user_id):
        with pytest.raises(InvalidInputError, match="no member of this workspace"):
            await Takeover(db).assign(world.member, talk.id, nobody, epoch=0)
    with pytest.raises(InvalidInputError, match="vera is a viewer"):
        await Takeover(db).assign(world.member, talk.id, world.viewer.user_id, epoch=0)
    await change(
        db, world, "UPDATE workspace_users SET left_at = now() WHERE workspace_id = :ws AND user_id = :id",
        id=world.other.user_id,
    )  # fmt: skip
    with pytest.raises(InvalidInputError, match="no member of this workspace"):
        await Takeover(db).assign(world.member, talk.id, world.other.user_id, epoch=0)
    with pytest.raises(NotAllowedError):
        await Takeover(db).assign(world.viewer, talk.id, world.member.user_id, epoch=0)
    assert (await now_of(db, world.member, talk)).epoch == 0


async def test_not_what_another_holds(db: Database, world: World, talk: Talk) -> None:
    claim = await Takeover(db).claim(world.member, talk.id)
    for to in (world.admin.user_id, None):
        with pytest.raises(ConflictError, match="mia has held"):
            await Takeover(db).assign(world.other, talk.id, to, epoch=claim.epoch)
    given = await Takeover(db).assign(world.member, talk.id, world.other.user_id, epoch=claim.epoch)
    assert (given.holder, given.assignee_name) == (None, "max")


async def test_what_is_resolved_opens(db: Database, world: World, talk: Talk) -> None:
    resolved = await Takeover(db).resolve(world.member, talk.id, epoch=0)
    given = await Takeover(db).assign(world.member, talk.id, world.other.user_id, epoch=resolved.epoch)
    assert (given.status, given.waiting) == (Status.OPEN, True)

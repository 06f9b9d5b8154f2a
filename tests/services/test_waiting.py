"""Since when a visitor waits: from the first words that no person has answered, whoever took it up meanwhile."""

from __future__ import annotations

from datetime import datetime

import pytest

from console.db.engine import Database
from console.domain.conversation import Conversation
from console.domain.inbox import InboxFilter
from console.services.conversations import Conversations
from console.services.inbox import Inbox
from console.services.messages import Messages
from console.services.sweep import return_abandoned
from console.services.takeover import Takeover
from tests.world import Talk, World, make_talk

HOURS_AGO = """
    UPDATE conversations SET control = 'human', waiting_since = now() - interval '3 hours'
    WHERE workspace_id = :ws AND id = :id RETURNING waiting_since
"""
LAPSE = "UPDATE conversations SET lease_expires_at = now() - interval '1 second' WHERE workspace_id = :ws AND id = :id"


@pytest.fixture
async def talk(gateway_db: Database, world: World) -> Talk:
    talk = await make_talk(gateway_db, world)
    await talk.say("is anybody there?")
    return talk


async def waits(db: Database, world: World, talk: Talk) -> datetime:
    """Let it wait for hours by now."""
    async with db.write(world.workspace_id) as tx:
        since: datetime = await tx.scalar(HOURS_AGO, id=talk.id)
        return since


async def lapsed(db: Database, world: World, talk: Talk) -> Conversation:
    """It as it is after its holder has vanished."""
    async with db.write(world.workspace_id) as tx:
        await tx.execute(LAPSE, id=talk.id)
    assert await return_abandoned(db, world.workspace_id) == 1
    return await Conversations(db).get(world.member, talk.id)


async def test_who_is_let_go_without_a_word_has_waited_all_the_while(db: Database, world: World, talk: Talk) -> None:
    since, takeover = await waits(db, world, talk), Takeover(db)
    claim = await takeover.claim(world.member, talk.id)
    await talk.say("hello?")
    released = await takeover.release(world.member, talk.id, epoch=claim.epoch)
    assert (released.waiting, released.waiting_since) == (True, since)
    claim = await takeover.claim(world.other, talk.id)
    taken = await takeover.take_from(world.admin, talk.id, epoch=claim.epoch)
    given = await takeover.assign(world.admin, talk.id, world.member.user_id, epoch=taken.epoch)
    assert given.waiting_since == since
    await takeover.claim(world.member, talk.id)
    assert (await lapsed(db, world, talk)).waiting_since == since


async def test_a_person_s_word_ends_the_wait_and_the_visitor_s_next_begins_another(
    db: Database, world: World, talk: Talk
) -> None:
    since, takeover = await waits(db, world, talk), Takeover(db)
    claim = await takeover.claim(world.member, talk.id)
    await Messages(db).send(world.member, talk.id, "I am", token="t", epoch=claim.epoch)
    assert (await Conversations(db).get(world.member, talk.id)).waiting_since is None
    await talk.say("and now?")
    asked = (await Conversations(db).get(world.member, talk.id)).waiting_since
    assert asked is not None
    assert asked > since
    assert (await lapsed(db, world, talk)).waiting_since == asked


async def test_answered_and_let_go_it_waits_from_then_on(db: Database, world: World, talk: Talk) -> None:
    since, takeover = await waits(db, world, talk), Takeover(db)
    claim = await takeover.claim(world.member, talk.id)
    await Messages(db).send(world.member, talk.id, "I am", token="t", epoch=claim.epoch)
    released = await takeover.release(world.member, talk.id, epoch=claim.epoch)
    assert released.waiting_since is not None
    assert released.waiting_since > since


async def test_what_is_snoozed_for_another_stays_the_other_s(db: Database, world: World, talk: Talk) -> None:
    takeover = Takeover(db)
    claim = await takeover.claim(world.member, talk.id)
    given = await takeover.assign(world.member, talk.id, world.other.user_id, epoch=claim.epoch)
    aside = await takeover.snooze(world.member, talk.id, until=None, epoch=given.epoch)
    assert aside.assignee_id == world.other.user_id


async def test_a_row_names_who_said_its_last_words(db: Database, world: World, talk: Talk) -> None:
    takeover, inbox = Takeover(db), Inbox(db)
    claim = await takeover.claim(world.member, talk.id)
    await Messages(db).send(world.member, talk.id, "let me see", token="t", epoch=claim.epoch)
    given = await takeover.assign(world.member, talk.id, world.other.user_id, epoch=claim.epoch)
    await takeover.claim(world.other, talk.id, epoch=given.epoch)
    for who, mine in ((world.member, True), (world.other, False)):
        (row,) = (await inbox.page(who, InboxFilter.ALL)).rows
        assert (row.snippet, row.snippet_author, row.snippet_mine) == ("let me see", world.member.name, mine)
    await talk.say("thanks")
    (row,) = (await inbox.page(world.other, InboxFilter.ALL)).rows
    assert (row.snippet_author, row.snippet_mine) == ("", False)

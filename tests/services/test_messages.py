"""One order, no duplicates, nothing lost."""

from __future__ import annotations

import asyncio

import pytest

from console.db.engine import Database
from console.domain.inbox import InboxFilter
from console.domain.message import MAX_MESSAGE_CHARS, MessageRole
from console.errors import ConflictError, InvalidInputError
from console.services.conversations import Conversations
from console.services.drafts import Drafts
from console.services.inbox import Inbox
from console.services.messages import Messages
from console.services.takeover import Takeover
from tests.world import make_talk, make_world


async def test_twenty_parallel_sends_of_one_token_are_one_message(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    claim = await Takeover(db).claim(world.member, talk.id)
    sent = await asyncio.gather(
        *(Messages(db).send(world.member, talk.id, "once", token="t1", epoch=claim.epoch) for _ in range(20))
    )
    assert {result.seq for result in sent} == {1}
    assert sum(not result.repeated for result in sent) == 1
    assert await talk.seen() == [("human", "once")]


async def test_twenty_parallel_visitor_sends_of_one_key_are_one_message_and_one_run(
    db: Database, gateway_db: Database
) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    assert set(await asyncio.gather(*(talk.say("hi", key="k") for _ in range(20)))) == {1}
    async with db.read(world.workspace_id) as tx:
        assert await tx.scalar("SELECT count(*) FROM messages") == 1
        assert await tx.scalar("SELECT count(*) FROM runs") == 1


async def test_parallel_messages_of_both_sides_have_one_gapless_order(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    claim = await Takeover(db).claim(world.member, talk.id)
    await asyncio.gather(
        *(talk.say(f"v{n}") for n in range(30)),
        *(Messages(db).send(world.member, talk.id, f"h{n}", token=f"t{n}", epoch=claim.epoch) for n in range(30)),
        *(Messages(db).note(world.other, talk.id, f"n{n}", token=f"n{n}") for n in range(10)),
    )
    transcript = await Conversations(db).transcript(world.member, talk.id)
    assert [message.seq for message in transcript.messages] == list(range(1, 71))
    assert len(await talk.seen()) == 60


async def test_a_token_used_for_other_words_is_refused(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    claim = await Takeover(db).claim(world.member, talk.id)
    await Messages(db).send(world.member, talk.id, "one", token="t", epoch=claim.epoch)
    with pytest.raises(ConflictError, match="another message"):
        await Messages(db).send(world.member, talk.id, "two", token="t", epoch=claim.epoch)


async def test_a_retry_after_the_claim_was_lost_finds_the_first_send(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    claim = await Takeover(db).claim(world.member, talk.id)
    await Messages(db).send(world.member, talk.id, "said", token="t", epoch=claim.epoch)
    await Takeover(db).hand_back(world.member, talk.id, epoch=claim.epoch)
    again = await Messages(db).send(world.member, talk.id, "said", token="t", epoch=claim.epoch)
    assert (again.seq, again.repeated) == (1, True)


@pytest.mark.parametrize("content", ["", "  \n", "x" * (MAX_MESSAGE_CHARS + 1), "x" * 1_000_000, "a\x00b", "a\ud800"])
async def test_what_can_not_be_a_message(db: Database, gateway_db: Database, content: str) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    claim = await Takeover(db).claim(world.member, talk.id)
    with pytest.raises(InvalidInputError):
        await Messages(db).send(world.member, talk.id, content, token="t", epoch=claim.epoch)
    with pytest.raises(InvalidInputError):
        await talk.say(content)
    assert await talk.seen() == []


async def test_sending_forgets_the_draft_and_leaving_keeps_it(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, drafts = await make_talk(gateway_db, world), Drafts(db)
    claim = await Takeover(db).claim(world.member, talk.id)
    await drafts.save(world.member, talk.id, "dear")
    await drafts.save(world.member, talk.id, "dear visitor")
    kept = await drafts.load(world.member, talk.id)
    assert kept is not None
    assert kept.content == "dear visitor"
    assert await drafts.load(world.other, talk.id) is None
    await Messages(db).send(world.member, talk.id, "dear visitor", token="t", epoch=claim.epoch)
    assert await drafts.load(world.member, talk.id) is None


async def test_unread_counts_the_visitors_messages_after_the_last_read(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, conversations = await make_talk(gateway_db, world), Conversations(db)
    for n in range(3):
        await talk.say(f"m{n}")
    await Messages(db).note(world.other, talk.id, "a note", token="n")
    await conversations.mark_read(world.member, talk.id, 1)
    await conversations.mark_read(world.member, talk.id, 0)
    mine = (await Inbox(db).page(world.member, InboxFilter.ALL)).rows
    others = (await Inbox(db).page(world.other, InboxFilter.ALL)).rows
    assert (mine[0].unread, others[0].unread) == (2, 3)


async def test_transcript_windows(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, conversations = await make_talk(gateway_db, world), Conversations(db)
    for n in range(1, 11):
        await talk.say(f"m{n}")
    last = await conversations.transcript(world.member, talk.id, limit=4)
    assert ([m.seq for m in last.messages], last.earlier) == ([7, 8, 9, 10], True)
    before = await conversations.transcript(world.member, talk.id, before=7, limit=4)
    assert ([m.seq for m in before.messages], before.earlier) == ([3, 4, 5, 6], True)
    first = await conversations.transcript(world.member, talk.id, before=3, limit=4)
    assert ([m.seq for m in first.messages], first.earlier) == ([1, 2], False)
    after = await conversations.transcript(world.member, talk.id, after=8)
    assert [m.seq for m in after.messages] == [9, 10]
    assert last.messages[0].role is MessageRole.USER

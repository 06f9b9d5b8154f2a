"""The queue of gaps: what a reviewer sees, and how a person adds to it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from console.db.engine import Database
from console.domain.gap import DraftOrigin, GapStatus, GapTrigger
from console.errors import NotAllowedError, NotFoundError, RefusedError
from console.ids import ConversationId, GapId, new_id
from console.services.curated import Curated
from console.services.sources import Sources
from tests.services.curated_support import ANSWER, MODEL, ask, publish
from tests.services.gap_support import QUESTION, gap_of, gaps_of, made, reply, review, vain
from tests.services.knowledge_support import crawl
from tests.world import make_world


async def test_a_gap_shows_where_it_was_asked_and_by_how_many(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talks = await vain(
        db, gateway_db, world, QUESTION, "Do you ship outside the us", "hello, do you ship outside the US"
    )
    await vain(db, gateway_db, world, "is there a shop in paris")
    gap = await gap_of(db, world, QUESTION)
    assert (gap.occurrences, gap.conversations, gap.trigger, gap.answered) == (3, 3, GapTrigger.NO_HIT, False)
    assert (gap.agent_slug, gap.draft, gap.draft_origin) == ("assistant", "", DraftOrigin.NONE)
    shown = await gaps_of(db).show(world.viewer, gap.id)
    assert shown.gap == gap
    assert [one.conversation_id for one in shown.occurrences] == [talk.id for talk in reversed(talks)]
    assert (shown.visitors, len(shown.questions), shown.near, shown.replies, shown.curated) == (3, 1, (), (), None)
    assert {one.seq for one in shown.occurrences} == {1}


async def test_what_the_search_brought_is_near(db: Database, gateway_db: Database, tmp_path: Path) -> None:
    world = await make_world(db)
    (tmp_path / "shipping.md").write_text("# Shipping\n\n## Cost\n\nStandard shipping costs five dollars.\n")
    await crawl(db, world.admin, await Sources(db).add(world.admin, "folder", str(tmp_path)), MODEL)
    await vain(db, gateway_db, world, "which bike has the best brakes?")
    (gap,) = await gaps_of(db).list(world.viewer)
    (near,) = (await gaps_of(db).show(world.viewer, gap.id)).near
    assert (gap.trigger, near.title) == (GapTrigger.LOW_CONFIDENCE, "Shipping")
    assert "Cost" in near.heading
    assert near.score is not None


async def test_gaps_that_may_be_the_same_are_shown_with_how_alike_they_are(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    await vain(db, gateway_db, world, "do you deliver to canada", "do you ship to canada", "how do I reset my password")
    gap = await gap_of(db, world, "do you ship to canada")
    (alike,) = (await gaps_of(db).show(world.viewer, gap.id)).similar
    assert (alike.question, alike.occurrences, alike.status) == ("do you deliver to canada", 1, GapStatus.OPEN)
    assert 0.60 <= alike.similarity < 0.85


async def test_a_persons_reply_is_offered_newest_first(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    first, second = await vain(db, gateway_db, world, QUESTION, QUESTION)
    await reply(db, world, first, "Let me see.", "Only within the US, I am afraid.")
    await reply(db, world, second, "We ship in the US only.")
    shown = await gaps_of(db).show(world.viewer, (await gap_of(db, world, QUESTION)).id)
    assert shown.gap.answered
    assert [(one.content, one.author_name, one.conversation_id) for one in shown.replies] == [
        ("We ship in the US only.", "mia", second.id), ("Only within the US, I am afraid.", "mia", first.id),
    ]  # fmt: skip


async def test_counts_are_by_status(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    id = await made(db, gateway_db, world)
    await vain(db, gateway_db, world, "is there a shop in paris")
    await review(db).dismiss(world.admin, id)
    counts = await gaps_of(db).counts(world.viewer)
    assert {status: n for status, n in counts.items() if n} == {GapStatus.OPEN: 1, GapStatus.DISMISSED: 1}


async def test_another_workspaces_gap_is_nowhere(db: Database, gateway_db: Database) -> None:
    world, stranger = await make_world(db), await make_world(db)
    id = await made(db, gateway_db, world)
    for unknown in (id, GapId(new_id())):
        with pytest.raises(NotFoundError, match="there is no gap"):
            await gaps_of(db).show(stranger.owner, unknown)
    assert await gaps_of(db).list(stranger.owner) == ()


async def test_an_answer_is_flagged_with_the_question_before_it(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    await Curated(db).create(world.admin, "assistant", [QUESTION], ANSWER)
    await publish(db, world)
    talk = await ask(db, gateway_db, world, QUESTION)
    gap = await gaps_of(db).flag(world.member, talk.id, 2)
    assert (gap.question, gap.trigger, gap.occurrences, gap.score) == (QUESTION, GapTrigger.FLAGGED, 1, 1.0)
    again = await asyncio.gather(*(gaps_of(db).flag(world.member, talk.id, 2) for _ in range(4)))
    assert {(one.id, one.occurrences) for one in again} == {(gap.id, 1)}


async def test_only_an_answer_to_a_question_can_be_flagged(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    (talk,) = await vain(db, gateway_db, world, QUESTION)
    with pytest.raises(RefusedError, match="message 1 is no answer of the AI"):
        await gaps_of(db).flag(world.member, talk.id, 1)
    with pytest.raises(RefusedError, match="message 9 is no answer"):
        await gaps_of(db).flag(world.member, talk.id, 9)
    with pytest.raises(NotFoundError):
        await gaps_of(db).flag(world.member, ConversationId(new_id()), 2)
    with pytest.raises(NotAllowedError):
        await gaps_of(db).flag(world.viewer, talk.id, 2)


async def test_a_question_counted_already_is_flagged_where_it_is(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    (talk,) = await vain(db, gateway_db, world, QUESTION)
    gap = await gaps_of(db).flag(world.member, talk.id, 2)
    assert (gap.trigger, gap.occurrences) == (GapTrigger.NO_HIT, 1)

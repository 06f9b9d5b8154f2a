"""A thumb down, or a flag, on what was answered in several answers at once doubts each of them, by its own message."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from console.db.engine import Database
from console.domain.feedback import Rating
from console.domain.gap import Gap, GapStatus, GapTrigger
from console.services.curated_match import OF_THE_REST
from console.services.feedback import FeedbackDesk
from console.services.gaps import Gaps
from console.services.review import Review
from console.services.thumbs import record_thumbs_down
from tests.services.curated_support import MODEL, ask, last_said, publish, run
from tests.services.test_curated_burst import DELIVERY, WARRANTY, pages
from tests.world import Talk, World, make_talk, make_world

SIZES, LEATHER, RED = "which sizes are there?", "do you mend leather shoes?", "do you have the jacket in red?"
ALL, YES = "All sizes.", "Yes, within a week."


@pytest.fixture
async def world(db: Database, gateway_db: Database) -> World:
    """Two questions that nobody could answer have become curated answers, and are live."""
    made = await make_world(db)
    await ask(db, gateway_db, made, SIZES)
    await ask(db, gateway_db, made, LEATHER)
    for gap in await Gaps(db).list(made.viewer):
        await Review(db).approve(made.admin, gap.id, answer=ALL if gap.question == SIZES else YES)
    await publish(db, made)
    return made


async def at_once(db: Database, gateway_db: Database, world: World, *said: str) -> Talk:
    talk = await make_talk(gateway_db, world)
    for words in said:
        await talk.say(words)
    await run(db, world, talk)
    return talk


async def thumb_down(db: Database, gateway_db: Database, talk: Talk, seq: int) -> None:
    await FeedbackDesk(gateway_db).rate(talk.token, talk.id, seq, Rating.DOWN)


async def gaps(db: Database, world: World) -> dict[str, Gap]:
    return {str(gap.question): gap for gap in await Gaps(db).list(world.viewer, None)}


async def asked_at(db: Database, world: World, talk: Talk) -> dict[str, tuple[int, GapTrigger]]:
    """Each question of this conversation that counts somewhere: by which message, and why."""
    shown = [await Gaps(db).show(world.viewer, gap.id) for gap in (await gaps(db, world)).values()]
    here = [one for detail in shown for one in detail.occurrences if one.conversation_id == talk.id]
    return {str(one.question): (one.seq, one.trigger) for one in here}


@pytest.mark.parametrize("burst", [(SIZES, LEATHER, "thanks!"), (LEATHER, "my name is Anna", SIZES)])
async def test_each_curated_answer_waits_again(
    db: Database, gateway_db: Database, world: World, burst: tuple[str, ...]
) -> None:
    talk = await at_once(db, gateway_db, world, *burst)
    assert {gap.status for gap in (await gaps(db, world)).values()} == {GapStatus.APPROVED}
    await thumb_down(db, gateway_db, talk, len(burst) + 1)
    for _ in range(2):  # it is said once, however often it is looked at
        await record_thumbs_down(db, MODEL, world.workspace_id)
    found = await gaps(db, world)
    assert {words: (gap.status, gap.occurrences, gap.draft) for words, gap in found.items()} == {
        SIZES: (GapStatus.DRAFTED, 2, ALL), LEATHER: (GapStatus.DRAFTED, 2, YES),
    }  # fmt: skip
    assert await asked_at(db, world, talk) == {
        words: (burst.index(words) + 1, GapTrigger.THUMBS_DOWN) for words in (SIZES, LEATHER)
    }


async def test_a_flag_doubts_each_and_a_thumb_after_it_counts_no_more(
    db: Database, gateway_db: Database, world: World
) -> None:
    talk = await at_once(db, gateway_db, world, SIZES, LEATHER, "thanks!")
    for _ in range(2):
        assert (await Gaps(db, MODEL).flag(world.member, talk.id, 4)).question == LEATHER
    await thumb_down(db, gateway_db, talk, 4)
    assert await record_thumbs_down(db, MODEL, world.workspace_id) == 1
    found = await gaps(db, world)
    assert [(gap.status, gap.occurrences) for gap in found.values()] == [(GapStatus.DRAFTED, 2)] * 2
    assert await asked_at(db, world, talk) == {SIZES: (1, GapTrigger.FLAGGED), LEATHER: (2, GapTrigger.FLAGGED)}


async def test_many_at_once_count_each_once(db: Database, gateway_db: Database, world: World) -> None:
    """In either order, by two workers: nobody waits for a gap while holding another."""
    talks = [await at_once(db, gateway_db, world, *pair) for pair in [(SIZES, LEATHER), (LEATHER, SIZES)] * 3]
    for talk in talks:
        await thumb_down(db, gateway_db, talk, 3)
    done = await asyncio.gather(*(record_thumbs_down(db, MODEL, world.workspace_id) for _ in range(2)))
    assert sum(done) == 6
    assert [gap.occurrences for gap in (await gaps(db, world)).values()] == [7, 7]


async def test_what_the_pages_said_beside_it_is_doubted_as_well(
    db: Database, gateway_db: Database, world: World, tmp_path: Path
) -> None:
    await pages(db, world, tmp_path)
    talk = await at_once(db, gateway_db, world, DELIVERY, WARRANTY, SIZES)
    await thumb_down(db, gateway_db, talk, 4)
    assert await record_thumbs_down(db, MODEL, world.workspace_id) == 1
    down = GapTrigger.THUMBS_DOWN
    assert await asked_at(db, world, talk) == {DELIVERY: (1, down), WARRANTY: (2, down), SIZES: (3, down)}
    found = await gaps(db, world)
    assert (found[SIZES].status, found[LEATHER].status) == (GapStatus.DRAFTED, GapStatus.APPROVED)


async def test_of_a_handoff_the_answer_before_it_is_doubted_and_the_rest_is_counted_already(
    db: Database, gateway_db: Database, world: World
) -> None:
    talk = await at_once(db, gateway_db, world, RED, SIZES)
    assert await last_said(talk) == f"{ALL}\n\n{next(iter(OF_THE_REST.values()))}"
    assert (await gaps(db, world))[SIZES].status is GapStatus.APPROVED, "it was answered"
    await thumb_down(db, gateway_db, talk, 3)
    assert await record_thumbs_down(db, MODEL, world.workspace_id) == 1
    found = await gaps(db, world)
    assert {words: (gap.status, gap.occurrences) for words, gap in found.items()} == {
        RED: (GapStatus.OPEN, 1), SIZES: (GapStatus.DRAFTED, 2), LEATHER: (GapStatus.APPROVED, 1),
    }  # fmt: skip
    seen = await asked_at(db, world, talk)
    assert {words: seq for words, (seq, _) in seen.items()} == {RED: 1, SIZES: 2}
    assert seen[SIZES][1] is GapTrigger.THUMBS_DOWN

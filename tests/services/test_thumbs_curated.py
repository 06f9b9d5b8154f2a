"""A thumb down on an answer that an admin has approved: the gap behind it waits again, as if it had been flagged."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from console.ai.embedder import EmbeddingError, Vectors
from console.db.engine import Database
from console.domain.feedback import Rating
from console.domain.gap import GapStatus, GapTrigger
from console.ids import GapId
from console.services import thumbs
from console.services.curated import Curated
from console.services.feedback import FeedbackDesk
from console.services.thumbs import record_thumbs_down
from tests.services.curated_support import ANSWER, MODEL, ask, publish, run
from tests.services.gap_support import QUESTION, gap_of, gaps_of, made, review
from tests.services.knowledge_support import HashEmbedder
from tests.services.test_thumbs import answered
from tests.world import Talk, World, make_talk, make_world


@pytest.fixture
async def world(db: Database) -> World:
    return await make_world(db)


@pytest.fixture
async def approved(db: Database, gateway_db: Database, world: World) -> GapId:
    id = await made(db, gateway_db, world)
    await review(db).approve(world.admin, id, answer=ANSWER)
    await publish(db, world)
    return id


async def down(db: Database, gateway_db: Database, world: World, talk: Talk, seq: int = 2) -> None:
    await FeedbackDesk(gateway_db).rate(talk.token, talk.id, seq, Rating.DOWN)
    await record_thumbs_down(db, MODEL, world.workspace_id)


@pytest.mark.parametrize("asked", [QUESTION, "do you ship outside the United States?"])
async def test_its_gap_waits_again_with_the_answer_as_its_draft(
    db: Database, gateway_db: Database, world: World, approved: GapId, asked: str
) -> None:
    talk = await ask(db, gateway_db, world, asked)
    assert (await talk.seen())[-1][1] == ANSWER
    await down(db, gateway_db, world, talk)
    (gap,) = await gaps_of(db).queue(world.viewer)
    assert (gap.id, gap.status, gap.draft, gap.occurrences) == (approved, GapStatus.DRAFTED, ANSWER, 2)
    newest = (await gaps_of(db).show(world.viewer, approved)).occurrences[0]
    assert (newest.trigger, newest.conversation_id) == (GapTrigger.THUMBS_DOWN, talk.id)


async def test_its_draft_is_the_answer_as_it_is_now(
    db: Database, gateway_db: Database, world: World, approved: GapId
) -> None:
    curated = (await gaps_of(db).show(world.viewer, approved)).curated
    assert curated is not None
    await Curated(db).edit(world.admin, curated.id, answer="To Canada, too.")
    await publish(db, world)
    await down(db, gateway_db, world, await ask(db, gateway_db, world, QUESTION))
    gap = await gap_of(db, world, QUESTION)
    assert (gap.status, gap.draft) == (GapStatus.DRAFTED, "To Canada, too.")


async def test_thanks_after_the_question_are_not_what_was_asked(
    db: Database, gateway_db: Database, world: World, approved: GapId
) -> None:
    talk = await make_talk(gateway_db, world)
    await talk.say(QUESTION)
    await talk.say("thanks!")
    await run(db, world, talk)
    await down(db, gateway_db, world, talk, 3)
    assert (await gap_of(db, world, QUESTION)).status is GapStatus.DRAFTED


async def test_what_was_answered_otherwise_is_only_counted(
    db: Database, gateway_db: Database, world: World, approved: GapId
) -> None:
    await down(db, gateway_db, world, await answered(db, gateway_db, world, QUESTION))
    gap = await gap_of(db, world, QUESTION)
    assert (gap.status, gap.occurrences) == (GapStatus.APPROVED, 2)


class Choking(HashEmbedder):
    """Can't read one question."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        if "worst" in texts[0]:
            raise EmbeddingError("a question that can't be read")
        return super().embed(texts)


@pytest.mark.parametrize("page", [1, 50])
async def test_one_that_fails_keeps_none_waiting(
    db: Database, gateway_db: Database, world: World, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(thumbs, "AT_ONCE", page)
    for question in ("the worst of all?", "which sizes?", "which colours?"):
        talk = await answered(db, gateway_db, world, question)
        await FeedbackDesk(gateway_db).rate(talk.token, talk.id, 2, Rating.DOWN)
    for _ in range(2):
        with pytest.raises(EmbeddingError):
            await record_thumbs_down(db, Choking(), world.workspace_id)
        gaps = await gaps_of(db).list(world.viewer)
        assert {gap.question: gap.occurrences for gap in gaps} == {"which sizes?": 1, "which colours?": 1}
    assert await record_thumbs_down(db, HashEmbedder(), world.workspace_id) == 1, "it is not forgotten"

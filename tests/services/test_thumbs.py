"""A thumb down on the AI's answer is one occurrence of a gap, recorded by the worker, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from console.ai.embedder import Vectors
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.jobs import queue_app
from console.domain.feedback import Rating
from console.domain.gap import GapTrigger
from console.services.answers import Answers
from console.services.feedback import FeedbackDesk
from console.services.gaps import Gaps
from console.services.messages import Messages
from console.services.sweep import workspaces_with_work
from console.services.takeover import Takeover
from console.services.thumbs import record_thumbs_down
from console.worker.sweep import sweep_once
from tests.services.knowledge_support import HashEmbedder
from tests.services.run_support import Fixed, good, newest_run
from tests.world import Talk, World, make_talk, make_world

UP, DOWN = Rating.UP, Rating.DOWN


class Together(HashEmbedder):
    """Embeds when so many ask at once: each of them has found the thumb not yet handled."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._all_here = threading.Barrier(count)

    def embed(self, texts: Sequence[str]) -> Vectors:
        self._all_here.wait(30)
        return super().embed(texts)


@pytest.fixture
async def world(db: Database) -> World:
    return await make_world(db)


async def answered(db: Database, gateway_db: Database, world: World, question: str = "can I return it?") -> Talk:
    """A conversation whose message 2 is the assistant's answer."""
    talk = await make_talk(gateway_db, world)
    await talk.say(question)
    await Answers(db, Fixed(good())).run(world.workspace_id, await newest_run(db, world))
    return talk


async def gaps(db: Database, world: World) -> list[tuple[str, GapTrigger, int]]:
    return [(gap.question, gap.trigger, gap.occurrences) for gap in await Gaps(db).list(world.viewer)]


async def test_it_becomes_an_occurrence_once(db: Database, gateway_db: Database, world: World) -> None:
    talk, desk = await answered(db, gateway_db, world), FeedbackDesk(gateway_db)
    for rating in (DOWN, DOWN, UP, DOWN):
        await desk.rate(talk.token, talk.id, 2, rating, "no")
        await record_thumbs_down(db, HashEmbedder(), world.workspace_id)
    assert await gaps(db, world) == [("can I return it?", GapTrigger.THUMBS_DOWN, 1)]
    async with db.read(world.workspace_id) as tx:
        row = await tx.row("SELECT seq, run_id, score, threshold FROM gap_occurrences")
    assert row is not None
    assert (row.seq, row.score) == (1, pytest.approx(0.9))
    assert row.threshold == 0.5
    assert row.run_id is not None


async def test_two_workers_record_it_once(db: Database, gateway_db: Database, world: World) -> None:
    talk = await answered(db, gateway_db, world)
    await FeedbackDesk(gateway_db).rate(talk.token, talk.id, 2, DOWN)
    together = Together(4)
    done = await asyncio.gather(*(record_thumbs_down(db, together, world.workspace_id) for _ in range(4)))
    assert sorted(done) == [0, 0, 0, 1]
    assert (await gaps(db, world))[0][2] == 1


async def test_a_thumb_that_turned_up_in_time_is_no_gap(db: Database, gateway_db: Database, world: World) -> None:
    talk, desk = await answered(db, gateway_db, world), FeedbackDesk(gateway_db)
    await desk.rate(talk.token, talk.id, 2, DOWN)
    await desk.rate(talk.token, talk.id, 2, UP)
    assert await record_thumbs_down(db, HashEmbedder(), world.workspace_id) == 0
    assert await gaps(db, world) == []


async def test_the_same_question_of_two_visitors_is_one_gap(db: Database, gateway_db: Database, world: World) -> None:
    for question in ("Can I return it?", "can i return it"):
        talk = await answered(db, gateway_db, world, question)
        await FeedbackDesk(gateway_db).rate(talk.token, talk.id, 2, DOWN)
    assert await record_thumbs_down(db, HashEmbedder(), world.workspace_id) == 2
    assert [count for _, _, count in await gaps(db, world)] == [2]


@pytest.mark.parametrize("question", ["thank you!", "can I talk to a person?", "???"])
async def test_what_asks_for_no_knowledge_is_no_gap(
    db: Database, gateway_db: Database, world: World, question: str
) -> None:
    talk = await answered(db, gateway_db, world, question)
    await FeedbackDesk(gateway_db).rate(talk.token, talk.id, 2, DOWN)
    assert await record_thumbs_down(db, HashEmbedder(), world.workspace_id) == 0
    assert world.workspace_id not in await workspaces_with_work(db)


async def test_a_persons_reply_is_no_gap(db: Database, gateway_db: Database, world: World) -> None:
    talk = await answered(db, gateway_db, world)
    claim = await Takeover(db).claim(world.member, talk.id)
    await Messages(db).send(world.member, talk.id, "no", token="s", epoch=claim.epoch)
    await FeedbackDesk(gateway_db).rate(talk.token, talk.id, 3, DOWN)
    assert await record_thumbs_down(db, HashEmbedder(), world.workspace_id) == 0
    assert await gaps(db, world) == []


async def test_the_sweep_finds_what_is_left(db: Database, gateway_db: Database, urls: ServerUrls, world: World) -> None:
    """Nothing tells the worker of a thumb: it looks, so that a thumb given while no worker ran is not lost."""
    talk = await answered(db, gateway_db, world)
    await FeedbackDesk(gateway_db).rate(talk.token, talk.id, 2, DOWN)
    assert world.workspace_id in await workspaces_with_work(db)

    async def thumbs(workspace_id: Any) -> None:
        await record_thumbs_down(db, HashEmbedder(), workspace_id)

    app = queue_app(urls.app)
    async with app.open_async():
        await sweep_once(db, app, [thumbs])
    assert len(await gaps(db, world)) == 1
    assert world.workspace_id not in await workspaces_with_work(db)

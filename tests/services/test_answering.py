"""An answer quotes the pages, says how sure it is, and hands over honestly when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.ai.embedder import MiniLm
from console.db.engine import Database
from console.domain.agent import Published
from console.domain.conversation import HandoffReason
from console.domain.message import MessageRole
from console.domain.run import Answer, AnswerKind, Turn
from console.ids import VersionId, new_id
from console.services.answering import SAID, Answering
from console.services.asking import Asking
from console.services.search import Search
from console.services.sources import Sources
from tests.services.knowledge_support import crawl
from tests.world import World, make_world

MODEL = MiniLm(intra_op_num_threads=1)
RETURNS = "Unworn items can be returned within 30 days of delivery. Refunds reach your card in five working days."
SHIPPING = "Standard shipping takes three to five days. Express parcels arrive on the next working day."


@pytest.fixture
async def world(db: Database, tmp_path: Path) -> World:
    (tmp_path / "returns.md").write_text(f"# Returns and refunds\n\n{RETURNS}\n")
    (tmp_path / "shipping.md").write_text(f"# Shipping\n\n{SHIPPING}\n")
    made = await make_world(db)
    await crawl(db, made.admin, await Sources(db).add(made.admin, "folder", str(tmp_path)), MODEL)
    return made


def version(world: World, threshold: float = 0.5) -> Published:
    return Published(world.agent_id, VersionId(new_id()), 1, "Assistant", threshold, None, {})


async def answer(db: Database, world: World, *turns: str, threshold: float = 0.5) -> Answer:
    answering = Answering(Search(db, MODEL), MODEL)
    said = [Turn(MessageRole.USER, turn) for turn in turns]
    return await answering.answer(world.workspace_id, version(world, threshold), said)


async def test_an_answer_quotes_the_page_word_for_word(db: Database, world: World) -> None:
    found = await answer(db, world, "within how many days can unworn items be returned?")
    assert (found.kind, found.reason) == (AnswerKind.EXTRACTIVE, None)
    (citation,) = found.citations
    assert citation.quote in RETURNS
    assert citation.quote in found.content
    assert "30 days" in citation.quote
    assert (citation.uri, citation.title) == ("returns.md", "Returns and refunds")
    assert found.confidence >= found.threshold == 0.5
    quoted = [p for p in found.trace["passages"] if p["quoted"]]
    assert [p["chunk_id"] for p in quoted] == [str(citation.chunk_id)]
    assert len(found.trace["embedding"]) == 384


async def test_what_the_pages_do_not_say_goes_to_a_person(db: Database, world: World) -> None:
    found = await answer(db, world, "which mountain bike has the best brakes in snow?")
    assert (found.kind, found.reason) == (AnswerKind.HANDOFF, HandoffReason.MISSING_KNOWLEDGE)
    assert found.content == SAID[HandoffReason.MISSING_KNOWLEDGE]
    assert found.citations == ()
    assert found.confidence < found.threshold
    assert found.trace["passages"]
    assert found.trace["normalised"]


async def test_the_threshold_of_the_version_decides(db: Database, world: World) -> None:
    question = "within how many days can unworn items be returned?"
    assert (await answer(db, world, question, threshold=1.01)).kind is AnswerKind.HANDOFF
    assert (await answer(db, world, "bike brakes in deep snow?", threshold=0.0)).kind is AnswerKind.EXTRACTIVE


async def test_without_knowledge_there_is_no_answer(db: Database) -> None:
    found = await answer(db, await make_world(db), "how long does shipping take?")
    assert (found.reason, found.confidence) == (HandoffReason.MISSING_KNOWLEDGE, 0.0)


async def test_who_asks_for_a_person_gets_one(db: Database, world: World) -> None:
    found = await answer(db, world, "how long does shipping take?", "let me talk to a human please")
    assert (found.kind, found.reason) == (AnswerKind.HANDOFF, HandoffReason.CUSTOMER_REQUEST)
    assert found.content == SAID[HandoffReason.CUSTOMER_REQUEST]


async def test_a_short_turn_is_read_with_the_one_before(db: Database, world: World) -> None:
    found = await answer(db, world, "how long does standard shipping take?", "and express?")
    assert found.trace["question"] == "how long does standard shipping take?\nand express?"
    assert found.trace["passages"][0]["uri"] == "shipping.md"


async def test_asking_keeps_an_evaluation_and_a_usage_event(db: Database, world: World) -> None:
    asked = await Asking(db, Answering(Search(db, MODEL), MODEL)).ask(
        world.member, "assistant", "how long is express shipping?"
    )
    assert asked.agent_version == 1
    async with db.read(world.workspace_id) as tx:
        run = await tx.row("SELECT * FROM runs WHERE workspace_id = :ws AND id = :id", id=asked.run_id)
        usage = await tx.rows("SELECT * FROM usage_events WHERE workspace_id = :ws")
        gaps = await tx.rows("SELECT * FROM knowledge_gaps WHERE workspace_id = :ws")
    assert run is not None
    assert (run.kind, run.state, run.conversation_id) == ("eval", "complete", None)
    assert run.output["passages"][0]["uri"] == "shipping.md"
    assert "embedding" not in run.output
    assert [(event.metric, event.run_id) for event in usage] == [("evals", asked.run_id)]
    assert gaps == []


async def test_a_question_with_thanks_after_it_is_answered(db: Database, world: World) -> None:
    answered = await answer(db, world, "how long does shipping take?", "thanks!")
    alone = await answer(db, world, "how long does shipping take?")
    assert answered.content == alone.content
    assert answered.kind is alone.kind is not AnswerKind.CURATED


async def test_a_request_for_a_person_anywhere_in_a_burst_is_one(db: Database, world: World) -> None:
    handed = await answer(db, world, "I want to talk to a human", "how long does shipping take?")
    assert handed.reason == HandoffReason.CUSTOMER_REQUEST


async def test_thanks_after_an_answer_is_only_thanks(db: Database, world: World) -> None:
    said = [
        Turn(MessageRole.USER, "how long does shipping take?"),
        Turn(MessageRole.ASSISTANT, "Two days."),
        Turn(MessageRole.USER, "thanks!"),
    ]
    polite = await Answering(Search(db, MODEL), MODEL).answer(world.workspace_id, version(world), said)
    assert (polite.reason, polite.kind) == (None, AnswerKind.CURATED)


async def test_what_was_asked_for_before_a_person_spoke_is_not_asked_again(db: Database, world: World) -> None:
    said = [
        Turn(MessageRole.USER, "let me talk to a human please"),
        Turn(MessageRole.ASSISTANT, SAID[HandoffReason.CUSTOMER_REQUEST]),
        Turn(MessageRole.HUMAN, "Hello, this is solved now."),
        Turn(MessageRole.USER, "within how many days can unworn items be returned?"),
    ]
    found = await Answering(Search(db, MODEL), MODEL).answer(world.workspace_id, version(world), said)
    assert (found.kind, found.reason) == (AnswerKind.EXTRACTIVE, None)
    assert "30 days" in found.content


async def test_what_was_asked_for_before_all_was_resolved_is_not_asked_again(db: Database, world: World) -> None:
    said = [
        Turn(MessageRole.ASSISTANT, SAID[HandoffReason.CUSTOMER_REQUEST]),
        Turn(MessageRole.USER, "a human, please!"),
        Turn(MessageRole.USER, "within how many days can unworn items be returned?", anew=True),
    ]
    found = await Answering(Search(db, MODEL), MODEL).answer(world.workspace_id, version(world), said)
    assert (found.kind, found.reason) == (AnswerKind.EXTRACTIVE, None)

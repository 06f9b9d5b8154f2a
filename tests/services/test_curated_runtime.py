"""A curated answer of the published version is said before anything is searched: by its words, else by its meaning."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from console.db.engine import Database
from console.domain.message import MessageRole
from console.domain.run import Answer, AnswerKind, RunState, Turn
from console.knowledge.same_question import SAME_ENOUGH
from console.services.agents import Agents
from console.services.answering import Answering
from console.services.answers import Answers
from console.services.asking import Asking
from console.services.conversations import Conversations
from console.services.curated import Curated
from console.services.search import Search
from console.services.sources import Sources
from console.services.takeover import Takeover
from console.services.traces import Traces
from console.services.versions import Versions, published
from tests.services.curated_support import ANSWER, ASKED, MODEL, ask, last_said, publish, run
from tests.services.knowledge_support import crawl
from tests.services.run_support import at, newest_run
from tests.world import World, make_talk, make_world


@pytest.fixture
async def world(db: Database) -> World:
    made = await make_world(db)
    await Curated(db).create(made.admin, "assistant", ASKED, ANSWER)
    await publish(db, made)
    return made


async def answer(db: Database, world: World, *said: str) -> Answer:
    async with db.read(world.workspace_id) as tx:
        version = await published(tx, world.agent_id)
    turns = [Turn(MessageRole.USER, words) for words in said]
    return await Answering(Search(db, MODEL), MODEL).answer(world.workspace_id, version, turns)


async def hits(db: Database, world: World) -> list[tuple[int, bool]]:
    return [(one.hits, one.last_hit_at is not None) for one in await Curated(db).list(world.viewer)]


@pytest.mark.parametrize(
    "said",
    [
        "do you ship outside the US?",
        "Do you ship OUTSIDE the US",
        "hi! do you ship outside the us please",
        "do you \u200bship\u202e outside the US?",
    ],
)
async def test_the_same_words_are_answered_word_for_word(db: Database, world: World, said: str) -> None:
    found = await answer(db, world, said)
    assert (found.kind, found.content, found.confidence) == (AnswerKind.CURATED, ANSWER, 1.0)
    assert (found.citations, found.reason) == ((), None)
    assert (found.trace["curated"]["question"], found.trace["curated"]["similarity"]) == (ASKED[0], 1.0)
    assert "embedding" not in found.trace, "nothing had to be read by a model"


async def test_the_same_meaning_is_answered_and_tells_how_near_it_was(db: Database, world: World) -> None:
    found = await answer(db, world, "do you ship outside the United States?")
    assert (found.kind, found.content) == (AnswerKind.CURATED, ANSWER)
    assert SAME_ENOUGH <= found.confidence < 1.0
    assert found.trace["curated"]["question"] == ASKED[0]
    assert found.trace["curated"]["similarity"] == pytest.approx(found.confidence, abs=1e-3)


@pytest.mark.parametrize(
    "said", ["do you ship inside the US?", "do you not ship outside the US?", "do you ship jeans to malta", "shipping?"]
)
async def test_what_is_only_alike_is_not_answered(db: Database, world: World, said: str) -> None:
    found = await answer(db, world, said)
    assert (found.kind, found.content == ANSWER) == (AnswerKind.HANDOFF, False)
    assert len(found.trace["embedding"]) == 384, "what was read for it serves the search and the gap"


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("How do I move from Pro to Basic?", "How do I move from Basic to Pro?"),
        ("Can a manager remove an admin?", "Can an admin remove a manager?"),
        ("Can I order from the UK to the EU?", "Can I order from the EU to the UK?"),
        ("When will I receive my refund?", "When will you receive my refund?"),
    ],
)
async def test_the_question_turned_round_is_another(db: Database, world: World, kept: str, said: str) -> None:
    await Curated(db).create(world.admin, "assistant", [kept], "Yes.")
    await publish(db, world)
    near, far = MODEL.embed([kept, said])
    assert float(near @ far) >= SAME_ENOUGH, "the model alone would take it for the same"
    found = await answer(db, world, said)
    assert (found.kind, "curated" in found.trace) == (AnswerKind.HANDOFF, False)
    assert (await answer(db, world, kept)).content == "Yes."


async def test_courtesy_and_the_wish_for_a_person_come_first(db: Database, world: World) -> None:
    await Curated(db).create(world.admin, "assistant", ["can I talk to a human"], "No.")
    await publish(db, world)
    assert (await answer(db, world, "can I talk to a human")).kind is AnswerKind.HANDOFF
    assert (await answer(db, world, "thanks!")).content == "You're welcome! Is there anything else?"
    assert "curated" not in (await answer(db, world, "thanks!")).trace


async def test_it_is_said_before_the_pages_are_read(db: Database, tmp_path: Path) -> None:
    world = await make_world(db)
    (tmp_path / "shipping.md").write_text("# Shipping\n\nStandard shipping takes three to five days.\n")
    await crawl(db, world.admin, await Sources(db).add(world.admin, "folder", str(tmp_path)), MODEL)
    question = "how long does standard shipping take?"
    assert (await answer(db, world, question)).kind is AnswerKind.EXTRACTIVE
    await Curated(db).create(world.admin, "assistant", [question], "Two days since May.")
    assert (await answer(db, world, question)).kind is AnswerKind.EXTRACTIVE, "a draft answers nobody"
    await publish(db, world)
    found = await answer(db, world, question)
    assert (found.kind, found.content, found.trace["passages"]) == (AnswerKind.CURATED, "Two days since May.", [])


async def test_a_visitor_is_answered_and_the_hit_is_counted_once(
    db: Database, gateway_db: Database, world: World
) -> None:
    talk = await ask(db, gateway_db, world, ASKED[0], "Is there international delivery")
    assert [said for role, said in await talk.seen() if role == "assistant"] == [ANSWER, ANSWER]
    assert await hits(db, world) == [(2, True)]
    message = (await Conversations(db).transcript(world.member, talk.id)).messages[-1]
    assert (message.confidence, message.citations, message.agent_version) == (1.0, (), 2)
    trace = await Traces(db).of_message(world.member, talk.id, message.seq)
    assert (trace.kind, trace.passages, trace.matched, trace.similarity) == (AnswerKind.CURATED, (), ASKED[1], 1.0)
    async with db.read(world.workspace_id) as tx:
        usage = await tx.rows("SELECT metric, run_id FROM usage_events")
        steps = await tx.rows(
            "SELECT type, data FROM run_events WHERE run_id = :run ORDER BY ordinal", run=trace.run_id
        )
    assert [one.metric for one in usage] == ["answers", "answers"]
    assert steps[0].data["curated"]["question"] == ASKED[1]


async def test_a_superseded_answer_counts_no_hit(db: Database, gateway_db: Database, world: World) -> None:
    talk = await make_talk(gateway_db, world)
    await talk.say(ASKED[0])
    claim = at("answered", lambda: Takeover(db).claim(world.member, talk.id))
    answers = Answers(db, Answering(Search(db, MODEL), MODEL), checkpoint=claim)
    assert await answers.run(world.workspace_id, await newest_run(db, world)) is RunState.SUPERSEDED
    assert await hits(db, world) == [(0, False)]


async def test_hits_at_once_are_all_counted(db: Database, gateway_db: Database, world: World) -> None:
    talks = [await make_talk(gateway_db, world) for _ in range(6)]
    for talk in talks:
        await talk.say(ASKED[0])
    edit = Curated(db).edit(world.admin, (await Curated(db).list(world.admin))[0].id, answer="Changed.")
    states = await asyncio.gather(*(run(db, world, talk) for talk in talks), edit)
    assert states[:-1] == [RunState.COMPLETE] * 6
    assert await hits(db, world) == [(6, True)]


async def test_a_rollback_brings_the_old_ones_back(db: Database, gateway_db: Database, world: World) -> None:
    one = (await Curated(db).list(world.admin))[0]
    await Curated(db).edit(world.admin, one.id, answer="Everywhere, since May.")
    assert await last_said(await ask(db, gateway_db, world, ASKED[0])) == ANSWER
    newest = await publish(db, world)
    assert await last_said(await ask(db, gateway_db, world, ASKED[0])) == "Everywhere, since May."
    await Versions(db).rollback(world.admin, world.agent_id, to=2, expected=newest.id)
    assert await last_said(await ask(db, gateway_db, world, ASKED[0])) == ANSWER
    assert [one.hits for one in await Curated(db).list(world.admin)] == [3]


async def test_a_version_from_before_has_none(db: Database, gateway_db: Database, world: World) -> None:
    live = (await Agents(db).draft(world.admin, world.agent_id)).agent.published_version_id
    await Versions(db).rollback(world.admin, world.agent_id, to=1, expected=live)
    assert (await answer(db, world, ASKED[0])).kind is AnswerKind.HANDOFF


async def test_a_run_keeps_the_answers_of_the_version_it_began_with(
    db: Database, gateway_db: Database, world: World
) -> None:
    talk = await make_talk(gateway_db, world)
    await talk.say(ASKED[0])

    async def change() -> None:
        one = (await Curated(db).list(world.admin))[0]
        await Curated(db).edit(world.admin, one.id, answer="Everywhere.")
        await publish(db, world)

    answers = Answers(db, Answering(Search(db, MODEL), MODEL), checkpoint=at("begun", change))
    assert await answers.run(world.workspace_id, await newest_run(db, world)) is RunState.COMPLETE
    assert await last_said(talk) == ANSWER


async def test_another_agent_and_another_workspace_do_not_answer(db: Database, world: World) -> None:
    stranger = await make_world(db)
    await Curated(db).create(stranger.admin, "assistant", ["which sizes?"], "All.")
    await publish(db, stranger)
    assert (await answer(db, stranger, ASKED[0])).kind is AnswerKind.HANDOFF
    assert (await answer(db, world, "which sizes?")).kind is AnswerKind.HANDOFF
    second = await Agents(db).create(world.admin, "second", "Second")
    await Curated(db).create(world.admin, "second", ["which colours?"], "Blue.")
    await Versions(db, MODEL).publish(world.admin, second.id, expected=None)
    asking = Asking(db, Answering(Search(db, MODEL), MODEL))
    assert (await asking.ask(world.member, "second", "which colours?")).answer.kind is AnswerKind.CURATED
    assert (await asking.ask(world.member, "second", ASKED[0])).answer.kind is AnswerKind.HANDOFF
    assert (await asking.ask(world.member, "assistant", "which colours?")).answer.kind is AnswerKind.HANDOFF


async def test_a_try_counts_no_hit(db: Database, world: World) -> None:
    asked = await Asking(db, Answering(Search(db, MODEL), MODEL)).ask(world.member, "assistant", ASKED[0])
    assert asked.answer.kind is AnswerKind.CURATED
    assert await hits(db, world) == [(0, False)]

"""A draft can be asked before anybody meets it; what is live answers as before."""

from __future__ import annotations

import pytest

from console.db.engine import Database
from console.domain.run import AnswerKind
from console.errors import NotAllowedError, NotFoundError
from console.services.agents import Agents
from console.services.answering import Answering
from console.services.asking import Asked, Asking
from console.services.curated import Curated
from console.services.search import Search
from tests.services.curated_support import ANSWER, ASKED, MODEL
from tests.world import World, make_world


async def tried(db: Database, world: World, question: str, *, draft: bool = True) -> Asked:
    asking = Asking(db, Answering(Search(db, MODEL), MODEL))
    return await asking.ask(world.member, "assistant", question, draft=draft)


async def test_the_draft_answers_with_its_own_settings_and_no_version(db: Database) -> None:
    world = await make_world(db)
    draft = await Agents(db).draft(world.admin, "assistant")
    settings = {**draft.settings, "retrieval_config": {"threshold": 0.25}}
    await Agents(db).edit(world.admin, draft.agent.id, settings, revision=draft.agent.draft_revision)
    found, live = await tried(db, world, "is it blue?"), await tried(db, world, "is it blue?", draft=False)
    assert (found.agent_version, found.answer.threshold) == (None, 0.25)
    assert (live.agent_version, live.answer.threshold) == (1, 0.5)
    async with db.read(world.workspace_id) as tx:
        kept = await tx.rows("SELECT kind, agent_version_id, conversation_id FROM runs WHERE workspace_id = :ws")
        gaps = await tx.scalar("SELECT count(*) FROM knowledge_gaps WHERE workspace_id = :ws")
        events = await tx.rows("SELECT metric, agent_version_id FROM usage_events WHERE workspace_id = :ws")
    assert sorted((row.kind, row.agent_version_id is None, row.conversation_id) for row in kept) == [
        ("eval", False, None), ("eval", True, None),
    ]  # fmt: skip
    assert gaps == 0
    assert {row.metric for row in events} == {"evals"}


@pytest.mark.parametrize("again", [ASKED[0], ASKED[0].upper() + " please"])
async def test_a_curated_answer_of_the_draft_is_said_before_it_is_published(db: Database, again: str) -> None:
    world = await make_world(db)
    await Curated(db).create(world.admin, "assistant", ASKED, ANSWER)
    found = await tried(db, world, again)
    assert (found.answer.kind, found.answer.content, found.answer.confidence) == (AnswerKind.CURATED, ANSWER, 1.0)
    assert (await tried(db, world, again, draft=False)).answer.kind is AnswerKind.HANDOFF
    assert (await Curated(db).list(world.viewer))[0].hits == 0


async def test_a_curated_answer_of_the_draft_is_found_by_meaning_and_not_for_another_question(db: Database) -> None:
    world = await make_world(db)
    await Curated(db).create(world.admin, "assistant", ["do you ship outside the US?"], ANSWER)
    near = (await tried(db, world, "do you ship outside of the US?")).answer
    assert near.kind is AnswerKind.CURATED
    assert 0.9 < near.confidence < 1
    for other in ("do you not ship outside the US?", "what colours are there?"):
        assert (await tried(db, world, other)).answer.kind is AnswerKind.HANDOFF


async def test_viewers_do_not_ask_and_others_find_no_agent(db: Database) -> None:
    world, others = await make_world(db), await make_world(db)
    asking = Asking(db, Answering(Search(db, MODEL), MODEL))
    with pytest.raises(NotAllowedError):
        await asking.ask(world.viewer, "assistant", "hello?", draft=True)
    with pytest.raises(NotFoundError):
        await asking.ask(others.member, str(world.agent_id), "hello?", draft=True)

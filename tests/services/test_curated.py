"""Curated answers are part of the draft: checked, unique, audited, frozen into each version."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest
from psycopg import DatabaseError

from console.ai.embedder import Vectors
from console.db.engine import Database
from console.domain.curated import MAX_ANSWER_CHARS, MAX_QUESTION_CHARS, MAX_QUESTIONS
from console.errors import ConflictError, ConsoleError, InvalidInputError, NotAllowedError, NotFoundError, RefusedError
from console.ids import CuratedId, new_id
from console.services import audit
from console.services.agents import Agents
from console.services.curated import Curated
from console.services.versions import Versions
from tests.services.curated_support import ANSWER, ASKED, MODEL, publish
from tests.world import World, make_world


async def actions(db: Database, world: World) -> list[str]:
    async with db.read(world.workspace_id) as tx:
        assert await audit.first_break(tx) is None
        return [row.action for row in await tx.rows("SELECT action FROM audit_events ORDER BY seq")]


async def test_a_curated_answer_is_a_change_of_the_draft(db: Database) -> None:
    world, curated = await make_world(db), Curated(db)
    draft = await Agents(db).draft(world.admin, world.agent_id)
    await Agents(db).edit(world.admin, world.agent_id, draft.settings, revision=draft.agent.draft_revision)
    await publish(db, world)
    before = (await Agents(db).draft(world.admin, world.agent_id)).agent
    assert not before.changed_since_publish
    made = await curated.create(world.admin, "assistant", ASKED, ANSWER)
    after = (await Agents(db).draft(world.admin, world.agent_id)).agent
    assert (after.changed_since_publish, after.draft_revision) == (True, before.draft_revision + 1)
    assert (made.questions, made.answer, made.author_name, made.hits) == (ASKED, ANSWER, "adam", 0)
    edited = await curated.edit(world.admin, made.id, answer="Only within the US.")
    assert (edited.questions, edited.answer) == (ASKED, "Only within the US.")
    assert await curated.list(world.viewer) == (edited,)
    await curated.retire(world.admin, made.id)
    assert not (await Agents(db).draft(world.admin, world.agent_id)).agent.changed_since_publish
    assert await actions(db, world) == [
        "agent.edit", "agent.publish", "curated.create", "curated.edit", "curated.retire",
    ]  # fmt: skip


async def test_a_stale_editor_of_the_agent_is_told_of_it(db: Database) -> None:
    world = await make_world(db)
    draft = await Agents(db).draft(world.admin, world.agent_id)
    await Curated(db).create(world.admin, "assistant", ASKED, ANSWER)
    with pytest.raises(ConflictError, match="it is at revision 2, not 1"):
        await Agents(db).edit(
            world.admin, world.agent_id, {**draft.settings, "name": "New"}, revision=draft.agent.draft_revision
        )


async def test_an_edit_of_the_agent_keeps_its_curated_answers(db: Database) -> None:
    world = await make_world(db)
    await Curated(db).create(world.admin, "assistant", ASKED, ANSWER)
    draft = await Agents(db).draft(world.admin, world.agent_id)
    await Agents(db).edit(
        world.admin, world.agent_id, {**draft.settings, "name": "New"}, revision=draft.agent.draft_revision
    )
    version = await publish(db, world)
    assert (version.snapshot["name"], len(version.snapshot["curated_answers"])) == ("New", 1)
    assert not (await Agents(db).draft(world.admin, world.agent_id)).agent.changed_since_publish


@pytest.mark.parametrize(
    ("questions", "answer", "why"),
    [
        ([], ANSWER, "1 to 50 questions, not 0"),
        ([f"question {n}" for n in range(MAX_QUESTIONS + 1)], ANSWER, "not 51"),
        (["  "], ANSWER, "empty question"),
        (["???"], ANSWER, "holds no words"),
        (["x" * (MAX_QUESTION_CHARS + 1)], ANSWER, "501 characters"),
        (["a\x00b"], ANSWER, "NUL"),
        (["half \ud800"], ANSWER, "half a character"),
        (ASKED, " \n", "empty answer"),
        (ASKED, "x" * (MAX_ANSWER_CHARS + 1), "8,001 characters"),
        (ASKED, "\x00", "NUL"),
    ],
)
async def test_what_can_be_no_curated_answer_is_refused(
    db: Database, questions: list[str], answer: str, why: str
) -> None:
    world = await make_world(db)
    with pytest.raises(InvalidInputError, match=why) as refused:
        await Curated(db).create(world.admin, "assistant", questions, answer)
    assert "\n" not in refused.value.message
    assert await Curated(db).list(world.admin) == ()


async def test_what_a_terminal_could_obey_is_made_visible_or_left_out_and_links_stay(db: Database) -> None:
    world = await make_world(db)
    made = await Curated(db).create(
        world.admin, "assistant", ["where\x1b[2J is\n it?"], "See https://acme.test/a?b=1#c\x07"
    )
    assert (made.questions, made.answer) == (("where[2J is it?",), "See https://acme.test/a?b=1#c␇")


async def test_a_question_is_kept_once_and_answered_once(db: Database) -> None:
    world, curated = await make_world(db), Curated(db)
    first = await curated.create(
        world.admin, "assistant", ["Do you ship outside the US?", "hi, do you ship outside the us", "abroad?"], ANSWER
    )
    assert first.questions == ("Do you ship outside the US?", "abroad?")
    with pytest.raises(ConflictError, match=f"'abroad\\?' is answered already, by the curated answer {first.id}"):
        await curated.create(world.admin, "assistant", ["ABROAD"], "Never.")
    other = await curated.create(world.admin, "assistant", ["something else"], "Yes.")
    with pytest.raises(ConflictError, match="answered already"):
        await curated.edit(world.admin, other.id, questions=["Abroad!"])
    assert (await curated.edit(world.admin, first.id, questions=["abroad"])).questions == ("abroad",)
    await curated.retire(world.admin, first.id)
    assert (await curated.edit(world.admin, other.id, questions=["Abroad!"])).questions == ("Abroad!",)


async def test_of_many_who_answer_a_question_at_once_one_does(db: Database) -> None:
    world, curated = await make_world(db), Curated(db)
    made = await asyncio.gather(
        *(curated.create(world.admin, "assistant", ["abroad?"], f"Answer {n}") for n in range(8)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in made) == ["ConflictError"] * 7 + ["CuratedAnswer"]
    assert len(await curated.list(world.admin)) == 1


async def test_admins_change_and_everybody_reads(db: Database) -> None:
    world, curated = await make_world(db), Curated(db)
    made = await curated.create(world.admin, "assistant", ASKED, ANSWER)
    for actor in (world.member, world.viewer):
        for act in (
            curated.create(actor, "assistant", ["other"], ANSWER),
            curated.edit(actor, made.id, answer="No."),
            curated.retire(actor, made.id),
        ):
            with pytest.raises(NotAllowedError):
                await act
    assert await curated.get(world.viewer, made.id) == made


async def test_another_workspace_sees_and_changes_nothing(db: Database) -> None:
    world, stranger, curated = await make_world(db), await make_world(db), Curated(db)
    made = await curated.create(world.admin, "assistant", ASKED, ANSWER)
    assert await curated.list(stranger.owner) == ()
    for id in (made.id, CuratedId(new_id())):
        for act in (
            curated.get(stranger.owner, id),
            curated.edit(stranger.owner, id, answer="x"),
            curated.retire(stranger.owner, id),
        ):
            with pytest.raises(NotFoundError, match="there is no curated answer"):
                await act
    assert await curated.get(world.admin, made.id) == made


async def test_a_retired_one_is_gone_for_every_act(db: Database) -> None:
    world, curated = await make_world(db), Curated(db)
    made = await curated.create(world.admin, "assistant", ASKED, ANSWER)
    results = await asyncio.gather(*(curated.retire(world.admin, made.id) for _ in range(5)), return_exceptions=True)
    assert [type(one).__name__ for one in results].count("NotFoundError") == 4
    with pytest.raises(NotFoundError):
        await curated.edit(world.admin, made.id, answer="x")


async def test_a_version_freezes_its_curated_answers(db: Database) -> None:
    world, curated = await make_world(db), Curated(db)
    made = await curated.create(world.admin, "assistant", ASKED, ANSWER)
    version = await publish(db, world)
    assert version.snapshot["curated_answers"] == [{"id": str(made.id), "questions": list(ASKED), "answer": ANSWER}]
    await curated.edit(world.admin, made.id, answer="Changed.", questions=["abroad?"])
    async with db.read(world.workspace_id) as tx:
        rows = await tx.rows("SELECT question, answer, model_id, embedding IS NULL FROM agent_version_answers")
    assert sorted(map(tuple, rows)) == sorted((question, ANSWER, 1, False) for question in ASKED)
    for change in ("UPDATE agent_version_answers SET answer = 'x'", "DELETE FROM agent_version_answers"):
        with pytest.raises(DatabaseError, match="permission denied"):
            async with db.write(world.workspace_id) as tx:
                await tx.execute(change)


async def test_nothing_is_published_when_the_curated_answers_are_the_same_again(db: Database) -> None:
    world, curated = await make_world(db), Curated(db)
    made = await curated.create(world.admin, "assistant", ASKED, ANSWER)
    version = await publish(db, world)
    await curated.edit(world.admin, made.id, answer="Changed.")
    await curated.edit(world.admin, made.id, answer=ANSWER)
    with pytest.raises(RefusedError, match="nothing to publish"):
        await Versions(db, MODEL).publish(world.admin, world.agent_id, expected=version.id)


async def test_questions_that_change_while_they_are_read_are_read_again(db: Database) -> None:
    """The draft gets another question between the reading and the publishing transaction."""
    world, curated = await make_world(db), Curated(db)
    made = await curated.create(world.admin, "assistant", ["abroad?"], ANSWER)
    agent = (await Agents(db).draft(world.admin, world.agent_id)).agent
    reader = _Meddling(lambda: asyncio.run(_edited(db.url, world, made.id)))
    version = await Versions(db, reader).publish(world.admin, world.agent_id, expected=agent.published_version_id)
    assert reader.read == [["abroad?"], ["overseas?"]]
    assert version.snapshot["curated_answers"][0]["questions"] == ["overseas?"]


async def _edited(url: str, world: World, id: CuratedId) -> None:
    db = Database(url)
    await Curated(db).edit(world.admin, id, questions=["overseas?"])
    await db.close()


class _Meddling:
    """The packaged model; something else happens while it reads for the first time."""

    model = MODEL.model

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.read: list[list[str]] = []
        self._meanwhile = meanwhile

    def embed(self, texts: Sequence[str]) -> Vectors:
        if not self.read:
            self._meanwhile()
        self.read.append(list(texts))
        return MODEL.embed(texts)

    def count_tokens(self, text: str) -> int:
        return MODEL.count_tokens(text)


async def test_no_transaction_is_open_while_the_model_reads(db: Database) -> None:
    world = await make_world(db)
    await Curated(db).create(world.admin, "assistant", ["abroad?"], ANSWER)
    held: list[int] = []
    reader = _Meddling(lambda: held.append(db.pool.lent))
    agent = (await Agents(db).draft(world.admin, world.agent_id)).agent
    await Versions(db, reader).publish(world.admin, world.agent_id, expected=agent.published_version_id)
    assert held == [0]


async def test_what_was_read_for_the_last_version_is_not_read_again(db: Database) -> None:
    world, curated = await make_world(db), Curated(db)
    await curated.create(world.admin, "assistant", ["abroad?"], ANSWER)
    version = await publish(db, world)
    await curated.create(world.admin, "assistant", ["which sizes?"], "All.")
    reader = _Meddling(lambda: None)
    await Versions(db, reader).publish(world.admin, world.agent_id, expected=version.id)
    assert reader.read == [["which sizes?"]]


async def test_an_unknown_agent_is_named(db: Database) -> None:
    world = await make_world(db)
    with pytest.raises(ConsoleError, match="no agent 'nobody'"):
        await Curated(db).create(world.admin, "nobody", ASKED, ANSWER)

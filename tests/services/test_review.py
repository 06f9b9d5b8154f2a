"""A gap is decided once: approved in one transaction, dismissed for good, merged or split without losing a question."""

from __future__ import annotations

import asyncio

import pytest

from console.db.engine import Database
from console.domain.gap import DraftOrigin, GapStatus
from console.domain.held import HOLD_SECONDS
from console.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError, RefusedError
from console.ids import GapId, new_id
from console.services import audit
from console.services import review as review_service
from console.services.agents import Agents
from console.services.curated import Curated
from console.services.gap_sorting import merge
from tests.services.curated_support import ANSWER, ask, last_said, publish
from tests.services.gap_support import QUESTION, gap_of, gaps_of, made, reply, review, vain
from tests.world import World, make_world

PARIS = "is there a shop in paris"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine must not end what can be undone; how long that lasts has its own lines."""
    monkeypatch.setattr(review_service, "HOLD_SECONDS", 600)


async def audited(db: Database, world: World) -> list[tuple[str, str]]:
    async with db.read(world.workspace_id) as tx:
        assert await audit.first_break(tx) is None
        rows = await tx.rows("SELECT action, outcome FROM audit_events WHERE action LIKE 'gap.%' ORDER BY seq")
        return [(row.action, row.outcome) for row in rows]


async def test_a_draft_is_kept_and_may_be_written_again(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    id = await made(db, gateway_db, world)
    first = await review(db).draft(world.member, id, " No. ")
    assert (first.status, first.draft, first.draft_origin) == (GapStatus.DRAFTED, "No.", DraftOrigin.PERSON)
    assert (await review(db).draft(world.member, id, ANSWER)).draft == ANSWER
    with pytest.raises(InvalidInputError, match="empty answer"):
        await review(db).draft(world.member, id, " ")
    with pytest.raises(NotAllowedError):
        await review(db).draft(world.viewer, id, "x")


async def test_a_draft_is_taken_from_a_persons_reply(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    (talk,) = await vain(db, gateway_db, world, QUESTION)
    id = (await gap_of(db, world, QUESTION)).id
    with pytest.raises(RefusedError, match="no person has answered"):
        await review(db).draft_from_reply(world.member, id)
    await reply(db, world, talk, "We ship in the US only.")
    drafted = await review(db).draft_from_reply(world.member, id)
    assert (drafted.draft, drafted.draft_origin) == ("We ship in the US only.", DraftOrigin.REPLY)


async def test_an_approved_gap_is_a_curated_answer_with_its_questions(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    other = "do you ship outside the United States?"
    await vain(db, gateway_db, world, QUESTION, other, "Do you ship outside the us", QUESTION)
    id = (await gap_of(db, world, QUESTION)).id
    before = (await Agents(db).draft(world.admin, world.agent_id)).agent.draft_revision
    await review(db).draft(world.member, id, ANSWER)
    approved = await review(db).approve(world.admin, id)
    assert (approved.gap.status, approved.gap.reviewer_name) == (GapStatus.APPROVED, "adam")
    assert (approved.curated.answer, approved.curated.gap_id) == (ANSWER, id)
    assert approved.curated.questions == (QUESTION, other)
    assert (await gaps_of(db).show(world.viewer, id)).curated == approved.curated
    agent = (await Agents(db).draft(world.admin, world.agent_id)).agent
    assert (agent.draft_revision, agent.changed_since_publish) == (before + 1, True)
    assert await audited(db, world) == [("gap.approve", "done")]
    await publish(db, world)
    assert await last_said(await ask(db, gateway_db, world, other)) == ANSWER
    assert (await gap_of(db, world, QUESTION)).occurrences == 4


async def test_of_twenty_who_approve_at_once_one_does_and_the_others_are_told_who(
    db: Database, gateway_db: Database
) -> None:
    world = await make_world(db)
    id = await made(db, gateway_db, world)
    results = await asyncio.gather(
        *(review(db).approve(world.admin if n % 2 else world.owner, id, answer=f"Answer {n}") for n in range(20)),
        return_exceptions=True,
    )
    refused = [str(one) for one in results if isinstance(one, ConflictError)]
    assert len(refused) == 19, results
    winner = (await gap_of(db, world, QUESTION)).reviewer_name
    assert all(f"{winner} approved this gap on " in one and "\n" not in one for one in refused)
    (curated,) = await Curated(db).list(world.admin)
    assert curated.answer == (await gap_of(db, world, QUESTION)).draft
    assert (await audited(db, world)).count(("gap.approve", "done")) == 1


async def test_an_approval_and_a_dismissal_at_once_are_one_decision(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    id = await made(db, gateway_db, world)
    results = await asyncio.gather(
        *(review(db).approve(world.admin, id, answer=ANSWER) for _ in range(4)),
        *(review(db).dismiss(world.owner, id) for _ in range(4)),
        return_exceptions=True,
    )
    assert [type(one).__name__ for one in results].count("ConflictError") == 7
    gap = await gap_of(db, world, QUESTION)
    assert len(await Curated(db).list(world.admin)) == (gap.status is GapStatus.APPROVED)


async def test_visitors_ask_on_while_it_is_approved(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    id = await made(db, gateway_db, world)
    await asyncio.gather(
        *(ask(db, gateway_db, world, QUESTION) for _ in range(5)), review(db).approve(world.admin, id, answer=ANSWER)
    )
    gap = await gap_of(db, world, QUESTION)
    assert (gap.status, gap.occurrences) == (GapStatus.APPROVED, 6)


async def test_without_words_or_rights_nothing_is_approved(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    id = await made(db, gateway_db, world)
    with pytest.raises(RefusedError, match="no draft to approve"):
        await review(db).approve(world.admin, id)
    for act in (review(db).approve(world.member, id, answer="x"), review(db).dismiss(world.member, id)):
        with pytest.raises(NotAllowedError):
            await act
    with pytest.raises(NotFoundError):
        await review(db).approve(world.admin, GapId(new_id()), answer="x")
    assert await Curated(db).list(world.admin) == ()


async def test_a_question_that_is_answered_already_stays_where_it_is(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    other = await Curated(db).create(world.admin, "assistant", ["do you ship outside the United States?"], "No.")
    await vain(db, gateway_db, world, QUESTION, "do you ship outside the United States?")
    id = (await gap_of(db, world, QUESTION)).id
    assert (await review(db).approve(world.admin, id, answer=ANSWER)).curated.questions == (QUESTION,)
    second = await made(db, gateway_db, world, PARIS)
    with pytest.raises(ConflictError, match=f"by the curated answer {other.id}"):
        await review(db).approve(world.admin, second, answer="x", questions=["do you ship outside the united states"])
    assert (await gap_of(db, world, PARIS)).status is GapStatus.OPEN


async def test_a_dismissed_gap_never_returns(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    id = await made(db, gateway_db, world)
    dismissed = await review(db).dismiss(world.admin, id, reason="we never will")
    assert (dismissed.status, dismissed.reviewer_name) == (GapStatus.DISMISSED, "adam")
    await vain(db, gateway_db, world, QUESTION, "do you ship outside the United States?")
    assert await gaps_of(db).list(world.viewer) == ()
    assert (await gap_of(db, world, QUESTION)).occurrences == 3
    for act in (review(db).draft(world.admin, id, "x"), review(db).approve(world.admin, id, answer="x")):
        with pytest.raises(ConflictError, match="adam dismissed this gap on "):
            await act


async def test_a_decision_is_undone_at_once_or_not_at_all(
    db: Database, gateway_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await make_world(db)
    id = await made(db, gateway_db, world)
    await review(db).approve(world.admin, id, answer=ANSWER)
    with pytest.raises(ConflictError, match="only your own"):
        await review(db).undo(world.owner, id)
    undone = await review(db).undo(world.admin, id)
    assert (undone.status, undone.draft, undone.reviewed_at) == (GapStatus.DRAFTED, ANSWER, None)
    assert await Curated(db).list(world.admin) == ()
    again = await review(db).approve(world.admin, id)
    assert [one.id for one in await Curated(db).list(world.admin)] == [again.curated.id]
    monkeypatch.setattr(review_service, "HOLD_SECONDS", HOLD_SECONDS)
    async with db.write(world.workspace_id) as tx:
        await tx.execute("UPDATE knowledge_gaps SET reviewed_at = reviewed_at - interval '9 seconds'")
    with pytest.raises(ConflictError, match="last 8 seconds"):
        await review(db).undo(world.admin, id)


async def test_an_answered_gap_that_is_asked_in_other_words_waits_again(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    id = await made(db, gateway_db, world)
    first = (await review(db).approve(world.admin, id, answer=ANSWER)).curated
    await vain(db, gateway_db, world, "Do you ship outside the us")
    assert (await gap_of(db, world, QUESTION)).status is GapStatus.APPROVED
    other = "do you ship outside the United States?"
    await vain(db, gateway_db, world, other)
    gap = await gap_of(db, world, QUESTION)
    assert (gap.status, gap.draft) == (GapStatus.DRAFTED, ANSWER)
    assert await Curated(db).list(world.admin) == (first,), "what was approved stays"
    again = (await review(db).approve(world.admin, id)).curated
    assert (again.id, set(again.questions)) == (first.id, {QUESTION, other})
    await review(db).undo(world.admin, id)
    assert [one.id for one in await Curated(db).list(world.admin)] == [first.id]


async def test_an_answered_gap_that_is_flagged_waits_again(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    id = await made(db, gateway_db, world)
    await review(db).approve(world.admin, id, answer=ANSWER)
    await publish(db, world)
    talk = await ask(db, gateway_db, world, QUESTION)
    flagged = await gaps_of(db).flag(world.member, talk.id, 2)
    assert (flagged.id, flagged.status, flagged.occurrences) == (id, GapStatus.DRAFTED, 2)


async def test_a_gap_waits_again_when_its_answer_is_taken_away(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    id = await made(db, gateway_db, world)
    curated = (await review(db).approve(world.admin, id, answer=ANSWER)).curated
    await Curated(db).retire(world.admin, curated.id)
    gap = await gap_of(db, world, QUESTION)
    assert (gap.status, gap.draft, gap.reviewed_at) == (GapStatus.DRAFTED, ANSWER, None)
    assert (await review(db).approve(world.admin, id)).curated.id == curated.id


async def test_an_undone_approval_leaves_the_agents_draft_as_it_was(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    id = await made(db, gateway_db, world)
    draft = await Agents(db).draft(world.admin, world.agent_id)
    await Agents(db).edit(world.admin, world.agent_id, draft.settings, revision=draft.agent.draft_revision)
    await publish(db, world)
    await review(db).approve(world.admin, id, answer=ANSWER)
    await review(db).undo(world.admin, id)
    assert not (await Agents(db).draft(world.admin, world.agent_id)).agent.changed_since_publish


async def test_what_was_asked_is_asked_again_of_the_draft(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    await vain(
        db, gateway_db, world, QUESTION, "do you ship outside the United States?", "do you ship outside of the US"
    )
    id = (await gap_of(db, world, QUESTION)).id
    with pytest.raises(RefusedError, match="no curated answer"):
        await review(db).ask_again(world.admin, id)
    await review(db).approve(world.admin, id, answer=ANSWER, questions=[QUESTION])
    again = await review(db).ask_again(world.viewer, id)
    assert (again.asked, again.answered, again.failed, again.next_version) == (3, 3, (), 2)
    curated = (await gaps_of(db).show(world.viewer, id)).curated
    assert curated is not None
    await Curated(db).edit(world.admin, curated.id, questions=["which sizes are there?"])
    assert (await review(db).ask_again(world.viewer, id)).answered == 0


async def test_a_merged_gap_is_part_of_the_other(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    await vain(db, gateway_db, world, "do you deliver to canada", "do you ship to canada", "do you ship to canada")
    first, into = [await gap_of(db, world, f"do you {verb} to canada") for verb in ("deliver", "ship")]
    await review(db).draft(world.member, first.id, ANSWER)
    merged = await review(db).merge(world.admin, first.id, into.id)
    assert (merged.id, merged.occurrences, merged.conversations) == (into.id, 3, 3)
    assert (merged.draft, merged.status, merged.first_seen_at) == (ANSWER, GapStatus.DRAFTED, first.first_seen_at)
    assert [gap.id for gap in await gaps_of(db).list(world.viewer, None)] == [into.id]
    await vain(db, gateway_db, world, "Do you deliver to Canada?")
    assert (await gap_of(db, world, "do you ship to canada")).occurrences == 4
    with pytest.raises(ConflictError, match="merged"):
        await review(db).draft(world.admin, first.id, "x")
    with pytest.raises(ConflictError, match="merged already"):
        await review(db).merge(world.admin, into.id, first.id)
    assert ("gap.merge", "done") in await audited(db, world)


async def test_what_is_asked_while_gaps_are_merged_is_in_the_one_that_stays(db: Database, gateway_db: Database) -> None:
    """The race inside the merge: it holds both gaps while a question for the one that goes arrives."""
    world = await make_world(db)
    await vain(db, gateway_db, world, "do you deliver to canada", "do you ship to canada")
    first, into = [await gap_of(db, world, f"do you {verb} to canada") for verb in ("deliver", "ship")]
    async with db.write(world.workspace_id) as tx:
        await merge(tx, first.id, into.id, {GapStatus.OPEN})
        asking = asyncio.create_task(ask(db, gateway_db, world, "do you deliver to canada"))
        await somebody_waits(db)
    await asking
    shown = await gaps_of(db).show(world.viewer, into.id)
    assert (shown.gap.occurrences, len(shown.occurrences)) == (3, 3)


async def somebody_waits(db: Database) -> None:
    """Until a statement waits for a lock; a transaction sees the activity of its first look only."""
    while True:
        async with db.read(None) as tx:
            if await tx.scalar(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ):
                return
        await asyncio.sleep(0.01)


async def test_only_gaps_of_one_agent_are_merged(db: Database, gateway_db: Database) -> None:
    world, stranger = await make_world(db), await make_world(db)
    id, theirs = await made(db, gateway_db, world), await made(db, gateway_db, stranger)
    with pytest.raises(RefusedError, match="into itself"):
        await review(db).merge(world.admin, id, id)
    for other in (theirs, GapId(new_id())):
        with pytest.raises(NotFoundError):
            await review(db).merge(world.admin, id, other)
    async with db.write(world.workspace_id) as tx:
        agent = new_id()
        await tx.execute(
            "INSERT INTO agents (workspace_id, id, slug, name, draft_hash, widget_key)"
            " VALUES (:ws, :id, 'second', 'Second', '', 'k')",
            id=agent,
        )
        await tx.execute(
            "INSERT INTO knowledge_gaps (workspace_id, id, agent_id, question, normalised_hash, trigger)"
            " VALUES (:ws, :id, :agent, 'q', '', 'no_hit')",
            id=(other_agents := new_id()), agent=agent,
        )  # fmt: skip
    with pytest.raises(RefusedError, match="different agents"):
        await review(db).merge(world.admin, id, GapId(other_agents))


async def test_a_split_takes_questions_out_and_undoes_a_merge(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    other = "do you ship outside the United States?"
    await vain(db, gateway_db, world, QUESTION, other, other, PARIS)
    gap, paris = await gap_of(db, world, QUESTION), await gap_of(db, world, PARIS)
    apart = await review(db).split(world.admin, gap.id, [other])
    assert (apart.question, apart.occurrences, apart.status) == (other, 2, GapStatus.OPEN)
    assert (await gap_of(db, world, QUESTION)).occurrences == 1
    await vain(db, gateway_db, world, other)
    assert (await gap_of(db, world, other)).occurrences == 3
    await review(db).merge(world.admin, paris.id, gap.id)
    back = await review(db).split(world.admin, gap.id, [PARIS])
    assert (back.id, back.occurrences, back.status) == (paris.id, 1, GapStatus.OPEN)


async def test_a_split_takes_what_is_there_and_leaves_something(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    other = "do you ship outside the United States?"
    await vain(db, gateway_db, world, QUESTION, other)
    id = (await gap_of(db, world, QUESTION)).id
    with pytest.raises(InvalidInputError, match="was not asked"):
        await review(db).split(world.admin, id, [PARIS])
    with pytest.raises(RefusedError, match="leave nothing"):
        await review(db).split(world.admin, id, [QUESTION, other])
    with pytest.raises(RefusedError, match="names a gap already"):
        await review(db).split(world.admin, id, [QUESTION])
    assert (await gap_of(db, world, QUESTION)).occurrences == 2

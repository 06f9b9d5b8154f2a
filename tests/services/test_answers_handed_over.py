"""What the AI can not answer waits for a person."""

from __future__ import annotations

from console.db.engine import Database
from console.domain.conversation import Control, HandoffReason
from console.domain.gap import GapTrigger
from console.domain.run import RunState
from console.errors import ConsoleError
from console.services.answers import Answers
from console.services.conversations import Conversations
from console.services.gaps import Gaps
from tests.services.run_support import Fixed, good, newest_run, run_states, unsure
from tests.world import make_talk, make_world


async def test_low_confidence_tells_the_visitor_and_waits_for_a_person(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("do you ship to malta?")
    assert await Answers(db, Fixed(unsure())).run(world.workspace_id, await newest_run(db, world)) is RunState.COMPLETE
    now = await Conversations(db).get(world.member, talk.id)
    assert now.waiting
    assert (now.control, now.handoff_reason) == (Control.HUMAN, HandoffReason.MISSING_KNOWLEDGE)
    assert [role for role, _ in await talk.seen()] == ["user", "assistant"]
    (gap,) = await Gaps(db).list(world.member)
    assert (gap.question, gap.trigger, gap.occurrences) == ("do you ship to malta?", GapTrigger.LOW_CONFIDENCE, 1)
    await talk.say("hello?")
    assert await run_states(db, world) == ["complete"]


async def test_the_same_question_in_other_words_is_one_gap(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    near = (0.9, 0.1, *[0.0] * 382)
    far = (0.0, 1.0, *[0.0] * 382)
    for answer in (unsure("a"), unsure("a"), unsure("b", near), unsure("c", far)):
        talk = await make_talk(gateway_db, world)
        await talk.say("please?")
        await Answers(db, Fixed(answer)).run(world.workspace_id, await newest_run(db, world))
    assert [gap.occurrences for gap in await Gaps(db).list(world.member)] == [3, 1]


async def test_a_failure_hands_over_and_makes_no_gap(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("q")
    failing = Answers(db, Fixed(ConsoleError("the model is down")))
    assert await failing.run(world.workspace_id, await newest_run(db, world)) is RunState.FAILED
    now = await Conversations(db).get(world.member, talk.id)
    assert (now.waiting, now.handoff_reason) == (True, HandoffReason.TOOL_FAILURE)
    assert (await talk.seen())[-1][1].startswith("Sorry")
    assert await Gaps(db).list(world.member) == ()


async def test_a_run_lost_too_often_hands_over(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("q")
    async with db.write(world.workspace_id) as tx:
        await tx.execute("UPDATE runs SET attempt = 3 WHERE workspace_id = :ws")
    assert await Answers(db, Fixed(good())).run(world.workspace_id, await newest_run(db, world)) is RunState.FAILED
    assert (await Conversations(db).get(world.member, talk.id)).waiting


async def test_an_answer_that_can_not_be_stored_hands_over(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("q")
    unstorable = Answers(db, Fixed(good("half a \x00 byte")))
    assert await unstorable.run(world.workspace_id, await newest_run(db, world)) is RunState.FAILED
    now = await Conversations(db).get(world.member, talk.id)
    assert (now.waiting, now.handoff_reason) == (True, HandoffReason.TOOL_FAILURE)

"""Each burst of messages gets one answer, whatever comes between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from console.db.engine import Database
from console.domain.message import MessageRole
from console.domain.run import Answer, RunState, Turn
from console.services import answers as answers_service
from console.services.answers import Answers, Wait
from console.services.conversations import Conversations
from console.services.events import queue_answer
from console.services.messages import Messages
from console.services.run_records import LostLeaseError
from console.services.takeover import Takeover
from console.services.visitor_access import authenticate, visitor_of
from tests.services.quota_support import counters, held
from tests.services.run_support import (
    SAID,
    Fixed,
    at,
    good,
    lose_leases,
    newest_run,
    run_all,
    run_states,
    until_blocked,
)
from tests.world import Talk, World, make_talk, make_world

LONG = 600.0
"""How long quiet takes where a slow machine must not bring it about."""


async def test_an_answer_is_published_with_its_run_usage_and_version(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("can I return it?")
    assert await Answers(db, Fixed(good())).run(world.workspace_id, await newest_run(db, world)) is RunState.COMPLETE
    assert await talk.seen() == [("user", "can I return it?"), ("assistant", SAID)]
    transcript = await Conversations(db).transcript(world.member, talk.id)
    answer = transcript.messages[-1]
    assert (answer.role, answer.agent_version, round(answer.confidence or 0, 2)) == (MessageRole.ASSISTANT, 1, 0.9)
    async with db.read(world.workspace_id) as tx:
        assert await tx.scalar("SELECT count(*) FROM usage_events WHERE metric = 'answers'") == 1


async def test_a_burst_gets_one_answer_to_its_last_message(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    for text in ("hi", "I have a question", "can I return it?"):
        await talk.say(text)
    fixed = Fixed(good())
    await Answers(db, fixed).run(world.workspace_id, await newest_run(db, world))
    assert fixed.turns == [("hi", "I have a question", "can I return it?")]
    assert [role for role, _ in await talk.seen()] == ["user", "user", "user", "assistant"]
    assert await run_states(db, world) == ["complete"]


async def test_the_first_message_after_a_resolve_is_told_from_those_before(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("hi")
    takeover = Takeover(db)
    claim = await takeover.claim(world.member, talk.id)
    await talk.say("a human, please!")
    await takeover.resolve(world.member, talk.id, epoch=claim.epoch)
    await talk.say("where is my parcel?")
    await talk.say("it is blue")
    seen: list[tuple[str, bool]] = []

    class Looking:
        async def answer(self, _workspace_id: object, _published: object, turns: Sequence[Turn]) -> Answer:
            seen.extend((turn.content, turn.anew) for turn in turns)
            return good()

    await Answers(db, Looking()).run(world.workspace_id, await newest_run(db, world))
    assert seen == [
        ("hi", False), ("a human, please!", False), ("where is my parcel?", True), ("it is blue", False)
    ]  # fmt: skip


async def test_a_newer_message_supersedes_the_answer_and_the_next_run_gives_it(
    db: Database, gateway_db: Database
) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("can I return it?")
    typing = at("answered", lambda: talk.say("it is a jacket"))
    first = Answers(db, Fixed(good("first")), checkpoint=typing)
    assert await first.run(world.workspace_id, await newest_run(db, world)) is RunState.SUPERSEDED
    assert await Answers(db, Fixed(good("second"))).run(world.workspace_id, await newest_run(db, world))
    assert [content for _, content in await talk.seen()] == ["can I return it?", "it is a jacket", "second"]


async def test_a_message_that_commits_while_the_run_begins_is_answered(db: Database, gateway_db: Database) -> None:
    """The visitor's transaction saw the run queued and queued none; the run must then see the message."""
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("first")
    stored, commit = asyncio.Event(), asyncio.Event()

    async def second() -> None:
        async with gateway_db.write(world.workspace_id) as tx:
            await tx.execute(
                "UPDATE conversations SET last_seq = 2, last_visitor_seq = 2 WHERE workspace_id = :ws AND id = :id",
                id=talk.id,
            )
            await tx.execute(
                "INSERT INTO messages (workspace_id, conversation_id, seq, role, content)"
                " VALUES (:ws, :id, 2, 'user', 'second')",
                id=talk.id,
            )
            stored.set()
            await commit.wait()

    writing = asyncio.create_task(second())
    await stored.wait()
    fixed = Fixed(good())
    running = asyncio.create_task(Answers(db, fixed).run(world.workspace_id, await newest_run(db, world)))
    await until_blocked(db)
    commit.set()
    await writing
    assert await running is RunState.COMPLETE
    assert fixed.turns == [("first", "second")]


async def test_a_hundred_second_messages_racing_the_run_are_all_answered(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    for _ in range(100):
        talk = await make_talk(gateway_db, world)
        await talk.say("first")
        run = Answers(db, Fixed(good())).run(world.workspace_id, await newest_run(db, world))
        await asyncio.gather(run, talk.say("second"))
        await run_all(db, world, good())
        assert (await talk.seen())[-1] == ("assistant", SAID)


async def test_a_cancelled_worker_gives_its_run_back(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("q")
    answered = asyncio.Event()

    async def stop_here() -> None:
        answered.set()
        await asyncio.Event().wait()

    answers = Answers(db, Fixed(good()), checkpoint=at("answered", stop_here))
    running = asyncio.create_task(answers.run(world.workspace_id, await newest_run(db, world)))
    await answered.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await run_states(db, world) == ["queued"]
    await run_all(db, world, good())
    assert len(await talk.seen()) == 2


async def test_a_run_given_back_beside_a_message_on_its_way_ends(
    db: Database, gateway_db: Database, world: World, talk: Talk
) -> None:
    answered, stored, commit = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def stop_here() -> None:
        answered.set()
        await asyncio.Event().wait()

    async def second() -> None:
        async with gateway_db.write(world.workspace_id) as tx:
            await authenticate(tx, *visitor_of(talk.token, talk.id), lock=True)
            await queue_answer(tx, talk.id, world.agent_id)
            stored.set()
            await commit.wait()

    answers = Answers(db, Fixed(good()), checkpoint=at("answered", stop_here))
    running = asyncio.create_task(answers.run(world.workspace_id, await newest_run(db, world)))
    await answered.wait()
    writing = asyncio.create_task(second())
    await stored.wait()
    running.cancel()
    await until_blocked(db)
    commit.set()
    await writing
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await run_states(db, world) == ["cancelled", "queued"]
    assert await counters(db, world) == {"answers month": (0, 0)}
    assert await held(db, world) == ["refunded"]


async def test_after_three_supersessions_the_run_waits_for_quiet(
    db: Database, gateway_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers_service, "QUIET_SECONDS", LONG)
    monkeypatch.setattr(answers_service, "PATIENCE_SECONDS", 2 * LONG)
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("0")
    for n in range(3):
        answers = Answers(db, Fixed(good()), checkpoint=at("answered", lambda n=n: talk.say(f"more {n}")))  # type: ignore[misc]
        assert await answers.run(world.workspace_id, await newest_run(db, world)) is RunState.SUPERSEDED
    waits = await Answers(db, Fixed(good())).run(world.workspace_id, await newest_run(db, world))
    assert isinstance(waits, Wait)
    assert 0 < waits.seconds <= LONG
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "UPDATE conversations SET last_message_at = last_message_at - make_interval(secs => :long)"
            " WHERE workspace_id = :ws",
            long=LONG,
        )
    assert await Answers(db, Fixed(good())).run(world.workspace_id, await newest_run(db, world)) is RunState.COMPLETE


async def test_a_note_does_not_stop_the_ai(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("can I return it?")
    note = at("answered", lambda: Messages(db).note(world.member, talk.id, "watch this", token="n"))
    answers = Answers(db, Fixed(good()), checkpoint=note)
    assert await answers.run(world.workspace_id, await newest_run(db, world)) is RunState.COMPLETE
    assert [role for role, _ in await talk.seen()] == ["user", "assistant"]


async def test_two_workers_with_one_run_publish_once(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("can I return it?")
    run_id = await newest_run(db, world)

    async def steal() -> None:
        await lose_leases(db, world)
        assert await Answers(db, Fixed(good("thief"))).run(world.workspace_id, run_id) is RunState.COMPLETE

    zombie = Answers(db, Fixed(good("zombie")), checkpoint=at("answered", steal))
    with pytest.raises(LostLeaseError):
        await zombie.run(world.workspace_id, run_id)
    assert await talk.seen() == [("user", "can I return it?"), ("assistant", "thief")]

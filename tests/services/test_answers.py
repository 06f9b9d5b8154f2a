"""The AI never speaks after a person has claimed: forced at every step of a run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from console.db.engine import Database
from console.domain.agent import Published
from console.domain.conversation import Control, HandoffReason
from console.domain.gap import GapTrigger
from console.domain.message import MessageRole
from console.domain.run import Answer, AnswerKind, RunState, Turn
from console.errors import ConsoleError
from console.ids import RunId, WorkspaceId
from console.services.answers import Answers, Wait
from console.services.conversations import Conversations
from console.services.gaps import Gaps
from console.services.messages import Messages
from console.services.run_records import LostLeaseError
from console.services.takeover import Takeover
from tests.world import Talk, World, make_talk, make_world

SAID = "You can return it within 90 days."


class Fixed:
    """An answerer whose answer is given; what is tested is everything around it."""

    def __init__(self, answer: Answer | Exception) -> None:
        self.answer_with = answer
        self.turns: list[tuple[str, ...]] = []

    async def answer(self, workspace_id: WorkspaceId, published: Published, turns: Sequence[Turn]) -> Answer:
        self.turns.append(tuple(turn.content for turn in turns))
        if isinstance(self.answer_with, Exception):
            raise self.answer_with
        return self.answer_with


def good(content: str = SAID) -> Answer:
    return Answer(AnswerKind.EXTRACTIVE, content, (), 0.9, 0.5, None, {"question": "q"})


def unsure(question: str = "q", embedding: tuple[float, ...] = (1.0, *[0.0] * 383)) -> Answer:
    trace = {"question": question, "normalised": question, "embedding": embedding, "passages": [{"score": 0.1}]}
    content = "I am not sure about that. A person will help you."
    return Answer(AnswerKind.HANDOFF, content, (), 0.2, 0.5, HandoffReason.MISSING_KNOWLEDGE, trace)


async def newest_run(db: Database, world: World) -> RunId:
    async with db.read(world.workspace_id) as tx:
        return RunId(await tx.scalar("SELECT id FROM runs ORDER BY id DESC LIMIT 1"))


async def run_states(db: Database, world: World) -> list[str]:
    async with db.read(world.workspace_id) as tx:
        return [row[0] for row in await tx.rows("SELECT state FROM runs ORDER BY id")]


def at(point: str, act: Callable[[], Awaitable[object]]) -> Callable[[str], Awaitable[None]]:
    """A checkpoint that does `act` once, when the run reaches `point`."""
    done = False

    async def checkpoint(reached: str) -> None:
        nonlocal done
        if reached == point and not done:
            done = True
            await act()

    return checkpoint


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


@pytest.mark.parametrize("point", ["queued", "begun", "answered"])
async def test_a_claim_before_the_publish_silences_the_run(db: Database, gateway_db: Database, point: str) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("can I return it?")
    claim = at(point, lambda: Takeover(db).claim(world.member, talk.id))
    state = await Answers(db, Fixed(good()), checkpoint=claim).run(world.workspace_id, await newest_run(db, world))
    assert await talk.seen() == [("user", "can I return it?")]
    assert state is (None if point == "queued" else RunState.SUPERSEDED)
    suggestion = await Conversations(db).suggestion(world.member, talk.id)
    assert (suggestion.content if suggestion else None) == (None if point == "queued" else SAID)


async def test_a_claim_just_after_the_publish_leaves_the_answer_before_it(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("can I return it?")
    claim = at("published", lambda: Takeover(db).claim(world.member, talk.id))
    run = Answers(db, Fixed(good()), checkpoint=claim).run(world.workspace_id, await newest_run(db, world))
    assert await run is RunState.COMPLETE
    events = (await Conversations(db).transcript(world.member, talk.id)).events
    assert [(event.kind, event.after_seq) for event in events] == [("claimed", 2)]


async def test_a_publish_that_waits_for_a_claims_commit_publishes_nothing(db: Database, gateway_db: Database) -> None:
    """The race inside the fence: the claim holds the row's lock while the publish arrives."""
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("can I return it?")
    held, commit = asyncio.Event(), asyncio.Event()

    async def claim_slowly() -> None:
        async with db.write(world.workspace_id) as tx:
            await tx.execute(
                "UPDATE conversations SET control = 'human', claimed_by_user_id = :me, claimed_at = now(),"
                " lease_expires_at = now() + interval '60 seconds', epoch = epoch + 1"
                " WHERE workspace_id = :ws AND id = :id",
                me=world.member.user_id, id=talk.id,
            )  # fmt: skip
            held.set()
            await commit.wait()

    claiming: list[asyncio.Task[None]] = []

    async def begin_claim() -> None:
        claiming.append(asyncio.create_task(claim_slowly()))
        await held.wait()

    answers = Answers(db, Fixed(good()), checkpoint=at("answered", begin_claim))
    running = asyncio.create_task(answers.run(world.workspace_id, await newest_run(db, world)))
    await held.wait()
    await until_blocked(db)
    commit.set()
    await claiming[0]
    assert await running is RunState.SUPERSEDED
    assert await talk.seen() == [("user", "can I return it?")]


async def until_blocked(db: Database) -> None:
    """Wait until some backend of this database waits for a lock."""
    async with asyncio.timeout(60):
        while True:
            async with db.read(None) as tx:
                waiting = await tx.scalar(
                    "SELECT count(*) FROM pg_locks WHERE NOT granted AND (database IS NULL OR database ="
                    " (SELECT oid FROM pg_database WHERE datname = current_database()))"
                )
            if waiting:
                return


async def test_an_old_run_that_wakes_after_a_hand_back_says_nothing(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, takeover = await make_talk(gateway_db, world), Takeover(db)
    await talk.say("can I return it?")

    async def claim_and_hand_back() -> None:
        claim = await takeover.claim(world.member, talk.id)
        await takeover.hand_back(world.member, talk.id, epoch=claim.epoch)

    old = Answers(db, Fixed(good("old words")), checkpoint=at("answered", claim_and_hand_back))
    assert await old.run(world.workspace_id, await newest_run(db, world)) is RunState.SUPERSEDED
    assert await Answers(db, Fixed(good("new words"))).run(world.workspace_id, await newest_run(db, world))
    assert await talk.seen() == [("user", "can I return it?"), ("assistant", "new words")]


async def test_a_hundred_claims_racing_a_publish_never_let_it_speak_after_them(
    db: Database, gateway_db: Database
) -> None:
    world = await make_world(db)
    for _ in range(100):
        talk = await make_talk(gateway_db, world)
        await talk.say("q")
        run_id, gate = await newest_run(db, world), asyncio.Barrier(2)

        async def wait(point: str, gate: asyncio.Barrier = gate) -> None:
            if point == "answered":
                await gate.wait()

        async def claim(talk: Talk = talk, gate: asyncio.Barrier = gate) -> int:
            await gate.wait()
            await Takeover(db).claim(world.member, talk.id)
            return (await Conversations(db).get(world.member, talk.id)).last_seq

        _, seq_at_claim = await asyncio.gather(
            Answers(db, Fixed(good()), checkpoint=wait).run(world.workspace_id, run_id), claim()
        )
        events = (await Conversations(db).transcript(world.member, talk.id)).events
        claimed_after = next(event.after_seq for event in events if event.kind == "claimed")
        assert (await Conversations(db).get(world.member, talk.id)).last_seq == claimed_after == seq_at_claim


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


async def run_all(db: Database, world: World, answer: Answer) -> None:
    """Work off whatever is queued, as workers and sweeps do."""
    while True:
        async with db.read(world.workspace_id) as tx:
            queued = await tx.rows("SELECT id FROM runs WHERE state = 'queued'")
        if not queued:
            return
        for row in queued:
            await Answers(db, Fixed(answer)).run(world.workspace_id, RunId(row.id))


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


async def test_after_three_supersessions_the_run_waits_for_quiet(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("0")
    for n in range(3):
        answers = Answers(db, Fixed(good()), checkpoint=at("answered", lambda n=n: talk.say(f"more {n}")))  # type: ignore[misc]
        assert await answers.run(world.workspace_id, await newest_run(db, world)) is RunState.SUPERSEDED
    waits = await Answers(db, Fixed(good())).run(world.workspace_id, await newest_run(db, world))
    assert isinstance(waits, Wait)
    assert 0 < waits.seconds <= 1
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "UPDATE conversations SET last_message_at = now() - interval '2 seconds' WHERE workspace_id = :ws"
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
        async with db.write(world.workspace_id) as tx:
            await tx.execute("UPDATE runs SET lease_expires_at = now() - interval '1 second' WHERE workspace_id = :ws")
        assert await Answers(db, Fixed(good("thief"))).run(world.workspace_id, run_id) is RunState.COMPLETE

    zombie = Answers(db, Fixed(good("zombie")), checkpoint=at("answered", steal))
    with pytest.raises(LostLeaseError):
        await zombie.run(world.workspace_id, run_id)
    assert await talk.seen() == [("user", "can I return it?"), ("assistant", "thief")]


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

"""The AI never speaks after a person has claimed: forced at every step of a run."""

from __future__ import annotations

import asyncio

import pytest

from console.db.engine import Database
from console.domain.run import RunState
from console.services.answers import Answers
from console.services.conversations import Conversations
from console.services.takeover import Takeover
from tests.services.run_support import SAID, Fixed, at, good, newest_run, until_blocked
from tests.world import Talk, make_talk, make_world


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

"""Quotas that refuse: of any number of racers at the last one exactly one passes, and everything counts once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from console.clock import utc_now
from console.db.engine import Database
from console.domain.conversation import HandoffReason
from console.domain.quota import Period, window
from console.domain.run import RunState
from console.errors import ConsoleError
from console.ids import RunId, new_id
from console.services.answers import Answers
from console.services.conversations import Conversations
from console.services.quotas import Refused, Reserved, meters, release_lapsed, reserve
from console.services.takeover import Takeover
from console.services.usage import Usage
from tests.services.quota_support import ask, at_one_moment, begun_run, counters, estimate, held, lapse, limit, spent
from tests.services.run_support import Fixed, at, good, lose_leases, newest_run, unsure
from tests.world import Talk, World, make_talk, make_world

HOUSE = "I can't answer more questions here at the moment"


@pytest.mark.parametrize("period", ["day", "month"])
@at_one_moment
async def test_of_a_hundred_racers_at_the_limit_less_one_exactly_one_passes(db: Database, period: str) -> None:
    world = await make_world(db)
    await limit(db, world, "answers", 8, period=period)
    for _ in range(7):
        assert isinstance(await reserve(db, world.workspace_id, *await begun_run(db, world), 0), Reserved)
    runs = [await begun_run(db, world) for _ in range(100)]
    gate = asyncio.Barrier(10)  # as many as there are connections, so that they really meet

    async def racer(mine: list[tuple[RunId, Any]]) -> list[object]:
        async with gate:
            pass
        return [await reserve(db, world.workspace_id, *run, 0) for run in mine]

    found = [one for ten in await asyncio.gather(*(racer(runs[n::10]) for n in range(10))) for one in ten]
    assert sum(isinstance(one, Reserved) for one in found) == 1
    assert sum(isinstance(one, Refused) for one in found) == 99
    assert (await counters(db, world))[f"answers {period}"] == (0, 8)
    assert len(await held(db, world, "day")) == len(await held(db, world)) == 8


async def test_racers_in_a_window_without_a_counter_count_what_the_events_say_once(db: Database) -> None:
    world = await make_world(db)
    await limit(db, world, "answers", 10)
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "INSERT INTO usage_events (workspace_id, id, idempotency_key, metric, quantity)"
            " VALUES (:ws, :id, 'before', 'answers', 7)", id=new_id(),
        )  # fmt: skip
    runs = [await begun_run(db, world) for _ in range(10)]
    gate = asyncio.Barrier(10)

    async def racer(run: tuple[RunId, Any]) -> object:
        async with gate:
            return await reserve(db, world.workspace_id, *run, 0)

    found = await asyncio.gather(*map(racer, runs))
    assert sum(isinstance(one, Reserved) for one in found) == 3
    assert await counters(db, world) == {"answers month": (7, 3)}


async def test_an_answer_is_set_aside_before_the_model_and_counted_with_the_publish(
    db: Database, gateway_db: Database
) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    seen = []

    async def look() -> None:
        seen.append(await counters(db, world))

    await ask(db, world, talk, spent(300), estimate=estimate(2000), checkpoint=at("answered", look))
    assert seen == [{"answers month": (0, 1), "tokens month": (0, 2000)}]
    assert await counters(db, world) == {"answers month": (1, 0), "tokens month": (300, 0)}
    assert await held(db, world) == ["committed", "committed"]


async def test_tokens_count_as_they_were_used_even_above_what_was_set_aside(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    await limit(db, world, "tokens", 1000)
    await ask(db, world, await make_talk(gateway_db, world), spent(1500), estimate=estimate(900))
    assert (await counters(db, world))["tokens month"] == (1500, 0)
    await ask(
        db, world, await make_talk(gateway_db, world), spent(700)
    )  # nothing was set aside: it counts all the same
    assert (await counters(db, world))["tokens month"] == (2200, 0)


async def test_at_the_limit_the_visitor_is_handed_to_a_person_with_an_honest_word(
    db: Database, gateway_db: Database
) -> None:
    world = await make_world(db)
    await limit(db, world, "answers", 1)
    await ask(db, world, await make_talk(gateway_db, world), good())
    talk, fixed = await make_talk(gateway_db, world), Fixed(good())
    await talk.say("can I return it?")
    run = await newest_run(db, world)
    assert await Answers(db, fixed).run(world.workspace_id, run) is RunState.REFUSED
    assert fixed.turns == []  # the model was not asked
    assert (await talk.seen())[-1][1].startswith(HOUSE)
    conversation = await Conversations(db).get(world.member, talk.id)
    assert (conversation.control, conversation.handoff_reason) == ("human", HandoffReason.USAGE_LIMIT)
    async with db.read(world.workspace_id) as tx:
        anchor = await tx.scalar("SELECT billing_anchor FROM workspaces")
        output = await tx.scalar("SELECT output FROM runs WHERE id = :id", id=run)
        detail = await tx.scalar("SELECT detail FROM conversation_events WHERE conversation_id = :id", id=talk.id)
    resets = window(Period.MONTH, anchor, utc_now()).end.isoformat()
    assert output["quota"] == {"metric": "answers", "period": "month", "hard": 1, "resets_at": resets}
    assert detail == {"reason": "usage_limit", **output["quota"]}
    (handed, *_) = (await Conversations(db).transcript(world.member, talk.id)).events
    assert handed.detail == f"usage_limit until {resets[:16].replace('T', ' ')} UTC"
    assert await counters(db, world) == {"answers month": (1, 0)}


async def test_a_refusal_of_tokens_gives_the_answer_back(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    await limit(db, world, "tokens", 1000)
    refused = await ask(db, world, await make_talk(gateway_db, world), good(), estimate=estimate(1001))
    assert refused is RunState.REFUSED
    assert await counters(db, world) == {"tokens month": (0, 0)}  # made by the warning, once
    assert await held(db, world) == []


async def test_a_limit_of_zero_refuses_from_the_first(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    await limit(db, world, "answers", 0)
    assert await ask(db, world, await make_talk(gateway_db, world), good()) is RunState.REFUSED


async def test_without_a_limit_it_is_counted_all_the_same(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    async with db.write(world.workspace_id) as tx:
        await tx.execute("UPDATE workspaces SET plan = 'unlimited' WHERE id = :ws")
    for _ in range(3):
        assert await ask(db, world, await make_talk(gateway_db, world), good()) is RunState.COMPLETE
    async with db.read(world.workspace_id) as tx:
        (answers, tokens) = await meters(tx, utc_now())
    assert (answers.used, answers.percent, answers.quota.limit.hard, tokens.used) == (3, None, None, 0)


async def test_an_answer_that_cant_be_stored_has_used_its_tokens(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    unstorable = replace(spent(300), content="half a \x00 byte")
    assert await ask(db, world, await make_talk(gateway_db, world), unstorable) is RunState.FAILED
    assert await counters(db, world) == {"answers month": (0, 0), "tokens month": (300, 0)}


async def test_a_failed_call_gives_back_once(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    for failure in (RuntimeError("down"), ConsoleError("the model is down"), good("half a \x00 byte")):
        assert await ask(db, world, await make_talk(gateway_db, world), failure) is RunState.FAILED
    assert await counters(db, world) == {"answers month": (0, 0)}
    assert await held(db, world) == ["refunded"] * 3


@pytest.mark.parametrize("reason", [None, HandoffReason.MISSING_KNOWLEDGE])
async def test_what_is_superseded_gives_the_answer_back_and_counts_its_tokens(
    db: Database, gateway_db: Database, reason: str | None
) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    claim = at("answered", lambda: Takeover(db).claim(world.member, talk.id))
    state = await ask(db, world, talk, spent(300, reason), estimate=estimate(50), checkpoint=claim)
    assert state is RunState.SUPERSEDED
    assert await counters(db, world) == {"answers month": (0, 0), "tokens month": (300, 0)}


async def test_what_is_handed_over_after_a_search_counts_and_what_no_one_was_asked_does_not(
    db: Database, gateway_db: Database
) -> None:
    world = await make_world(db)
    await ask(db, world, await make_talk(gateway_db, world), unsure())
    assert await counters(db, world) == {"answers month": (1, 0)}
    await ask(db, world, await make_talk(gateway_db, world), replace(good(), reason=HandoffReason.CUSTOMER_REQUEST))
    assert await counters(db, world) == {"answers month": (1, 0)}
    async with db.read(world.workspace_id) as tx:
        rows = await tx.rows("SELECT metric, count(*) AS n FROM usage_events GROUP BY metric ORDER BY metric")
    assert [tuple(row) for row in rows] == [("answers", 1), ("handoffs", 2)]


async def test_a_killed_workers_run_taken_again_replaces_what_it_held(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    await limit(db, world, "answers", 1)
    talk = await make_talk(gateway_db, world)
    await talk.say("can I return it?")
    run_id = await newest_run(db, world)

    class Killed(BaseException):
        """As kill -9 in mid-answer: nothing is tidied up."""

    async def lose() -> None:
        await lose_leases(db, world)
        raise Killed

    with pytest.raises(Killed):
        await Answers(db, Fixed(good()), checkpoint=at("answered", lose)).run(world.workspace_id, run_id)
    assert await counters(db, world) == {"answers month": (0, 1)}
    assert await Answers(db, Fixed(good())).run(world.workspace_id, run_id) is RunState.COMPLETE
    assert await counters(db, world) == {"answers month": (1, 0)}


async def test_a_killed_run_that_nobody_needs_any_more_gives_back(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("can I return it?")
    run_id = await newest_run(db, world)

    async def lose() -> None:
        await lose_leases(db, world)
        await Takeover(db).claim(world.member, talk.id)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await Answers(db, Fixed(good()), checkpoint=at("answered", lose)).run(world.workspace_id, run_id)
    assert await Answers(db, Fixed(good())).run(world.workspace_id, run_id) is None
    assert await counters(db, world) == {"answers month": (0, 0)}


async def test_a_worker_told_to_stop_gives_back_at_once(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)

    async def stop() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await ask(db, world, talk, good(), checkpoint=at("answered", stop))
    assert await counters(db, world) == {"answers month": (0, 0)}


@pytest.mark.parametrize("reason", [None, HandoffReason.MISSING_KNOWLEDGE, HandoffReason.CUSTOMER_REQUEST])
@pytest.mark.parametrize("second", [0, 30])
async def test_tokens_of_a_run_given_back_and_taken_again_count_once(
    db: Database, world: World, talk: Talk, second: int, reason: str | None
) -> None:
    async def stop() -> None:
        raise asyncio.CancelledError

    run_id = await newest_run(db, world)
    stopped = Answers(db, Fixed(good()), estimate=estimate(30), checkpoint=at("answered", stop))
    with pytest.raises(asyncio.CancelledError):
        await stopped.run(world.workspace_id, run_id)
    assert await counters(db, world) == {"answers month": (0, 0), "tokens month": (0, 0)}
    answer = replace(unsure(), reason=reason, trace={**unsure().trace, **spent(10).trace})
    await Answers(db, Fixed(answer), estimate=estimate(second)).run(world.workspace_id, run_id)
    assert (await counters(db, world))["tokens month"] == (10, 0)
    assert all(drift.ok for drift in await Usage(db).drift(world.owner))


async def test_what_lapses_comes_back_and_a_late_publish_counts_once(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)

    async def sweep() -> None:
        assert await release_lapsed(db, world.workspace_id) == 0
        await lapse(db, world)
        assert await release_lapsed(db, world.workspace_id) == 2  # by day and by month
        assert await release_lapsed(db, world.workspace_id) == 0
        assert await counters(db, world) == {"answers month": (0, 0)}

    assert await ask(db, world, talk, good(), checkpoint=at("answered", sweep)) is RunState.COMPLETE
    assert await counters(db, world) == {"answers month": (1, 0)}
    assert await held(db, world) == ["committed"]


async def test_the_sweep_and_the_publish_at_once_give_back_once(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    for _ in range(10):
        talk, gate = await make_talk(gateway_db, world), asyncio.Event()

        async def together(gate: asyncio.Event = gate) -> None:
            await lapse(db, world)
            gate.set()

        async def sweep(gate: asyncio.Event = gate) -> None:
            await gate.wait()
            await release_lapsed(db, world.workspace_id)

        await asyncio.gather(ask(db, world, talk, good(), checkpoint=at("answered", together)), sweep())
    assert await counters(db, world) == {"answers month": (10, 0)}


async def test_one_who_has_lost_the_run_sets_nothing_aside(db: Database) -> None:
    world = await make_world(db)
    run_id, _ = await begun_run(db, world)
    assert await reserve(db, world.workspace_id, run_id, uuid4(), 0) is None
    assert await counters(db, world) == {}


async def test_two_at_once_for_one_run_hold_it_once(db: Database) -> None:
    world = await make_world(db)
    run_id, token = await begun_run(db, world)
    async with db.write(world.workspace_id) as tx:
        await tx.execute("UPDATE runs SET attempt = 2 WHERE id = :id", id=run_id)
    await asyncio.gather(*(reserve(db, world.workspace_id, run_id, token, 10) for _ in range(8)))
    assert await counters(db, world) == {"answers month": (0, 1), "tokens month": (0, 10)}

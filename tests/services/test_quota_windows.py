"""Quotas over time: windows that change, limits that change, and who is told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from console.clock import utc_now
from console.db.engine import Database
from console.domain.notification import NotificationType
from console.domain.quota import Limit, Metric, Period, window
from console.domain.run import RunState
from console.ids import RunId
from console.services.answers import Answers
from console.services.ceilings import Ceilings
from console.services.notifications import Notifications
from console.services.quotas import HOLD_SECONDS, Refused, Reserved, reserve
from console.services.usage import Usage
from tests.services.quota_support import ask, at_one_moment, begun_run, counters, limit
from tests.services.run_support import Fixed, at, good, newest_run
from tests.world import make_talk, make_world


async def test_an_answer_belongs_to_the_month_in_which_it_was_asked_for(db: Database) -> None:
    world = await make_world(db)
    await limit(db, world, "answers", 1)
    async with db.read(world.workspace_id) as tx:
        end = window(Period.MONTH, await tx.scalar("SELECT billing_anchor FROM workspaces"), utc_now()).end
    last, first = end - timedelta(microseconds=1), end
    for now, passes in ((last, True), (last, False), (first, True), (first, False)):
        found = await reserve(db, world.workspace_id, *await begun_run(db, world), 0, now=now)
        assert isinstance(found, Reserved if passes else Refused)
        quota = found.quotas[-1] if isinstance(found, Reserved) else found.quota
        assert (quota.window.end == end) is (now == last)


async def test_a_run_reserved_before_the_change_of_month_counts_in_the_old_one(
    db: Database, gateway_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock stands at the last microsecond of the month when the run reserves; the publish is in the next."""
    world = await make_world(db)
    now = datetime.now(UTC)
    async with db.write(world.workspace_id) as tx:
        # the window began a month before a moment that has just passed, and ended then
        await tx.execute("UPDATE workspaces SET billing_anchor = :at", at=now)
    last = now - timedelta(microseconds=1)
    monkeypatch.setattr("console.services.quotas.utc_now", lambda: last)
    await ask(db, world, await make_talk(gateway_db, world), good())
    async with db.read(world.workspace_id) as tx:
        (counter,) = await tx.rows("SELECT * FROM usage_counters WHERE period = 'month'")
        (event,) = await tx.rows("SELECT * FROM usage_events")
    assert (counter.window_end, counter.used, counter.reserved) == (now, 1, 0)
    assert event.occurred_at == last


async def test_a_change_of_plan_holds_for_the_next_answer(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    await limit(db, world, "answers", 1)

    async def raise_it() -> None:
        await limit(db, world, "answers", None)

    await ask(db, world, await make_talk(gateway_db, world), good())
    assert await ask(db, world, await make_talk(gateway_db, world), good()) is RunState.REFUSED
    await raise_it()
    assert await ask(db, world, await make_talk(gateway_db, world), good()) is RunState.COMPLETE

    async def lower() -> None:
        await limit(db, world, "answers", 0)

    lowered = at("answered", lower)
    assert await ask(db, world, await make_talk(gateway_db, world), good(), checkpoint=lowered) is RunState.COMPLETE
    assert await ask(db, world, await make_talk(gateway_db, world), good()) is RunState.REFUSED
    assert await counters(db, world) == {"answers month": (3, 0)}


@at_one_moment
async def test_a_limit_by_day_set_at_noon_knows_the_morning(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    await ask(db, world, await make_talk(gateway_db, world), good())
    await limit(db, world, "answers", 2, period="day")
    assert await ask(db, world, await make_talk(gateway_db, world), good()) is RunState.COMPLETE
    assert await ask(db, world, await make_talk(gateway_db, world), good()) is RunState.REFUSED
    assert await counters(db, world) == {"answers day": (2, 0), "answers month": (2, 0)}


@at_one_moment
async def test_a_limit_by_day_cleared_and_set_again_has_forgotten_nothing(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    ceilings = Ceilings(db)
    for hard, answers in ((5, 2), (None, 6)):
        await ceilings.set(world.owner, Metric.ANSWERS, Period.DAY, Limit(None, hard))
        for _ in range(answers):
            assert await ask(db, world, await make_talk(gateway_db, world), good()) is RunState.COMPLETE
    assert [one.quota.period for one in await Usage(db).meters(world.viewer)] == [Period.MONTH, Period.MONTH]
    meter = await ceilings.set(world.owner, Metric.ANSWERS, Period.DAY, Limit(None, 5))
    assert (meter.quota.period, meter.used) == (Period.DAY, 8)
    assert isinstance(await reserve(db, world.workspace_id, *await begun_run(db, world), 0), Refused)
    assert all(one.ok for one in await Usage(db).drift(world.viewer))


@at_one_moment
async def test_a_limit_by_day_set_while_an_answer_is_written_counts_it(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)

    async def begin() -> None:
        await Ceilings(db).set(world.owner, Metric.ANSWERS, Period.DAY, Limit(None, 2))
        assert await ask(db, world, await make_talk(gateway_db, world), good()) is RunState.COMPLETE

    during = at("answered", begin)
    assert await ask(db, world, await make_talk(gateway_db, world), good(), checkpoint=during) is RunState.COMPLETE
    assert await counters(db, world) == {"answers day": (2, 0), "answers month": (2, 0)}
    assert await ask(db, world, await make_talk(gateway_db, world), good()) is RunState.REFUSED
    assert all(one.ok for one in await Usage(db).drift(world.viewer))


async def test_owners_and_admins_are_told_once_in_a_window(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    await limit(db, world, "answers", 10, soft=2)
    told = []
    for _ in range(3):
        await ask(db, world, await make_talk(gateway_db, world), good())
        told.append(len(await Notifications(db).all(world.owner)))
    assert told == [0, 1, 1]
    for person, count in ((world.admin, 1), (world.member, 0), (world.viewer, 0)):
        assert len(await Notifications(db).all(person)) == count
    (notice,) = await Notifications(db).all(world.admin)
    assert (notice.type, notice.conversation_id, notice.seq) == (NotificationType.QUOTA, None, None)
    assert notice.snippet == "20% of the answers of this month are used"


async def test_ten_publishes_at_the_soft_limit_tell_once(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    await limit(db, world, "answers", 100, soft=1)
    talks = [await make_talk(gateway_db, world) for _ in range(10)]
    runs = []
    for talk in talks:
        await talk.say("can I return it?")
        runs.append(await newest_run(db, world))
    gate = asyncio.Barrier(5)

    async def run(ids: list[RunId]) -> None:
        async with gate:
            pass
        for id in ids:
            await Answers(db, Fixed(good())).run(world.workspace_id, id)

    await asyncio.gather(*(run(runs[n::5]) for n in range(5)))
    assert len(await Notifications(db).all(world.owner)) == 1
    assert await counters(db, world) == {"answers month": (10, 0)}


async def test_a_refusal_without_a_soft_limit_tells_too(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    await limit(db, world, "answers", 0)
    for _ in range(2):
        await ask(db, world, await make_talk(gateway_db, world), good())
    (notice,) = await Notifications(db).all(world.owner)
    assert notice.snippet == "100% of the answers of this month are used"


def test_what_is_set_aside_outlasts_any_answer() -> None:
    from console.config import OPTIONS

    (longest,) = [option.most for option in OPTIONS if option.field == "model_seconds"]
    assert longest is not None
    assert longest * 1.5 < HOLD_SECONDS


def test_metrics_sort_as_their_counters_are_locked() -> None:
    assert sorted(Metric) == list(Metric)
    assert sorted(Period) == list(Period)
